/// Decides when a connection is attempted, abandoned and ended. A value: it does nothing itself.
///
/// Times are handed in, so every transition can be tested without waiting.
struct ConnectionStateMachine {
    /// Where the connection stands.
    enum State: Sendable, Hashable {
        /// Not started. Can transition to connecting, ended.
        case idle
        /// A loss or a failed attempt is being waited out. Can transition to connecting, ended.
        case backingOff(until: ContinuousClock.Instant)
        /// An attempt is being made. Can transition to open, backingOff, ended.
        case connecting
        /// Usable. Can transition to draining, backingOff, ended.
        case open(since: ContinuousClock.Instant)
        /// Stopping gracefully. Can transition to ended.
        case draining(until: ContinuousClock.Instant)
        /// Over. No transitions.
        case ended
    }

    /// What the owner is to do.
    enum Action: Sendable, Hashable {
        case none
        /// Make an attempt now and report with `connected` or `failed`.
        case connect
        /// Begin a graceful stop on the open connection.
        case drain
        /// Close politely; nothing is outstanding, or the time for waiting is over.
        case close
    }

    /// What became of a failure.
    enum FailureAction: Sendable, Hashable {
        /// Try again after the given wait.
        case retry(after: Duration, failures: Int)
        /// Give up: the stop was already asked for, or the error needs a person.
        case end
    }

    private(set) var state = State.idle
    /// Counts the channels opened: deliveries and acknowledgements carry the epoch they belong to.
    private(set) var epoch: UInt64 = 0
    private var failures = 0
    private let policy: RecoveryPolicy
    /// A connection that lived shorter than this counts as a failed attempt, else a broker that closes every channel
    /// at once would be tried again without pause.
    private let stableAfter: Duration

    init(policy: RecoveryPolicy, stableAfter: Duration = .seconds(5)) {
        self.policy = policy
        self.stableAfter = stableAfter
    }

    /// The next moment at which `deadlineReached` has something to do.
    var deadline: ContinuousClock.Instant? {
        switch state {
        case .backingOff(let until), .draining(let until): until
        case .idle, .connecting, .open, .ended: nil
        }
    }

    var isEnded: Bool { state == .ended }

    mutating func start() -> Action {
        guard case .idle = state else { return .none }
        state = .connecting
        return .connect
    }

    mutating func deadlineReached(now: ContinuousClock.Instant) -> Action {
        switch state {
        case .backingOff(let until) where until <= now:
            state = .connecting
            return .connect
        case .draining(let until) where until <= now:
            state = .ended
            return .close
        default: return .none
        }
    }

    mutating func connected(now: ContinuousClock.Instant) -> UInt64 {
        guard case .connecting = state else {
            preconditionFailure("a connection was reported while the state was \(state)")
        }
        state = .open(since: now)
        epoch += 1
        return epoch
    }

    /// An attempt failed, or an open connection was lost.
    mutating func failed(_ error: RabbitMQError, now: ContinuousClock.Instant) -> FailureAction {
        switch state {
        case .idle, .draining, .ended:
            state = .ended
            return .end
        case .open(let since):
            if since.duration(to: now) >= stableAfter { failures = 0 }
        case .connecting, .backingOff: break
        }
        if !error.isRetryable {
            state = .ended
            return .end
        }
        failures += 1
        let wait = policy.delay(afterFailures: failures)
        state = .backingOff(until: now + wait)
        return .retry(after: wait, failures: failures)
    }

    /// A graceful stop is asked for.
    mutating func finish(now: ContinuousClock.Instant, within bound: Duration) -> Action {
        switch state {
        case .open:
            state = .draining(until: now + bound)
            return .drain
        case .idle, .connecting, .backingOff:
            state = .ended
            return .close
        case .draining, .ended: return .none
        }
    }

    /// Nothing is outstanding any more.
    mutating func drained() -> Action {
        guard case .draining = state else { return .none }
        state = .ended
        return .close
    }
}
