import Accounting
import JSON
import Ledger
import Logging
import Mapping
import Planning
import Postgres
import TestSupport
import Testing

@testable import Transformer

@Suite(
    "Orders that look odd", .enabled(if: TestServers.areAvailable, "needs the private servers: make test"),
    .timeLimit(.minutes(5)))
struct AnomalyFlowTests {
    private static let sealing = ConfigurationSealing(seal: { $0 }, open: { $0 })

    private static func apply(_ anomalies: String, to database: PostgresClient) async throws {
        let yaml = """
            apps:
              books: { client_id: x, client_secret: y, type: custom_connection }
            orgs:
              acme:
                app: books
                mapping:
                  accounts: { sales: "200" }
                  taxes: { "10": OUTPUT, "15": OUTPUT2, "0": EXEMPTOUTPUT }
                  payments: { default: "090" }
                  anomalies: \(anomalies)
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

    /// An order of one line with 10 % tax, for customer `id` unless said otherwise.
    private static func order(
        _ id: Int, net: Int = 100, status: String = "processing", customer: String? = nil,
        created: String = "2026-11-01T10:00:00"
    ) -> JSONValue {
        let (tax, net) = ("\(net / 10).00", "\(net).00")
        let total = (ExactDecimal(tax) ?? .zero) + (ExactDecimal(net) ?? .zero)
        guard var order = Shop.order(id: id, status: status, total: total.fixed(2), created: created).object else {
            return .null
        }
        order["total_tax"] = .string(tax)
        order["cart_tax"] = .string(tax)
        order["billing"] = [
            "first_name": "Ada", "email": .string(customer ?? "c\(id)@example.org"), "country": "AU",
        ]
        order["line_items"] = [
            [
                "id": 1, "name": "Ledger", "quantity": 1, "sku": "L-1", "subtotal": .string(net),
                "subtotal_tax": .string(tax), "total": .string(net), "total_tax": .string(tax),
                "taxes": [["id": 3, "total": .string(tax), "subtotal": .string(tax)]],
            ]
        ]
        order["tax_lines"] = [
            [
                "id": 9, "rate_id": 3, "rate_code": "AU-GST-1", "rate_percent": 10, "label": "GST", "compound": false,
                "tax_total": .string(tax), "shipping_tax_total": "0.00",
            ]
        ]
        return .object(order)
    }

    /// Takes in the next version of an order.
    private static func observe(_ order: JSONValue, in database: PostgresClient) async throws {
        let id = "\(order["id"]?.int ?? 0)"
        let body = Shop.snapshot(order).text
        try await database.execute(
            """
            INSERT INTO snapshot (store_id, entity, entity_id, revision, modified_at, read_started_at, content_hash,
                source, body)
            SELECT 'shop', 'order', \(id), coalesce(max(revision), 0) + 1, now(), now(), '\\x00', 'read', \(body)
            FROM snapshot WHERE store_id = 'shop' AND entity_id = \(id)
            """)
        try await database.execute(
            """
            INSERT INTO sale (store_id, order_id, order_number, org_id, revision, modified_at)
            VALUES ('shop', \(id), \(String(1000 + (order["id"]?.int ?? 0))), 'acme', 1, now())
            ON CONFLICT (store_id, order_id) DO UPDATE SET revision = sale.revision + 1
            """)
    }

    /// Orders that were posted before, of 60.00 to 159.00.
    private static func history(_ count: Int, in database: PostgresClient) async throws {
        try await database.execute(
            """
            INSERT INTO sale_trait (store_id, order_id, created_at, currency, total, country, rates)
            SELECT 'shop', 'old-' || n, now() - n * interval '1 hour', 'AUD', 60 + n % 100, 'AU', '{10}'
            FROM generate_series(1, \(count)) n
            """)
    }

    private static func planning(_ database: PostgresClient) -> OrderPlanning {
        let rules = StoreRules { _ in try await ConfigurationLoader.load(from: database, sealing: sealing) }
        return OrderPlanning(
            database: database, rules: rules, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            baselineAge: .zero, announced: {})
    }

    private static func plan(_ database: PostgresClient) async throws {
        try await database.execute("UPDATE sale SET retry_at = NULL")
        _ = try await planning(database).planDue(limit: 100, concurrency: 1)
    }

    private static func state(_ id: Int, _ database: PostgresClient) async throws -> String {
        let rows = try await database.query(
            "SELECT state || coalesce(': ' || reason, '') AS state FROM sale WHERE order_id = \(String(id))")
        return rows.first?["state"] ?? ""
    }

    private static func flags(_ database: PostgresClient) async throws -> [String] {
        try await database.query("SELECT order_id || ' ' || kind AS flag FROM anomaly ORDER BY order_id, kind")
            .compactMap { $0["flag"] }
    }

    @Test("are posted and flagged by default; none is in a new store")
    func warns() async throws {
        try await withTemporaryDatabase(migrations: SchemaMigrations.all) { database in
            try await Self.apply("{}", to: database)
            try await Self.observe(Self.order(1, net: 90_000), in: database)
            try await Self.plan(database)
            var flags = try await Self.flags(database)
            #expect(flags.isEmpty)
            try await Self.history(200, in: database)
            try await Self.observe(Self.order(2, net: 90_000), in: database)
            try await Self.observe(Self.order(3), in: database)
            try await Self.plan(database)
            flags = try await Self.flags(database)
            #expect(flags == ["2 total"])
            let state = try await Self.state(2, database)
            #expect(state == "planned")
            let audit = try await database.query("SELECT cause FROM audit WHERE change = 'flagged: total'")
            #expect(audit.count == 1)
            #expect(audit.first?["cause"]?.hasPrefix("the total AUD 99000.00 is more than") == true)
        }
    }

    @Test("are held by policy with the arithmetic; accepted, they are posted and not held for the same again")
    func holds() async throws {
        try await withTemporaryDatabase(migrations: SchemaMigrations.all) { database in
            try await Self.apply("{ total: hold }", to: database)
            try await Self.history(200, in: database)
            try await Self.observe(Self.order(2, net: 90_000), in: database)
            try await Self.plan(database)
            let rows = try await database.query("SELECT state, reason, findings::text FROM sale WHERE order_id = '2'")
            #expect(rows.first?["state"] == "held")
            #expect(rows.first?["reason"] == "its total is out of line")
            #expect(rows.first?["findings"]?.contains("half are from") == true)
            #expect(rows.first?["findings"]?.contains("counterfoil orders accept shop 1002") == true)

            // Planned again for another reason, it stays held.
            try await database.execute("UPDATE sale SET planned_revision = 0 WHERE order_id = '2'")
            try await Self.plan(database)
            var state = try await Self.state(2, database)
            #expect(state.hasPrefix("held"))

            let accepted = try await database.withTransaction { transaction in
                try await AnomalyStore.accept(storeID: "shop", order: "1002", by: "cli:ada", in: transaction)
            }
            #expect(accepted?.anomalies.map(\.kind) == [.total])
            try await Self.plan(database)
            state = try await Self.state(2, database)
            #expect(state == "planned")
            // Delivered again, and planned again: not again.
            try await Self.observe(Self.order(2, net: 90_000), in: database)
            try await Self.plan(database)
            state = try await Self.state(2, database)
            #expect(state == "planned")
            // With another total it is another matter.
            try await Self.observe(Self.order(2, net: 95_000), in: database)
            try await Self.plan(database)
            state = try await Self.state(2, database)
            #expect(state == "held: its total is out of line")
            let nobody = try await AnomalyStore.accept(storeID: "shop", order: "77", by: "cli:ada", in: database)
            #expect(nobody == nil)
        }
    }

    @Test("are not those that were usual when they were planned, nor any planned or delivered again")
    func replays() async throws {
        try await withTemporaryDatabase(migrations: SchemaMigrations.all) { database in
            try await Self.apply("{ total: hold, duplicate: hold }", to: database)
            try await Self.observe(Self.order(1, net: 90_000), in: database)
            try await Self.plan(database)
            try await Self.history(200, in: database)
            for _ in 0..<3 {
                try await Self.observe(Self.order(1, net: 90_000), in: database)
                try await Self.plan(database)
                try await database.execute("UPDATE sale SET planned_revision = 0")
                try await Self.plan(database)
            }
            let flags = try await Self.flags(database)
            #expect(flags.isEmpty)
            let state = try await Self.state(1, database)
            #expect(state == "planned")
        }
    }

    @Test("are the second of two sales of the same to the same customer within minutes, whichever is planned first")
    func duplicates() async throws {
        try await withTemporaryDatabase(migrations: SchemaMigrations.all) { database in
            try await Self.apply("{ duplicate: hold }", to: database)
            let ada = "ada@example.org"
            try await Self.observe(Self.order(1, customer: ada, created: "2026-11-01T10:05:00"), in: database)
            try await Self.plan(database)
            try await Self.observe(Self.order(2, customer: ada, created: "2026-11-01T10:01:00"), in: database)
            try await Self.observe(Self.order(3, customer: "eve@example.org"), in: database)
            try await Self.observe(Self.order(4, net: 200, customer: ada), in: database)
            // An hour later it is a second sale, and so is one after the first was cancelled.
            try await Self.observe(Self.order(5, customer: ada, created: "2026-11-01T11:30:00"), in: database)
            try await Self.plan(database)
            var flags = try await Self.flags(database)
            #expect(flags == ["2 duplicate"])
            let message = try await database.query("SELECT message FROM anomaly")
            #expect(
                message.first?["message"]
                    == "order 1001 sold the same to the same customer for AUD 110.00 4 min later")
            try await Self.observe(
                Self.order(5, status: "cancelled", customer: ada, created: "2026-11-01T11:30:00"), in: database)
            try await Self.plan(database)
            try await Self.observe(Self.order(6, customer: ada, created: "2026-11-01T11:31:00"), in: database)
            try await Self.plan(database)
            flags = try await Self.flags(database)
            #expect(flags == ["2 duplicate"])
        }
    }

    @Test("see each other when they are planned at once")
    func atOnce() async throws {
        try await withTemporaryDatabase(migrations: SchemaMigrations.all) { database in
            try await Self.apply("{}", to: database)
            for id in 1...8 { try await Self.observe(Self.order(id, customer: "ada@example.org"), in: database) }
            _ = try await Self.planning(database).planDue(limit: 100, concurrency: 8)
            let flags = try await Self.flags(database)
            // All but the first that was planned.
            #expect(flags.count == 7)
        }
    }

    @Test("are found by index alone, however many orders there are")
    func queryPlans() async throws {
        try await withTemporaryDatabase(migrations: SchemaMigrations.all) { database in
            try await Self.apply("{}", to: database)
            try await Self.history(20_000, in: database)
            try await database.execute("ANALYZE sale_trait")
            for query in [
                """
                SELECT currency, total FROM sale_trait WHERE store_id = 'shop' ORDER BY created_at DESC LIMIT 1000
                """,
                "SELECT likeness FROM sale_trait WHERE store_id = 'shop' AND order_id = 'old-7'",
                "SELECT former_order_id FROM sale_likeness WHERE store_id = 'shop' AND likeness = '\\x00'",
                "SELECT message FROM anomaly WHERE store_id = 'shop' AND order_id = '7' AND accepted_at IS NULL",
            ] as [PostgresQuery] {
                let rows = try await database.withTransaction { transaction in
                    try await transaction.execute("SET LOCAL enable_seqscan = off")
                    return try await transaction.query(PostgresQuery(unsafeSQL: "EXPLAIN " + query.sql))
                }
                let plan = rows.compactMap { $0[0] }.joined(separator: "\n")
                #expect(plan.contains("Index"), "\(plan)")
                #expect(!plan.contains("Seq Scan") && !plan.contains("Sort"), "\(plan)")
            }
        }
    }
}
