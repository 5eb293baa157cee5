import Accounting
import JSON
import Ledger
import Mapping
import Planning
import Postgres
import TestSupport
import Testing

@testable import CLI

@Suite(
    "A mapping that changed", .enabled(if: TestServers.areAvailable, "needs the private servers: make test"),
    .timeLimit(.minutes(5)))
struct RemappingTests {
    private static let sealing = ConfigurationSealing(seal: { $0 }, open: { $0 })

    private static func apply(
        sales: String, tax: String = "OUTPUT", to database: PostgresClient
    ) async throws {
        let yaml = ShopConfiguration.yaml(sales: sales, tax: tax)
        let application = ApplyCommand.Application(yaml: yaml, file: "shop.yaml", actor: "test")
        _ = try await application.run(in: database, sealing: sealing) { _ in nil }
    }

    private static func order(_ id: Int, paid: Bool) -> JSONValue {
        let created: JSONValue = "2026-11-01T10:00:00"
        return [
            "order": [
                "id": .number(JSONNumber(id)), "number": .string("\(id)"), "status": "processing", "currency": "AUD",
                "prices_include_tax": false, "date_created_gmt": created, "date_modified_gmt": created,
                "date_paid_gmt": paid ? created : .null, "total": "110.00", "total_tax": "10.00", "customer_id": 7,
                "payment_method": "stripe", "billing": ["first_name": "Ada", "country": "AU"],
                "line_items": [
                    [
                        "id": 1, "name": "Ledger", "quantity": 1, "total": "100.00", "total_tax": "10.00",
                        "taxes": [["id": 3, "total": "10"]],
                    ]
                ],
                "tax_lines": [
                    [
                        "rate_id": 3, "rate_code": "GST", "rate_percent": 10, "compound": false, "tax_total": "10.00",
                        "shipping_tax_total": "0.00",
                    ]
                ],
                "shipping_lines": [], "fee_lines": [], "refunds": [],
            ],
            "refunds": [],
        ]
    }

    /// An order that was planned with the mapping as applied now.
    private static func plan(_ id: Int, paid: Bool, isInXero: Bool, in database: PostgresClient) async throws {
        let snapshot = order(id, paid: paid)
        try await database.execute(
            """
            INSERT INTO snapshot (store_id, entity, entity_id, revision, modified_at, read_started_at, content_hash,
                source, body)
            VALUES ('shop', 'order', \(String(id)), 1, now(), now(), '\\x00', 'read', \(snapshot.text))
            """)
        let source = try await PreviewSource(store: "shop", in: database, sealing: sealing)
        try await database.execute(
            """
            INSERT INTO sale (store_id, order_id, order_number, org_id, revision, planned_revision, mapping_version, state,
                modified_at)
            VALUES ('shop', \(String(id)), \(String(id)), 'acme', 1, 1, \(source.rules.mappingVersion), 'planned', now())
            """)
        guard case .planned(let plan) = OrderPreview(snapshot, rules: source.rules).outcome else {
            Issue.record("not planned")
            return
        }
        try await database.withTransaction { transaction in
            _ = try await PlanWriter.write(
                plan: plan, storeID: "shop", orgID: "acme", orderID: String(id), revision: 1,
                mappingVersion: source.rules.mappingVersion, in: transaction)
        }
        guard isInXero else { return }
        try await database.execute(
            """
            UPDATE document SET xero_id = gen_random_uuid()::text, state = 'posted', sent_version = desired_version,
                posted_version = desired_version WHERE order_id = \(String(id))
            """)
    }

    @Test("lists what differs and what Xero allows of it, and on consent has planned again what can be done")
    func remaps() async throws {
        try await withTemporaryDatabase(migrations: SchemaMigrations.all) { database in
            try await Self.apply(sales: "200", to: database)
            try await Self.plan(1, paid: true, isInXero: false, in: database)
            try await Self.plan(2, paid: false, isInXero: true, in: database)
            try await Self.plan(3, paid: true, isInXero: true, in: database)
            try await Self.apply(sales: "205", to: database)

            let source = try await PreviewSource(store: "shop", in: database, sealing: Self.sealing)
            var report = try await RemappingReport(source, in: database)
            #expect(
                report.text.joined(separator: "\n") == """
                    Order 1
                      invoice SHOP-1 is sent so
                        line 1 account 200 -> 205
                    Order 2
                      invoice SHOP-2 is updated in Xero
                        line 1 account 200 -> 205
                    Order 3
                      invoice SHOP-3 is updated in Xero: it is settled, but this may still be changed
                        line 1 account 200 -> 205

                    Orders made with an earlier mapping: 3 differ, 0 do not.
                    Changes that can be made: of 3 orders. As they are stay: 0.
                    Nothing was done. 'counterfoil resync shop --mapping-changed --yes' does it.
                    """)
            #expect(!report.needsPerson)
            let before = try await Self.waiting(database)
            #expect(before.isEmpty)

            try await report.carryOut(by: "test", in: database)
            let waiting = try await Self.waiting(database)
            #expect(waiting == ["1", "2", "3"])
            #expect(
                report.text.last == "3 are planned again now: counterfoil status shows how far they are.")
            let agreed = try await database.query(
                "SELECT DISTINCT remap_version = mapping_version + 1 AS ok FROM sale")
            #expect(agreed.map { $0["ok"] } == ["t"])

        }
    }

    @Test(
        "lists what is posted where Xero lets nobody change what is settled, and what it cannot do at all"
    )
    func posts() async throws {
        try await withTemporaryDatabase(migrations: SchemaMigrations.all) { database in
            try await Self.apply(sales: "200", to: database)
            try await Self.plan(3, paid: true, isInXero: true, in: database)
            // An order that the mapping does not change is not listed; only its version is brought up to date.
            try await Self.apply(sales: "200", tax: "OUTPUT2", to: database)
            try await Self.plan(4, paid: true, isInXero: true, in: database)
            try await database.execute("UPDATE sale SET mapping_version = 1 WHERE order_id = '4'")

            let now = try #require(Instant(rfc3339: "2026-11-21T01:00:00Z"))
            let source = try await PreviewSource(store: "shop", in: database, sealing: Self.sealing)
            let report = try await RemappingReport(source, in: database, now: now)
            #expect(report.unchanged == ["4"])
            #expect(
                report.text.dropLast(4).joined(separator: "\n") == """
                    Order 3
                      invoice SHOP-3 stays as it is in Xero, which changes no such document
                        line 1 tax type OUTPUT -> OUTPUT2
                      credit note CN-SHOP-3.2 of 110.00 is posted
                      invoice SHOP-3.2 of 110.00 is posted
                      payment of 110.00, account 090, is posted
                      refund of 110.00, account 090, is posted
                    """)
            #expect(!report.needsPerson)
        }
    }

    private static func waiting(_ database: PostgresClient) async throws -> [String] {
        try await database.query("SELECT order_id FROM sale WHERE planned_revision < revision ORDER BY 1")
            .compactMap { $0["order_id"] }
    }
}
