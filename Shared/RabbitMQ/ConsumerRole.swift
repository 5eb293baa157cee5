import CoreMetrics
import Logging

/// A decision about a delivery, on its way to the connection's thread.
struct DeliveryDecision: Sendable {
    let epoch: UInt64
    let tag: UInt64
    let settlement: Settlement
}

/// The consuming side of a connection. Confined to the connection's thread.
final class ConsumerRole: AMQPRole {
    typealias Work = DeliveryDecision

    private var machine = ConsumerStateMachine()
    private var assembler: FrameAssembler
    private var arrived: [InboundDelivery] = []
    private var (acknowledged, refused) = (0, 0)
    private let queue: String
    private let prefetch: Int
    private let topology: Topology
    private let messageMaxBytes: Int
    private let deliveries: DeliveryQueue
    private let metrics: ConsumerMetrics
    private let logger: Logger

    init(_ parts: ConnectionParts, queue: String, prefetch: Int, deliveries: DeliveryQueue, metrics: ConsumerMetrics) {
        messageMaxBytes = parts.configuration.messageMaxBytes
        assembler = FrameAssembler(messageMaxBytes: messageMaxBytes)
        topology = parts.topology
        logger = parts.logger
        self.queue = queue
        self.prefetch = prefetch
        self.deliveries = deliveries
        self.metrics = metrics
    }

    var isDrained: Bool { machine.isDrained }
    var deadline: ContinuousClock.Instant? { nil }

    func opened(_ link: AMQPLink, epoch: UInt64) throws(RabbitMQError) {
        try link.setPrefetch(prefetch)
        assembler = FrameAssembler(messageMaxBytes: messageMaxBytes)
        machine.opened(epoch: epoch)
        try link.consume(queue: queue)
    }

    func take(_ decision: DeliveryDecision, now: ContinuousClock.Instant) {
        guard machine.settle(decision.tag, epoch: decision.epoch, decision.settlement) else { return }
        if decision.settlement == .acknowledge { acknowledged += 1 } else { refused += 1 }
    }

    func flush(_ link: AMQPLink, now: ContinuousClock.Instant) throws(RabbitMQError) -> Bool {
        if machine.needsSubscription {
            logger.warning("the broker ended the subscription, subscribing again")
            try link.declare(topology)
            try link.consume(queue: queue)
            machine.resubscribed()
        }
        try machine.flush { frame throws(RabbitMQError) in try link.write(frame) }
        return false
    }

    func received(_ frame: InboundFrame) throws(RabbitMQError) {
        switch frame {
        case .deliver(let method): try assembler.begin(method)
        case .header(let bodyBytes, let properties):
            if let message = try assembler.header(bodyBytes: bodyBytes, properties) { try arrived(message) }
        case .body(let fragment): if let message = try assembler.body(fragment) { try arrived(message) }
        case .subscriptionCancelled: machine.cancelledByBroker()
        case .confirm, .returned, .blocked, .unblocked, .closed, .ignored: break
        }
    }

    func commit() {
        if acknowledged > 0 { metrics.acknowledged.increment(by: acknowledged) }
        if refused > 0 { metrics.refused.increment(by: refused) }
        (acknowledged, refused) = (0, 0)
        if arrived.isEmpty { return }
        let arrived = arrived
        self.arrived.removeAll(keepingCapacity: true)
        metrics.consumed.increment(by: arrived.count)
        let again = arrived.count { $0.method.redelivered }
        if again > 0 { metrics.redelivered.increment(by: again) }
        deliveries.append(arrived)
    }

    func lost(_ error: RabbitMQError) {
        machine.lost()
        arrived.removeAll()
        deliveries.removeAll()
    }

    func beginDraining(_ link: AMQPLink) throws(RabbitMQError) {
        try link.cancelConsumer()
        machine.beganDraining()
        for delivery in arrived + deliveries.finish() {
            _ = machine.settle(delivery.method.tag, epoch: delivery.epoch, .refuse(requeue: true))
        }
        arrived.removeAll()
    }

    func deadlineReached(now: ContinuousClock.Instant) throws(RabbitMQError) {}

    func ended(_ error: RabbitMQError) {
        machine.lost()
        arrived.removeAll()
        _ = deliveries.finish()
    }

    private func arrived(_ message: AssembledMessage) throws(RabbitMQError) {
        guard case .delivery(let method, let properties, let body) = message else { return }
        guard try machine.delivered(method.tag) else { return }
        arrived.append(
            InboundDelivery(epoch: machine.epoch, method: method, properties: properties, body: body))
    }
}
