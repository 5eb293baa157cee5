import Accounting
import JSON
import Storefronts
import TestSupport
import Testing

@Suite struct CSCartOrderParserTests {
    private func order(_ snapshot: JSONValue, currency: Currency? = Currency("GBP")) throws -> CanonicalOrder {
        try StorefrontOrders.order(
            from: snapshot, platform: .cscart, reading: OrderReading(storeID: "shop", currency: currency))
    }

    private func order(_ key: String, _ value: JSONValue?) throws -> CanonicalOrder {
        try order(PlatformPayloads.changed(PlatformPayloads.cscart, key, value))
    }

    private func findings(_ order: CanonicalOrder) -> [String] {
        guard case .fails(let findings) = TieOut.check(order) else { return [] }
        return findings.map(\.description)
    }

    @Test func `an order is read exactly, its taxes where they apply`() throws {
        let order = try order(JSONValue(parsing: PlatformPayloads.cscart))
        #expect((order.orderID, order.number, order.status, order.currency.code) == ("210", "210", "processing", "GBP"))
        #expect(order.modifiedAt.seconds - order.createdAt.seconds == 3600)
        #expect(order.paidAt == order.createdAt)
        #expect((order.customer.id, order.customer.fullName) == ("9", "Li Wu"))
        #expect(order.lines.map(\.id) == ["111", "222", "certificate-c1", "shipping", "surcharge"])
        #expect(order.lines.map(\.kind) == [.product, .product, .giftCard, .shipping, .fee])
        #expect(order.lines.map(\.net) == amounts("65.45", "32.73", "50", "10", "3"))
        #expect(order.lines.map(\.tax) == amounts("9.82", "4.91", "0", "1", "0.3"))
        #expect(order.lines[0].name == "Pot & lid")
        #expect(order.taxes.map(\.percent) == [ExactDecimal(10), ExactDecimal(5)])
        #expect(order.totals.totalTax == ExactDecimal("16.03"))
        #expect(order.tenders.map(\.kind) == [.money, .giftCard])
        #expect(order.tenders.map(\.amount) == amounts("170.21", "7"))
        #expect(order.tenders[0].method == "Card")
        #expect(order.customFields["field_37"] == "GB123")
        #expect(order.pricesIncludeTax)
        #expect(findings(order) == [])
    }

    @Test func `products in a list and empty maps written as lists are read the same`() throws {
        let products = try JSONValue(parsing: PlatformPayloads.cscart)["order"]?["products"]?.object ?? [:]
        let order = try order("products", .array(products.map(\.value)))
        #expect(order.lines[0].id == "111")
        #expect(findings(order) == [])
        let untaxed = try self.order("taxes", [])
        #expect(untaxed.taxes.isEmpty)
        #expect(findings(untaxed).contains { $0.contains("the order's added tax is 4.91: 4.91 apart") })
    }

    @Test(
        arguments: [
            ("total", "171.21", "the order's total is 171.21: 1.00 apart"),
            ("subtotal", "175", "the order's subtotal is 175.00: 5.00 apart"),
            ("shipping_cost", "28.00", "the order's total is 170.21: 17.00 apart"),
        ] as [(String, JSONValue, String)])
    func `a sum that is not that of its parts holds the order`(key: String, value: JSONValue, finding: String) throws {
        #expect(try findings(order(key, value)).contains { $0.contains(finding) })
    }

    @Test func `the currency must be known from elsewhere`() throws {
        let text = PlatformPayloads.cscart
        let error = #expect(throws: StorefrontError.self) { try order(JSONValue(parsing: text), currency: nil) }
        #expect(error?.code == .incomplete)
        guard case .object(var snapshot) = try JSONValue(parsing: text) else { return }
        snapshot["currency"] = "AUD"
        #expect(try order(.object(snapshot), currency: nil).currency.code == "AUD")
    }

    @Test(
        arguments: [
            ("order_id", nil, "order_id"), ("status", nil, "status"), ("timestamp", nil, "timestamp"),
            ("total", nil, "total is missing"), ("subtotal", [], "subtotal is array"),
            ("products", [["price": "1.00"]], "products[0].amount"), ("products", ["7": 5], "products.7"),
            ("taxes", ["6": ["description": "x"]], "taxes.6.tax_subtotal"),
            ("use_gift_certificates", ["x": ["amount": 1]], "use_gift_certificates.x.cost"),
        ] as [(String, JSONValue?, String)])
    func `a field that is missing or wrong is named`(key: String, value: JSONValue?, message: String) throws {
        let error = #expect(throws: StorefrontError.self) { try order(key, value) }
        #expect(error?.code == .malformed)
        #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
    }

    @Test func `a summary is incomplete, a parent and what is no order are told apart`() throws {
        let summary = #expect(throws: StorefrontError.self) { try order("products", nil) }
        #expect(summary?.code == .incomplete)
        let payloads: [(JSONValue, String)] = [
            (
                ["order_id": "1", "total": "5.00", "is_parent_order": "Y"],
                "the parent of other orders, which carry its money"
            ),
            (["user_data": [:], "products": [:]], "a request to make an order"), ([["tax_id": "6"]], "a tax"),
        ]
        for (payload, name) in payloads {
            let error = #expect(throws: StorefrontError.self) { try order(payload) }
            #expect(error?.code == .notAnOrder)
            #expect(error?.message == "this is \(name), not an order")
        }
    }
}
