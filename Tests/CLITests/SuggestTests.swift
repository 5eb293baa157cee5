import Accounting
import Foundation
import JSON
import Ledger
import Mapping
import Planning
import Postgres
import TestSupport
import Testing

@testable import CLI

@Suite(
    "counterfoil suggest", .enabled(if: TestServers.areAvailable, "needs the private servers: make test"),
    .timeLimit(.minutes(5)))
struct SuggestTests {
    private static let sealing = ConfigurationSealing(seal: { $0 }, open: { $0 })

    /// A configuration with a store whose mapping is these lines.
    private static func yaml(_ mapping: [String]) -> String {
        """
        apps:
          books: { client_id: x, client_secret: y, type: custom_connection }
        orgs:
          acme: { app: books }
        stores:
          shop:
            platform: woocommerce
            org: acme
            url: https://shop.example
            since: 2026-01-01
            dry_run: true
            credentials: { webhook_secret: w, consumer_key: ck, consumer_secret: cs }

        """ + mapping.map { "    \($0)" }.joined(separator: "\n") + "\n"
    }

    /// What somebody guessed before there were any orders.
    private static let guess = ["mapping: { accounts: { sales: \"200\" }, payments: { default: \"090\" } }"]

    private static func apply(_ mapping: [String], to database: PostgresClient) async throws {
        let application = ApplyCommand.Application(yaml: yaml(mapping), file: "shop.yaml", actor: "test")
        _ = try await application.run(in: database, sealing: sealing) { _ in nil }
    }

    private static func account(
        _ code: String, _ name: String, _ type: String, _ kind: String, _ more: JSONObject = [:]
    )
        -> JSONValue
    {
        var account: JSONObject = [
            "Code": .string(code), "Name": .string(name), "Type": .string(type), "Class": .string(kind),
            "Status": "ACTIVE", "TaxType": kind == "REVENUE" ? "OUTPUT" : "BASEXCLUDED",
        ]
        for (key, value) in more { account[key] = value }
        return .object(account)
    }

    private static func rate(_ type: String, _ name: String, _ percent: JSONValue, sales: Bool) -> JSONValue {
        [
            "TaxType": .string(type), "Name": .string(name), "EffectiveRate": percent, "Status": "ACTIVE",
            "CanApplyToRevenue": .bool(sales), "CanApplyToExpenses": .bool(!sales), "CanApplyToLiabilities": true,
        ]
    }

    private static let answers: [(ReferencePart, JSONValue)] = [
        (.organisation, ["Organisations": [["Name": "Acme", "CountryCode": "AU", "BaseCurrency": "AUD"]]]),
        (
            .accounts,
            [
                "Accounts": [
                    account("090", "Business Bank Account", "BANK", "ASSET"),
                    account("091", "Stripe Clearing", "BANK", "ASSET"),
                    account("200", "Sales", "REVENUE", "REVENUE"),
                    account("201", "Shipping Income", "REVENUE", "REVENUE"),
                    account("203", "Books", "REVENUE", "REVENUE"),
                    account("260", "Other Revenue", "REVENUE", "REVENUE"),
                    account("404", "Bank Fees", "EXPENSE", "EXPENSE"),
                    account("860", "Rounding", "CURRLIAB", "LIABILITY", ["SystemAccount": "ROUNDING"]),
                ]
            ]
        ),
        (
            .taxRates,
            [
                "TaxRates": [
                    rate("OUTPUT", "GST on Income", 10, sales: true),
                    rate("INPUT", "GST on Expenses", 10, sales: false),
                    rate("EXEMPTOUTPUT", "GST Free Income", 0, sales: true),
                    rate("EXEMPTEXPORT", "GST Free Exports", 0, sales: true),
                    rate("BASEXCLUDED", "BAS Excluded", 0, sales: true),
                ]
            ]
        ),
    ]

    private static func remember(in database: PostgresClient) async throws {
        try await database.withTransaction { transaction in
            for (name, body) in answers {
                try await ReferenceStore.keep(body, as: name, of: "acme", time: .database, in: transaction)
            }
        }
    }

    /// Order of a shop that sells books and pens, at home and abroad.
    private static func order(_ id: Int) -> JSONValue {
        let isAbroad = id % 5 == 0
        let method =
            id % 3 == 0 ? ("paypal", "PayPal") : id % 7 == 0 ? ("bacs", "Direct bank transfer") : ("stripe", "Card")
        let created: JSONValue = .string("2026-11-01T10:\(10 + id):00")
        return [
            "id": .number(JSONNumber(id)), "number": .string("\(id)"), "status": "processing", "currency": "AUD",
            "prices_include_tax": false, "date_created_gmt": created, "date_modified_gmt": created,
            "date_paid_gmt": created, "total": isAbroad ? "110.00" : "121.00", "total_tax": isAbroad ? "0.00" : "11.00",
            "customer_id": .number(JSONNumber(id)), "payment_method": .string(method.0),
            "payment_method_title": .string(method.1),
            "billing": ["first_name": "Ada", "last_name": .string("Quill \(id)"), "country": isAbroad ? "NZ" : "AU"],
            "line_items": [
                [
                    "id": 1, "name": "Ledger", "sku": id % 2 == 0 ? "BOOK-1" : "PEN-1", "quantity": 1,
                    "total": "100.00",
                    "total_tax": isAbroad ? "0.00" : "10.00", "taxes": isAbroad ? [] : [["id": 3, "total": "10"]],
                ]
            ],
            "tax_lines": isAbroad
                ? []
                : [
                    [
                        "rate_id": 3, "rate_code": "AU-GST-1", "rate_percent": 10, "compound": false,
                        "tax_total": "10.00", "shipping_tax_total": "1.00",
                    ]
                ],
            "shipping_lines": [
                [
                    "id": 2, "method_title": "Parcel post", "total": "10.00", "total_tax": isAbroad ? "0.00" : "1.00",
                    "taxes": isAbroad ? [] : [["id": 3, "total": "1"]],
                ]
            ],
            "fee_lines": [], "refunds": [],
        ]
    }

    private static func observe(_ count: Int, in database: PostgresClient) async throws {
        for id in 1...count {
            let snapshot: JSONValue = ["order": order(id), "refunds": []]
            try await database.execute(
                """
                INSERT INTO snapshot (store_id, entity, entity_id, revision, modified_at, read_started_at, content_hash,
                    source, body)
                VALUES ('shop', 'order', \(String(id)), 1, now(), now(), '\\x00', 'read', \(snapshot.text))
                """)
            try await database.execute(
                """
                INSERT INTO sale (store_id, order_id, order_number, org_id, revision, modified_at)
                VALUES ('shop', \(String(id)), \(String(id)), 'acme', 1, now())
                """)
        }
    }

    private static func page(_ name: String, in database: PostgresClient) async throws -> SuggestionPage {
        let configuration = try await ConfigurationLoader.load(from: database, sealing: sealing)
        let source = try await SuggestionSource(name, last: 100, configuration: configuration, in: database)
        return SuggestionPage(source.input, referenceAge: 7200)
    }

    @Test("reads as the documentation shows it; what it prints is applied as it stands, and no order is held by it")
    func endToEnd() async throws {
        try await withTemporaryDatabase(migrations: SchemaMigrations.all) { database in
            try await Self.apply(Self.guess, to: database)
            await #expect(throws: SuggestionSource.Failure.self) { try await Self.page("shop", in: database) }
            await #expect(throws: SuggestionSource.Failure.self) { try await Self.page("nobody", in: database) }
            try await Self.remember(in: database)
            try await Self.observe(40, in: database)
            let rows = try await database.query("SELECT count(*)::text || max(version)::text AS all FROM configuration")
            let page = try await Self.page("shop", in: database)
            let text = page.text.joined(separator: "\n")
            let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
                .deletingLastPathComponent()
            let documentation = try String(contentsOf: root.appendingPathComponent("docs/mapping.md"), encoding: .utf8)
            #expect(documentation.contains(text), "\(text)")
            let unchanged = try await database.query(
                "SELECT count(*)::text || max(version)::text AS all FROM configuration")
            #expect(rows.first?["all"] == unchanged.first?["all"])

            // What it tells to create is created.
            #expect(page.suggestions.needsPerson)
            let gap = try #require(page.suggestions.gaps.first { $0.subject == "payments.paypal" })
            #expect(gap.remedy.contains("create a bank account 'PayPal Clearing' in Xero, with a code such as 092"))
            var accounts = try #require(Self.answers[1].1["Accounts"]?.array)
            accounts.append(Self.account("092", "PayPal Clearing", "BANK", "ASSET"))
            let body: JSONValue = ["Accounts": .array(accounts)]
            _ = try await database.withTransaction { transaction in
                try await ReferenceStore.keep(body, as: .accounts, of: "acme", time: .database, in: transaction)
            }
            let complete = try await Self.page("shop", in: database)
            #expect(!complete.suggestions.needsPerson, "\(complete.suggestions.gaps)")
            try await Self.apply(complete.yaml, to: database)
            let source = try await PreviewSource(store: "shop", in: database, sealing: Self.sealing)
            #expect(source.rules.mapping.payments["paypal"] == "092")
            let previews = try await source.previews(order: nil, last: 100, in: database)
            #expect(previews.count == 40)
            #expect(previews.allSatisfy { !$0.documents.isEmpty })
            let exported = previews.first { $0.order?.number == "5" }?.documents[1].lines
            #expect(exported?.map(\.taxType) == ["EXEMPTEXPORT", "EXEMPTEXPORT"])
            let book = previews.first { $0.order?.number == "4" }?.documents[1].lines
            #expect(book?.map(\.account) == ["203", "201"])
        }
    }

    @Test("for an org says what its stores can share, and carries all of it for programs")
    func org() async throws {
        try await withTemporaryDatabase(migrations: SchemaMigrations.all) { database in
            try await Self.apply(Self.guess, to: database)
            try await Self.remember(in: database)
            let page = try await Self.page("acme", in: database)
            #expect(page.text.first == "Suggestions for org acme")
            let json = page.json
            #expect(json["store"]?.isNull == true)
            #expect(json["mapping"]?["accounts"]?["sales"] == "200")
            #expect(json["mapping"]?["taxes"]?["10"] == "OUTPUT")
            let sales = json["suggestions"]?.array?.first { $0["path"] == "mapping.accounts.sales" }
            #expect(sales?["level"] == "high")
            #expect(sales?["reason"]?.string?.isEmpty == false)
        }
    }
}
