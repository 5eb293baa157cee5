import NIOConcurrencyHelpers

/// A clock that stands still until a test moves it.
public final class ManualClock: Clock, Sendable {
    /// A moment, counted from the clock's making.
    public struct Instant: InstantProtocol, Hashable, Sendable {
        /// Time since the clock was made.
        public let offset: Swift.Duration

        /// A later moment.
        public func advanced(by duration: Swift.Duration) -> Instant { Instant(offset: offset + duration) }
        /// The time between two moments.
        public func duration(to other: Instant) -> Swift.Duration { other.offset - offset }
        /// Earlier comes first.
        public static func < (left: Instant, right: Instant) -> Bool { left.offset < right.offset }
    }

    private struct Sleeper {
        let id: UInt64
        let deadline: Instant
        let continuation: CheckedContinuation<Void, any Error>
    }
    private struct SleeperWaiter {
        let count: Int
        let continuation: CheckedContinuation<Void, Never>
    }
    private struct State {
        var now = Instant(offset: .zero)
        var nextID: UInt64 = 0
        var sleepers: [Sleeper] = []
        var waiters: [SleeperWaiter] = []
    }

    private let state = NIOLockedValueBox(State())

    /// Makes a clock at zero.
    public init() {}

    /// The present moment.
    public var now: Instant { state.withLockedValue { $0.now } }
    /// Sleeps end exactly when the clock is moved to them.
    public var minimumResolution: Swift.Duration { .nanoseconds(1) }

    /// Sleeps until the test moves the clock to `deadline`.
    public func sleep(until deadline: Instant, tolerance: Swift.Duration? = nil) async throws {
        let id = state.withLockedValue { state in
            state.nextID += 1
            return state.nextID
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                register(Sleeper(id: id, deadline: deadline, continuation: continuation))
            }
        } onCancel: {
            let sleeper = state.withLockedValue { state -> Sleeper? in
                guard let index = state.sleepers.firstIndex(where: { $0.id == id }) else { return nil }
                return state.sleepers.remove(at: index)
            }
            sleeper?.continuation.resume(throwing: CancellationError())
        }
    }

    /// Moves the clock and wakes whoever slept until then, in the order of their deadlines.
    public func advance(by duration: Swift.Duration) {
        let woken = state.withLockedValue { state in
            state.now = state.now.advanced(by: duration)
            let now = state.now
            let woken = state.sleepers.filter { $0.deadline <= now }.sorted { $0.deadline < $1.deadline }
            state.sleepers.removeAll { $0.deadline <= now }
            return woken
        }
        for sleeper in woken { sleeper.continuation.resume() }
    }

    /// Returns once at least `count` tasks sleep on the clock.
    public func waitForSleepers(_ count: Int = 1) async {
        await withCheckedContinuation { continuation in
            let enough = state.withLockedValue { state in
                if state.sleepers.count >= count { return true }
                state.waiters.append(SleeperWaiter(count: count, continuation: continuation))
                return false
            }
            if enough { continuation.resume() }
        }
    }

    private func register(_ sleeper: Sleeper) {
        enum Answer { case wake, cancel, wait([SleeperWaiter]) }
        let answer = state.withLockedValue { state -> Answer in
            if Task.isCancelled { return .cancel }
            if sleeper.deadline <= state.now { return .wake }
            state.sleepers.append(sleeper)
            let count = state.sleepers.count
            let served = state.waiters.filter { $0.count <= count }
            state.waiters.removeAll { $0.count <= count }
            return .wait(served)
        }
        switch answer {
        case .wake: sleeper.continuation.resume()
        case .cancel: sleeper.continuation.resume(throwing: CancellationError())
        case .wait(let served): for waiter in served { waiter.continuation.resume() }
        }
    }
}
