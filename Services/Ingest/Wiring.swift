import Logging
import Messaging
import RabbitMQ
import ServiceKit
import ServiceLifecycle

/// Puts ingest together.
struct Wiring {
    let context: ServiceContext

    /// The parts, in the order in which they start; they stop in reverse.
    func services() throws -> [any Service] {
        let settings = try IngestSettings(context.environment)
        let logger = context.logger
        let database = context.database
        let publisher = RabbitMQPublisher(
            configuration: context.amqp, topology: PipelineTopology.topology, logger: logger)
        let relay = OutboxRelay(
            database: database, publisher: publisher, origin: DeliveryWriter.origin, tracer: context.tracer,
            logger: logger)
        let directory = PostgresStoreDirectory(database: database, secrets: context.secretBox, logger: logger)
        let identifiers = UUIDv7Generator()
        let limiter = RejectLimiter()
        let writer = DeliveryWriter(database: database, identifiers: identifiers)
        let commits = Self.groupCommit(settings, writer, logger)
        let maintenance = EventMaintenance(
            database: database, limiter: limiter, eventDays: settings.eventDays, logger: logger)
        let responder = WebhookResponder(
            directory: directory,
            receiver: WebhookReceiver(identifiers: identifiers, limiter: limiter, tracer: context.tracer),
            commits: commits, relay: relay,
            bodies: BodyReader(
                limitBytes: settings.bodyLimitBytes, budget: BodyBudget(bytes: settings.bodyMemoryBytes)),
            metrics: IngestMetrics(), tracer: context.tracer, logger: logger)
        context.readiness.add("stores") { directory.isLoaded ? nil : "the stores have not been read yet" }
        let server = WebhookServer(
            bind: settings.bind, bodyLimitBytes: settings.bodyLimitBytes, responder: responder, logger: logger)
        let broker = BrokerConnection(publisher: publisher, readiness: context.readiness, logger: logger)
        return [broker, relay, directory] + maintenance.services() + [commits, server]
    }

    static func groupCommit(
        _ settings: IngestSettings, _ writer: DeliveryWriter, _ logger: Logger
    ) -> GroupCommit<DeliveryRecord> {
        var limits = GroupCommit<DeliveryRecord>.Limits()
        limits.queueRecords = settings.queueLimit
        limits.timeout = settings.commitTimeout
        return GroupCommit(
            limits: limits, logger: logger, weight: \.weight, isolates: DeliveryWriter.mayBeOneMembersFault,
            write: writer.write)
    }
}
