import AsyncHTTPClient
import Ledger
import Messaging
import RabbitMQ
import ServiceKit
import ServiceLifecycle
import Storefronts

/// Puts storefront-sync together.
struct Wiring {
    let context: ServiceContext

    /// The parts, in the order in which they start; they stop in reverse.
    func services() async throws -> [any Service] {
        let logger = context.logger
        let database = context.database
        let publisher = RabbitMQPublisher(
            configuration: context.amqp, topology: PipelineTopology.topology, logger: logger)
        let relay = OutboxRelay(
            database: database, publisher: publisher, origin: ObservationWriter.origin, tracer: context.tracer,
            logger: logger)
        let watch = watch()
        let stores = StoreClients(logger: logger)
        let identifiers = UUIDv7Generator()
        let holder = "storefront-sync \(identifiers.next())"
        let health = StoreHealth()
        let writer = ObservationWriter(database: database, identifiers: identifiers) { relay.wake() }
        let reading = HintWorker(
            configuration: { try await watch.current() }, reader: { stores.client(for: $0) },
            queue: HintQueue(database: database, holder: holder), writer: writer, health: health,
            tracer: context.tracer, logger: logger
        ).loop()
        let sweeping = Sweeper(
            configuration: { try await watch.current() }, reader: { stores.client(for: $0) },
            queue: SweepQueue(database: database, holder: holder), writer: writer, health: health,
            hinted: { reading.wake() }, tracer: context.tracer, logger: logger
        ).loop()
        let ticks = PeriodicService(
            name: "looking for work", every: .seconds(1), logger: logger,
            body: {
                reading.wake()
                sweeping.wake()
            })
        let consumer = RabbitMQConsumer(
            configuration: context.amqp, topology: PipelineTopology.topology, queue: PipelineTopology.hintedQueue,
            prefetch: 200, logger: logger)
        let runner = ConsumerRunner(
            consumer: consumer, queue: PipelineTopology.hintedQueue, concurrency: 16, logger: logger,
            key: { $0.routingKey },
            handler: { _, _ in
                reading.wake()
                return .done
            })
        return [stores, publisher, relay, watch, reading, sweeping, ticks, consumer, runner]
    }

    private func watch() -> ConfigurationWatch {
        let box = context.secretBox
        return ConfigurationWatch(
            database: context.database,
            sealing: ConfigurationSealing(seal: { box.seal($0) }, open: { try box.open($0) }), logger: context.logger)
    }
}
