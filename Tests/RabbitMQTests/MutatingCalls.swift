@testable import RabbitMQ

// The expectation macros take calls apart and cannot call a mutating method; they can call these.

func settle(_ batcher: inout AckBatcher, _ tag: UInt64, _ settlement: Settlement) -> Bool {
    batcher.settle(tag, settlement)
}

func delivered(_ batcher: inout AckBatcher, _ tag: UInt64) -> Bool { batcher.delivered(tag) }

func settle(
    _ machine: inout ConsumerStateMachine, _ tag: UInt64, epoch: UInt64, _ settlement: Settlement
) -> Bool {
    machine.settle(tag, epoch: epoch, settlement)
}
