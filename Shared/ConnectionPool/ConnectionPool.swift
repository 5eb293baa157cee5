import DequeModule
import NIOConcurrencyHelpers

/// Lends connections, opens as many as are needed, and replaces lost ones with growing pauses between attempts.
///
/// Nothing is opened before ``run()``, which has to stay running for as long as the pool is used.
public final class ConnectionPool<Connection: PooledConnection, PoolClock: Clock>: Sendable
where PoolClock.Duration == Duration {
    /// Opens one connection; `onClose` must be called exactly once when an opened connection is gone, whatever the
    /// reason.
    public typealias Connect =
        @Sendable (_ id: Int, _ onClose: @escaping @Sendable () -> Void) async throws -> Connection

    /// A connection on loan.
    public struct Lease: Sendable {
        /// Which connection this is.
        public let id: Int
        /// The connection.
        public let connection: Connection
    }

    private typealias Machine = PoolStateMachine<Connection, PoolClock.Instant>
    private typealias Waiting = CheckedContinuation<Result<Lease, PoolError>, Never>
    /// A caller without a lease. It is removed when it is answered, so a late cancellation finds nothing.
    private enum Waiter {
        case arriving
        case waiting(Waiting)
        case cancelled
    }
    private struct State {
        var machine: Machine
        var waiters: [Int: Waiter] = [:]
        var nextWaiter = 0
    }
    private enum Effect: Sendable {
        case connect(id: Int, after: Duration)
        case timer(PoolClock.Instant)
    }
    private final class Connector: Sendable {
        let connect: Connect
        init(_ connect: @escaping Connect) { self.connect = connect }
    }

    private let state: NIOLockedValueBox<State>
    private let clock: PoolClock
    private let connector: Connector
    private let observer: (any PoolObserver)?
    private let effects: AsyncStream<Effect>
    private let effectsContinuation: AsyncStream<Effect>.Continuation

    /// A pool that opens nothing yet.
    /// - Parameters:
    ///   - configuration: sizes and time limits.
    ///   - clock: measures the time limits.
    ///   - observer: is told what happens to connections.
    ///   - connect: opens one connection.
    public init(
        configuration: PoolConfiguration, clock: PoolClock, observer: (any PoolObserver)? = nil,
        connect: @escaping Connect
    ) {
        state = NIOLockedValueBox(State(machine: Machine(configuration: configuration)))
        self.clock = clock
        self.observer = observer
        connector = Connector(connect)
        (effects, effectsContinuation) = AsyncStream.makeStream()
    }

    /// The pool's numbers right now.
    public var statistics: PoolStatistics { state.withLockedValue { $0.machine.statistics } }

    /// Why the last attempt to connect failed, and for how long all have; nil while connections can be opened.
    public var trouble: (failure: String, lasting: Duration)? {
        state.withLockedValue { $0.machine.trouble(now: clock.now) }
    }

    /// Keeps the pool alive until ``drain()`` has finished or the task is cancelled.
    public func run() async {
        await withDiscardingTaskGroup { group in
            perform(state.withLockedValue { $0.machine.start(now: clock.now) })
            await withTaskCancellationHandler {
                for await effect in effects {
                    group.addTask { await self.execute(effect) }
                }
            } onCancel: {
                perform(state.withLockedValue { $0.machine.stop(now: clock.now) })
            }
            group.cancelAll()
        }
        perform(state.withLockedValue { $0.machine.stop(now: clock.now) })
    }

    /// Refuses new leases, serves those who wait already, and ends ``run()`` when every lease is back.
    public func drain() {
        perform(state.withLockedValue { $0.machine.drain() })
    }

    /// A connection, or nil if none is free at this moment.
    public func leaseNow() -> Lease? {
        state.withLockedValue { $0.machine.leaseNow() }.map { Lease(id: $0.id, connection: $0.connection) }
    }

    /// Lends a connection; ``release(_:)`` must follow.
    /// - Throws: ``PoolError`` when none became free in time, too many wait, or the pool is shutting down.
    public func lease() async throws(PoolError) -> Lease {
        if let lease = leaseNow() { return lease }
        let waiter = state.withLockedValue { state in
            state.nextWaiter += 1
            state.waiters[state.nextWaiter] = .arriving
            return state.nextWaiter
        }
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: Waiting) in
                enqueue(waiter: waiter, continuation)
            }
        } onCancel: {
            cancel(waiter: waiter)
        }
        return try result.get()
    }

    /// Gives a connection back.
    public func release(_ lease: Lease) {
        perform(state.withLockedValue { $0.machine.release(id: lease.id, now: clock.now) })
    }

    /// Gives a connection back that is not to be lent again: it is closed.
    public func discard(_ lease: Lease) {
        perform(state.withLockedValue { $0.machine.discard(id: lease.id, now: clock.now) })
    }

    private static var cancelled: PoolError {
        PoolError(code: .cancelled, lastConnectFailure: nil, openConnections: 0, failingFor: nil)
    }

    private func enqueue(waiter: Int, _ continuation: Waiting) {
        var answer: Result<Lease, PoolError>?
        let actions = state.withLockedValue { state -> [Machine.Action] in
            if case .cancelled? = state.waiters.removeValue(forKey: waiter) {
                answer = .failure(Self.cancelled)
                return []
            }
            let (decision, actions) = state.machine.lease(waiter: waiter, now: clock.now)
            switch decision {
            case .granted(let id, let connection): answer = .success(Lease(id: id, connection: connection))
            case .refused(let error): answer = .failure(error)
            case .wait: state.waiters[waiter] = .waiting(continuation)
            }
            return actions
        }
        perform(actions)
        if let answer { continuation.resume(returning: answer) }
    }

    private func cancel(waiter: Int) {
        let continuation = state.withLockedValue { state -> Waiting? in
            switch state.waiters[waiter] {
            case .arriving:
                state.waiters[waiter] = .cancelled
                return nil
            case .waiting(let continuation):
                state.waiters[waiter] = nil
                // False means that a lease is on its way: `perform` finds nobody and takes it back.
                _ = state.machine.cancel(waiter: waiter)
                return continuation
            case .cancelled, nil: return nil
            }
        }
        continuation?.resume(returning: .failure(Self.cancelled))
    }

    /// Does what the state machine asked for; never called with the lock held.
    private func perform(_ actions: [Machine.Action]) {
        for action in actions {
            switch action {
            case .connect(let id, let delay): effectsContinuation.yield(.connect(id: id, after: delay))
            case .timer(let instant): effectsContinuation.yield(.timer(instant))
            case .close(let connection): connection.close()
            case .circuit(let circuit, let failure): observer?.circuitChanged(to: circuit, failure: failure)
            case .finish: effectsContinuation.finish()
            case .grant(let waiter, let id, let connection):
                let lease = Lease(id: id, connection: connection)
                if let waiting = takeWaiter(waiter) {
                    waiting.resume(returning: .success(lease))
                } else {
                    release(lease)
                }
            case .refuse(let waiter, let error): takeWaiter(waiter)?.resume(returning: .failure(error))
            }
        }
    }

    private func takeWaiter(_ waiter: Int) -> Waiting? {
        state.withLockedValue { state in
            guard case .waiting(let continuation)? = state.waiters.removeValue(forKey: waiter) else { return nil }
            return continuation
        }
    }

    private func execute(_ effect: Effect) async {
        switch effect {
        case .timer(let instant):
            guard (try? await clock.sleep(until: instant, tolerance: nil)) != nil else { return }
            perform(state.withLockedValue { $0.machine.timerFired(at: instant, now: clock.now) })
        case .connect(let id, let delay):
            if delay > .zero {
                let jittered = delay * Int.random(in: 50...100) / 100
                guard (try? await clock.sleep(until: clock.now.advanced(by: jittered), tolerance: nil)) != nil else {
                    return
                }
            }
            await open(id: id)
        }
    }

    private func open(id: Int) async {
        perform(state.withLockedValue { $0.machine.connecting(id: id) })
        do {
            let connection = try await connector.connect(id) { [weak self] in self?.closed(id: id) }
            observer?.connectionOpened(id: id)
            perform(state.withLockedValue { $0.machine.connected(id: id, connection, now: clock.now) })
        } catch {
            let message = String(describing: error)
            let (actions, failures) = state.withLockedValue { state in
                let actions = state.machine.connectFailed(id: id, message: message, now: clock.now)
                return (actions, state.machine.failureCount)
            }
            let retryAfter = actions.lazy.compactMap { action -> Duration? in
                if case .connect(_, let delay) = action { delay } else { nil }
            }.first
            observer?.connectFailed(id: id, message: message, failures: failures, retryAfter: retryAfter)
            perform(actions)
        }
    }

    private func closed(id: Int) {
        let (expected, actions) = state.withLockedValue { $0.machine.closed(id: id, now: clock.now) }
        observer?.connectionClosed(id: id, expected: expected)
        perform(actions)
    }
}
