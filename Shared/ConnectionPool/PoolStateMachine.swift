import DequeModule

/// The rules of the pool as a value: every method returns what has to be done, and does nothing itself.
///
/// States of one connection: `starting` can become `ready` or vanish (it failed); `ready` can become `closing` or vanish
/// (it was lost); `closing` can only vanish.
struct PoolStateMachine<Connection: Sendable, Instant: InstantProtocol & Sendable>: Sendable
where Instant.Duration == Duration {
    /// Something the pool has to do after leaving its lock.
    enum Action {
        /// Open a connection, after a wait.
        case connect(id: Int, after: Duration)
        /// Give the waiter this connection.
        case grant(waiter: Int, id: Int, Connection)
        /// Tell the waiter that it gets none.
        case refuse(waiter: Int, PoolError)
        /// Close this connection.
        case close(Connection)
        /// Call `timerFired` at this time.
        case timer(Instant)
        /// Tell the observer of the circuit's new state.
        case circuit(PoolCircuit, failure: String?)
        /// Everything is closed: `run` may return.
        case finish
    }

    /// The answer to somebody who asks for a lease.
    enum Decision {
        case granted(id: Int, Connection)
        case wait
        case refused(PoolError)
    }

    private enum Lifecycle { case running, draining, stopped }
    private enum SlotState {
        case starting
        case ready(Connection)
        case closing
    }
    private struct Slot {
        let id: Int
        var state: SlotState
        var leases = 0
        var since: Instant
        var idleSince: Instant
    }
    private struct Waiter {
        let id: Int
        let deadline: Instant
    }

    private let configuration: PoolConfiguration
    private var lifecycle = Lifecycle.running
    private var slots: [Slot] = []
    private var waiters: Deque<Waiter> = []
    private var nextID = 0
    private var timerAt: Instant?
    private var failures = 0
    private var lastFailure: (at: Instant, message: String)?
    /// Since when no attempt to connect has succeeded; nil while connections can be opened.
    private var failingSince: Instant?
    private var circuit = PoolCircuit.closed

    init(configuration: PoolConfiguration) {
        self.configuration = configuration
    }

    /// The numbers right now.
    var statistics: PoolStatistics {
        var statistics = PoolStatistics()
        for slot in slots {
            switch slot.state {
            case .starting: statistics.starting += 1
            case .ready:
                statistics.open += 1
                statistics.leases += slot.leases
            case .closing: break
            }
        }
        statistics.waiters = waiters.count
        statistics.circuit = circuit
        return statistics
    }

    /// Failures to connect in a row.
    var failureCount: Int { failures }

    /// Why the last attempt to connect failed, and for how long all have; nil while connections can be opened.
    func trouble(now: Instant) -> (failure: String, lasting: Duration)? {
        guard let failingSince, let lastFailure else { return nil }
        return (lastFailure.message, failingSince.duration(to: now))
    }

    /// Opens the minimum.
    mutating func start(now: Instant) -> [Action] {
        replenish(now: now)
    }

    // MARK: Leases

    /// A connection that is free at this moment, if nobody waits already.
    mutating func leaseNow() -> (id: Int, connection: Connection)? {
        guard lifecycle == .running, waiters.isEmpty, let index = freest(),
            case .ready(let connection) = slots[index].state
        else { return nil }
        slots[index].leases += 1
        return (slots[index].id, connection)
    }

    /// Somebody asks for a connection.
    mutating func lease(waiter: Int, now: Instant) -> (Decision, [Action]) {
        guard lifecycle == .running else { return (.refused(refusal(.shutDown, now)), []) }
        if let (id, connection) = leaseNow() { return (.granted(id: id, connection), []) }
        if waiters.count >= configuration.maximumWaiters { return (.refused(refusal(.queueFull, now)), []) }
        let opening = openCircuitIfDue(now: now)
        if circuit != .closed {
            return (.refused(refusal(.unavailable, now)), opening + replenish(now: now))
        }
        waiters.append(Waiter(id: waiter, deadline: now.advanced(by: configuration.leaseTimeout)))
        return (.wait, replenish(now: now) + armTimer())
    }

    /// A lease came back.
    mutating func release(id: Int, now: Instant) -> [Action] {
        guard let index = slots.firstIndex(where: { $0.id == id }) else { return finishIfDrained() }
        slots[index].leases -= 1
        slots[index].idleSince = now
        if waiters.isEmpty {
            if lifecycle == .draining { return closeIdle() }
            return slots[index].leases == 0 && slots.count > configuration.minimumConnections ? armTimer() : []
        }
        return serveWaiters() + closeIdle()
    }

    /// A lease came back, and its connection is not to be lent again.
    mutating func discard(id: Int, now: Instant) -> [Action] {
        guard let index = slots.firstIndex(where: { $0.id == id }), case .ready(let connection) = slots[index].state
        else { return release(id: id, now: now) }
        slots[index].leases -= 1
        slots[index].state = .closing
        return [.close(connection)]
    }

    /// A waiter no longer wants a lease. False when it has been answered already.
    mutating func cancel(waiter: Int) -> Bool {
        guard let index = waiters.firstIndex(where: { $0.id == waiter }) else { return false }
        waiters.remove(at: index)
        return true
    }

    // MARK: Connections

    /// The wait before an attempt to connect is over: it begins.
    mutating func connecting(id: Int) -> [Action] {
        guard circuit == .open, slots.contains(where: { $0.id == id }) else { return [] }
        return change(to: .halfOpen)
    }

    /// The attempt to connect succeeded.
    mutating func connected(id: Int, _ connection: Connection, now: Instant) -> [Action] {
        guard let index = slots.firstIndex(where: { $0.id == id }) else { return [.close(connection)] }
        slots[index].state = .ready(connection)
        slots[index].since = now
        slots[index].idleSince = now
        if failingSince != nil { failures = 0 }
        failingSince = nil
        return change(to: .closed) + serveWaiters() + closeIdle() + replenish(now: now) + armTimer()
    }

    /// The attempt to connect failed.
    mutating func connectFailed(id: Int, message: String, now: Instant) -> [Action] {
        guard let index = slots.firstIndex(where: { $0.id == id }) else { return finishIfDrained() }
        slots.remove(at: index)
        noteFailure(message, now: now)
        failingSince = failingSince ?? now
        let opening = circuit == .halfOpen ? change(to: .open) : openCircuitIfDue(now: now)
        return opening + replenish(now: now) + finishIfDrained()
    }

    /// The connection is gone; leases of it may still be out and their release is then ignored.
    mutating func closed(id: Int, now: Instant) -> (expected: Bool, [Action]) {
        guard let index = slots.firstIndex(where: { $0.id == id }) else { return (true, finishIfDrained()) }
        let slot = slots.remove(at: index)
        var expected = true
        if case .ready = slot.state {
            expected = false
            // A connection lost right after it was made counts as a failure, or we would reconnect in a hot loop.
            if slot.since.duration(to: now) < .seconds(1) {
                noteFailure("the connection was lost right after it was made", now: now)
            }
        }
        return (expected, replenish(now: now) + finishIfDrained())
    }

    /// The time a `.timer` action asked for has come.
    mutating func timerFired(at instant: Instant, now: Instant) -> [Action] {
        if timerAt == instant { timerAt = nil }
        var actions: [Action] = []
        while let first = waiters.first, first.deadline <= now {
            waiters.removeFirst()
            actions.append(.refuse(waiter: first.id, refusal(.timedOut, now)))
        }
        let staying = slots.count { if case .closing = $0.state { false } else { true } }
        var spare = staying - configuration.minimumConnections
        for index in slots.indices.reversed() where spare > 0 && slots[index].leases == 0 {
            guard case .ready(let connection) = slots[index].state,
                slots[index].idleSince.advanced(by: configuration.idleTimeout) <= now
            else { continue }
            slots[index].state = .closing
            actions.append(.close(connection))
            spare -= 1
        }
        return actions + closeIdle() + armTimer()
    }

    // MARK: The end

    /// Refuses new leases, serves those who wait, and closes each connection as it becomes idle.
    mutating func drain() -> [Action] {
        guard lifecycle == .running else { return [] }
        lifecycle = .draining
        return closeIdle()
    }

    /// Refuses everybody and closes everything now.
    mutating func stop(now: Instant) -> [Action] {
        guard lifecycle != .stopped else { return [] }
        lifecycle = .draining
        var actions: [Action] = waiters.map { .refuse(waiter: $0.id, refusal(.shutDown, now)) }
        waiters.removeAll()
        for index in slots.indices {
            guard case .ready(let connection) = slots[index].state else { continue }
            slots[index].state = .closing
            actions.append(.close(connection))
        }
        slots.removeAll { if case .starting = $0.state { true } else { false } }
        return actions + finishIfDrained()
    }

    // MARK: Rules

    private var hasReady: Bool {
        slots.contains { if case .ready = $0.state { true } else { false } }
    }

    private func refusal(_ code: PoolError.Code, _ now: Instant) -> PoolError {
        let trouble = trouble(now: now)
        return PoolError(
            code: code, lastConnectFailure: trouble?.failure, openConnections: statistics.open,
            failingFor: trouble?.lasting)
    }

    /// Refuses everybody once connecting has failed often and long enough, and no connection is left.
    private mutating func openCircuitIfDue(now: Instant) -> [Action] {
        guard circuit == .closed, !hasReady, let lasting = trouble(now: now)?.lasting else { return [] }
        let isLong = lasting >= configuration.leaseTimeout
        guard isLong || (failures >= configuration.circuitFailures && lasting >= configuration.circuitDelay)
        else { return [] }
        let refused = waiters.map { Action.refuse(waiter: $0.id, refusal(.unavailable, now)) }
        waiters.removeAll()
        return change(to: .open) + refused
    }

    private mutating func change(to new: PoolCircuit) -> [Action] {
        if circuit == new { return [] }
        circuit = new
        return [.circuit(new, failure: lastFailure?.message)]
    }

    /// The ready connection with the fewest leases that can take one more.
    private func freest() -> Int? {
        var best: Int?
        for index in slots.indices {
            guard case .ready = slots[index].state, slots[index].leases < configuration.leasesPerConnection else {
                continue
            }
            if let known = best, slots[known].leases <= slots[index].leases { continue }
            best = index
        }
        return best
    }

    private mutating func serveWaiters() -> [Action] {
        var actions: [Action] = []
        while !waiters.isEmpty, let index = freest(), case .ready(let connection) = slots[index].state {
            slots[index].leases += 1
            actions.append(.grant(waiter: waiters.removeFirst().id, id: slots[index].id, connection))
        }
        return actions
    }

    private mutating func noteFailure(_ message: String, now: Instant) {
        // Trouble long ago says nothing about now.
        if let lastFailure, lastFailure.at.advanced(by: configuration.longestBackoff * 3) < now { failures = 0 }
        failures += 1
        lastFailure = (now, message)
    }

    /// Starts the connections that are missing: one at a time while attempts fail.
    private mutating func replenish(now: Instant) -> [Action] {
        guard lifecycle == .running || !waiters.isEmpty, lifecycle != .stopped else { return [] }
        let starting = slots.count { if case .starting = $0.state { true } else { false } }
        let wanted = (waiters.count + configuration.leasesPerConnection - 1) / configuration.leasesPerConnection
        var missing = max(configuration.minimumConnections - slots.count, wanted - starting)
        missing = min(missing, configuration.maximumConnections - slots.count)
        if failingSince != nil { missing = min(missing, 1 - starting) }
        guard missing > 0 else { return [] }
        let recent = lastFailure.map { $0.at.advanced(by: configuration.longestBackoff * 3) >= now } ?? false
        let delay = configuration.backoff(afterFailures: recent ? failures : 0)
        return (0..<missing).map { _ in
            nextID += 1
            slots.append(Slot(id: nextID, state: .starting, since: now, idleSince: now))
            return .connect(id: nextID, after: delay)
        }
    }

    private mutating func closeIdle() -> [Action] {
        guard lifecycle == .draining, waiters.isEmpty else { return [] }
        var actions: [Action] = []
        for index in slots.indices where slots[index].leases == 0 {
            guard case .ready(let connection) = slots[index].state else { continue }
            slots[index].state = .closing
            actions.append(.close(connection))
        }
        slots.removeAll { if case .starting = $0.state { true } else { false } }
        return actions + finishIfDrained()
    }

    private mutating func finishIfDrained() -> [Action] {
        guard lifecycle == .draining, slots.isEmpty, waiters.isEmpty else { return [] }
        lifecycle = .stopped
        return [.finish]
    }

    /// Asks for a timer at the next deadline, unless one that early is set already.
    private mutating func armTimer() -> [Action] {
        var next = waiters.first?.deadline
        let staying = slots.count { if case .closing = $0.state { false } else { true } }
        if staying > configuration.minimumConnections {
            for slot in slots where slot.leases == 0 {
                guard case .ready = slot.state else { continue }
                let at = slot.idleSince.advanced(by: configuration.idleTimeout)
                if next.map({ at < $0 }) ?? true { next = at }
            }
        }
        guard let next, timerAt.map({ next < $0 }) ?? true else { return [] }
        timerAt = next
        return [.timer(next)]
    }
}
