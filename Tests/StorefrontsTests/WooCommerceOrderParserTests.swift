import Accounting
import JSON
import Storefronts
import Testing

@Suite struct WooCommerceOrderParserTests {
    private static let text = #"""
        {"order":{"id":31,"number":"A-31","status":"wc-processing","currency":"SEK","date_created_gmt":"2026-01-05T23:10:00",
        "date_modified_gmt":"2026-01-06T08:00:00","date_paid_gmt":"2026-01-05T23:11:00","prices_include_tax":true,
        "total":"148.44","total_tax":"24.69","shipping_total":"25.00","shipping_tax":"0.00","cart_tax":"24.69",
        "customer_id":0,"customer_note":"Leave it\r\n  at the  door","payment_method":"swish","payment_method_title":"Swish",
        "transaction_id":"T-9","billing":{"first_name":"\u00c5sa","last_name":"O&#8217;Neil","company":"","address_1":"Storgatan 1",
        "address_2":"","city":"Ume\u00e5","state":"","postcode":"903 26","country":"SE","email":" asa@example.se ","phone":""},
        "line_items":[{"id":1,"name":"M&ouml;bel &amp; S&#xF6;n &unknown;","quantity":1.5,"total":"98.75","total_tax":"24.69","sku":123,
        "price":65.833333000000004,"taxes":[{"id":1,"total":"24.6875","subtotal":"24.6875"}]}],
        "shipping_lines":[{"id":2,"method_title":"Post","total":"25.00","total_tax":"0.00","taxes":[{"id":1,"total":"","subtotal":""}]}],
        "fee_lines":[],"tax_lines":[{"rate_id":1,"rate_code":"SE-MOMS-1","rate_percent":25,"label":"Moms","compound":false,
        "tax_total":"24.69","shipping_tax_total":"0.00"}],"coupon_lines":[{"code":"x","discount":"10.00"}],
        "gift_cards":[{"id":3,"code":"SECRET","amount":0.19999999999999998}],
        "refunds":[{"id":0,"total":"-0.00"},{"id":40,"total":"-10.00"},{"id":39,"total":"-5.00"}],
        "meta_data":[{"key":"_hidden","value":"x"},{"key":"vat_number","value":"SE 1"},{"key":"list","value":[1]}]},
        "refunds":[{"id":40,"date_created_gmt":"2026-01-08T10:00:00","amount":"10.00","reason":"late","line_items":[
        {"id":7,"name":"x","quantity":-1,"total":"-8.00","total_tax":"-2.00","taxes":[{"id":1,"total":"-2"}],
        "meta_data":[{"key":"_refunded_item_id","value":"1"}]},{"id":8,"name":"y","quantity":0,"total":"0.00","total_tax":"0.00"}]},
        {"id":39,"date_created_gmt":"2026-01-07T10:00:00","amount":"5.00","line_items":[]}]}
        """#

    private func snapshot() throws -> JSONValue { try JSONValue(parsing: Self.text) }

    private func changed(_ key: String, _ value: JSONValue?) throws -> JSONValue {
        var snapshot = try #require(try snapshot().object)
        var order = try #require(snapshot["order"]?.object)
        order[key] = value
        snapshot["order"] = .object(order)
        return .object(snapshot)
    }

    @Test func `an order is read exactly`() throws {
        let order = try WooCommerceOrderParser.order(from: snapshot(), storeID: "shop")
        #expect((order.orderID, order.number, order.status, order.currency.code) == ("31", "A-31", "processing", "SEK"))
        #expect(order.paidAt?.rfc3339 == "2026-01-05T23:11:00Z")
        #expect(order.modifiedAt.rfc3339 == "2026-01-06T08:00:00Z")
        #expect(order.customer.id == nil)
        #expect(order.customer.fullName == "Åsa O\u{2019}Neil")
        #expect(order.customer.email == "asa@example.se")
        #expect(order.customer.address.lines == ["Storgatan 1"])
        #expect(order.note == "Leave it at the door")
        #expect(order.pricesIncludeTax)
        #expect(order.lines.map(\.kind) == [.product, .shipping])
        let line = order.lines[0]
        #expect((line.name, line.sku) == ("Möbel & Sön &unknown;", "123"))
        #expect((line.quantity.description, line.net.description, line.tax.description) == ("1.5", "98.75", "24.69"))
        #expect(line.taxComponents == [TaxComponent(rateID: "1", amount: try #require(ExactDecimal("24.6875")))])
        #expect(order.lines[1].taxComponents.isEmpty)
        #expect(order.taxes[0].percent == ExactDecimal(25))
        #expect(order.tenders.map(\.method) == ["swish", "gift_card"])
        #expect(order.tenders[1].amount == ExactDecimal("0.2"))
        #expect(order.tenders.allSatisfy { !$0.reference.contains("SECRET") })
        #expect(order.customFields == ["vat_number": "SE 1"])
        #expect(order.refunds.map(\.id) == ["39", "40"])
        #expect(order.refunds[1].lines.count == 1)
        #expect(order.refunds[1].lines[0].refundedLineID == "1")
        #expect(order.refunds[1].lines[0].line.net == ExactDecimal(-8))
        #expect(order.refunded == ExactDecimal(15))
    }

    @Test(
        arguments: [
            ("id", nil, "id"), ("status", nil, "status"), ("currency", "XXX", "currency"),
            ("currency", nil, "currency"),
            ("date_created_gmt", nil, "date_created_gmt"), ("date_created_gmt", "yesterday", "date_created_gmt"),
            ("date_paid_gmt", "soon", "date_paid_gmt"), ("date_paid_gmt", 5, "date_paid_gmt"),
            ("total", nil, "total is missing"),
            ("total", "", "total"), ("total", "12,50", "total is text"), ("total", "1e30", "more digits"),
            ("total_tax", [], "total_tax is array"),
            ("line_items", nil, "line_items"), ("line_items", "none", "line_items"),
            ("line_items", [5], "line_items[0]"),
            ("line_items", [["id": 1, "name": "x"]], "line_items[0].total"), ("fee_lines", "x", "fee_lines"),
            ("billing", "x", nil),
            ("shipping_lines", [["id": 1, "total": "1.0000000000000001"]], "more digits"),
        ] as [(String, JSONValue?, String?)])
    func `what breaks the store's own rules is refused, naming the field`(
        key: String, value: JSONValue?, message: String?
    ) throws {
        let snapshot = try changed(key, value)
        guard let message else {
            #expect(throws: Never.self) { try WooCommerceOrderParser.order(from: snapshot, storeID: "shop") }
            return
        }
        let error = try #require(
            #expect(throws: StorefrontError.self) { try WooCommerceOrderParser.order(from: snapshot, storeID: "shop") })
        #expect(error.code == .malformed)
        #expect(error.message.contains(message), "\(error.message)")
    }

    @Test(arguments: [nil, "", "0", 0, false, "0000-00-00T00:00:00"] as [JSONValue])
    func `no date of payment is no payment, however a store writes it`(value: JSONValue) throws {
        #expect(try WooCommerceOrderParser.order(from: changed("date_paid_gmt", value), storeID: "shop").paidAt == nil)
    }

    @Test func `an error object is no order`() throws {
        for snapshot: JSONValue in [
            ["order": ["code": "rest_forbidden", "message": "No"]], [:], [], "x", ["order": nil],
        ] {
            let error = try #require(
                #expect(throws: StorefrontError.self) {
                    try WooCommerceOrderParser.order(from: snapshot, storeID: "shop")
                })
            #expect(error.code == .malformed)
        }
    }

    @Test func `refunds that the order names must have been read`() throws {
        var snapshot = try #require(try snapshot().object)
        let details = try #require(snapshot["refunds"]?.array)
        for partial: JSONValue? in [.array([details[0]]), [], nil] {
            snapshot["refunds"] = partial
            let error = try #require(
                #expect(throws: StorefrontError.self) {
                    try WooCommerceOrderParser.order(from: .object(snapshot), storeID: "shop")
                })
            #expect(error.code == .incomplete)
            #expect(error.isRetryable)
            #expect(error.message.contains("refund 39"))
        }
        // Newer versions name none though there are: what was read counts.
        let unnamed = try WooCommerceOrderParser.order(from: changed("refunds", []), storeID: "shop")
        #expect(unnamed.refunds.count == 2)
    }

    @Test func `a refunded order without its refunds read is incomplete`() throws {
        var order = try #require(try snapshot()["order"]?.object)
        order["status"] = "refunded"
        order["refunds"] = []
        let error = #expect(throws: StorefrontError.self) {
            try WooCommerceOrderParser.order(from: ["order": .object(order)], storeID: "shop")
        }
        #expect(error?.code == .incomplete)
        let read = try WooCommerceOrderParser.order(from: ["order": .object(order), "refunds": []], storeID: "shop")
        #expect(read.claimsFullRefund)
    }

    @Test func `a header identifies an order and its version`() throws {
        let header = try WooCommerceOrderHeader(order: try snapshot()["order"] ?? nil)
        #expect((header.id, header.number, header.status) == ("31", "A-31", "processing"))
        #expect(header.refunds.map(\.id) == ["40", "39"])
        #expect(header.modifiedAt.rfc3339 == "2026-01-06T08:00:00Z")
    }
}
