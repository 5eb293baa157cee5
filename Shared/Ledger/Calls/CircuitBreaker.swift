/// When calls are held back because the last ones failed. Pure: moments are seconds on any one clock, pauses are Xero's.
///
/// Closed, it lets everything through. A run of failures, each soon after the one before, opens it for a pause; after the
/// pause one call at a time is let through, and its end closes the breaker or opens it for a longer pause. An operator can
/// hold it open.
public struct CircuitBreaker: Sendable, Hashable {
    /// What a breaker needs to open.
    public struct Rules: Sendable, Hashable {
        /// Failures in a row.
        public var threshold: Int
        /// Organisations among them.
        public var orgs: Int
        /// Seconds of Xero's after which a failure no longer counts with the next one.
        public var window: Double

        /// Few, so that an organisation with little to write opens its breaker too: a single call's repetitions suffice.
        public static let org = Rules(threshold: 3, orgs: 1, window: 300)
        /// The one for Xero as a whole: several organisations fail, and none succeeds in between.
        public static let xero = Rules(threshold: 5, orgs: 2, window: 120)
    }

    /// Seconds of Xero's that it stays open the first time; twice as long each further time, up to a bound.
    public static let firstPause = 15.0
    /// The longest pause in seconds of Xero's.
    public static let longestPause = 300.0

    /// What it opens by.
    public let rules: Rules
    /// Failures in a row.
    public private(set) var failures: Int
    /// The organisations they were about.
    public private(set) var failedOrgs: Set<String>
    /// The last failure.
    public private(set) var lastFailureAt: Double?
    /// How often it opened since it was closed.
    public private(set) var openings: Int
    /// The end of the present pause; nil while it is closed.
    public private(set) var openUntil: Double?
    /// Whether an operator holds it open.
    public var isHeld: Bool

    /// A breaker.
    /// - Parameters:
    ///   - rules: what it opens by.
    ///   - failures: failures in a row.
    ///   - failedOrgs: the organisations they were about.
    ///   - lastFailureAt: the last failure.
    ///   - openings: how often it opened since it was closed.
    ///   - openUntil: the end of the present pause; nil while it is closed.
    ///   - isHeld: whether an operator holds it open.
    public init(
        rules: Rules, failures: Int = 0, failedOrgs: Set<String> = [], lastFailureAt: Double? = nil,
        openings: Int = 0, openUntil: Double? = nil, isHeld: Bool = false
    ) {
        self.rules = rules
        self.failures = failures
        self.failedOrgs = failedOrgs
        self.lastFailureAt = lastFailureAt
        self.openings = openings
        self.openUntil = openUntil
        self.isHeld = isHeld
    }

    /// Whether nothing is counted against anybody, so that a success changes nothing.
    public var isUntroubled: Bool { failures == 0 && openUntil == nil }

    /// Whether, at the most, one call may be on its way.
    public var isOpen: Bool { openUntil != nil || isHeld }

    /// Seconds until a call may be sent; 0 for now, infinity while it is held.
    public func delay(at now: Double) -> Double {
        if isHeld { return .infinity }
        return max(0, (openUntil ?? now) - now)
    }

    /// The same breaker by a clock that shows so many seconds more.
    /// - Parameter seconds: how much more the other clock shows.
    /// - Returns: the breaker by the other clock.
    public func moved(by seconds: Double) -> CircuitBreaker {
        CircuitBreaker(
            rules: rules, failures: failures, failedOrgs: failedOrgs, lastFailureAt: lastFailureAt.map { $0 + seconds },
            openings: openings, openUntil: openUntil.map { $0 + seconds }, isHeld: isHeld)
    }

    /// Xero answered.
    public mutating func succeed() {
        failures = 0
        failedOrgs = []
        lastFailureAt = nil
        openings = 0
        openUntil = nil
    }

    /// Xero did not answer, or with an error of its own.
    /// - Parameters:
    ///   - org: the organisation that the call was about.
    ///   - isOffline: whether Xero said that the organisation is offline, which needs no run of failures.
    ///   - now: the moment.
    ///   - minute: the length of Xero's minute.
    public mutating func fail(org: String, isOffline: Bool = false, at now: Double, minute: Double) {
        let unit = minute / 60
        if let last = lastFailureAt, now - last > rules.window * unit, openUntil == nil {
            failures = 0
            failedOrgs = []
        }
        failures += 1
        failedOrgs.insert(org)
        lastFailureAt = now
        let isRun = failures >= rules.threshold && failedOrgs.count >= rules.orgs
        let isOfflineOrg = isOffline && rules.orgs == 1
        guard isRun || isOfflineOrg || openUntil != nil else { return }
        // Calls that were on their way when it opened say nothing new.
        if let openUntil, now < openUntil { return }
        let pause = min(Self.longestPause, Self.firstPause * Double(1 << min(openings, 8)))
        openings += 1
        openUntil = now + pause * unit
    }
}
