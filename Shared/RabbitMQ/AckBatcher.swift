import DequeModule

/// What a receiver decided about a delivery.
public enum Settlement: Sendable, Hashable {
    /// It is done with; the broker forgets it.
    case acknowledge
    /// It is not done with: back to the queue, or to the dead-letter exchange if the queue has one.
    case refuse(requeue: Bool)
}

/// An acknowledgement to write.
enum AckFrame: Sendable, Hashable {
    case ack(UInt64, multiple: Bool)
    case nack(UInt64, requeue: Bool)
}

/// Collects acknowledgements between two writes and turns a contiguous run from the oldest unsettled delivery into one
/// frame with `multiple`.
///
/// An acknowledgement behind an older delivery that is still being worked is written at once and singly: holding it
/// back would shrink the prefetch window and have the message delivered again after a crash.
struct AckBatcher {
    private enum State {
        case outstanding
        case acknowledged
        case settled
    }

    private var first: UInt64 = 1
    private var states = Deque<State>()
    private var newlyAcknowledged: [UInt64] = []
    private var refused: [AckFrame] = []
    /// Deliveries nobody has decided about yet.
    private(set) var outstanding = 0

    /// Registers a delivery. Tags are contiguous per channel; a gap is a protocol violation and returns false.
    mutating func delivered(_ tag: UInt64) -> Bool {
        guard tag == first + UInt64(states.count) else { return false }
        states.append(.outstanding)
        outstanding += 1
        return true
    }

    /// Takes a decision; false if the delivery is unknown or already decided, and then it changes nothing.
    mutating func settle(_ tag: UInt64, _ settlement: Settlement) -> Bool {
        guard tag >= first, tag - first < UInt64(states.count) else { return false }
        let index = Int(tag - first)
        guard case .outstanding = states[index] else { return false }
        outstanding -= 1
        switch settlement {
        case .acknowledge:
            states[index] = .acknowledged
            newlyAcknowledged.append(tag)
        case .refuse(let requeue):
            states[index] = .settled
            refused.append(.nack(tag, requeue: requeue))
        }
        return true
    }

    /// The frames to write now. Refusals go first, so that no `multiple` can cover them.
    mutating func flush(_ write: (AckFrame) throws(RabbitMQError) -> Void) throws(RabbitMQError) {
        for frame in refused { try write(frame) }
        refused.removeAll(keepingCapacity: true)
        var last: (tag: UInt64, count: Int)?
        while let state = states.first {
            if case .outstanding = state { break }
            if case .acknowledged = state { last = (first, (last?.count ?? 0) + 1) }
            states.removeFirst()
            first += 1
        }
        if let last { try write(.ack(last.tag, multiple: last.count > 1)) }
        for tag in newlyAcknowledged where tag >= first {
            states[Int(tag - first)] = .settled
            try write(.ack(tag, multiple: false))
        }
        newlyAcknowledged.removeAll(keepingCapacity: true)
    }

    /// Forgets everything: the channel has ended and its tags mean nothing any more.
    mutating func reset() { self = AckBatcher() }
}
