import JSON
import Ledger
import Postgres
import TestSupport
import Testing

@testable import CLI

@Suite(
    "A configuration whose mapping is wrong",
    .enabled(if: TestServers.areAvailable, "needs the private servers: make test"),
    .timeLimit(.minutes(5)))
struct MappingMistakesTests {
    private static let sealing = ConfigurationSealing(seal: { $0 }, open: { $0 })

    /// The organisation's accounts and tax rates, as Xero answers.
    private static let accounts: JSONValue = [
        "Accounts": [
            account("090", "Card Clearing", "BANK", "ASSET"), account("200", "Sales", "REVENUE", "REVENUE"),
            account("201", "Shipping Income", "REVENUE", "REVENUE"), account("202", "Fee Income", "REVENUE", "REVENUE"),
            account("290", "Sales before 2020", "REVENUE", "REVENUE", status: "ARCHIVED"),
            account("860", "Rounding", "CURRLIAB", "LIABILITY", system: "ROUNDING"),
        ]
    ]

    private static let taxRates: JSONValue = [
        "TaxRates": [
            rate("OUTPUT", "GST on Income", 10, revenue: true), rate("INPUT", "GST on Expenses", 10, revenue: false),
            rate("EXEMPTOUTPUT", "GST Free Income", 0, revenue: true),
            rate("EXEMPTEXPORT", "GST Free Exports", 0, revenue: true),
        ]
    ]

    private static func account(
        _ code: String, _ name: String, _ type: String, _ accountClass: String, status: String = "ACTIVE",
        system: String? = nil
    ) -> JSONValue {
        [
            "Code": .string(code), "Name": .string(name), "Type": .string(type), "Class": .string(accountClass),
            "Status": .string(status), "SystemAccount": system.map { .string($0) } ?? .null,
        ]
    }

    private static func rate(_ type: String, _ name: String, _ percent: Int, revenue: Bool) -> JSONValue {
        [
            "TaxType": .string(type), "Name": .string(name), "EffectiveRate": .number(JSONNumber(percent)),
            "Status": "ACTIVE", "CanApplyToRevenue": .bool(revenue), "CanApplyToExpenses": .bool(!revenue),
        ]
    }

    private static let right = """
        apps:
          books: { client_id: client, client_secret: s3cret, type: custom_connection }
        orgs:
          acme:
            app: books
            mapping:
              accounts: { sales: "200", shipping: "201", rounding: "860" }
              taxes: { "10": OUTPUT, "0": EXEMPTOUTPUT }
              payments: { stripe: "090" }
        stores:
          shop:
            platform: woocommerce
            org: acme
            url: https://shop.example
            since: 2026-07-01
            credentials: { webhook_secret: w, consumer_key: ck, consumer_secret: cs }
        """

    /// Twelve mistakes, each of another kind.
    private static let wrong = """
        apps:
          books: { client_id: client, client_secret: s3cret, type: custom_connection }
        orgs:
          acme:
            app: books
            mapping:
              accounts:
                sales: "220"
                shipping: "290"
                fees: "202"
                roundng: "860"
              taxes: { "10": INPUT, "0": EXEMPTOUTPUT }
              payments: { stripe: "090" }
              terms_days: a fortnight
        stores:
          shop:
            platform: woocommerce
            org: acme
            url: https://shop.example
            since: 2026-06-31
            credentials: { webhook_secret: w, consumer_key: ck, consumer_secret: cs }
            mapping:
              rules:
                - name: Exports
                  when: { country: [NZ, US, FJ] }
                  then: { tax_type: EXEMPTEXPORT }
                - name: Books
                  when: { sku: { matches: "^(BOOK-" } }
                  then: { account: "202" }
                - name: Large orders
                  when: { total: { ranges: [1000, ~] } }
                  then: { hold: true }
                - name: Klarna
                  when: { payment_method: klarna }
                  then: { reference: "Klarna {order}" }
                - name: Kiwis
                  when: { country: NZ }
                  then: { tax_type: EXEMPTOUTPUT }
                - name: Outlet
                  when: { store: shoop }
                  then: { due: end of month }
                - name: Books
                  when: { company: { not: "" } }
                  then: { due: 14 }
                - name: Books
                  when: { country: AU, company: Ink }
                  then: { due: 20 of next month }
        """

    private static let messages = """
        shop.yaml has 12 mistakes and nothing was changed:
        shop.yaml:8: orgs.acme.mapping.accounts.sales: the organisation has no account '220'; did you mean 200 (Sales)?
        shop.yaml:9: orgs.acme.mapping.accounts.shipping: account 290 (Sales before 2020) is archived in Xero; restore it there or choose another; did you mean 200 (Sales)?
        shop.yaml:11: orgs.acme.mapping.accounts.roundng: there is no such key; did you mean rounding?
        shop.yaml:12: orgs.acme.mapping.taxes.10: tax type INPUT (GST on Expenses) cannot be on account 202 (Fee Income); did you mean OUTPUT?
        shop.yaml:14: orgs.acme.mapping.terms_days: must be a whole number from 0 to 365
        shop.yaml:20: stores.shop.since: '2026-06-31' is no date; write one like 2026-07-01, or an instant like 2026-07-01T00:00:00Z
        shop.yaml:28: stores.shop.mapping.rules[2].when.sku.matches: the pattern '^(BOOK-' has a ( without its )
        shop.yaml:31: stores.shop.mapping.rules[3].when.total.ranges: there is no such operator; did you mean range?
        shop.yaml:34: stores.shop.mapping.rules[4].when.payment_method: payment method 'klarna' has no clearing account; add payments.klarna, or payments.default
        shop.yaml:36: stores.shop.mapping.rules[5]: the rule 'Kiwis' can never fire: what it decides is decided by rule 'Exports' before it
        shop.yaml:40: stores.shop.mapping.rules[6].when.store: the rule 'Outlet' can never fire: there is no store 'shoop' in this org; did you mean shop?
        shop.yaml:45: stores.shop.mapping.rules[8].name: there is a rule 'Books' before this one already
        """

    private static func apply(_ yaml: String, to database: PostgresClient) async throws -> [String] {
        let application = ApplyCommand.Application(yaml: yaml, file: "shop.yaml", actor: "test")
        return try await application.run(in: database, sealing: sealing) { _ in nil }.unchecked
    }

    private static func know(_ name: String, _ body: JSONValue, in database: PostgresClient) async throws {
        try await database.execute(
            "INSERT INTO org_reference (org_id, name, body) VALUES ('acme', \(name), \(body.text))")
    }

    private static func books(_ database: PostgresClient) async throws -> [String] {
        let rows = try await database.query(
            """
            SELECT (SELECT count(*) FROM audit) || ' ' || (SELECT string_agg(c::text, '') FROM configuration c) ||
                (SELECT string_agg(o::text, '') FROM org o) || (SELECT string_agg(s::text, '') FROM store s) AS all
            """)
        return rows.compactMap { $0["all"] }
    }

    @Test("is refused with every mistake's line and what would be right, and nothing changes")
    func twelveMistakes() async throws {
        try await withTemporaryDatabase(migrations: SchemaMigrations.all) { database in
            try await Self.know("Accounts", Self.accounts, in: database)
            try await Self.know("TaxRates", Self.taxRates, in: database)
            let unchecked = try await Self.apply(Self.right, to: database)
            #expect(unchecked.isEmpty)
            let before = try await Self.books(database)
            #expect(!before.isEmpty)
            let refusal = try await #require(throws: CommandFailure.self) {
                try await Self.apply(Self.wrong, to: database)
            }
            #expect(refusal.message == Self.messages)
            let after = try await Self.books(database)
            #expect(after == before)
        }
    }

    @Test("is applied where nothing is known of the organisation, which is said")
    func unknownOrganisation() async throws {
        try await withTemporaryDatabase(migrations: SchemaMigrations.all) { database in
            let unheardOf = Self.right.replacing("\"200\"", with: "\"999\"")
            let unchecked = try await Self.apply(unheardOf, to: database)
            #expect(unchecked == ["acme"])
        }
    }
}
