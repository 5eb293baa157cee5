import Accounting
import JSON
import Storefronts
import TestSupport
import Testing

@Suite struct ShopifyOrderParserTests {
    private func order(_ snapshot: JSONValue, side: OrderReading.Side? = nil) throws -> CanonicalOrder {
        try StorefrontOrders.order(
            from: snapshot, platform: .shopify, reading: OrderReading(storeID: "shop", side: side))
    }

    private func order(_ key: String, _ value: JSONValue?) throws -> CanonicalOrder {
        try order(PlatformPayloads.changed(PlatformPayloads.shopify, key, value))
    }

    private func findings(_ order: CanonicalOrder) -> [String] {
        guard case .fails(let findings) = TieOut.check(order) else { return [] }
        return findings.map(\.description)
    }

    @Test func `an order is read exactly, prices with tax in them`() throws {
        let order = try order(JSONValue(parsing: PlatformPayloads.shopify))
        #expect(
            (order.orderID, order.number, order.status, order.currency.code) == ("9001", "1051", "completed", "NZD"))
        #expect(order.createdAt.rfc3339 == "2026-03-31T23:00:00Z")
        #expect(order.paidAt?.rfc3339 == "2026-03-31T23:01:00Z")
        #expect((order.customer.id, order.customer.fullName) == ("77", "Jo Tan"))
        #expect(order.customer.address.region == "HKB")
        #expect(order.lines.map(\.kind) == [.product, .giftCard, .shipping, .tip])
        #expect(order.lines.map(\.net) == amounts("67.73", "50", "10", "3.02"))
        #expect(order.lines.map(\.tax) == amounts("6.77", "0", "1", "0"))
        #expect(order.taxes.map(\.percent) == [ExactDecimal(10)])
        #expect(order.totals.total == ExactDecimal("88.5"))
        #expect(order.totals.cashRounding == ExactDecimal("-0.02"))
        #expect(order.tenders.map(\.kind) == [.money, .giftCard])
        #expect(order.tenders.map(\.amount) == amounts("88.5", "50"))
        #expect(order.customFields["po_number"] == "PO-7")
        #expect(findings(order) == [])
    }

    @Test func `a refund is its money; goods that came back without any are none`() throws {
        let refunds = try order(JSONValue(parsing: PlatformPayloads.shopify)).refunds
        #expect(refunds.map(\.id) == ["7", "8"])
        #expect(refunds.map(\.amount) == amounts("0", "41.25"))
        #expect(refunds[0].lines.isEmpty)
        #expect(refunds[1].lines.map(\.line.net) == amounts("-33.86", "-3.64"))
        #expect(refunds[1].lines.map(\.refundedLineID) == ["1", nil])
        #expect(refunds[1].lines[1].line.kind == .shipping)
    }

    @Test func `before payment what came back makes the bill less`() throws {
        let refunds = try order("financial_status", "pending").refunds
        #expect(refunds[0].amount == ExactDecimal("37.25"))
    }

    @Test func `the customer's money is read where every amount has it`() throws {
        let error = #expect(throws: StorefrontError.self) {
            try order(JSONValue(parsing: PlatformPayloads.shopify), side: .customer)
        }
        #expect(error?.message.contains("price_set") == true)
        let same = try PlatformPayloads.changed(PlatformPayloads.shopify, "presentment_currency", "NZD").text
        let plain = try order(PlatformPayloads.changed(same, "total_price_set", nil), side: .customer)
        #expect(plain.totals.total == ExactDecimal("88.5"))
    }

    @Test func `GraphQL is read like REST`() throws {
        let order = try order(JSONValue(parsing: PlatformPayloads.shopifyGraphQL))
        #expect((order.orderID, order.number, order.status) == ("9002", "1052", "processing"))
        #expect(order.lines.map(\.net) == amounts("20", "5"))
        #expect(order.taxes.map(\.percent) == [ExactDecimal(10)])
        #expect(order.customer.address.country == "US")
        #expect(order.paidAt?.rfc3339 == "2026-04-01T09:00:10Z")
        #expect(findings(order) == [])
        let cut = PlatformPayloads.shopifyGraphQL.split(separator: "\"hasNextPage\":false").joined(
            separator: "\"hasNextPage\":true")
        let error = #expect(throws: StorefrontError.self) { try self.order(JSONValue(parsing: cut)) }
        #expect(error?.code == .incomplete)
        #expect(error?.message.contains("order.lineItems") == true)
    }

    @Test func `a gift card's part cannot be known without the transactions`() throws {
        let error = #expect(throws: StorefrontError.self) { try order("transactions", nil) }
        #expect(error?.code == .incomplete)
        #expect(error?.message.contains("gift card") == true)
        let beside = try PlatformPayloads.changed(PlatformPayloads.shopify, "payment_gateway_names", ["cash"])
        guard case .object(var snapshot) = beside, var order = snapshot["order"]?.object else { return }
        order["transactions"] = nil
        snapshot["order"] = .object(order)
        #expect(try self.order(.object(snapshot)).tenders.map(\.amount) == amounts("138.5"))
    }

    @Test(
        arguments: [
            ("subtotal_price", "120.00", "the order's subtotal price is 120.00: 4.50 apart"),
            ("total_price", "140.00", "the order's total price is 140.00: 1.48 apart"),
            ("total_discounts", "15.50", "the order's total discounts is 15.50: 10.00 apart"),
            ("total_tax", "9.50", "the order's total tax is 9.50: 1.73 apart"),
        ] as [(String, JSONValue, String)])
    func `a sum that is not that of its parts holds the order`(
        key: String, value: JSONValue, finding: String
    ) throws {
        let plain = try order(
            PlatformPayloads.changed(
                PlatformPayloads.changed(PlatformPayloads.shopify, "total_price_set", nil).text, key, value))
        #expect(findings(plain).contains { $0.contains(finding) }, "\(findings(plain))")
    }

    @Test func `payments that are not the price are told with the arithmetic`() throws {
        let short = try order(
            "transactions",
            [
                [
                    "id": 4, "kind": "capture", "status": "success", "gateway": "cash", "amount": "88.00",
                    "currency": "NZD",
                ]
            ])
        #expect(
            TieOut.payments(of: short)?.description
                == "payment by Cash 88.00 = 88.00, but 138.50 was to be paid: 50.50 short")
        let foreign = #expect(throws: StorefrontError.self) {
            try order(
                "transactions",
                [["id": 4, "kind": "sale", "status": "success", "gateway": "x", "amount": "88.52", "currency": "EUR"]])
        }
        #expect(foreign?.code == .unsupported)
    }

    @Test(
        arguments: [
            ("paid", nil, "processing"), ("PAID", nil, "processing"), ("pending", nil, "pending"),
            ("authorized", nil, "authorized"), ("voided", nil, "cancelled"),
            ("paid", "2026-04-02T00:00:00Z", "cancelled"),
            ("refunded", "2026-04-02T00:00:00Z", "refunded"),
        ] as [(JSONValue, JSONValue?, String)])
    func `statuses become the words that mappings know`(
        financial: JSONValue, cancelled: JSONValue?, status: String
    ) throws {
        var text = try PlatformPayloads.changed(PlatformPayloads.shopify, "financial_status", financial).text
        text = try PlatformPayloads.changed(text, "cancelled_at", cancelled).text
        #expect(try order(PlatformPayloads.changed(text, "fulfillment_status", nil)).status == status)
    }

    @Test(
        arguments: [
            ("id", nil, "id is missing"), ("currency", "ZZZ", "currency"), ("created_at", nil, "created_at"),
            ("total_price_set", ["shop_money": ["amount": "1,5"]], "total_price_set.shop_money.amount"),
            ("subtotal_price", nil, "subtotal_price"), ("line_items", nil, "line_items"),
            ("line_items", [["id": 1, "price": "1.00"]], "line_items[0].quantity"),
            ("line_items", [["id": 1, "quantity": 1]], "line_items[0].price"),
            (
                "refunds", [["id": 1, "created_at": "2026-01-01T00:00:00Z", "refund_line_items": [["quantity": 1]]]],
                "subtotal"
            ),
        ] as [(String, JSONValue?, String)])
    func `a field that is missing or wrong is named`(key: String, value: JSONValue?, message: String) throws {
        let error = #expect(throws: StorefrontError.self) { try order(key, value) }
        #expect(error?.code == .malformed)
        #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
    }

    @Test func `a webhook's order is read, and what is no order is told apart`() throws {
        let webhook = try JSONValue(parsing: PlatformPayloads.shopify)["order"] ?? .null
        #expect(try order(webhook).orderID == "9001")
        let payloads: [(JSONValue, String)] = [
            (["product": ["id": 1]], "a product"), (["draft_order": ["id": 1]], "a draft of an order"),
            (["refund": ["transactions": []]], "a calculation of a refund"),
            (["transaction": ["id": 5, "kind": "sale", "order_id": 9]], "payment 5 of order 9"),
            (
                [
                    "id": 6, "order_id": 9, "created_at": "2026-01-01T00:00:00Z", "refund_line_items": [],
                    "transactions": [["kind": "refund", "status": "success", "amount": "1.00", "currency": "USD"]],
                ], "refund 6 of order 9"
            ),
        ]
        for (payload, name) in payloads {
            let error = #expect(throws: StorefrontError.self) { try order(payload) }
            #expect(error?.code == .notAnOrder)
            #expect(error?.message == "this is \(name), not an order")
        }
    }

    @Test func `money given back as a gift card is not posted by itself`() throws {
        let error = #expect(throws: StorefrontError.self) {
            try order(
                "refunds",
                [
                    [
                        "id": 6, "created_at": "2026-04-09T00:00:00Z",
                        "transactions": [
                            ["kind": "refund", "status": "success", "gateway": "gift_card", "amount": "5.00"]
                        ],
                    ]
                ])
        }
        #expect(error?.code == .unsupported)
    }
}
