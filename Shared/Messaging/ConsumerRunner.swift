public import Logging
import CoreMetrics
import NIOConcurrencyHelpers
public import RabbitMQ
public import ServiceLifecycle

/// What becomes of a message.
public enum Outcome: Sendable, Hashable {
    /// Its effect is committed, or there is none to have: acknowledged.
    case done
    /// Not now: given back to the broker after a short pause. Waiting for longer happens in PostgreSQL, with the message
    /// acknowledged.
    case retry
    /// Never: given to the dead-letter exchange.
    case reject(reason: String)
}

/// Has the messages of a queue handled: at most so many at once, and those with the same key one after another.
///
/// A handler that throws has its message given back after a pause that grows with the number of deliveries. A message whose
/// headers cannot be read is rejected, which sends it to `dead.letters`. On a graceful stop no further message is begun, the
/// running ones are finished, and the rest go back to the broker.
public final class ConsumerRunner: Service, CustomStringConvertible {
    private let consumer: RabbitMQConsumer
    private let lanes: MessageLanes
    private let queue: String

    /// Makes a runner.
    ///
    /// - Parameters:
    ///   - consumer: run it in the same group, before the runner; its prefetch should exceed `concurrency`.
    ///   - queue: the queue's name, for logs and metrics.
    ///   - concurrency: the most messages handled at once.
    ///   - retry: the pause before a message is given back. Default 100 ms to 5 s.
    ///   - clock: of the pauses.
    ///   - logger: for its lines.
    ///   - key: messages with the same key are handled one after another, e.g. by order.
    ///   - handler: handles one message; must be idempotent.
    public init(
        consumer: RabbitMQConsumer, queue: String, concurrency: Int,
        retry: RetryPolicy = RetryPolicy(base: .milliseconds(100), cap: .seconds(5), floor: .milliseconds(50)),
        clock: any Clock<Duration> = ContinuousClock(), logger: Logger,
        key: @escaping @Sendable (Delivery) -> String,
        handler: @escaping @Sendable (Delivery, Envelope) async throws -> Outcome
    ) {
        self.consumer = consumer
        self.queue = queue
        lanes = MessageLanes(
            queue: queue, concurrency: concurrency, retry: retry, clock: clock, logger: logger, key: key,
            handler: handler)
    }

    /// The service's name in lifecycle logs.
    public var description: String { "consumer of \(queue)" }

    /// Handles messages until told to stop.
    public func run() async throws {
        await lanes.run(consumer.deliveries)
    }
}
