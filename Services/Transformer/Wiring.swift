import Accounting
import JSON
import Ledger
import Messaging
import Postgres
import RabbitMQ
import ServiceKit
import ServiceLifecycle

/// The parts of the service and how they are joined.
struct Wiring {
    let context: ServiceContext

    func services() throws -> [any Service] {
        let settling = try context.environment.int("SUMMARY_SETTLE_MINUTES", default: 60, in: 1...1440)
        let concurrency = try context.environment.int("TRANSFORMER_CONCURRENCY", default: 8, in: 1...64)
        let box = context.secretBox
        let watch = ConfigurationWatch(
            database: context.database,
            sealing: ConfigurationSealing(seal: { box.seal($0) }, open: { try box.open($0) }), logger: context.logger)
        let publisher = RabbitMQPublisher(
            configuration: context.amqp, topology: PipelineTopology.topology, logger: context.logger)
        let relay = OutboxRelay(
            database: context.database, publisher: publisher, origin: OrderPlanning.origin, tracer: context.tracer,
            logger: context.logger)
        let consumer = RabbitMQConsumer(
            configuration: context.amqp, topology: PipelineTopology.topology, queue: PipelineTopology.observedQueue,
            prefetch: concurrency * 4, logger: context.logger)
        context.readiness.add("broker") {
            publisher.isConnected && consumer.isConnected ? nil : "not connected to RabbitMQ"
        }
        let rules = StoreRules(watch: watch, database: context.database)
        let planning = OrderPlanning(
            database: context.database, rules: rules, tracer: context.tracer, logger: context.logger,
            announced: { relay.wake() })
        let runner = ConsumerRunner(
            consumer: consumer, queue: PipelineTopology.observedQueue, concurrency: concurrency, logger: context.logger,
            key: { OrderReference($0.body)?.text ?? $0.routingKey },
            handler: { delivery, _ in
                guard let order = OrderReference(delivery.body) else {
                    return .reject(reason: "the message names no store and order")
                }
                await planning.plan(order)
                return .done
            })
        let poll = PeriodicService(
            name: "planning of due orders", every: .seconds(2), logger: context.logger,
            rounds: {
                try await planning.planDue(limit: 500, concurrency: concurrency) == 500 ? .again : .pause
            })
        let closing = SummaryClosing(
            database: context.database, rules: rules, planning: planning, settling: .seconds(settling * 60),
            now: Instant.now, logger: context.logger)
        let days = PeriodicService(
            name: "closing of days", every: .seconds(30), logger: context.logger,
            body: { _ = try await closing.round() })
        let booker = PayoutBooker(
            database: context.database, rules: rules, planning: planning, logger: context.logger)
        let payouts = PeriodicService(
            name: "booking of payouts", every: .seconds(10), logger: context.logger,
            body: { _ = try await booker.round() })
        return [watch, publisher, relay, consumer, runner, poll, days, payouts]
    }
}

/// Which order a message is about.
struct OrderReference: Sendable, Hashable {
    var storeID: String
    var orderID: String

    init(storeID: String, orderID: String) {
        self.storeID = storeID
        self.orderID = orderID
    }

    /// Reads an *observed* message; nil if it is none.
    init?(_ body: [UInt8]) {
        guard let body = try? JSONValue(parsing: body), body["entity"]?.string == "order",
            let store = body["store"]?.string, let id = body["id"]?.string
        else { return nil }
        self.init(storeID: store, orderID: id)
    }

    /// As the audit trail names it.
    var text: String { "\(storeID)/\(orderID)" }
}
