import Accounting
import JSON
import Storefronts
import TestSupport
import Testing

@Suite struct BigCommerceOrderParserTests {
    private func order(_ snapshot: JSONValue) throws -> CanonicalOrder {
        try StorefrontOrders.order(from: snapshot, platform: .bigcommerce, reading: OrderReading(storeID: "shop"))
    }

    private func order(_ key: String, _ value: JSONValue?) throws -> CanonicalOrder {
        try order(PlatformPayloads.changed(PlatformPayloads.bigcommerce, key, value))
    }

    private func beside(_ key: String, _ value: JSONValue?) throws -> CanonicalOrder {
        guard case .object(var snapshot) = try JSONValue(parsing: PlatformPayloads.bigcommerce) else {
            return try order([:])
        }
        snapshot[key] = value
        return try order(.object(snapshot))
    }

    private func findings(_ order: CanonicalOrder) -> [String] {
        guard case .fails(let findings) = TieOut.check(order) else { return [] }
        return findings.map(\.description)
    }

    @Test func `an order is read exactly, discounts and taxes shared by its products`() throws {
        let order = try order(JSONValue(parsing: PlatformPayloads.bigcommerce))
        #expect((order.orderID, order.status, order.currency.code) == ("410", "processing", "EUR"))
        #expect(order.createdAt.rfc3339 == "2026-05-01T10:00:00Z")
        #expect(order.modifiedAt.rfc3339 == "2026-05-04T09:00:00Z")
        #expect(order.paidAt == order.createdAt)
        #expect((order.customer.id, order.customer.address.country) == ("15", "IE"))
        #expect(order.lines.map(\.kind) == [.product, .product, .shipping])
        #expect(order.lines.map(\.net) == amounts("54", "36", "10"))
        #expect(order.lines.map(\.tax) == amounts("5.4", "3.6", "1"))
        #expect(order.taxes.map(\.percent) == [ExactDecimal(10)])
        #expect(order.totals.total == ExactDecimal(95))
        #expect(order.tenders.map(\.kind) == [.money, .storeCredit])
        #expect(findings(order) == [])
    }

    @Test func `discounts stated with tax tie as well`() throws {
        var text = try PlatformPayloads.changed(PlatformPayloads.bigcommerce, "coupon_discount", "11.0000").text
        #expect(try findings(order(JSONValue(parsing: text))) == [])
        text = try PlatformPayloads.changed(text, "coupon_discount", "14.0000").text
        let found = try findings(order(JSONValue(parsing: text)))
        #expect(found.contains { $0.contains("but the order's total with tax is 110.00: 3.00 apart") }, "\(found)")
    }

    @Test func `a refund's items are with tax or without, as its total says`() throws {
        let plain = try order(JSONValue(parsing: PlatformPayloads.bigcommerce)).refunds
        #expect(plain.map(\.amount) == amounts("29.7"))
        #expect(plain[0].lines.map(\.line.net) == amounts("-27"))
        #expect(plain[0].lines.map(\.line.tax) == amounts("-2.7"))
        #expect(plain[0].lines.map(\.refundedLineID) == ["1"])
        let refund: JSONValue = [
            "id": 6, "order_id": 410, "created": "2026-05-05T09:00:00Z", "total_amount": "40.70", "total_tax": "3.70",
            "items": [
                ["item_type": "PRODUCT", "item_id": 1, "quantity": 1, "requested_amount": "29.70"],
                ["item_type": "SHIPPING", "item_id": 9, "requested_amount": "11.00"],
            ], "payments": [["provider_id": "braintree", "amount": "40.70"]],
        ]
        let withTax = try beside("refunds", [refund]).refunds[0]
        #expect(withTax.lines.map(\.line.net) == amounts("-27", "-10"))
        #expect(withTax.lines.map(\.line.kind) == [.product, .shipping])
        #expect(withTax.lines[1].line.name == "Shipping")
    }

    @Test func `what is not at hand makes the order incomplete`() throws {
        for (key, word) in [("products", "products"), ("refunds", "29.70 was refunded")] {
            let error = #expect(throws: StorefrontError.self) { try beside(key, nil) }
            #expect(error?.code == .incomplete)
            #expect(error?.message.contains(word) == true)
        }
    }

    @Test func `money given back as store credit is not posted by itself`() throws {
        let error = #expect(throws: StorefrontError.self) {
            try beside(
                "refunds",
                [
                    [
                        "id": 6, "created": "2026-05-05T09:00:00Z", "total_amount": 5,
                        "payments": [["provider_id": "storecredit"]],
                    ]
                ])
        }
        #expect(error?.code == .unsupported)
    }

    @Test func `without the rates the tax is known and its rate is not`() throws {
        let order = try beside("taxes", nil)
        #expect(order.taxes.map(\.percent) == [nil])
        #expect(findings(order) == [])
    }

    @Test(
        arguments: [
            ("id", nil, "id is missing"), ("status_id", nil, "status_id"), ("currency_code", "??", "currency_code"),
            ("date_created", "1 May", "date_created"), ("total_inc_tax", nil, "total_inc_tax"),
            ("total_tax", "", "total_tax"), ("subtotal_ex_tax", [], "subtotal_ex_tax is array"),
        ] as [(String, JSONValue?, String)])
    func `a field that is missing or wrong is named`(key: String, value: JSONValue?, message: String) throws {
        let error = #expect(throws: StorefrontError.self) { try order(key, value) }
        #expect(error?.code == .malformed)
        #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
        let product = #expect(throws: StorefrontError.self) { try beside("products", [["id": 1, "quantity": 1]]) }
        #expect(product?.message.contains("products[0].total_ex_tax") == true)
    }

    @Test func `a notice and the parts of an order are no orders`() throws {
        let payloads: [(JSONValue, String)] = [
            (
                ["scope": "store/order/created", "producer": "stores/x", "data": ["type": "order", "id": 250]],
                "a notice (store/order/created) of order 250"
            ), ([["id": 65, "order_id": 149, "order_address_id": 5]], "the products of an order"),
            ([["id": 0, "system_label": "Incomplete"]], "the statuses of orders"),
            (
                ["data": ["id": 1, "order_id": 21, "created": "2026-01-01T00:00:00Z", "total_amount": 1, "items": []]],
                "refund 1 of order 21"
            ),
        ]
        for (payload, name) in payloads {
            let error = #expect(throws: StorefrontError.self) { try order(payload) }
            #expect(error?.code == .notAnOrder)
            #expect(error?.message == "this is \(name), not an order")
        }
    }
}
