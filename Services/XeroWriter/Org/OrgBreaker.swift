/// The circuit breaker of one organisation: open after failures in a row, then one call at a time is let through. Pure.
struct OrgBreaker: Sendable, Hashable {
    /// Failures in a row that open it.
    static let threshold = 5
    /// Seconds of Xero's that it stays open the first time; twice as long each further time, up to a bound.
    static let firstPause = 15.0
    static let longestPause = 300.0

    /// The length of Xero's minute in seconds.
    let minute: Double
    /// Failures in a row.
    private(set) var failures = 0
    private var openUntil: Double?

    init(minute: Double, failures: Int = 0, openUntil: Double? = nil) {
        self.minute = minute
        self.failures = failures
        self.openUntil = openUntil
    }

    /// Whether only one call may be in flight.
    var isHalfOpen: Bool { openUntil != nil }

    /// Seconds until a call may be sent; 0 for now.
    func delay(at now: Double) -> Double { max(0, (openUntil ?? now) - now) }

    /// Xero answered.
    mutating func succeed() {
        failures = 0
        openUntil = nil
    }

    /// Xero did not answer, or with an error of its own.
    mutating func fail(at now: Double) {
        failures += 1
        guard failures >= Self.threshold else { return }
        let pause = min(Self.longestPause, Self.firstPause * Double(1 << min(failures - Self.threshold, 8)))
        openUntil = now + pause * minute / 60
    }
}
