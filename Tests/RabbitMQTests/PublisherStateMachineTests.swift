import Testing

@testable import RabbitMQ

@Suite("What a publisher sends and how messages end")
struct PublisherStateMachineTests {
    private let start = ContinuousClock.now
    private let timeout = Duration.seconds(30)

    private func machine(window: Int = 2, open: Bool = true) -> PublisherStateMachine<Int> {
        var machine = PublisherStateMachine<Int>(window: window, timeout: timeout)
        if open { machine.opened() }
        return machine
    }

    private func sent(_ machine: inout PublisherStateMachine<Int>, at now: ContinuousClock.Instant) -> [Int] {
        var sent: [Int] = []
        while let message = machine.nextToSend(now: now, isWanted: { $0 != 99 }) { sent.append(message) }
        return sent
    }

    @Test("no more than the window is sent, the rest follows as confirms come, in order")
    func window() {
        var machine = machine()
        for message in 1...5 { machine.enqueue(message, now: start) }
        #expect(sent(&machine, at: start) == [1, 2])
        #expect(machine.confirmed(1, multiple: false, isPositive: true) { _, _ in })
        #expect(sent(&machine, at: start) == [3])
        #expect(machine.confirmed(3, multiple: true, isPositive: true) { _, _ in })
        #expect(sent(&machine, at: start) == [4, 5])
        #expect(!machine.isDrained)
        #expect(machine.confirmed(5, multiple: true, isPositive: true) { _, _ in })
        #expect(machine.isDrained)
    }

    @Test("nothing is sent without a connection or while the broker blocks publishers")
    func blocked() {
        var machine = machine(open: false)
        machine.enqueue(1, now: start)
        #expect(sent(&machine, at: start) == [])
        machine.opened()
        machine.blocked()
        #expect(sent(&machine, at: start) == [])
        machine.unblocked()
        #expect(sent(&machine, at: start) == [1])
    }

    @Test("messages nobody waits for are not sent")
    func unwanted() {
        var machine = machine()
        for message in [99, 1, 99, 2] { machine.enqueue(message, now: start) }
        #expect(sent(&machine, at: start) == [1, 2])
    }

    @Test("a lost connection leaves what was sent unknown and keeps the rest for the next one")
    func lost() {
        var machine = machine()
        for message in 1...3 { machine.enqueue(message, now: start) }
        #expect(sent(&machine, at: start) == [1, 2])
        var unknown: [Int] = []
        machine.lost { unknown.append($0) }
        #expect(unknown == [1, 2])
        #expect(sent(&machine, at: start) == [])
        machine.opened()
        #expect(sent(&machine, at: start) == [3])
        var confirmed: [Int] = []
        #expect(machine.confirmed(1, multiple: false, isPositive: true) { message, _ in confirmed.append(message) })
        #expect(confirmed == [3])
    }

    @Test("an overdue confirm ends the wait and asks for a new connection")
    func overdue() {
        var machine = machine(window: 1)
        machine.enqueue(1, now: start)
        _ = sent(&machine, at: start + .seconds(10))
        machine.enqueue(2, now: start + .seconds(25))
        #expect(machine.deadline == start + .seconds(40))
        var unsent: [Int] = []
        var unknown: [Int] = []
        let early = machine.expire(now: start + .seconds(39)) {
            unsent.append($0)
        } unknown: {
            unknown.append($0)
        }
        #expect(!early && unknown.isEmpty)
        let due = machine.expire(now: start + .seconds(40)) {
            unsent.append($0)
        } unknown: {
            unknown.append($0)
        }
        #expect(due)
        #expect(unknown == [1])
        #expect(unsent == [])
        #expect(machine.deadline == start + .seconds(55))
    }

    @Test("while the broker blocks publishers an overdue confirm does not cost the connection")
    func overdueWhileBlocked() {
        var machine = machine(window: 1)
        machine.enqueue(1, now: start)
        machine.enqueue(2, now: start)
        _ = sent(&machine, at: start)
        machine.blocked()
        var unsent: [Int] = []
        var unknown: [Int] = []
        let due = machine.expire(now: start + timeout) {
            unsent.append($0)
        } unknown: {
            unknown.append($0)
        }
        #expect(!due)
        #expect(unknown == [1])
        #expect(unsent == [2])
        #expect(machine.deadline == nil)
    }

    @Test("at the end every message has exactly one outcome")
    func end() {
        var machine = machine()
        for message in 1...4 { machine.enqueue(message, now: start) }
        _ = sent(&machine, at: start)
        var unsent: [Int] = []
        var unknown: [Int] = []
        machine.end {
            unsent.append($0)
        } unknown: {
            unknown.append($0)
        }
        #expect(unknown == [1, 2])
        #expect(unsent == [3, 4])
        #expect(machine.isDrained)
    }
}
