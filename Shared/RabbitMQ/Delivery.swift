import IOThread

/// A message the broker delivered. It stays the broker's until it is acknowledged.
///
/// Deciding is fire and forget: the calls return at once, only the first decision about a delivery counts, and one made
/// after the connection it came on was lost is dropped, because the broker delivers the message again.
public struct Delivery: Sendable {
    /// The body; may be empty.
    public let body: [UInt8]
    /// What travelled with the body.
    public let properties: MessageProperties
    /// The exchange it was published to; empty for the default exchange.
    public let exchange: String
    /// The routing key it was published with.
    public let routingKey: String
    /// True if it may have been delivered before: it was requeued, or its consumer went away.
    public let redelivered: Bool

    private let decider: any DeliveryDecider

    init(_ inbound: InboundDelivery, decider: any DeliveryDecider) {
        body = inbound.body
        properties = inbound.properties
        exchange = inbound.method.exchange
        routingKey = inbound.method.routingKey
        redelivered = inbound.method.redelivered
        self.decider = decider
        epoch = inbound.epoch
        tag = inbound.method.tag
    }

    /// Makes a delivery that no broker sent, to hand to code that handles deliveries.
    ///
    /// - Parameters:
    ///   - message: what is delivered.
    ///   - redelivered: whether it claims to have been delivered before; false unless told.
    ///   - decide: called with every decision, also repeated ones.
    public init(
        _ message: OutgoingMessage, redelivered: Bool = false, decide: @escaping @Sendable (Settlement) -> Void
    ) {
        body = message.body
        properties = message.properties
        exchange = message.exchange
        routingKey = message.routingKey
        self.redelivered = redelivered
        decider = ClosureDecider(decide)
        epoch = 0
        tag = 0
    }

    private let epoch: UInt64
    private let tag: UInt64

    /// It is done with: the broker may forget it.
    public func ack() { decide(.acknowledge) }

    /// It is not done with.
    ///
    /// - Parameter requeue: true to have the queue deliver it again, which can be at once; false for the queue's
    ///   dead-letter exchange, or oblivion if it has none.
    public func nack(requeue: Bool) { decide(.refuse(requeue: requeue)) }

    /// It cannot be dealt with: to the queue's dead-letter exchange, or oblivion if it has none.
    public func reject() { decide(.refuse(requeue: false)) }

    private func decide(_ settlement: Settlement) {
        decider.decide(DeliveryDecision(epoch: epoch, tag: tag, settlement: settlement))
    }
}

/// Where decisions about deliveries go.
protocol DeliveryDecider: Sendable {
    func decide(_ decision: DeliveryDecision)
}

/// Decisions for the connection the delivery came on.
final class ThreadDecider: DeliveryDecider {
    private let thread: IOThread<AMQPCommand<DeliveryDecision>>

    init(thread: IOThread<AMQPCommand<DeliveryDecision>>) { self.thread = thread }

    func decide(_ decision: DeliveryDecision) { thread.send(.work(decision)) }
}

private final class ClosureDecider: DeliveryDecider {
    private let closure: @Sendable (Settlement) -> Void

    init(_ closure: @escaping @Sendable (Settlement) -> Void) { self.closure = closure }

    func decide(_ decision: DeliveryDecision) { closure(decision.settlement) }
}

/// The deliveries of a consumer, over all its connections. Several iterators share them: each delivery goes to one.
///
/// The sequence ends when the consumer stops. It does not end, and reports nothing, when a connection is lost: it goes
/// on with the deliveries of the next one.
public struct Deliveries: AsyncSequence, Sendable {
    /// A delivery.
    public typealias Element = Delivery
    /// Nothing is thrown.
    public typealias Failure = Never

    let queue: DeliveryQueue
    let decider: ThreadDecider

    /// Takes deliveries one by one.
    public struct AsyncIterator: AsyncIteratorProtocol {
        let queue: DeliveryQueue
        let decider: ThreadDecider

        /// Waits for the next delivery; nil when the consumer has stopped or the task is cancelled.
        public mutating func next() async -> Delivery? {
            await queue.next().map { Delivery($0, decider: decider) }
        }

        /// Waits for the next delivery; nil when the consumer has stopped or the task is cancelled.
        public mutating func next(isolation actor: isolated (any Actor)?) async -> Delivery? {
            await queue.next().map { Delivery($0, decider: decider) }
        }
    }

    /// Begins to take deliveries.
    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(queue: queue, decider: decider) }
}
