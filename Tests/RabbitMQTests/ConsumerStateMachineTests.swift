import Testing

@testable import RabbitMQ

@Suite("Deliveries and decisions over channels")
struct ConsumerStateMachineTests {
    private func frames(_ machine: inout ConsumerStateMachine) throws -> [AckFrame] {
        var frames: [AckFrame] = []
        try machine.flush { frames.append($0) }
        return frames
    }

    @Test("a decision about a delivery of an earlier channel is dropped")
    func staleEpoch() throws {
        var machine = ConsumerStateMachine()
        machine.opened(epoch: 1)
        #expect(try machine.delivered(1))
        machine.lost()
        #expect(!settle(&machine, 1, epoch: 1, .acknowledge))
        machine.opened(epoch: 2)
        #expect(try machine.delivered(1))
        #expect(!settle(&machine, 1, epoch: 1, .acknowledge))
        #expect(try frames(&machine) == [])
        #expect(settle(&machine, 1, epoch: 2, .acknowledge))
        #expect(try frames(&machine) == [.ack(1, multiple: false)])
    }

    @Test("a subscription the broker ended is made again on the same channel, and its deliveries stay valid")
    func cancelledByBroker() throws {
        var machine = ConsumerStateMachine()
        machine.opened(epoch: 1)
        #expect(try machine.delivered(1))
        machine.cancelledByBroker()
        #expect(machine.needsSubscription)
        #expect(settle(&machine, 1, epoch: 1, .acknowledge))
        machine.resubscribed()
        #expect(!machine.needsSubscription)
        #expect(try frames(&machine) == [.ack(1, multiple: false)])
        #expect(try machine.delivered(2))
    }

    @Test("a delivery that comes while draining goes back, and earlier ones can still be decided")
    func draining() throws {
        var machine = ConsumerStateMachine()
        machine.opened(epoch: 1)
        #expect(try machine.delivered(1))
        machine.beganDraining()
        #expect(try !machine.delivered(2))
        #expect(!machine.isDrained)
        #expect(try frames(&machine) == [.nack(2, requeue: true)])
        #expect(settle(&machine, 1, epoch: 1, .acknowledge))
        #expect(machine.isDrained)
        #expect(try frames(&machine) == [.ack(1, multiple: false)])
    }

    @Test("a delivery out of order is a protocol violation")
    func order() {
        var machine = ConsumerStateMachine()
        machine.opened(epoch: 1)
        #expect(throws: RabbitMQError.self) { _ = try machine.delivered(2) }
    }
}
