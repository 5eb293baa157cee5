import Accounting
import JSON
import Ledger
import Logging
import Messaging
import NIOConcurrencyHelpers
import Postgres
import Storefronts
import TestSupport

@testable import StorefrontSync

/// Storefront-sync over a database of its own and fake stores.
struct SyncFixture: Sendable {
    let database: PostgresClient
    let stores: [String: FakeStore]
    let writer: ObservationWriter
    let worker: HintWorker
    let sweeper: Sweeper
    let health: StoreHealth
    let hints: HintQueue
    let announcements: NIOLockedValueBox<Int>
    /// The time that back-offs go by.
    let now: NIOLockedValueBox<ContinuousClock.Instant>

    /// Runs a test with stores configured in a database of its own; their start is 2026-07-01.
    static func run(
        _ stores: [String: FakeStore], _ body: @escaping @Sendable (SyncFixture) async throws -> Void
    ) async throws {
        try await withTemporaryDatabase(migrations: SchemaMigrations.all) { database in
            try await configure(Array(stores.keys), database)
            try await body(SyncFixture(database, stores))
        }
    }

    static let sealing = ConfigurationSealing(seal: { $0.map { $0 ^ 0x55 } }, open: { $0.map { $0 ^ 0x55 } })

    private static func configure(_ stores: [String], _ database: PostgresClient) async throws {
        let entries = stores.sorted().map { id in
            """
              \(id):
                platform: woocommerce
                org: demo
                url: https://\(id).example
                since: 2026-07-01
                credentials: { webhook_secret: a, consumer_key: b, consumer_secret: c }
            """
        }.joined(separator: "\n")
        let yaml = """
            apps:
              books: { client_id: x, client_secret: y, type: custom_connection }
            orgs:
              demo:
                app: books
                mapping: { accounts: { sales: "200" }, payments: { default: "090" } }
            stores:
            \(entries)
            """
        let file = try ConfigurationFile(yaml: yaml) { _ in nil }
        _ = try await file.apply(to: database, sealing: sealing, by: "test")
    }

    private init(_ database: PostgresClient, _ stores: [String: FakeStore]) {
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let announcements = NIOLockedValueBox(0)
        let now = NIOLockedValueBox(ContinuousClock.now)
        let configuration: @Sendable () async throws -> ConfigurationSnapshot = {
            try await ConfigurationLoader.load(from: database, sealing: SyncFixture.sealing)
        }
        let reader: @Sendable (StoreRecord) -> WooCommerceClient = { store in
            (stores[store.id] ?? FakeStore()).client
        }
        self.database = database
        self.stores = stores
        self.announcements = announcements
        self.now = now
        health = StoreHealth(now: { now.withLockedValue { $0 } }, jitter: { 1 })
        hints = HintQueue(database: database, holder: "test")
        writer = ObservationWriter(database: database, identifiers: UUIDv7Generator()) {
            announcements.withLockedValue { $0 += 1 }
        }
        worker = HintWorker(
            configuration: configuration, reader: reader, queue: hints, writer: writer, health: health, logger: logger)
        sweeper = Sweeper(
            configuration: configuration, reader: reader,
            queue: SweepQueue(database: database, holder: "test"), writer: writer, health: health, hinted: {},
            logger: logger)
    }

    /// A store as configured.
    func record(_ store: String) async throws -> StoreRecord? {
        try await ConfigurationLoader.load(from: database, sealing: Self.sealing).stores[store]
    }

    func hint(_ store: String, _ order: Int, reason: String = "webhook") async throws {
        try await HintQueue.add(["\(order)"], of: store, reason: reason, to: database)
    }

    func work() async { await worker.loop().runUntilIdle() }

    /// Makes the sweeps that are due; with `again` also those that are not.
    func sweep(again: Bool = false) async throws {
        if again { try await database.execute("UPDATE sweep SET due_at = now()") }
        await sweeper.loop().runUntilIdle()
    }

    /// Rows of one text column.
    func column(_ query: PostgresQuery) async throws -> [String] {
        try await database.query(query).map { $0[0] ?? "-" }
    }
}
