import JSON
import Ledger
import Logging
import Mapping
import Postgres
import TestSupport
import Testing

@testable import Transformer

@Suite(
    "Orders that an operator voided", .enabled(if: TestServers.areAvailable, "needs the private servers: make test"),
    .timeLimit(.minutes(5)))
struct VoidedOrderTests {
    private static let sealing = ConfigurationSealing(seal: { $0 }, open: { $0 })

    private static func prepare(_ database: PostgresClient) async throws {
        let yaml = """
            apps:
              books: { client_id: x, client_secret: y, type: custom_connection }
            orgs:
              acme:
                app: books
                mapping:
                  accounts: { sales: "200" }
                  taxes: { "10": OUTPUT }
                  payments: { default: "090" }
            stores:
              shop:
                platform: woocommerce
                org: acme
                url: https://shop.example
                since: 2026-01-01
                credentials: { webhook_secret: w, consumer_key: ck, consumer_secret: cs }
            """
        _ = try await ConfigurationFile(yaml: yaml) { _ in nil }.apply(to: database, sealing: sealing, by: "test")
    }

    /// Keeps a version of the order, and plans it as the service does.
    private static func observe(_ revision: Int, _ database: PostgresClient) async throws {
        let body = Shop.snapshot(Shop.order()).text
        try await database.execute(
            """
            INSERT INTO snapshot (store_id, entity, entity_id, revision, modified_at, read_started_at, content_hash,
                source, body)
            VALUES ('shop', 'order', '12', \(revision), now(), now(), '\\x00', 'read', \(body))
            """)
        try await database.execute(
            """
            INSERT INTO sale (store_id, order_id, order_number, org_id, revision, modified_at)
            VALUES ('shop', '12', '1012', 'acme', \(revision), now())
            ON CONFLICT (store_id, order_id) DO UPDATE SET revision = excluded.revision
            """)
        try await plan(database)
    }

    private static func plan(_ database: PostgresClient) async throws {
        try await database.execute("UPDATE sale SET retry_at = NULL")
        let rules = StoreRules { _ in try await ConfigurationLoader.load(from: database, sealing: sealing) }
        let planning = OrderPlanning(
            database: database, rules: rules, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            announced: {})
        _ = try await planning.planDue(limit: 10, concurrency: 1)
    }

    private static func sale(_ database: PostgresClient) async throws -> String? {
        try await database.query(
            "SELECT state || ' ' || planned_revision || ' ' || coalesce(reason, '') AS text FROM sale"
        )
        .first?["text"]
    }

    private static func states(_ database: PostgresClient) async throws -> [String] {
        try await database.query(
            "SELECT kind || ' ' || state AS state FROM document WHERE kind <> 'contact' ORDER BY id"
        ).compactMap { $0["state"] }
    }

    private static func act(
        _ database: PostgresClient,
        _ body: @escaping @Sendable (OrderVoid.Standing, PostgresTransaction) async throws -> OrderVoid.Outcome
    ) async throws -> OrderVoid.Outcome {
        try await database.withTransaction { session in
            let found = try #require(try await OrderVoid.find(storeID: "shop", order: "1012", in: session))
            return try await body(found, session)
        }
    }

    @Test("stay voided whatever the store says of them, until they are brought back")
    func staysVoided() async throws {
        try await withTemporaryDatabase(migrations: SchemaMigrations.all) { database in
            try await Self.prepare(database)
            try await Self.observe(1, database)
            let mark = OrderVoid.Mark(actor: "ann", reason: nil)
            let done = try await Self.act(database) { standing, session in
                try await OrderVoid.void(standing, storeID: "shop", mark: mark, in: session)
            }
            #expect(done == .done(state: "voided", reason: "voided by ann"))
            try await Self.observe(2, database)
            let sale = try await Self.sale(database)
            #expect(sale == "voided 2 voided by ann")
            let states = try await Self.states(database)
            #expect(states == ["invoice superseded", "payment superseded"])

            _ = try await Self.act(database) { standing, session in
                try await OrderVoid.restore(standing, storeID: "shop", by: "ann", in: session)
            }
            try await Self.plan(database)
            let restored = try await Self.sale(database)
            #expect(restored == "planned 2 ")
            let again = try await Self.states(database)
            #expect(again == ["invoice waiting", "payment waiting"])
        }
    }

    @Test("that are part of a daily summary are not voided: it stands for other orders too")
    func summarised() async throws {
        try await withTemporaryDatabase(migrations: SchemaMigrations.all) { database in
            try await Self.prepare(database)
            try await Self.observe(1, database)
            try await database.execute(
                """
                INSERT INTO summary_entry (store_id, order_id, source, happened_on, day, closes, currency, total, total_tax,
                    content, revision, mapping_version, entered_at)
                VALUES ('shop', '12', 'sale', '2026-11-20', '2026-11-20', '2026-11-21', 'AUD', 110, 10, '{}', 1, 1, now())
                """)
            let outcome = try await Self.act(database) { standing, session in
                try await OrderVoid.void(
                    standing, storeID: "shop", mark: OrderVoid.Mark(actor: "ann", reason: nil), in: session)
            }
            guard case .refused(let reason) = outcome else {
                Issue.record("\(outcome)")
                return
            }
            #expect(reason.contains("daily summary of 2026-11-20"))
            let sale = try await Self.sale(database)
            #expect(sale?.hasPrefix("planned 1") == true)
        }
    }
}
