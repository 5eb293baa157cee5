import Ledger
import Logging
import Messaging
import NIOConcurrencyHelpers
import Observability
import Postgres
import RabbitMQ
import ServiceKit
import ServiceLifecycle
import Storefronts
import TestSupport

@testable import Ingest

/// Ingest running on a database of its own, with one WooCommerce store, for the length of a test.
struct IngestFixture: Sendable {
    static let storeID = "shop-au"
    static let secret = "s&amp;cret"
    static let key = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE="

    /// For looking at the database, not by way of any proxy.
    let database: PostgresClient
    let directory: PostgresStoreDirectory
    let commits: GroupCommit<DeliveryRecord>
    let maintenance: EventMaintenance
    let client: RawHTTPClient

    struct Options: Sendable {
        var bodyLimitBytes = 16 << 20
        var bodyMemoryBytes = 256 << 20
        var rejectRowsPerMinute = 10_000
        var commitTimeout = Duration.seconds(10)
        var proxy: StallingProxy?
    }

    /// Starts everything, runs the body, stops gracefully.
    static func run(
        _ options: Options = Options(), _ body: @Sendable (IngestFixture) async throws -> Void
    ) async throws {
        try await withTemporaryDatabase(migrations: SchemaMigrations.all) { database in
            try await addStore(database)
            guard let proxy = options.proxy else { return try await run(options, database, database, body) }
            let name = try await database.query("SELECT current_database() AS name").first?.decode(
                "name", as: String.self)
            var configuration = try PostgresConfiguration(url: proxiedURL(proxy, database: name ?? ""))
            configuration.leaseTimeout = .seconds(1)
            configuration.connectTimeout = .seconds(1)
            try await withRunningClient(PostgresClient(configuration: configuration, logger: quiet)) { proxied in
                try await run(options, database, proxied, body)
            }
        }
    }

    private static func proxiedURL(_ proxy: StallingProxy, database: String) -> String {
        let url = proxy.url(for: TestServers.databaseURL)
        guard let slash = url.lastIndex(of: "/") else { return url }
        return url[...slash] + database
    }

    private static func run(
        _ options: Options, _ direct: PostgresClient, _ database: PostgresClient,
        _ body: @Sendable (IngestFixture) async throws -> Void
    ) async throws {
        let limiter = RejectLimiter(rowsPerMinute: options.rejectRowsPerMinute)
        let identifiers = UUIDv7Generator()
        let directory = PostgresStoreDirectory(database: database, secrets: try SecretBox(keys: key), logger: quiet)
        var settings = IngestSettings()
        settings.commitTimeout = options.commitTimeout
        let commits = Wiring.groupCommit(
            settings, DeliveryWriter(database: database, identifiers: identifiers), quiet)
        let responder = WebhookResponder(
            directory: directory, receiver: WebhookReceiver(identifiers: identifiers, limiter: limiter),
            commits: commits, relay: nil,
            bodies: BodyReader(limitBytes: options.bodyLimitBytes, budget: BodyBudget(bytes: options.bodyMemoryBytes)),
            metrics: IngestMetrics(), tracer: .off, logger: quiet)
        let port = NIOLockedValueBox(0)
        let listening = TestExpectation()
        let server = WebhookServer(
            bind: BindTarget(host: "127.0.0.1", port: 0), bodyLimitBytes: options.bodyLimitBytes, responder: responder,
            logger: quiet,
            bound: { bound in
                port.withLockedValue { $0 = bound }
                listening.fulfil()
            })
        await directory.reload()
        try await withServices([directory, commits, server]) {
            await listening.wait()
            let fixture = IngestFixture(
                database: direct, directory: directory, commits: commits,
                maintenance: EventMaintenance(database: direct, limiter: limiter, eventDays: 90, logger: quiet),
                client: RawHTTPClient(port: port.withLockedValue { $0 }))
            try await body(fixture)
        }
    }

    static let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    private static func addStore(_ database: PostgresClient) async throws {
        let sealed = try SecretBox(keys: key).seal(Array(#"{"webhook_secret":"\#(secret)"}"#.utf8))
        try await database.executeScript(
            """
            INSERT INTO configuration (applied_by, document, changes) VALUES ('test', '', '{}');
            INSERT INTO app (id, client_id, type, tier, secrets, version) VALUES ('main', 'c', 'web', 'core', '', 1);
            INSERT INTO org (id, app_id, settings, version) VALUES ('acme', 'main', '{}', 1);
            """)
        try await database.execute(
            """
            INSERT INTO store (id, platform, org_id, url, since, settings, secrets, mapping_version, version)
            VALUES (\(storeID), 'woocommerce', 'acme', 'https://shop.example', '2026-01-01',
                    '{"reread_seconds": [10, 300]}', \(sealed), 1, 1)
            """)
        try await database.execute(
            "INSERT INTO sweep (store_id, due_at) VALUES (\(storeID), now() + interval '1 hour')")
    }

    // MARK: Requests

    /// A delivery as WooCommerce signs and sends it.
    func deliver(
        _ body: String, topic: String = "order.updated", deliveryID: String = "d", store: String = storeID
    ) async throws -> RawResponse {
        try await client.send(.woocommerce(Array(body.utf8), topic: topic, deliveryID: deliveryID, store: store))
    }

    // MARK: What is in the database

    func count(_ sql: String) async throws -> Int {
        try await database.query(PostgresQuery(unsafeSQL: "SELECT count(*) AS n FROM \(sql)")).first?.decode("n") ?? -1
    }

    func outcomes() async throws -> [String] {
        try await database.query("SELECT outcome FROM event ORDER BY id").map { try $0.decode("outcome") }
    }
}

extension RawRequest {
    /// A signed delivery.
    static func woocommerce(
        _ body: [UInt8], topic: String = "order.updated", deliveryID: String = "d",
        store: String = IngestFixture.storeID
    ) -> RawRequest {
        RawRequest(
            path: "/webhooks/\(store)",
            headers: [
                ("Content-Type", "application/json"), ("User-Agent", "WooCommerce/9.1 Hookshot (WordPress/6.5)"),
                ("X-WC-Webhook-Source", "https://shop.example/"), ("X-WC-Webhook-Topic", topic),
                ("X-WC-Webhook-Resource", "order"), ("X-WC-Webhook-Event", "updated"),
                ("X-WC-Webhook-Signature", WooCommerceSignature.signature(body: body, secret: IngestFixture.secret)),
                ("X-WC-Webhook-ID", "27"), ("X-WC-Webhook-Delivery-ID", deliveryID),
            ], body: body)
    }
}

/// Runs services while the body runs, then stops them gracefully and waits for them.
func withServices(_ services: [any Service], _ body: @Sendable () async throws -> Void) async throws {
    let group = ServiceGroup(services: services, logger: IngestFixture.quiet)
    try await withThrowingTaskGroup(of: Void.self) { tasks in
        tasks.addTask { try await group.run() }
        let result: Result<Void, any Error>
        do { result = .success(try await body()) } catch { result = .failure(error) }
        await group.triggerGracefulShutdown()
        try await tasks.waitForAll()
        try result.get()
    }
}
