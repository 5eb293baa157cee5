import Accounting
import JSON
import Storefronts
import TestSupport
import Testing

@Suite struct MagentoOrderParserTests {
    private func order(_ snapshot: JSONValue, side: OrderReading.Side? = nil) throws -> CanonicalOrder {
        try StorefrontOrders.order(
            from: snapshot, platform: .magento, reading: OrderReading(storeID: "shop", side: side))
    }

    private func order(_ key: String, _ value: JSONValue?) throws -> CanonicalOrder {
        try order(PlatformPayloads.changed(PlatformPayloads.magento, key, value))
    }

    private func findings(_ order: CanonicalOrder) -> [String] {
        guard case .fails(let findings) = TieOut.check(order) else { return [] }
        return findings.map(\.description)
    }

    @Test func `an order is read exactly`() throws {
        let order = try order(JSONValue(parsing: PlatformPayloads.magento))
        #expect(
            (order.orderID, order.number, order.status, order.currency.code) == ("51", "100000051", "processing", "EUR")
        )
        #expect(order.paidAt?.rfc3339 == "2026-03-01T23:30:00Z")
        #expect(order.modifiedAt.rfc3339 == "2026-03-05T10:00:01Z")
        #expect((order.customer.id, order.customer.fullName) == ("7", "Ida Kern"))
        #expect(order.customer.address.lines == ["Hafen 1", "Haus B"])
        #expect(order.customer.address.region == "SH")
        #expect(order.customFields["vat_id"] == "DE1")
        #expect(order.customFields["status"] == "packing_now")
        #expect(order.lines.map(\.id) == ["1", "3", "shipping"])
        #expect(order.lines.map(\.net) == amounts("90", "18", "10"))
        #expect(order.lines[1].quantity == ExactDecimal(2))
        #expect(order.taxes.map(\.percent) == [ExactDecimal(20)])
        #expect(order.taxes[0].shippingAmount == ExactDecimal(2))
        #expect(order.tenders.map(\.kind) == [.money, .giftCard, .storeCredit])
        #expect(order.tenders[0].amount == ExactDecimal("126.6"))
        #expect(findings(order) == [])
    }

    @Test func `a credit memo is a refund of the items it names`() throws {
        let refund = try #require(try order(JSONValue(parsing: PlatformPayloads.magento)).refunds.first)
        #expect(refund.id == "6")
        #expect(refund.amount == ExactDecimal("10.8"))
        #expect(refund.lines.map(\.refundedLineID) == ["3"])
        #expect(refund.lines[0].line.net == ExactDecimal(-9))
        #expect(refund.lines[0].line.tax == ExactDecimal("-1.8"))
    }

    @Test func `the store's own currency is read where that is asked for, and never mixed`() throws {
        let order = try order(JSONValue(parsing: PlatformPayloads.magento), side: .store)
        #expect(order.currency.code == "GBP")
        #expect(order.totals.total == ExactDecimal("101.28"))
        #expect(order.lines.map(\.net) == amounts("72", "14.4", "8"))
        #expect(order.refunds.map(\.amount) == amounts("8.64"))
        #expect(findings(order) == [])
    }

    @Test func `a credit memo that is not at hand makes the order incomplete`() throws {
        let error = #expect(throws: StorefrontError.self) { try order("total_refunded", "20.0000") }
        #expect(error?.code == .incomplete)
        #expect(error?.message.contains("20.00 was refunded") == true)
    }

    @Test func `money that stands in no line holds the order and names the attribute`() throws {
        let order = try order(
            PlatformPayloads.changed(
                PlatformPayloads.changed(PlatformPayloads.magento, "grand_total", "146.93").text,
                "extension_attributes",
                ["cod_fee": "5.3300", "base_cod_fee": "5.3300"]))
        let finding = try #require(findings(order).last)
        #expect(finding.contains("but the order's grand total is 146.93: 5.33 apart"))
        #expect(finding.contains("extension_attributes.cod_fee is just that"))
    }

    @Test func `rows that are not the subtotal hold the order`() throws {
        #expect(findings(try order("subtotal", 121)).count == 2)
    }

    @Test func `a bundle's money is in its parts, a fixed tax and an adjustment are lines`() throws {
        let items: JSONValue = [
            [
                "item_id": 1, "product_type": "bundle", "name": "Kit", "row_total": 30, "tax_amount": 3,
                "product_options": ["product_calculations": 0],
            ],
            ["item_id": 2, "parent_item_id": 1, "name": "Ball", "row_total": 10, "tax_amount": 1, "tax_percent": 10],
            [
                "item_id": 3, "parent_item_id": 1, "name": "Mat", "row_total": 20, "tax_amount": 2, "tax_percent": 10,
                "weee_tax_applied_row_amount": "0.5",
            ],
        ]
        let order = try order([
            "order": [
                "entity_id": 1, "state": "new", "created_at": "2026-01-01 00:00:00", "order_currency_code": "EUR",
                "items": items, "subtotal": 30, "tax_amount": 3, "grand_total": "33.5",
            ]
        ])
        #expect(order.lines.map(\.name) == ["Ball", "Mat", "Fixed tax: Mat"])
        #expect(order.paidAt == nil)
        #expect(findings(order) == [])
    }

    @Test(
        arguments: [
            ("entity_id", nil, "entity_id"), ("state", "", nil), ("grand_total", nil, "grand_total is missing"),
            ("tax_amount", [], "tax_amount is array"), ("created_at", "soon", "created_at"),
            ("order_currency_code", "??", "order_currency_code"), ("items", nil, "items is missing"),
            ("items", [5], "items[0]"), ("subtotal", "", "subtotal"),
        ] as [(String, JSONValue?, String?)])
    func `a field that is missing or wrong is named`(key: String, value: JSONValue?, message: String?) throws {
        guard let message else {
            #expect(try order(key, value).status == "packing_now")
            return
        }
        let error = #expect(throws: StorefrontError.self) { try order(key, value) }
        #expect(error?.code == .malformed)
        #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
    }

    @Test func `what is no order is told apart`() throws {
        let payloads: [(JSONValue, String)] = [
            (["id": 1, "sku": "x"], "a product"), (["id": 1, "email": "a@b.example", "group_id": 0], "a customer"),
            (["items": [["id": 1, "sku": "x"]], "search_criteria": [:], "total_count": 1], "a product"),
            (
                [
                    "entity_id": 3, "order_id": 9, "order_currency_code": "EUR", "grand_total": 1, "subtotal": 1,
                    "items": [["order_item_id": 1, "row_total": 1]],
                ], "invoice 3 of order 9"
            ),
        ]
        for (payload, name) in payloads {
            let error = #expect(throws: StorefrontError.self) { try order(payload) }
            #expect(error?.code == .notAnOrder)
            #expect(error?.message == "this is \(name), not an order")
        }
        #expect(throws: StorefrontError.self) { try order([:]) }
    }
}
