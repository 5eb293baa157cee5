import Accounting
import Foundation
import JSON
import Ledger
import Mapping
import Planning
import TestSupport
import Testing

@testable import CLI

@Suite("A preview")
struct PreviewTests {
    private static let reference = ReferenceData(answers: [
        "Accounts": [
            "Accounts": [
                account("090", "Card Clearing", "BANK"), account("200", "Sales", "REVENUE"),
                account("201", "Shipping Income", "REVENUE"), account("203", "Books", "REVENUE"),
            ]
        ],
        "TaxRates": ["TaxRates": [["TaxType": "OUTPUT", "Name": "GST on Income", "EffectiveRate": 10]]],
    ])

    private static func account(_ code: String, _ name: String, _ type: String) -> JSONValue {
        ["Code": .string(code), "Name": .string(name), "Type": .string(type), "Class": .string(type)]
    }

    private static let mapping: JSONValue = [
        "accounts": ["sales": "200", "shipping": "201", "rounding": "860"],
        "taxes": ["10": "OUTPUT", "0": "EXEMPTOUTPUT"], "payments": ["stripe": "090"],
        "rules": [
            ["name": "Books", "when": ["sku": ["matches": "^BOOK-"]], "then": ["account": "203"]],
            ["name": "Exports", "when": ["country": ["not": "AU"]], "then": ["tax_type": "EXEMPTEXPORT"]],
        ],
    ]

    private static func rules(
        platform: String = "woocommerce", with keys: JSONObject = [:], currency: String? = nil
    ) throws -> PlanningRules {
        var mapping = Self.mapping.object ?? [:]
        for (key, value) in keys { mapping[key] = value }
        let store = StoreRecord(
            id: "shop", platform: platform, orgID: "acme", url: "https://shop.example",
            since: try #require(Instant(rfc3339: "2026-07-01T00:00:00Z")), numberPrefix: "SHOP-", sweepSeconds: 300,
            rereadSeconds: [], webhookSecret: "", consumerKey: "", consumerSecret: "",
            mapping: .object(mapping),
            mappingVersion: 1)
        let org = OrgRecord(
            id: "acme", appID: "books", tenantID: nil, dailyCalls: 1000, timeZone: "Australia/Sydney", policies: [:],
            mapping: [:], state: .active, stateReason: nil)
        var rules = try PlanningRules(store: store, org: org, reference: reference)
        rules.org.baseCurrency = currency.flatMap { Currency($0) }
        return rules
    }

    /// An order with a coupon, tax and shipping, as WooCommerce words it.
    private static func snapshot(total: String = "129.25", created: String = "2026-11-02T01:10:00") throws -> JSONValue
    {
        let order = try JSONValue(
            parsing: """
                {
                  "id": 1041, "number": "1041", "status": "processing", "currency": "AUD", "prices_include_tax": false,
                  "date_created_gmt": "\(created)", "date_modified_gmt": "\(created)", "date_paid_gmt": "\(created)",
                  "discount_total": "12.00", "discount_tax": "1.20", "shipping_total": "9.50", "shipping_tax": "0.95",
                  "cart_tax": "10.80", "total": "\(total)", "total_tax": "11.75", "customer_id": 7,
                  "payment_method": "stripe", "payment_method_title": "Credit card",
                  "billing": {"first_name": "Ada", "last_name": "Quill", "email": "ada@quill.example",
                    "address_1": "1 Ink Street", "city": "Sydney", "postcode": "2000", "country": "AU"},
                  "line_items": [
                    {"id": 1, "name": "Bookkeeping for Poets", "sku": "BOOK-12", "quantity": 2, "subtotal": "80.00",
                     "total": "72.00", "total_tax": "7.20", "taxes": [{"id": 3, "total": "7.2"}]},
                    {"id": 2, "name": "Fountain pen", "sku": "PEN-3", "quantity": 1, "subtotal": "40.00",
                     "total": "36.00", "total_tax": "3.60", "taxes": [{"id": 3, "total": "3.6"}]}],
                  "shipping_lines": [{"id": 5, "method_title": "Parcel post", "total": "9.50", "total_tax": "0.95",
                    "taxes": [{"id": 3, "total": "0.95"}]}],
                  "fee_lines": [],
                  "coupon_lines": [{"id": 6, "code": "spring10", "discount": "12", "discount_tax": "1.2"}],
                  "tax_lines": [{"id": 7, "rate_id": 3, "rate_code": "AU-GST-1", "label": "GST", "rate_percent": 10,
                    "compound": false, "tax_total": "10.80", "shipping_tax_total": "0.95"}],
                  "refunds": []
                }
                """)
        return ["order": order, "refunds": []]
    }

    private static func text(_ previews: OrderPreview...) -> String {
        PreviewText.lines(previews).joined(separator: "\n")
    }

    /// What the documentation shows.
    private static let golden = """
        Order 1041 of shop, processing: AUD 129.25, of which tax 11.75
        paid: 129.25 Credit card
        coupon spring10: took off 12.00; the lines are net of it

        CONTACT Ada Quill
          decided by
            contact Ada Quill  default

        INVOICE SHOP-1041, AUTHORISED, dated 2026-11-02, due 2026-11-02
          reference: Order 1041
             description                      quantity     net    tax  account              tax type
          1  Bookkeeping for Poets (BOOK-12)         2   72.00   7.20  203 Books            OUTPUT (10 %)
          2  Fountain pen (PEN-3)                    1   36.00   3.60  200 Sales            OUTPUT (10 %)
          3  Parcel post                             1    9.50   0.95  201 Shipping Income  OUTPUT (10 %)
                                                        117.50  11.75  total 129.25
          decided by
            status AUTHORISED               default
            reference Order 1041            default
            due 2026-11-02                  default
            line 1: account 203             rule 'Books'
            line 2: account 200             mapping.accounts.sales
            line 3: account 201             mapping.accounts.shipping
            lines 1, 2, 3: tax type OUTPUT  mapping.taxes."10"

        PAYMENT of 129.25 on 2026-11-02, account 090 Card Clearing
          decided by
            account 090  mapping.payments.stripe

        This is a preview: nothing was posted.
        """

    @Test("of an order with coupon, tax and shipping reads as the documentation shows it")
    func golden() throws {
        let preview = OrderPreview(try Self.snapshot(), rules: try Self.rules())
        #expect(Self.text(preview) == Self.golden)
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let page = try String(contentsOf: root.appendingPathComponent("docs/mapping.md"), encoding: .utf8)
        #expect(page.contains(Self.golden))
    }

    @Test("of an order that does not add up says that it would be held, and why")
    func held() throws {
        let preview = OrderPreview(try Self.snapshot(total: "139.25"), rules: try Self.rules())
        #expect(preview.isHeld)
        #expect(
            Self.text(preview).contains(
                """
                HELD for a person: the order does not add up
                  - lines 108.00 + shipping 9.50 + fees 0.00 + tax 11.75 = 129.25, but the order's total is 139.25: 10.00 apart
                """))
    }

    @Test("of several orders ends with what they come to")
    func several() throws {
        let rules = try Self.rules()
        let posted = OrderPreview(try Self.snapshot(), rules: rules)
        let held = OrderPreview(try Self.snapshot(total: "139.25"), rules: rules)
        let early = OrderPreview(try Self.snapshot(created: "2026-06-01T00:00:00"), rules: rules)
        #expect(
            Self.text(posted, held, posted, early).hasSuffix(
                """
                4 orders:
                  2 would be posted: AUD 258.50, tax 23.50
                  1 would be held for a person
                  1 would be left alone

                This is a preview: nothing was posted.
                """))
    }

    @Test("of an unpaid order that is a quote shows the quote")
    func quote() throws {
        var snapshot = try #require(try Self.snapshot().object)
        var order = try #require(snapshot["order"]?.object)
        order["date_paid_gmt"] = .null
        snapshot["order"] = .object(order)
        let rules = try Self.rules(with: ["document": "quote", "quote_status": "SENT", "expiry_days": 30])
        let preview = OrderPreview(.object(snapshot), rules: rules)
        let text = Self.text(preview, OrderPreview(try Self.snapshot(), rules: rules))
        #expect(
            text.contains(
                """
                QUOTE Q-SHOP-1041, SENT, dated 2026-11-02, expires 2026-12-02
                  reference: Order 1041 [shop:quote:1041:1]
                     description                      quantity     net    tax  account              tax type
                  1  Bookkeeping for Poets (BOOK-12)         2   72.00   7.20  203 Books            OUTPUT (10 %)
                """), "\(text)")
        #expect(
            text.contains(
                """
                  decided by
                    document quote                  mapping.document
                    quote status SENT               mapping.quote_status
                    reference Order 1041            default
                    expiry 2026-12-02               mapping.expiry_days
                """), "\(text)")
        #expect(text.contains("1 would be posted: AUD 129.25, tax 11.75\n  1 would be quotes: AUD 129.25, tax 11.75"))
    }

    @Test("of a store whose days are summed up shows what the order adds to its day, and what is posted by itself")
    func summary() throws {
        let rules = try Self.rules(with: ["posting": "daily_summary"])
        let preview = OrderPreview(try Self.snapshot(), rules: rules)
        #expect(
            Self.text(preview) == """
                Order 1041 of shop, processing: AUD 129.25, of which tax 11.75
                paid: 129.25 Credit card
                coupon spring10: took off 12.00; the lines are net of it

                SALE of 129.25, part of the daily summary SHOP-DAY-2026-11-02-AUD
                  (of a later day, or an addition to it, if that one is posted already)
                     account              tax type         net   tax
                  1  200 Sales            OUTPUT (10 %)  36.00  3.60
                  2  201 Shipping Income  OUTPUT (10 %)   9.50  0.95
                  3  203 Books            OUTPUT (10 %)  72.00  7.20
                  paid into account 090 Card Clearing: 129.25

                This is a preview: nothing was posted.
                """)
        let value = PreviewJSON.value(preview)
        #expect(value["documents"] == [])
        #expect(value["summary"]?[0]?["day"] == "2026-11-02")
        var past = OrderDecision.Past(hasDocuments: true)
        past.invoiceDate = CalendarDate("2026-11-02")
        let alone = Self.text(OrderPreview(try Self.snapshot(), past: past, rules: rules))
        #expect(alone.contains("not part of a daily summary: it has documents of its own already"))
        #expect(alone.contains("INVOICE SHOP-1041"))
    }

    @Test("of an order in another currency says its rate, and what decided it")
    func rate() throws {
        let rules = try Self.rules(with: ["currency_rates": ["source": "table"]], currency: "NZD")
        let day = try #require(CalendarDate("2026-10-30"))
        var past = OrderDecision.Past()
        past.rates = DailyRates(
            base: try #require(Currency("NZD")), currency: try #require(Currency("AUD")),
            [day: ExactDecimal(units: 912, scale: 3)])
        let text = Self.text(OrderPreview(try Self.snapshot(), past: past, rules: rules))
        let line = "rate 1 NZD = 0.912 AUD"
        #expect(text.components(separatedBy: line).count == 3)
        #expect(text.contains("the table's rate of 2026-10-30 (mapping.currency_rates)"))
        #expect(OrderPreview(try Self.snapshot(), rules: rules).isHeld)
    }

    @Test("of a bare payload knows the refunds that stand in it")
    func bare() throws {
        let payload = try JSONValue(parsing: PlatformPayloads.shopify)
        let bare = try #require(payload["order"])
        var rules = try Self.rules(
            platform: "shopify",
            with: [
                "accounts": ["sales": "200", "rounding": "860", "gift_cards": "850", "store_credit": "851"],
                "taxes": ["default": "OUTPUT"], "payments": ["default": "090"],
                "refunds": ["amount_only": "proportional"],
            ])
        rules.since = Instant(microseconds: 0)
        #expect(OrderPreview(bare, rules: rules).order?.refunds.isEmpty == false)
    }

    @Test("of what is no order says so")
    func malformed() throws {
        let preview = OrderPreview(["order": [:], "refunds": []], rules: try Self.rules())
        #expect(preview.isHeld)
        #expect(Self.text(preview).contains("the order cannot be read"))
    }

    @Test("for programs carries every field with what decided it")
    func json() throws {
        let value = PreviewJSON.value(OrderPreview(try Self.snapshot(), rules: try Self.rules()))
        #expect(value["outcome"] == "planned")
        let invoice = value["documents"]?[1]
        #expect(invoice?["total"]?.string == "129.25")
        #expect(invoice?["lines"]?[0]?["account"] == "203")
        #expect(invoice?["decided"]?.array?.contains { $0["by"] == "rule 'Books'" && $0["line"] == 1 } == true)
    }
}
