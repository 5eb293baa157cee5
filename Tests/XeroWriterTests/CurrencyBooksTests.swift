import Accounting
import JSON
import Ledger
import Logging
import Mapping
import Postgres
import TestSupport
import Testing

@testable import Transformer

/// A store of an organisation in Sydney that sells in euros.
@Suite(
    "Orders in another currency, from the store to the books",
    .enabled(if: TestServers.areAvailable, "needs the private servers: make test"), .timeLimit(.minutes(5)))
struct CurrencyBooksTests {
    private static let order = OrderReference(storeID: "shop", orderID: "1")

    private static func configuration(_ rates: JSONValue, posting: String) -> ConfigurationSnapshot {
        var snapshot = ConfigurationSnapshot()
        snapshot.version = 1
        snapshot.orgs["acme"] = OrgRecord(
            id: "acme", appID: "app", tenantID: nil, dailyCalls: 1000, timeZone: "Australia/Sydney", policies: [:],
            mapping: [:], state: .active, stateReason: nil)
        snapshot.stores["shop"] = StoreRecord(
            id: "shop", platform: "woocommerce", orgID: "acme", url: "https://shop.example",
            since: Instant(microseconds: 0), numberPrefix: "S-", sweepSeconds: 300, rereadSeconds: [],
            webhookSecret: "s", consumerKey: "k", consumerSecret: "c",
            mapping: [
                "accounts": ["sales": "200", "rounding": "860"], "taxes": ["10": "OUTPUT"],
                "payments": ["stripe": "090"], "currency_rates": rates, "posting": .string(posting),
            ], mappingVersion: 1)
        return snapshot
    }

    private static func rules(
        _ harness: WriterHarness, _ rates: JSONValue, posting: String = "each_order"
    ) -> StoreRules {
        let configuration = configuration(rates, posting: posting)
        return StoreRules(references: { try await ReferenceStore.loadAll(in: harness.database) }) { _ in configuration }
    }

    private static func planning(_ harness: WriterHarness, _ rules: StoreRules) -> OrderPlanning {
        OrderPlanning(database: harness.database, rules: rules, logger: Logger(label: "test"), announced: {})
    }

    /// Records the order: paid on 18 November, and refunded on Sunday the 22nd if it is.
    private static func observe(
        _ harness: WriterHarness, isRefunded: Bool, meta: JSONValue = []
    ) async throws {
        var fixture = SummedStore.Order(id: 1, at: "2026-11-18T02:00:00")
        if isRefunded { fixture.refundedAt = "2026-11-22T02:00:00" }
        var snapshot = try #require(fixture.snapshot.object)
        var order = try #require(snapshot["order"]?.object)
        order["currency"] = "EUR"
        order["meta_data"] = meta
        snapshot["order"] = .object(order)
        try await harness.database.execute(
            """
            INSERT INTO snapshot (store_id, entity, entity_id, revision, modified_at, read_started_at, content_hash, source,
                body)
            VALUES ('shop', 'order', '1', 1, now(), now(), '', 'read', \(JSONValue.object(snapshot).text))
            """)
        try await harness.database.execute(
            """
            INSERT INTO sale (store_id, order_id, order_number, org_id, revision, currency, created_at, modified_at, paid_at)
            VALUES ('shop', '1', '1', 'acme', 1, 'EUR', '2026-11-18T02:00:00Z', now(), '2026-11-18T02:00:00Z')
            """)
        try await harness.database.withTransaction { session in
            _ = try await ReferenceStore.keep(
                ["Organisations": [["BaseCurrency": "AUD"]]], as: .organisation, of: "acme", time: .database,
                in: session)
        }
    }

    private static func importRates(
        _ harness: WriterHarness, _ lines: String...
    ) async throws -> RateTable.Change {
        let base = try #require(Currency("AUD"))
        let file = try RateFile(lines.joined(separator: "\n"), base: base)
        return try await harness.database.withTransaction { session in
            try await RateTable.keep(file, base: base, by: "test", in: session)
        }
    }

    /// Amount, date and rate of everything in the books, in order.
    private static func rates(_ harness: WriterHarness) -> [String] {
        ["invoices", "credit_notes", "payments"].flatMap { list in
            (harness.books[list]?.array ?? []).map { entry in
                let amount = (entry["Total"] ?? entry["Amount"])?.decimal?.fixed(2) ?? ""
                let rate = entry["CurrencyRate"]?.decimal?.normalized.description ?? "none"
                return "\(list) \(amount) at \(rate)"
            }.sorted()
        }
    }

    @Test("The table's rate of its own day is with each document; without one the order waits for the import")
    func table() async throws {
        try await WriterHarness.run { harness in
            try await Self.observe(harness, isRefunded: true)
            let planning = Self.planning(harness, Self.rules(harness, ["source": "table"]))
            await planning.plan(Self.order)
            #expect(try await harness.value("SELECT state FROM sale") == "held")
            #expect(
                try await harness.value("SELECT findings->>0 FROM sale")?.hasSuffix(
                    "counterfoil rates import FILE --base AUD") == true)

            let lines = ["date,currency,rate", "2026-11-17,EUR,0.56", "2026-11-18,EUR,0.57", "2026-11-20,EUR,0.58"]
            let added = try await Self.importRates(harness, lines[0], lines[1], lines[2], lines[3])
            #expect(added == RateTable.Change(added: 3, replanned: 1))
            let again = try await Self.importRates(harness, lines[3], lines[1])
            #expect(again == RateTable.Change(unchanged: 2))
            await planning.plan(Self.order)
            try await harness.write()
            let expected = [
                "invoices 110.00 at 0.57", "credit_notes 110.00 at 0.58", "payments 110.00 at 0.57",
                "payments 110.00 at 0.58",
            ]
            #expect(Self.rates(harness) == expected)
            #expect(
                try await harness.value("SELECT decisions::jsonb->>'rate' FROM document WHERE kind = 'refund'")
                    == "the table's rate of 2026-11-20 (mapping.currency_rates)")

            // A rate that is corrected later changes nothing that is settled in Xero.
            #expect(try await Self.importRates(harness, "2026-11-18,EUR,0.6").changed == 1)
            try await harness.database.execute("UPDATE sale SET planned_revision = 0, retry_at = NULL")
            await planning.plan(Self.order)
            try await harness.write()
            #expect(Self.rates(harness) == expected)
            #expect(try await harness.value("SELECT state FROM sale") == "posted")
        }
    }

    @Test("The store's own rate is with all documents of its order")
    func store() async throws {
        try await WriterHarness.run { harness in
            try await Self.observe(
                harness, isRefunded: true,
                meta: [
                    ["key": "_wcpay_multi_currency_order_exchange_rate", "value": "0.612345678"],
                    ["key": "_wcpay_multi_currency_order_default_currency", "value": "AUD"],
                ])
            await Self.planning(harness, Self.rules(harness, ["source": "store"])).plan(Self.order)
            try await harness.write()
            #expect(Self.rates(harness).allSatisfy { $0.hasSuffix("at 0.612346") })
            #expect(Self.rates(harness).count == 4)
        }
    }

    @Test("A day that is summed up waits for its rate, and is posted with it")
    func summary() async throws {
        try await WriterHarness.run { harness in
            try await Self.observe(harness, isRefunded: false)
            let rules = Self.rules(harness, ["source": "table"], posting: "daily_summary")
            let planning = Self.planning(harness, rules)
            _ = try await Self.importRates(harness, "2026-11-18,EUR,0.57")
            await planning.plan(Self.order)
            let now = try #require(Instant(rfc3339: "2027-01-01T00:00:00Z"))
            try await harness.database.execute("UPDATE summary_entry SET entered_at = '2026-11-18'")
            try await harness.database.execute("DELETE FROM currency_rate")
            let closing = SummaryClosing(
                database: harness.database, rules: rules, planning: planning, settling: .seconds(3600), now: { now },
                logger: Logger(label: "test"))
            #expect(try await closing.round().count == 1)
            #expect(try await harness.value("SELECT state FROM sale WHERE order_id LIKE 'day:%'") == "held")
            let change = try await Self.importRates(harness, "2026-11-18,EUR,0.57")
            #expect(change.replanned == 1)
            await planning.plan(OrderReference(storeID: "shop", orderID: "day:2026-11-18:EUR"))
            try await harness.write()
            #expect(Self.rates(harness) == ["invoices 110.00 at 0.57", "payments 110.00 at 0.57"])
        }
    }
}
