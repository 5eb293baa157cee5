import Accounting
import JSON
import Ledger
import Mapping
import Planning
import Testing

@testable import Transformer

/// A store's rules, and orders as WooCommerce words them.
enum Shop {
    static func rules(since: String = "2026-01-01T00:00:00Z", mapping: JSONValue = mapping) throws -> PlanningRules {
        let org = OrgRecord(
            id: "acme", appID: "main", tenantID: nil, dailyCalls: 1000, timeZone: "Australia/Sydney", policies: [:],
            mapping: [:], state: .active, stateReason: nil)
        let store = StoreRecord(
            id: "shop", platform: "woocommerce", orgID: "acme", url: "https://shop.example",
            since: Instant(rfc3339: since) ?? Instant(microseconds: 0), numberPrefix: "AU-", sweepSeconds: 300,
            rereadSeconds: [10], webhookSecret: "s", consumerKey: "k", consumerSecret: "c", mapping: mapping,
            mappingVersion: 1)
        return try PlanningRules(store: store, org: org)
    }

    static let mapping: JSONValue = [
        "accounts": ["sales": "200", "shipping": "201", "fees": "202", "refunds": "200"],
        "taxes": ["10": "OUTPUT", "0": "EXEMPTOUTPUT"], "payments": ["stripe": "090"],
        "statuses": ["post": ["processing", "completed", "refunded"], "void": ["cancelled"]],
    ]

    /// One line of 100.00 with 10 % tax, paid by card.
    static func order(
        id: Int = 12, status: String = "processing", total: String = "110.00", created: String = "2026-11-01T10:00:00",
        refunds: JSONValue = []
    ) -> JSONValue {
        [
            "id": .number(JSONNumber(id)), "number": .string("\(1000 + id)"), "status": .string(status),
            "currency": "AUD", "prices_include_tax": false, "date_created_gmt": .string(created),
            "date_modified_gmt": .string(created), "date_paid_gmt": .string(created), "total": .string(total),
            "total_tax": "10.00", "cart_tax": "10.00", "shipping_total": "0.00", "shipping_tax": "0.00",
            "discount_total": "0.00", "discount_tax": "0.00", "customer_id": 7, "payment_method": "stripe",
            "payment_method_title": "Card", "transaction_id": "ch_1",
            "billing": [
                "first_name": "Ada", "last_name": "Quill", "email": "ada@shop.example", "address_1": "1 Ink St",
                "city": "Sydney", "postcode": "2000", "country": "AU",
            ],
            "line_items": [
                [
                    "id": 1, "name": "Ledger", "quantity": 1, "sku": "L-1", "subtotal": "100.00",
                    "subtotal_tax": "10.00",
                    "total": "100.00", "total_tax": "10.00", "taxes": [["id": 3, "total": "10", "subtotal": "10"]],
                ]
            ],
            "tax_lines": [
                [
                    "id": 9, "rate_id": 3, "rate_code": "AU-GST-1", "label": "GST", "rate_percent": 10,
                    "compound": false,
                    "tax_total": "10.00", "shipping_tax_total": "0.00",
                ]
            ],
            "shipping_lines": [], "fee_lines": [], "coupon_lines": [], "refunds": refunds,
        ]
    }

    static func snapshot(_ order: JSONValue, refunds: JSONValue = []) -> JSONValue {
        ["order": order, "refunds": refunds]
    }
}

@Suite("Deciding what an order asks for")
struct OrderDecisionTests {
    @Test("a paid order becomes a contact, an invoice and a payment")
    func paid() throws {
        let decision = OrderDecision.decide(Shop.snapshot(Shop.order()), past: .init(), rules: try Shop.rules())
        guard case .planned(let plan) = decision.outcome else {
            Issue.record("\(decision.outcome)")
            return
        }
        #expect(plan.documents.map(\.kind) == [.contact, .invoice, .payment])
        #expect(plan.documents[1].total == ExactDecimal("110.00"))
        #expect(plan.documents[1].number == "AU-1012")
    }

    @Test("an order that does not tie is held, with the arithmetic")
    func doesNotTie() throws {
        let decision = OrderDecision.decide(
            Shop.snapshot(Shop.order(total: "115.33")), past: .init(), rules: try Shop.rules())
        guard case .held(_, let findings) = decision.outcome else {
            Issue.record("\(decision.outcome)")
            return
        }
        #expect(findings.contains { $0.contains("115.33") && $0.contains("5.33") })
    }

    @Test("an order from before the store's start is ignored; its later refund is held")
    func beforeTheStart() throws {
        let rules = try Shop.rules(since: "2026-11-10T00:00:00Z")
        let ignored = OrderDecision.decide(Shop.snapshot(Shop.order()), past: .init(), rules: rules)
        guard case .ignored(let reason) = ignored.outcome else {
            Issue.record("\(ignored.outcome)")
            return
        }
        #expect(reason.contains("2026-11-10"))
        let refund: JSONValue = [
            "id": 90, "amount": "110.00", "date_created_gmt": "2026-11-12T09:00:00", "reason": "", "line_items": [],
        ]
        let refunded = OrderDecision.decide(
            Shop.snapshot(
                Shop.order(status: "refunded", refunds: [["id": 90, "total": "-110.00"]]), refunds: [refund]),
            past: .init(), rules: rules)
        guard case .held = refunded.outcome else {
            Issue.record("\(refunded.outcome)")
            return
        }
    }

    @Test("an order that names refunds which were not read is read again first")
    func incomplete() throws {
        let decision = OrderDecision.decide(
            Shop.snapshot(Shop.order(refunds: [["id": 90, "total": "-5.00"]])), past: .init(), rules: try Shop.rules())
        #expect(decision.readAgain)
        guard case .held = decision.outcome else {
            Issue.record("\(decision.outcome)")
            return
        }
    }

    @Test("what is no order is held, not crashed upon", arguments: ["{}", #"{"order": []}"#, #"{"order": {"id": 1}}"#])
    func malformed(_ text: String) throws {
        let decision = OrderDecision.decide(
            try JSONValue(parsing: Array(text.utf8)), past: .init(), rules: try Shop.rules())
        guard case .held = decision.outcome else {
            Issue.record("\(decision.outcome)")
            return
        }
    }
}
