import Accounting
import JSON
import Ledger
import Logging
import Postgres
import RabbitMQ
import ServiceLifecycle
import TestSupport
import Testing

@testable import Messaging

@Suite(.enabled(if: TestServers.areAvailable, "needs the private servers: make test"), .timeLimit(.minutes(5)))
struct OutboxIntegrationTests {
    private let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    private let queue = TestServers.uniqueName("outbox")
    private let identifiers = UUIDv7Generator()

    private var topology: Topology {
        Topology(
            exchanges: [Exchange(name: queue, kind: .topic)],
            queues: [Queue(name: queue, arguments: ["x-expires": 120_000])],
            bindings: [Binding(queue: queue, exchange: queue, routingKey: "known.*")])
    }

    private func configuration(_ url: String = TestServers.amqpURL) throws -> RabbitMQConfiguration {
        var configuration = try RabbitMQConfiguration(url: url)
        configuration.confirmTimeout = .seconds(2)
        return configuration
    }

    private func message(_ number: Int, key: String = "known.order") -> OutboxMessage {
        OutboxMessage(
            exchange: queue, routingKey: key,
            envelope: Envelope(
                id: identifiers.next().description, type: MessageType.hinted, source: "counterfoil/test",
                subject: "shop/order/\(number)", time: Instant.now(), traceparent: number % 2 == 0 ? "00-a-b-01" : nil),
            body: ["number": .number(JSONNumber(number))])
    }

    private func add(_ messages: [OutboxMessage], to database: PostgresClient) async throws {
        try await database.withTransaction { transaction in
            try await Outbox.add(messages, origin: "test", to: transaction)
        }
    }

    private func count(_ database: PostgresClient) async throws -> Int {
        try await database.query("SELECT count(*) AS n FROM outbox").first?.decode("n") ?? -1
    }

    private func running(_ services: [any Service], _ body: () async throws -> Void) async throws {
        let group = ServiceGroup(services: services, logger: quiet)
        async let running: Void = group.run()
        let result: Result<Void, any Error>
        do { result = .success(try await body()) } catch { result = .failure(error) }
        await group.triggerGracefulShutdown()
        try await running
        try result.get()
    }

    private func receive(_ count: Int, from consumer: RabbitMQConsumer) async throws -> [(Envelope, JSONValue)] {
        var received: [(Envelope, JSONValue)] = []
        for await delivery in consumer.deliveries {
            received.append((try Envelope(delivery.properties), try JSONValue(parsing: delivery.body)))
            delivery.ack()
            if received.count == count { break }
        }
        return received
    }

    @Test func `What is committed reaches the queue in order, once, and leaves the outbox`() async throws {
        try await withTemporaryDatabase(migrations: SchemaMigrations.all) { (database: PostgresClient) async throws in
            let publisher = RabbitMQPublisher(configuration: try configuration(), topology: topology, logger: quiet)
            let consumer = RabbitMQConsumer(
                configuration: try configuration(), topology: topology, queue: queue, logger: quiet)
            let relay = OutboxRelay(
                database: database, publisher: publisher, origin: "test",
                configuration: OutboxRelayConfiguration(batch: 64), logger: quiet)
            let messages = (0..<200).map { message($0) }
            try await add(messages, to: database)
            try await running([publisher, consumer, relay]) { () async throws in
                let received = try await receive(200, from: consumer)
                #expect(received.map(\.0.id) == messages.map(\.envelope.id))
                #expect(received.map(\.0.traceparent) == messages.map(\.envelope.traceparent))
                #expect(received.map(\.0.source) == Array(repeating: "counterfoil/test", count: 200))
                #expect(received.map(\.1["number"]?.int) == (0..<200).map { $0 })
                while try await count(database) > 0 { await Task.yield() }
            }
        }
    }

    @Test func `What is rolled back is never published`() async throws {
        struct Abort: Error {}
        try await withTemporaryDatabase(migrations: SchemaMigrations.all) { (database: PostgresClient) async throws in
            await #expect(throws: Abort.self) {
                try await database.withTransaction { transaction in
                    try await Outbox.add([message(1)], origin: "test", to: transaction)
                    throw Abort()
                }
            }
            #expect(try await count(database) == 0)
        }
    }

    @Test func `A message that reaches no queue stays and holds nobody up`() async throws {
        try await withTemporaryDatabase(migrations: SchemaMigrations.all) { (database: PostgresClient) async throws in
            let publisher = RabbitMQPublisher(configuration: try configuration(), topology: topology, logger: quiet)
            let consumer = RabbitMQConsumer(
                configuration: try configuration(), topology: topology, queue: queue, logger: quiet)
            let relay = OutboxRelay(database: database, publisher: publisher, origin: "test", logger: quiet)
            try await add([message(1, key: "unknown"), message(2)], to: database)
            try await running([publisher, consumer, relay]) { () async throws in
                #expect(try await receive(1, from: consumer).first?.0.subject == "shop/order/2")
                while try await count(database) > 1 { await Task.yield() }
                let rows = try await database.query(
                    "SELECT routing_key, attempts, claimed_until > now() AS later FROM outbox")
                #expect(try rows.first?.decode("routing_key", as: String.self) == "unknown")
            }
        }
    }

    @Test func `Messages wait while the broker is away and all arrive once it is back`() async throws {
        let proxy = try StallingProxy(to: TestServers.endpoint(of: TestServers.amqpURL))
        try await withTemporaryDatabase(migrations: SchemaMigrations.all) { (database: PostgresClient) async throws in
            let publisher = RabbitMQPublisher(
                configuration: try configuration(proxy.url(for: TestServers.amqpURL)), topology: topology, logger: quiet
            )
            let consumer = RabbitMQConsumer(
                configuration: try configuration(), topology: topology, queue: queue, logger: quiet)
            let relay = OutboxRelay(database: database, publisher: publisher, origin: "test", logger: quiet)
            try await running([publisher, consumer, relay]) { () async throws in
                try await add([message(1)], to: database)
                relay.wake()
                #expect(try await receive(1, from: consumer).first?.0.subject == "shop/order/1")
                proxy.refuse()
                try await add((2...50).map { message($0) }, to: database)
                relay.wake()
                try proxy.reopen()
                // The first one may come again, if its confirm was lost with the connection.
                var missing = Set((2...50).map { "shop/order/\($0)" })
                while !missing.isEmpty {
                    missing.subtract(try await receive(1, from: consumer).map(\.0.subject))
                }
                while try await count(database) > 0 { await Task.yield() }
            }
        }
    }

    @Test func `Two relays share the work without publishing anything twice`() async throws {
        try await withTemporaryDatabase(migrations: SchemaMigrations.all) { (database: PostgresClient) async throws in
            let stores = (0..<2).map { _ in PostgresOutboxStore(database: database, origin: "test") }
            try await add((0..<100).map { message($0) }, to: database)
            async let first = stores[0].claim(limit: 60, lease: .seconds(60))
            async let second = stores[1].claim(limit: 60, lease: .seconds(60))
            let claimed = try await (first, second)
            let ids = claimed.0.map(\.id) + claimed.1.map(\.id)
            #expect(Set(ids).count == ids.count)
            #expect(claimed.0.map(\.id) == claimed.0.map(\.id).sorted())
            try await stores[0].release([ids[0]: .zero, ids[1]: .seconds(60)])
            let again = try await stores[0].claim(limit: 100, lease: .seconds(60)).map(\.id)
            #expect(again.contains(ids[0]) && !again.contains(ids[1]))
            try await stores[0].delete(ids)
        }
    }

    @Test func `Another origin's messages are left alone`() async throws {
        try await withTemporaryDatabase(migrations: SchemaMigrations.all) { (database: PostgresClient) async throws in
            try await add([message(1)], to: database)
            let other = PostgresOutboxStore(database: database, origin: "other")
            #expect(try await other.claim(limit: 10, lease: .seconds(60)).isEmpty)
        }
    }
}
