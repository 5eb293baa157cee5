import Accounting

/// Counts calls in a fixed window of time.
struct FixedWindow: Sendable {
    private var index: Int64 = .min
    private(set) var count = 0

    /// Moves to the window a time is in.
    mutating func advance(_ now: Instant, length: Int64, phase: Int64) {
        let current = Self.index(now, length: length, phase: phase)
        if current != index {
            index = current
            count = 0
        }
    }

    mutating func add() { count += 1 }

    mutating func exhaust(_ limit: Int) { count = max(count, limit) }

    /// Whole seconds until the next window begins, at least 1.
    static func secondsLeft(_ now: Instant, length: Int64, phase: Int64) -> Int64 {
        let end = (index(now, length: length, phase: phase) + 1) * length + phase
        return max(1, (end - now.microseconds + 999_999) / 1_000_000)
    }

    private static func index(_ now: Instant, length: Int64, phase: Int64) -> Int64 {
        let shifted = now.microseconds - phase
        return shifted >= 0 ? shifted / length : (shifted - length + 1) / length
    }
}

/// Which limit a call broke.
enum LimitProblem: String, Sendable {
    case minute, day
    case concurrent
    case appMinute = "appminute"
}

/// The calls of one organisation: its limits, and what is reported about them.
struct OrganisationTraffic: Sendable {
    var minute = FixedWindow()
    var day = FixedWindow()
    /// Where the windows of this organisation begin, different for each.
    let phase: Int64
    var inFlight = 0
    var inFlightMaximum = 0
    var calls = 0
    var replays = 0
    var unauthorised = 0
    var endpoints: [String: EndpointCount] = [:]
    var refused: [String: Int] = [:]

    /// Calls and elements of one endpoint.
    struct EndpointCount: Sendable {
        var calls = 0
        var elements = 0
    }

    init(phase: Int64) { self.phase = phase }

    /// Moves the windows on.
    mutating func advance(_ now: Instant, _ settings: SimulatorSettings) {
        minute.advance(now, length: settings.minuteMicroseconds, phase: phase % settings.minuteMicroseconds)
        day.advance(now, length: settings.dayMicroseconds, phase: phase % settings.dayMicroseconds)
    }

    /// Which of the organisation's limits a further call would break.
    func problem(_ settings: SimulatorSettings) -> LimitProblem? {
        if settings.dayLimit > 0 && day.count >= settings.dayLimit { return .day }
        if settings.minuteLimit > 0 && minute.count >= settings.minuteLimit { return .minute }
        if settings.concurrentLimit > 0 && inFlight >= settings.concurrentLimit { return .concurrent }
        return nil
    }

    /// Seconds after which to come again; Xero says so for minute and day only.
    func retryAfter(_ problem: LimitProblem, _ now: Instant, _ settings: SimulatorSettings) -> Int64? {
        switch problem {
        case .concurrent: nil
        case .day:
            FixedWindow.secondsLeft(
                now, length: settings.dayMicroseconds, phase: phase % settings.dayMicroseconds)
        case .minute, .appMinute:
            FixedWindow.secondsLeft(
                now, length: settings.minuteMicroseconds, phase: phase % settings.minuteMicroseconds)
        }
    }

    mutating func begin(endpoint: String, elements: Int) {
        minute.add()
        day.add()
        calls += 1
        inFlight += 1
        inFlightMaximum = max(inFlightMaximum, inFlight)
        endpoints[endpoint, default: EndpointCount()].calls += 1
        endpoints[endpoint, default: EndpointCount()].elements += elements
    }
}
