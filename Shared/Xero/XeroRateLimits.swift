/// What a response's headers say about limits.
public struct XeroRateLimits: Sendable, Hashable {
    /// The limit that a 429 names.
    public enum Problem: String, Sendable, Hashable {
        /// Too many calls in progress.
        case concurrent
        /// The organisation's minute.
        case minute
        /// The organisation's day.
        case day
        /// The app's minute, over all organisations.
        case appMinute = "app_minute"
        /// A word we do not know.
        case unknown
    }

    /// Calls left in the organisation's minute; nil if the response did not say.
    public var minuteRemaining: Int?
    /// Calls left in the organisation's day; nil if the response did not say.
    public var dayRemaining: Int?
    /// Calls left in the app's minute; nil if the response did not say.
    public var appMinuteRemaining: Int?
    /// Seconds to wait; nil if the response did not say.
    public var retryAfterSeconds: Int?
    /// The limit that was passed; nil if the response did not name one.
    public var problem: Problem?

    /// Reads a response's headers.
    /// - Parameter response: the response.
    public init(_ response: XeroResponse) {
        minuteRemaining = Self.number(response.header("X-MinLimit-Remaining"))
        dayRemaining = Self.number(response.header("X-DayLimit-Remaining"))
        appMinuteRemaining = Self.number(response.header("X-AppMinLimit-Remaining"))
        retryAfterSeconds = Self.number(response.header("Retry-After")).map { max(0, $0) }
        problem = response.header("X-Rate-Limit-Problem").map(Self.problem)
    }

    private static func number(_ text: String?) -> Int? {
        text.flatMap { Int($0.filter { !$0.isWhitespace }) }
    }

    /// The words are not documented exactly: they are matched by fragment, without case.
    static func problem(_ text: String) -> Problem {
        let text = text.lowercased()
        if text.contains("app") { return .appMinute }
        if text.contains("day") || text.contains("daily") { return .day }
        if text.contains("min") { return .minute }
        if text.contains("concurren") { return .concurrent }
        return .unknown
    }
}
