import NIOConcurrencyHelpers

/// How each store is doing: how much of it may be read at once, and until when it is left alone after a failure.
///
/// A store that refuses or does not answer delays only itself: after a failure it is left alone for a while, then tried with
/// one read; the first answer opens it fully again.
final class StoreHealth: Sendable {
    /// The bounds.
    struct Limits: Sendable {
        /// Reads of one store at once. Defaults to 4.
        var readsPerStore = 4
        /// Reads of all stores at once. Defaults to 64.
        var reads = 64
        /// The wait after a first failure. Defaults to 1 s; it doubles with every further one.
        var firstDelay = Duration.seconds(1)
        /// The longest wait after failures that may pass by themselves. Defaults to 2 minutes.
        var longestDelay = Duration.seconds(120)
        /// The longest wait after a refusal, which only a person can mend. Defaults to 10 minutes.
        var longestRefusalDelay = Duration.seconds(600)
    }

    /// What kind of failure a store had.
    enum Failure: Sendable {
        /// It did not answer, or could not.
        case unavailable(retryAfter: Duration?)
        /// It refused our key.
        case refused
    }

    private struct State {
        var inFlight = 0
        var failures = 0
        var until: ContinuousClock.Instant?
    }

    private let limits: Limits
    private let now: @Sendable () -> ContinuousClock.Instant
    private let jitter: @Sendable () -> Double
    private let states = NIOLockedValueBox<[String: State]>([:])

    /// - Parameters:
    ///   - limits: the bounds.
    ///   - now: the time.
    ///   - jitter: a number from 0 to 1 that spreads waits.
    init(
        limits: Limits = Limits(), now: @escaping @Sendable () -> ContinuousClock.Instant = { .now },
        jitter: @escaping @Sendable () -> Double = { .random(in: 0...1) }
    ) {
        self.limits = limits
        self.now = now
        self.jitter = jitter
    }

    /// How many reads each store may begin now; stores that may begin none are left out.
    func room(for stores: some Sequence<String>) -> [String: Int] {
        let instant = now()
        return states.withLockedValue { states in
            var left = limits.reads - states.values.reduce(0) { $0 + $1.inFlight }
            var room: [String: Int] = [:]
            for store in stores where left > 0 {
                let state = states[store] ?? State()
                if let until = state.until, until > instant { continue }
                let bound = state.failures > 0 ? 1 : limits.readsPerStore
                let free = min(bound - state.inFlight, left)
                guard free > 0 else { continue }
                room[store] = free
                left -= free
            }
            return room
        }
    }

    /// Whether a store may be asked at all now.
    func isOpen(_ store: String) -> Bool {
        let instant = now()
        return states.withLockedValue { $0[store]?.until.map { $0 <= instant } ?? true }
    }

    /// A read begins.
    func began(_ store: String) {
        states.withLockedValue { $0[store, default: State()].inFlight += 1 }
    }

    /// A read has ended, with or without an answer.
    func ended(_ store: String) {
        states.withLockedValue { states in
            guard var state = states[store] else { return }
            state.inFlight = max(0, state.inFlight - 1)
            states[store] = state.inFlight == 0 && state.failures == 0 ? nil : state
        }
    }

    /// The store answered; whether it had been failing until now.
    @discardableResult
    func answered(_ store: String) -> Bool {
        states.withLockedValue { states in
            guard let state = states[store], state.failures > 0 else { return false }
            states[store]?.failures = 0
            states[store]?.until = nil
            return true
        }
    }

    /// The store failed: how long it is left alone, and whether this is the first failure in a row.
    func failed(_ store: String, _ failure: Failure) -> (delay: Duration, isFirst: Bool) {
        let instant = now()
        return states.withLockedValue { states in
            var state = states[store] ?? State()
            // Reads that were under way together fail together: they count once.
            if let until = state.until, until > instant { return (until - instant, false) }
            state.failures += 1
            let delay = delay(after: state.failures, failure)
            state.until = instant + delay
            states[store] = state
            return (delay, state.failures == 1)
        }
    }

    private func delay(after failures: Int, _ failure: Failure) -> Duration {
        let longest: Duration
        switch failure {
        case .unavailable(let retryAfter):
            if let retryAfter, retryAfter > .zero { return min(retryAfter, .seconds(3600)) }
            longest = limits.longestDelay
        case .refused:
            longest = limits.longestRefusalDelay
        }
        let doubled = limits.firstDelay * (1 << min(failures - 1, 12))
        return min(doubled, longest) * (0.5 + jitter() / 2)
    }
}
