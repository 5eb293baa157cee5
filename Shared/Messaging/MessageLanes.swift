import Logging
import CoreMetrics
import NIOConcurrencyHelpers
import Observability
import RabbitMQ
import ServiceLifecycle

/// The work of a ``ConsumerRunner``, wherever its deliveries come from.
final class MessageLanes: Sendable {
    private struct Item: Sendable {
        let message: Delivery
        let envelope: Envelope
        let key: String
    }

    /// Closures live in a class of their own: kept directly in a lock's value they would gain a thunk with every copy.
    private final class Work: Sendable {
        let key: @Sendable (Delivery) -> String
        let handler: @Sendable (Delivery, Envelope) async throws -> Outcome

        init(
            key: @escaping @Sendable (Delivery) -> String,
            handler: @escaping @Sendable (Delivery, Envelope) async throws -> Outcome
        ) {
            self.key = key
            self.handler = handler
        }
    }

    private let queue: String
    private let retry: RetryPolicy
    private let clock: any Clock<Duration>
    private let logger: Logger
    private let work: Work
    private let scheduler: NIOLockedValueBox<LaneScheduler<Item>>
    private let stopping = NIOLockedValueBox(false)
    private let metrics: LaneMetrics

    init(
        queue: String, concurrency: Int, retry: RetryPolicy, clock: any Clock<Duration>, logger: Logger,
        key: @escaping @Sendable (Delivery) -> String,
        handler: @escaping @Sendable (Delivery, Envelope) async throws -> Outcome
    ) {
        self.queue = queue
        self.retry = retry
        self.clock = clock
        self.logger = logger
        work = Work(key: key, handler: handler)
        scheduler = NIOLockedValueBox(LaneScheduler(limit: concurrency))
        metrics = LaneMetrics(queue: queue)
    }

    /// Handles what the sequence yields until it ends or a stop is asked for.
    func run<Messages: AsyncSequence & Sendable>(_ messages: Messages) async
    where Messages.Element == Delivery, Messages.AsyncIterator: SendableMetatype {
        await withGracefulShutdownHandler {
            await withDiscardingTaskGroup { group in
                let arriving = messages.cancelOnGracefulShutdown()
                do {
                    for try await message in arriving {
                        if isStopping {
                            message.nack(requeue: true)
                            continue
                        }
                        guard let item = item(message) else { continue }
                        if let first = scheduler.withLockedValue({ $0.add(item, key: item.key) }) {
                            group.addTask { await self.work(from: first) }
                        }
                    }
                } catch {
                    logger.debug("deliveries ended", metadata: ["queue": "\(queue)", "error": "\(error)"])
                }
                giveBackWaiting()
            }
        } onGracefulShutdown: {
            self.stopping.withLockedValue { $0 = true }
            self.giveBackWaiting()
        }
    }

    /// How many messages wait for their lane.
    var waiting: Int { scheduler.withLockedValue { $0.waiting } }

    private var isStopping: Bool { stopping.withLockedValue { $0 } }

    private func item(_ message: Delivery) -> Item? {
        do {
            let envelope = try Envelope(message.properties)
            return Item(message: message, envelope: envelope, key: work.key(message))
        } catch {
            logger.warning(
                "message rejected: its headers cannot be read",
                metadata: ["queue": "\(queue)", "routing_key": "\(message.routingKey)", "error": "\(error)"])
            metrics.rejected.increment()
            message.reject()
            return nil
        }
    }

    private func giveBackWaiting() {
        for item in scheduler.withLockedValue({ $0.drain() }) { item.message.nack(requeue: true) }
    }

    private func work(from first: Item) async {
        var current: Item? = first
        while let item = current {
            await handle(item)
            if isStopping { giveBackWaiting() }
            current = scheduler.withLockedValue { $0.finish(key: item.key)?.item }
        }
    }

    /// Handles a message; meanwhile log lines name the trace that it came in.
    private func handle(_ item: Item) async {
        await TraceParent.$current.withValue(item.envelope.traceparent.flatMap { TraceParent($0) }) {
            await settle(item)
        }
    }

    private func settle(_ item: Item) async {
        let began = ContinuousClock.now
        defer { metrics.duration.recordNanoseconds(Int64((ContinuousClock.now - began) / .nanoseconds(1))) }
        do {
            switch try await work.handler(item.message, item.envelope) {
            case .done:
                metrics.done.increment()
                item.message.ack()
            case .retry:
                await giveBackLater(item)
            case .reject(let reason):
                logger.warning("message rejected", metadata: metadata(item, ["reason": "\(reason)"]))
                metrics.rejected.increment()
                item.message.reject()
            }
        } catch {
            if !Task.isCancelled {
                logger.warning(
                    "message not handled, tried again later", metadata: metadata(item, ["error": "\(error)"]))
            }
            await giveBackLater(item)
        }
    }

    private func giveBackLater(_ item: Item) async {
        metrics.retried.increment()
        if !isStopping {
            let pause = retry.delay(afterFailures: item.message.earlierDeliveries + 1)
            try? await cancelWhenGracefulShutdown { [clock] in try await clock.sleep(for: pause) }
        }
        item.message.nack(requeue: true)
    }

    private func metadata(_ item: Item, _ more: Logger.Metadata) -> Logger.Metadata {
        more.merging([
            "queue": "\(queue)", "message.id": "\(item.envelope.id)", "message.type": "\(item.envelope.type)",
            "subject": "\(item.envelope.subject)", "deliveries": "\(item.message.earlierDeliveries + 1)",
        ]) { own, _ in own }
    }
}

private struct LaneMetrics {
    let done: Counter
    let retried: Counter
    let rejected: Counter
    let duration: CoreMetrics.Timer

    init(queue: String) {
        func counter(_ outcome: String) -> Counter {
            Counter(label: "messaging.consumer.messages", dimensions: [("queue", queue), ("outcome", outcome)])
        }
        done = counter("done")
        retried = counter("retried")
        rejected = counter("rejected")
        duration = CoreMetrics.Timer(label: "messaging.handler.duration", dimensions: [("queue", queue)])
    }
}

extension Delivery {
    /// How often the broker has delivered it before, as quorum queues count.
    var earlierDeliveries: Int { Int(properties.headers["x-delivery-count"]?.int ?? 0) }
}
