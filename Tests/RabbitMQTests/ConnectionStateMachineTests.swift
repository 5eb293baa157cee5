import Testing

@testable import RabbitMQ

@Suite("When to connect, retry and end")
struct ConnectionStateMachineTests {
    private let start = ContinuousClock.now
    private let lost = RabbitMQError(.connectionLost, "gone")
    private let mismatch = RabbitMQError(.topologyMismatch, "different")

    private func machine() -> ConnectionStateMachine {
        ConnectionStateMachine(policy: RecoveryPolicy { $0.upperBound }, stableAfter: .seconds(5))
    }

    @Test("start, connect, lose, wait, connect again with a new epoch")
    func reconnects() {
        var machine = machine()
        #expect(machine.start() == .connect)
        #expect(machine.start() == .none)
        #expect(machine.connected(now: start) == 1)
        #expect(machine.deadline == nil)
        let lostAt = start + .seconds(60)
        #expect(machine.failed(lost, now: lostAt) == .retry(after: .milliseconds(150), failures: 1))
        #expect(machine.deadline == lostAt + .milliseconds(150))
        #expect(machine.deadlineReached(now: lostAt) == .none)
        #expect(machine.deadlineReached(now: lostAt + .milliseconds(150)) == .connect)
        #expect(machine.connected(now: lostAt + .seconds(1)) == 2)
    }

    @Test("failed attempts wait longer and longer, up to 30 s")
    func backsOff() {
        var machine = machine()
        _ = machine.start()
        var waits: [Duration] = []
        var now = start
        for _ in 1...9 {
            if case .retry(let wait, _) = machine.failed(lost, now: now) { waits.append(wait) }
            now += .seconds(60)
            #expect(machine.deadlineReached(now: now) == .connect)
        }
        #expect(waits == [150, 500, 1000, 2000, 4000, 8000, 16000, 30000, 30000].map { .milliseconds($0) })
    }

    @Test("a connection that lives only a moment counts as a failed attempt")
    func shortLived() {
        var machine = machine()
        _ = machine.start()
        _ = machine.connected(now: start)
        #expect(machine.failed(lost, now: start + .seconds(1)) == .retry(after: .milliseconds(150), failures: 1))
        _ = machine.deadlineReached(now: start + .seconds(2))
        _ = machine.connected(now: start + .seconds(2))
        #expect(machine.failed(lost, now: start + .seconds(3)) == .retry(after: .milliseconds(500), failures: 2))
        _ = machine.deadlineReached(now: start + .seconds(4))
        _ = machine.connected(now: start + .seconds(4))
        #expect(machine.failed(lost, now: start + .seconds(10)) == .retry(after: .milliseconds(150), failures: 1))
    }

    @Test("an error that needs a person ends it")
    func fatal() {
        var machine = machine()
        _ = machine.start()
        #expect(machine.failed(mismatch, now: start) == .end)
        #expect(machine.isEnded)
    }

    @Test("a graceful stop drains, then closes when drained")
    func drains() {
        var machine = machine()
        _ = machine.start()
        _ = machine.connected(now: start)
        #expect(machine.drained() == .none)
        #expect(machine.finish(now: start, within: .seconds(10)) == .drain)
        #expect(machine.finish(now: start, within: .seconds(10)) == .none)
        #expect(machine.deadline == start + .seconds(10))
        #expect(machine.drained() == .close)
        #expect(machine.isEnded)
    }

    @Test("a graceful stop closes at its bound, and does not connect again after a loss")
    func drainBound() {
        var machine = machine()
        _ = machine.start()
        _ = machine.connected(now: start)
        _ = machine.finish(now: start, within: .seconds(10))
        var lossy = machine
        #expect(machine.deadlineReached(now: start + .seconds(10)) == .close)
        #expect(lossy.failed(lost, now: start) == .end)
        #expect(lossy.isEnded)
    }

    @Test("a graceful stop without a connection ends at once")
    func stopWhileWaiting() {
        var waiting = machine()
        _ = waiting.start()
        _ = waiting.failed(lost, now: start)
        #expect(waiting.finish(now: start, within: .seconds(10)) == .close)
        var idle = machine()
        #expect(idle.finish(now: start, within: .seconds(10)) == .close)
        #expect(idle.start() == .none)
    }
}
