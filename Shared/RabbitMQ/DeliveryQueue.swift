import DequeModule
import NIOConcurrencyHelpers

/// A delivery on its way from the connection's thread to whoever iterates.
struct InboundDelivery: Sendable {
    let epoch: UInt64
    let method: DeliverMethod
    let properties: MessageProperties
    let body: [UInt8]
}

/// Deliveries that nobody has taken yet. Unbounded, because the broker never has more than the prefetch count out.
final class DeliveryQueue: Sendable {
    private struct Waiter {
        let id: UInt64
        let continuation: CheckedContinuation<InboundDelivery?, Never>
    }
    private struct State {
        var deliveries = Deque<InboundDelivery>()
        var waiters = Deque<Waiter>()
        var nextID: UInt64 = 0
        var isFinished = false
    }

    private let state = NIOLockedValueBox(State())

    /// Hands deliveries to those who wait, in order, and keeps the rest.
    func append(_ new: [InboundDelivery]) {
        let served = state.withLockedValue { state in
            state.deliveries.append(contentsOf: new)
            var served: [(Waiter, InboundDelivery)] = []
            while !state.waiters.isEmpty, let delivery = state.deliveries.popFirst() {
                served.append((state.waiters.removeFirst(), delivery))
            }
            return served
        }
        for (waiter, delivery) in served { waiter.continuation.resume(returning: delivery) }
    }

    /// Drops what has not been taken: the channel it came on has ended, and the broker delivers it again.
    func removeAll() { state.withLockedValue { $0.deliveries.removeAll() } }

    /// Ends the sequence for everybody and returns what was never taken.
    func finish() -> [InboundDelivery] {
        let (rest, waiters) = state.withLockedValue { state in
            let ended = (Array(state.deliveries), state.waiters)
            state.deliveries = Deque()
            state.waiters = Deque()
            state.isFinished = true
            return ended
        }
        for waiter in waiters { waiter.continuation.resume(returning: nil) }
        return rest
    }

    /// Takes the next delivery; nil at the end, or if the task is cancelled.
    func next() async -> InboundDelivery? {
        let id = state.withLockedValue { state in
            state.nextID += 1
            return state.nextID
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let answer = state.withLockedValue { state -> InboundDelivery?? in
                    if let delivery = state.deliveries.popFirst() { return .some(delivery) }
                    // Checked under the lock: a cancellation later than this finds the waiter registered.
                    if state.isFinished || Task.isCancelled { return .some(nil) }
                    state.waiters.append(Waiter(id: id, continuation: continuation))
                    return nil
                }
                if let answer { continuation.resume(returning: answer) }
            }
        } onCancel: {
            let waiter = state.withLockedValue { state -> Waiter? in
                guard let index = state.waiters.firstIndex(where: { $0.id == id }) else { return nil }
                return state.waiters.remove(at: index)
            }
            waiter?.continuation.resume(returning: nil)
        }
    }
}
