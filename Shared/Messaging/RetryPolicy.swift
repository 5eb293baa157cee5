/// How long to wait before trying again: exponential, with full jitter, so that many who failed together do not come back
/// together.
///
/// Source: AWS Architecture Blog, "Exponential Backoff And Jitter".
public struct RetryPolicy: Sendable, Hashable {
    /// The bound of the first wait; it doubles with every attempt.
    public var base: Duration
    /// The bound that no wait exceeds.
    public var cap: Duration
    /// What every wait lasts at least, so that a failure never becomes a hot loop.
    public var floor: Duration

    /// Makes a policy.
    ///
    /// - Parameters:
    ///   - base: bound of the wait after the first failure.
    ///   - cap: bound of every wait.
    ///   - floor: least wait; a tenth of `base` unless given.
    public init(base: Duration, cap: Duration, floor: Duration? = nil) {
        self.base = base
        self.cap = cap
        self.floor = min(floor ?? base / 10, cap)
    }

    /// The bound of the wait after so many failures in a row, counted from 1.
    public func bound(afterFailures failures: Int) -> Duration {
        guard failures > 1 else { return min(base, cap) }
        var bound = base
        for _ in 1..<failures {
            bound = bound * 2
            if bound >= cap { return cap }
        }
        return min(bound, cap)
    }

    /// A random wait between ``floor`` and the bound.
    public func delay(afterFailures failures: Int, using random: inout some RandomNumberGenerator) -> Duration {
        let bound = bound(afterFailures: failures)
        guard bound > floor else { return floor }
        let span = Int64((bound - floor) / .microseconds(1))
        return floor + .microseconds(Int64.random(in: 0...span, using: &random))
    }

    /// A random wait between ``floor`` and the bound, by the system's randomness.
    public func delay(afterFailures failures: Int) -> Duration {
        var random = SystemRandomNumberGenerator()
        return delay(afterFailures: failures, using: &random)
    }
}
