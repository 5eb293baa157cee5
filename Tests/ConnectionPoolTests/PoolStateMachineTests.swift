import Testing

@testable import ConnectionPool

/// Time for state machines: seconds since the test began.
struct TestInstant: InstantProtocol {
    var offset: Duration
    func advanced(by duration: Duration) -> TestInstant { TestInstant(offset: offset + duration) }
    func duration(to other: TestInstant) -> Duration { other.offset - offset }
    static func < (lhs: TestInstant, rhs: TestInstant) -> Bool { lhs.offset < rhs.offset }
}

@Suite("The pool's rules")
struct PoolStateMachineTests {
    typealias Machine = PoolStateMachine<String, TestInstant>

    private func at(_ milliseconds: Int) -> TestInstant { TestInstant(offset: .milliseconds(milliseconds)) }

    private func describe(_ actions: [Machine.Action]) -> [String] {
        actions.map { action in
            switch action {
            case .connect(let id, let delay): "connect \(id) after \(milliseconds(delay))"
            case .grant(let waiter, _, let connection): "grant \(connection) to \(waiter)"
            case .refuse(let waiter, let error): "refuse \(waiter): \(error.code) \(error.lastConnectFailure ?? "-")"
            case .close(let connection): "close \(connection)"
            case .timer(let instant): "timer \(milliseconds(instant.offset))"
            case .circuit(let circuit, _): "circuit \(circuit)"
            case .finish: "finish"
            }
        }
    }

    private func milliseconds(_ duration: Duration) -> Int64 {
        duration.components.seconds * 1000 + duration.components.attoseconds / 1_000_000_000_000_000
    }

    private func describe(_ decision: Machine.Decision) -> String {
        switch decision {
        case .granted(_, let connection): "granted \(connection)"
        case .wait: "wait"
        case .refused(let error): "refused \(error.code)"
        }
    }

    private func machine(minimum: Int = 1, maximum: Int = 2, leases: Int = 1, waiters: Int = 3) -> Machine {
        var configuration = PoolConfiguration()
        configuration.minimumConnections = minimum
        configuration.maximumConnections = maximum
        configuration.leasesPerConnection = leases
        configuration.maximumWaiters = waiters
        configuration.leaseTimeout = .seconds(1)
        configuration.idleTimeout = .seconds(5)
        configuration.circuitDelay = .milliseconds(500)
        return Machine(configuration: configuration)
    }

    @Test("the minimum is opened at the start, more when callers wait, and the spare is closed when idle")
    func growsAndShrinks() {
        var pool = machine()
        #expect(describe(pool.start(now: at(0))) == ["connect 1 after 0"])
        #expect(describe(pool.connected(id: 1, "A", now: at(1))) == [])
        #expect(describe(pool.lease(waiter: 1, now: at(2)).0) == "granted A")
        let (decision, actions) = pool.lease(waiter: 2, now: at(3))
        #expect(describe(decision) == "wait")
        #expect(describe(actions) == ["connect 2 after 0", "timer 1003"])
        #expect(describe(pool.connected(id: 2, "B", now: at(4))) == ["grant B to 2"])
        #expect(describe(pool.release(id: 2, now: at(5))) == [])
        #expect(describe(pool.release(id: 1, now: at(6))) == [])
        #expect(describe(pool.timerFired(at: at(1003), now: at(1003))) == ["timer 5005"])
        #expect(describe(pool.timerFired(at: at(5005), now: at(5005))) == ["close B"])
        let expected = pool.closed(id: 2, now: at(5006)).expected
        #expect(expected)
        #expect(pool.statistics == PoolStatistics(open: 1, starting: 0, leases: 0, waiters: 0))
    }

    @Test("waiters are served in order")
    func order() {
        var pool = machine(maximum: 1)
        _ = pool.start(now: at(0))
        _ = pool.connected(id: 1, "A", now: at(0))
        _ = pool.lease(waiter: 1, now: at(0))
        #expect(describe(pool.lease(waiter: 2, now: at(1)).0) == "wait")
        #expect(describe(pool.lease(waiter: 3, now: at(2)).0) == "wait")
        #expect(describe(pool.release(id: 1, now: at(3))) == ["grant A to 2"])
        #expect(describe(pool.release(id: 1, now: at(4))) == ["grant A to 3"])
    }

    @Test("a shared connection takes as many leases as it may, the emptiest first")
    func shared() {
        var pool = machine(minimum: 2, leases: 2)
        #expect(describe(pool.start(now: at(0))) == ["connect 1 after 0", "connect 2 after 0"])
        _ = pool.connected(id: 1, "A", now: at(0))
        _ = pool.connected(id: 2, "B", now: at(0))
        let given = (1...5).map { describe(pool.lease(waiter: $0, now: at(1)).0) }
        #expect(given == ["granted A", "granted B", "granted A", "granted B", "wait"])
    }

    @Test("who waits too long is refused, and so is one too many")
    func bounds() {
        var pool = machine(maximum: 1, waiters: 2)
        _ = pool.start(now: at(0))
        _ = pool.connected(id: 1, "A", now: at(0))
        _ = pool.lease(waiter: 1, now: at(0))
        #expect(describe(pool.lease(waiter: 2, now: at(10)).1) == ["timer 1010"])
        #expect(describe(pool.lease(waiter: 3, now: at(20)).1) == [])
        #expect(describe(pool.lease(waiter: 4, now: at(30)).0) == "refused queueFull")
        #expect(describe(pool.timerFired(at: at(1010), now: at(1010))) == ["refuse 2: timedOut -", "timer 1020"])
        #expect(describe(pool.timerFired(at: at(1020), now: at(1020))) == ["refuse 3: timedOut -"])
    }

    @Test("a waiter that gives up is forgotten")
    func cancelled() {
        var pool = machine(maximum: 1)
        _ = pool.start(now: at(0))
        _ = pool.connected(id: 1, "A", now: at(0))
        _ = pool.lease(waiter: 1, now: at(0))
        _ = pool.lease(waiter: 2, now: at(0))
        let cancelled = [pool.cancel(waiter: 2), pool.cancel(waiter: 2)]
        #expect(cancelled == [true, false])
        #expect(describe(pool.release(id: 1, now: at(1))) == [])
    }

    @Test("attempts to connect go one at a time with growing pauses, and callers hear why")
    func failures() {
        var pool = machine(minimum: 2)
        #expect(describe(pool.start(now: at(0))) == ["connect 1 after 0", "connect 2 after 0"])
        #expect(describe(pool.lease(waiter: 1, now: at(0)).1) == ["timer 1000"])
        #expect(describe(pool.connectFailed(id: 1, message: "refused", now: at(1))) == [])
        #expect(describe(pool.connectFailed(id: 2, message: "refused", now: at(2))) == ["connect 3 after 200"])
        #expect(describe(pool.connectFailed(id: 3, message: "refused", now: at(202))) == ["connect 4 after 400"])
        #expect(describe(pool.timerFired(at: at(1000), now: at(1000))) == ["refuse 1: timedOut refused"])
        #expect(describe(pool.lease(waiter: 2, now: at(1001)).0) == "refused unavailable")
        #expect(describe(pool.connected(id: 4, "D", now: at(1002))) == ["circuit closed", "connect 5 after 0"])
        #expect(describe(pool.lease(waiter: 3, now: at(1003)).0) == "granted D")
    }

    @Test("after failures in a row nobody waits any more, until a single attempt has succeeded")
    func circuit() {
        var pool = machine()
        _ = pool.start(now: at(0))
        #expect(describe(pool.lease(waiter: 1, now: at(0)).0) == "wait")
        for (id, moment) in [(1, 1), (2, 100), (3, 300)] {
            #expect(describe(pool.connectFailed(id: id, message: "refused", now: at(moment))).count == 1)
        }
        #expect(describe(pool.connectFailed(id: 4, message: "refused", now: at(400))) == ["connect 5 after 800"])
        #expect(pool.statistics.circuit == .closed)
        // Five failures, and half a second of them: whoever waits is told, and so is whoever comes.
        #expect(
            describe(pool.connectFailed(id: 5, message: "refused", now: at(501)))
                == ["circuit open", "refuse 1: unavailable refused", "connect 6 after 1600"])
        #expect(describe(pool.lease(waiter: 2, now: at(502)).0) == "refused unavailable")
        #expect(describe(pool.connecting(id: 6)) == ["circuit halfOpen"])
        #expect(describe(pool.lease(waiter: 3, now: at(2000)).0) == "refused unavailable")
        #expect(describe(pool.connectFailed(id: 6, message: "refused", now: at(2101))).first == "circuit open")
        #expect(describe(pool.connecting(id: 7)) == ["circuit halfOpen"])
        #expect(pool.statistics.circuit == .halfOpen)
        #expect(describe(pool.connected(id: 7, "G", now: at(5000))) == ["circuit closed"])
        #expect(describe(pool.lease(waiter: 4, now: at(5001)).0) == "granted G")
    }

    @Test("while a connection is left, callers wait for it although no other can be opened")
    func circuitStaysClosed() {
        var pool = machine()
        _ = pool.start(now: at(0))
        _ = pool.connected(id: 1, "A", now: at(0))
        _ = pool.lease(waiter: 1, now: at(0))
        _ = pool.lease(waiter: 2, now: at(0))
        for id in 2..<10 { _ = pool.connectFailed(id: id, message: "too many", now: at(id * 100)) }
        #expect(pool.statistics.circuit == .closed)
        #expect(describe(pool.release(id: 1, now: at(901))) == ["grant A to 2"])
    }

    @Test("a lost connection is replaced at once, one lost right after it was made is not")
    func losses() {
        var pool = machine(maximum: 1)
        _ = pool.start(now: at(0))
        _ = pool.connected(id: 1, "A", now: at(0))
        _ = pool.lease(waiter: 1, now: at(0))
        let (expected, actions) = pool.closed(id: 1, now: at(60_000))
        #expect(!expected)
        #expect(describe(actions) == ["connect 2 after 0"])
        #expect(describe(pool.release(id: 1, now: at(60_001))) == [])
        _ = pool.connected(id: 2, "B", now: at(60_002))
        #expect(describe(pool.closed(id: 2, now: at(60_003)).1) == ["connect 3 after 100"])
        _ = pool.connected(id: 3, "C", now: at(60_103))
        #expect(describe(pool.closed(id: 3, now: at(60_104)).1) == ["connect 4 after 200"])
    }

    @Test("a discarded connection is closed and not lent again")
    func discard() {
        var pool = machine(maximum: 1)
        _ = pool.start(now: at(0))
        _ = pool.connected(id: 1, "A", now: at(0))
        _ = pool.lease(waiter: 1, now: at(0))
        _ = pool.lease(waiter: 2, now: at(0))
        #expect(describe(pool.discard(id: 1, now: at(2000))) == ["close A"])
        let (expected, actions) = pool.closed(id: 1, now: at(2001))
        #expect(expected)
        #expect(describe(actions) == ["connect 2 after 0"])
        #expect(describe(pool.connected(id: 2, "B", now: at(2002))) == ["grant B to 2"])
    }

    @Test("draining serves those who wait, refuses new ones, and finishes when all is closed")
    func drain() {
        var pool = machine(minimum: 2)
        _ = pool.start(now: at(0))
        _ = pool.connected(id: 1, "A", now: at(0))
        _ = pool.connected(id: 2, "B", now: at(0))
        _ = pool.lease(waiter: 1, now: at(0))
        #expect(describe(pool.drain()) == ["close B"])
        #expect(describe(pool.lease(waiter: 2, now: at(1)).0) == "refused shutDown")
        #expect(describe(pool.closed(id: 2, now: at(2)).1) == [])
        #expect(describe(pool.release(id: 1, now: at(3))) == ["close A"])
        #expect(describe(pool.closed(id: 1, now: at(4)).1) == ["finish"])
    }

    @Test("stopping refuses everybody and closes everything, late arrivals too")
    func stop() {
        var pool = machine(minimum: 2)
        _ = pool.start(now: at(0))
        _ = pool.connected(id: 1, "A", now: at(0))
        _ = pool.lease(waiter: 1, now: at(0))
        _ = pool.lease(waiter: 2, now: at(0))
        #expect(describe(pool.stop(now: at(1))) == ["refuse 2: shutDown -", "close A"])
        #expect(describe(pool.connected(id: 2, "B", now: at(1))) == ["close B"])
        #expect(describe(pool.release(id: 1, now: at(2))) == [])
        #expect(describe(pool.closed(id: 1, now: at(2)).1) == ["finish"])
    }
}
