import Accounting
import JSON
import Storefronts
import TestSupport
import Testing

@Suite struct XCartOrderParserTests {
    private func order(_ snapshot: JSONValue, currency: Currency? = nil) throws -> CanonicalOrder {
        try StorefrontOrders.order(
            from: snapshot, platform: .xcart, reading: OrderReading(storeID: "shop", currency: currency))
    }

    private func order(_ key: String, _ value: JSONValue?) throws -> CanonicalOrder {
        try order(PlatformPayloads.changed(PlatformPayloads.xcart, key, value))
    }

    private func findings(_ order: CanonicalOrder) -> [String] {
        guard case .fails(let findings) = TieOut.check(order) else { return [] }
        return findings.map(\.description)
    }

    @Test func `an order is read exactly, its surcharges where they belong`() throws {
        let order = try order(JSONValue(parsing: PlatformPayloads.xcart))
        #expect(
            (order.orderID, order.number, order.status, order.currency.code) == ("310", "00310", "processing", "EUR"))
        #expect(order.modifiedAt.rfc3339 == "2026-05-03T10:00:00Z")
        #expect((order.customer.id, order.customer.fullName) == ("12", "Bo Ek"))
        #expect(order.customer.address.country == "FI")
        #expect(order.lines.map(\.kind) == [.product, .product, .shipping, .fee])
        #expect(order.lines.map(\.name) == ["Net", "Float", "Boat", "Collection"])
        #expect(order.lines.map(\.net) == amounts("54", "36", "5", "0.45"))
        #expect(order.lines.map(\.tax) == amounts("5.4", "3.6", "0.5", "0"))
        #expect(order.lines[0].quantity == ExactDecimal(2))
        #expect(order.taxes.map(\.code) == ["TAX.1"])
        #expect(order.totals.totalTax == ExactDecimal("9.5"))
        #expect(order.tenders.map(\.method) == ["Card"])
        #expect(order.paidAt?.seconds == 1_777_630_000)
        #expect(order.refunds.map(\.amount) == amounts("20"))
        #expect(findings(order) == [])
    }

    @Test func `tax that is in prices is taken out of them`() throws {
        let order = try order([
            "order": [
                "id": 1, "total": 24, "sub_total": 24, "currency": "EUR", "create_date": "2026-05-01T10:00:00Z",
                "payment_status": ["code": "Q"],
                "items": [["id": 1, "name": "Oar", "price": 12, "amount": 2]],
                "surcharges": [
                    ["type": "tax", "code": "VAT.1", "include": true, "available": true, "value": 4, "name": "VAT"]
                ],
            ]
        ])
        #expect(order.lines.map(\.net) == amounts("20"))
        #expect(order.lines.map(\.tax) == amounts("4"))
        #expect(order.pricesIncludeTax)
        #expect((order.status, order.paidAt) == ("pending", nil))
        #expect(findings(order) == [])
    }

    @Test func `the older schemas are read, one with a figure of each kind`() throws {
        let complex: JSONValue = [
            "orderId": 7, "orderNumber": "7", "total": "115.50", "subtotal": "100.00", "taxAmount": "9.50",
            "shippingCost": "10.00", "paymentFee": "1.00", "discountValue": "5.00", "currency": "USD",
            "paymentStatus": "P",
            "orderDate": "2016-01-12T13:18:22+00:00", "paymentMethod": "Phone", "shippingMethod": "Courier",
            "items": [["sku": "A", "name": "Anchor", "price": "50.00", "amount": 2]],
            "billingInfo": ["firstname": "Al", "lastname": "Bo", "zipcode": "1", "country": ["code": "US"]],
        ]
        let order = try order(complex)
        #expect((order.orderID, order.status, order.customer.address.country) == ("7", "processing", "US"))
        #expect(order.lines.map(\.net) == amounts("95", "10", "1"))
        #expect(order.lines.map(\.tax) == amounts("9.5", "0", "0"))
        #expect(order.tenders.map(\.method) == ["Phone"])
        #expect(findings(order) == [])
        let plain: JSONValue = [
            "order_id": 5, "orderNumber": "5", "date": 1_452_604_702, "lastRenewDate": 1_476_943_206, "total": "12.50",
            "subtotal": "12.50", "paymentStatus": ["id": 4, "code": "P"],
            "items": [["item_id": 1, "name": "Rope", "price": "12.50", "amount": 1]], "surcharges": [],
        ]
        #expect(try self.order(plain, currency: Currency("USD")).modifiedAt.seconds == 1_476_943_206)
        #expect(throws: StorefrontError.self) { try self.order(plain) }
    }

    @Test func `a status that may mean a refund needs the transactions`() throws {
        for code in ["PP", "R"] {
            guard
                case .object(var snapshot) = try PlatformPayloads.changed(
                    PlatformPayloads.xcart, "payment_status", ["code": .string(code)])
            else { return }
            snapshot["transactions"] = nil
            let error = #expect(throws: StorefrontError.self) { try order(.object(snapshot)) }
            #expect(error?.code == .incomplete)
            #expect(error?.message.contains("transactions") == true)
            snapshot["transactions"] = []
            #expect(try order(.object(snapshot)).status == (code == "R" ? "refunded" : "partially-paid"))
        }
    }

    @Test(
        arguments: [
            ("total", 105, "the order's total is 105.00: 0.05 apart"),
            ("sub_total", 110, "the order's subtotal is 110.00: 10.00 apart"),
        ] as [(String, JSONValue, String)])
    func `a sum that is not that of its parts holds the order`(key: String, value: JSONValue, finding: String) throws {
        let found = try findings(order(key, value))
        #expect(found.contains { $0.contains(finding) }, "\(found)")
    }

    @Test(
        arguments: [
            ("id", nil, "id is missing"), ("total", nil, "total is missing"), ("sub_total", nil, "subtotal"),
            ("create_date", "soon", "create_date"), ("currency", "??", "currency"),
            ("payment_status", nil, "payment_status"), ("items", [["price": 1]], "items[0].amount"),
            ("surcharges", [["type": "tax"]], "surcharges[0].value"),
        ] as [(String, JSONValue?, String)])
    func `a field that is missing or wrong is named`(key: String, value: JSONValue?, message: String) throws {
        let error = #expect(throws: StorefrontError.self) { try order(key, value) }
        #expect(error?.code == .malformed)
        #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
    }

    @Test func `an excerpt without items is incomplete, and a product is no order`() throws {
        #expect((#expect(throws: StorefrontError.self) { try order("items", nil) })?.code == .incomplete)
        #expect((#expect(throws: StorefrontError.self) { try order(["id": 1, "sku": "x"]) })?.code == .notAnOrder)
    }
}
