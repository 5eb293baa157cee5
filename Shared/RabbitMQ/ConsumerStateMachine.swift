/// Decides what becomes of deliveries and of the decisions about them. A value: it does nothing itself.
struct ConsumerStateMachine {
    /// Where the subscription stands.
    enum State: Sendable, Hashable {
        /// No channel. Can transition to subscribed.
        case detached
        /// Deliveries come. Can transition to cancelledByBroker, draining, detached.
        case subscribed
        /// The broker ended the subscription; the channel still works. Can transition to subscribed, draining, detached.
        case cancelledByBroker
        /// We ended the subscription; decisions about earlier deliveries are still sent. Can transition to detached.
        case draining
    }

    private(set) var state = State.detached
    private(set) var epoch: UInt64 = 0
    private var acknowledgements = AckBatcher()

    /// True if nobody has a delivery to decide about.
    var isDrained: Bool { acknowledgements.outstanding == 0 }

    /// True if the subscription is to be made again.
    var needsSubscription: Bool { state == .cancelledByBroker }

    mutating func opened(epoch: UInt64) {
        acknowledgements.reset()
        self.epoch = epoch
        state = .subscribed
    }

    mutating func cancelledByBroker() { if state == .subscribed { state = .cancelledByBroker } }

    mutating func resubscribed() { if state == .cancelledByBroker { state = .subscribed } }

    mutating func beganDraining() { if state != .detached { state = .draining } }

    mutating func lost() {
        acknowledgements.reset()
        state = .detached
    }

    /// A delivery came; true if it is to be handed on, false if it goes back to the queue at once.
    mutating func delivered(_ tag: UInt64) throws(RabbitMQError) -> Bool {
        guard acknowledgements.delivered(tag) else {
            throw RabbitMQError(.protocolViolation, "a delivery came out of order on its channel")
        }
        if state != .draining { return true }
        _ = acknowledgements.settle(tag, .refuse(requeue: true))
        return false
    }

    /// Somebody decided; false if it concerns an earlier channel, or was decided before, and is dropped.
    ///
    /// Tags begin at 1 again on every channel: an old decision sent on a new channel would settle another message, or
    /// have the broker close the channel.
    mutating func settle(_ tag: UInt64, epoch: UInt64, _ settlement: Settlement) -> Bool {
        guard state != .detached, epoch == self.epoch else { return false }
        return acknowledgements.settle(tag, settlement)
    }

    /// The frames to write now.
    mutating func flush(_ write: (AckFrame) throws(RabbitMQError) -> Void) throws(RabbitMQError) {
        if state == .detached { return }
        try acknowledgements.flush(write)
    }
}
