import JSON
import Ledger
import Logging
import Messaging
import Observability
import Postgres
import RabbitMQ
import ServiceKit
import ServiceLifecycle
import Xero

/// Puts xero-writer together.
struct Wiring {
    let context: ServiceContext

    /// The parts, in the order in which they start; they stop in reverse.
    func services() throws -> [any Service] {
        let logger = context.logger
        let database = context.database
        let box = context.secretBox
        let publisher = RabbitMQPublisher(
            configuration: context.amqp, topology: PipelineTopology.topology, logger: logger)
        let relay = OutboxRelay(
            database: database, publisher: publisher, origin: ResultStore.service, tracer: context.tracer,
            logger: logger)
        let sealing = ConfigurationSealing(seal: { box.seal($0) }, open: { try box.open($0) })
        let watch = ConfigurationWatch(database: database, sealing: sealing, logger: logger)
        let settings = try Self.settings(context.environment)
        let time = WriterTime.live(
            minuteSeconds: Self.seconds(context.xeroTime.minute), daySeconds: Self.seconds(context.xeroTime.day))
        let http = OutboundHTTP(XeroTransport.client())
        let transport = XeroTransport.live(
            client: http.client, configuration: try Self.hosts(context.environment, callSeconds: settings.callSeconds))
        let grants = GrantAccess(
            store: GrantStore(database: database, sealing: sealing, minuteSeconds: time.minuteSeconds),
            transport: transport,
            settings: GrantTokens.Settings(holder: settings.holder, claimSeconds: settings.callSeconds + 15))
        let keeper = GrantKeeper(watch: watch, grants: grants, time: time, logger: logger)
        let gate = XeroGate(database: database, time: time, settings: settings)
        let supervisor = WriterSupervisor(watch: watch, time: time, logger: logger) { org in
            OrgWriter(
                org: org, database: database, transport: transport,
                tokens: grants.source(grantID: org.grantID, credentials: org.credentials, now: time.now),
                settings: settings, time: time, gate: gate, tracer: context.tracer, logger: logger,
                onOutcome: { relay.wake() })
        }
        let metrics = WriterMetrics { supervisor.readings }
        context.metrics.addCollector { metrics.collect() }
        let backlog = PeriodicService(
            name: "looking at what waits for Xero", every: .seconds(15), logger: logger,
            body: { try await metrics.update(time: time.ledger, in: database) })
        let consumer = RabbitMQConsumer(
            configuration: context.amqp, topology: PipelineTopology.topology, queue: PipelineTopology.commandsQueue,
            prefetch: 200, logger: logger)
        let runner = ConsumerRunner(
            consumer: consumer, queue: PipelineTopology.commandsQueue, concurrency: 16, logger: logger,
            key: { $0.routingKey },
            handler: { delivery, _ in
                // The row decides: a message only wakes its organisation's writer.
                guard let body = try? JSONValue(parsing: delivery.body), let org = body["org"]?.string else {
                    return .reject(reason: "the message names no organisation")
                }
                supervisor.wake(org)
                return .done
            })
        return [http, publisher, relay, keeper, supervisor, backlog, consumer, runner]
    }

    static func settings(_ environment: Environment) throws -> WriterSettings {
        var settings = WriterSettings(holder: "\(environment.hostName)/\(OrgWriter.newCallID())")
        settings.keepsReference = true
        settings.keepsContacts = true
        settings.callSeconds = seconds(try environment.duration("XERO_CALL_SECONDS", default: .seconds(30)))
        settings.settleSeconds = seconds(try environment.duration("XERO_SETTLE_SECONDS", default: .seconds(60)))
        settings.leaseSeconds = seconds(try environment.duration("XERO_LEASE_SECONDS", default: .seconds(15)))
        return settings
    }

    static func hosts(
        _ environment: Environment, callSeconds: Double
    ) throws -> XeroTransport.Configuration {
        XeroTransport.Configuration(
            apiURL: try environment.string("XERO_API_URL", default: "https://api.xero.com"),
            identityURL: try environment.string("XERO_IDENTITY_URL", default: "https://identity.xero.com"),
            callSeconds: callSeconds)
    }

    static func seconds(_ duration: Duration) -> Double {
        let (seconds, attoseconds) = duration.components
        return Double(seconds) + Double(attoseconds) / 1e18
    }
}

extension Environment {
    /// The machine's name, or the container's: for reading leases.
    var hostName: String { ((try? optional("HOSTNAME")) ?? nil) ?? "local" }
}
