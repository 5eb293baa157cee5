import IOThread
public import Logging
public import ServiceLifecycle

/// Consumes one queue, over one connection that it keeps.
///
/// Back-pressure is the prefetch count: the broker never has more deliveries out than that, so a slow receiver slows
/// the queue and nothing piles up here. A lost connection, and a subscription that the broker ends, are made again;
/// what was delivered and not acknowledged then comes again, marked as redelivered.
///
/// A graceful stop ends the subscription, gives back what nobody has taken, ends ``deliveries``, waits for decisions
/// about the rest up to the drain time-out, and closes; what is then undecided goes back to the queue.
public final class RabbitMQConsumer: Service, Sendable {
    /// The deliveries. Several loops may share them.
    public let deliveries: Deliveries

    private let thread: IOThread<AMQPCommand<DeliveryDecision>>
    private let parts: ConnectionParts

    /// True while the subscription is in place.
    public var isConnected: Bool { parts.status.isConnected }

    /// Makes a consumer; it connects once ``run()`` is called.
    ///
    /// - Parameters:
    ///   - configuration: the broker and the bounds.
    ///   - topology: declared on every connection; empty unless told.
    ///   - queue: the queue to consume.
    ///   - prefetch: how many deliveries may be undecided at once, 1...65535; 100 unless told. More hides the way to
    ///     the broker and back, and means more to deliver again after a crash.
    ///   - logger: told of connections made and lost.
    public convenience init(
        configuration: RabbitMQConfiguration, topology: Topology = Topology(), queue: String, prefetch: Int = 100,
        logger: Logger
    ) {
        let parts = ConnectionParts(
            configuration: configuration, topology: topology, logger: logger, policy: RecoveryPolicy())
        self.init(parts, queue: queue, prefetch: prefetch)
    }

    init(_ parts: ConnectionParts, queue: String, prefetch: Int) {
        self.parts = parts
        let inbound = DeliveryQueue()
        let metrics = ConsumerMetrics(queue: queue)
        var logger = parts.logger
        logger[metadataKey: LogKey.queue] = "\(queue)"
        let roleParts = parts.with(logger: logger)
        let count = max(1, min(65_535, prefetch))
        thread = IOThread(name: "amqp-consume") {
            AMQPHandler(
                roleParts,
                role: ConsumerRole(roleParts, queue: queue, prefetch: count, deliveries: inbound, metrics: metrics))
        }
        deliveries = Deliveries(queue: inbound, decider: ThreadDecider(thread: thread))
    }

    /// Consumes until a graceful stop or cancellation. Cancellation closes at once; undecided deliveries go back.
    ///
    /// - Throws: ``RabbitMQError`` with `topologyMismatch` if a queue or exchange exists with other properties, or
    ///   `invalidConfiguration`; everything else is retried.
    public func run() async throws { try await ConnectionSupervisor.run(thread, parts) }
}

extension ConnectionParts {
    func with(logger: Logger) -> ConnectionParts {
        ConnectionParts(
            configuration: configuration, topology: topology, status: status, shared: shared, metrics: metrics,
            logger: logger, policy: policy)
    }
}
