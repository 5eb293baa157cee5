import Accounting
import JSON
import Mapping
import Storefronts
import Testing

/// Each is a mistake that connectors have made with the money of an order, named after it, with what is right.
@Suite struct ConnectorMistakeTests {
    typealias Order = OrderFixture

    @Test func `unit price cut to two decimals`() throws {
        // 3 for 10.00: a price of 3.33 would make 9.99.
        let plan = try Order(total: "10.00").line("10.00", quantity: 3).plan()
        let line = try #require(lines(plan).first)
        #expect(line["UnitAmount"]?.decimal?.description == "3.3333")
        try expectTies(plan, total: "10.00", tax: "0.00")
    }

    @Test func `one cent due for a quantity of two`() throws {
        let plan = try Order(total: "24.21", totalTax: "2.20").line(
            "22.01", tax: "2.20", quantity: 2, rates: Order.rates("2.201")
        ).rate(10, amount: "2.20", code: "AU-GST-1").plan()
        try expectTies(plan, total: "24.21", tax: "2.20")
        #expect(plan.documents(of: .payment)[0].total == plan.documents(of: .invoice)[0].total)
    }

    @Test func `discount posted as a rate of two decimals`() throws {
        // 100.00 less 33.33: a rate of 33.33 % of three lines drifts.
        let plan = try Order(total: "66.67").line("22.22", id: 11).line("22.22", id: 12).line("22.23", id: 13).with([
            "discount_total": "33.33", "coupon_lines": [["code": "third", "discount": "33.33"]],
        ]).plan()
        #expect(lines(plan).allSatisfy { $0["DiscountRate"] == nil && $0["DiscountAmount"] == nil })
        try expectTies(plan, total: "66.67", tax: "0.00")
    }

    @Test func `coupon taken off twice`() throws {
        let plan = try Order(total: "90.00").line("90.00").with([
            "discount_total": "10.00", "coupon_lines": [["code": "ten", "discount": "10.00"]],
        ]).plan()
        #expect(lines(plan).count == 1)
        try expectTies(plan, total: "90.00", tax: "0.00")
    }

    @Test func `discount of more than the total`() throws {
        let free = try Order(total: "0.00").line("0.00").with([
            "discount_total": "50.00", "coupon_lines": [["code": "all", "discount": "50.00"]],
        ]).plan()
        #expect(free.documents.map(\.kind) == [.contact, .invoice])
        try expectTies(free, total: "0.00", tax: "0.00")
        #expect(try Order(total: "-5.00").line("20.00").fee("-25.00").hold().contains("less than zero"))
    }

    @Test func `prices with tax posted as prices without`() throws {
        let plan = try Order(total: "110.00", totalTax: "10.00").line(
            "90.91", tax: "9.09", rates: Order.rates("9.090909")
        ).shipping("9.09", tax: "0.91", rates: Order.rates("0.909091")).rate(
            10, amount: "9.09", shipping: "0.91", code: "AU-GST-1"
        ).with(["prices_include_tax": true]).plan()
        #expect(plan.documents(of: .invoice)[0].desired["LineAmountTypes"] == "Exclusive")
        try expectTies(plan, total: "110.00", tax: "10.00")
    }

    @Test func `half a cent of tax rounded up where the store rounds down`() throws {
        // 20 % in 0.15 is 0.025; a store with prices including tax says 0.02.
        let plan = try Order(total: "0.15", totalTax: "0.02").line("0.13", tax: "0.02", rates: Order.rates("0.025"))
            .rate(20, amount: "0.02").with(["prices_include_tax": true]).plan()
        try expectTies(plan, total: "0.15", tax: "0.02")
    }

    @Test func `rounding line only where the difference is positive`() throws {
        for (total, residual) in [("20.01", "0.01"), ("19.99", "-0.01")] {
            let net = residual == "0.01" ? "10.004" : "9.996"
            let plan = try Order(total: total).line(net).line(net, id: 12).plan()
            #expect(lines(plan).last?["UnitAmount"]?.decimal?.description == residual)
            try expectTies(plan, total: total, tax: "0.00")
        }
    }

    @Test func `zero rate matched by its label and taxed`() throws {
        let plan = try Order(total: "50.00").line("50.00", rates: Order.rates("0")).rate(
            0, amount: "0.00", code: "GB-ZERO VAT (20% SHOP)-1"
        ).plan()
        #expect(lines(plan).map { $0["TaxType"]?.string } == ["ZERO"])
        try expectTies(plan, total: "50.00", tax: "0.00")
    }

    @Test func `shipping taxed like the products`() throws {
        let plan = try Order(total: "130.00", totalTax: "20.00").line("100.00", tax: "20.00", rates: Order.rates("20"))
            .shipping("10.00").rate(20, amount: "20.00").plan()
        #expect(lines(plan).map { $0["TaxType"]?.string } == ["VAT20", "ZERO"])
        let reduced = try Order(total: "130.50", totalTax: "20.50").line(
            "100.00", tax: "20.00", rates: Order.rates("20")
        ).shipping("10.00", tax: "0.50", rates: Order.rates("0.5", id: 6)).rate(20, amount: "20.00").rate(
            5, amount: "0.00", shipping: "0.50", id: 6, code: "GB-VAT-2"
        ).plan()
        #expect(lines(reduced).map { $0["TaxType"]?.string } == ["VAT20", "VAT5"])
        try expectTies(reduced, total: "130.50", tax: "20.50")
    }

    @Test func `payment of a foreign order in the organisation's currency`() throws {
        var org = Order.org
        org.baseCurrency = Currency("GBP")
        let plan = try Order(total: "100.00").line("100.00").with(["currency": "USD"]).plan(org: org)
        #expect(plan.documents(of: .invoice)[0].desired["CurrencyCode"] == "USD")
        #expect(plan.documents(of: .payment)[0].total?.fixed(2) == "100.00")
        org.enabledCurrencies = []
        let hold = try Order().line("100.00").with(["currency": "USD"]).hold(org: org)
        #expect(hold.contains("USD, which the Xero organisation does not have"))
    }

    @Test func `rate of today's settings instead of the order's`() throws {
        // A virtual product taxed where the customer is, or an order older than the rate: what counts is the order.
        let plan = try Order(total: "105.00", totalTax: "5.00").line("100.00", tax: "5.00", rates: Order.rates("5"))
            .rate(5, amount: "5.00", code: "IE-VAT-1").plan()
        #expect(lines(plan)[0]["TaxType"] == "VAT5")
        try expectTies(plan, total: "105.00", tax: "5.00")
    }

    @Test func `partial refund not posted`() throws {
        let plan = try Order().line("100.00").refund(
            9, "40.00", lines: ["line_items": [Order.refunded("40.00", of: 11)]]
        ).plan()
        #expect(plan.documents.map(\.kind) == [.contact, .invoice, .payment, .creditNote, .refund])
        #expect(plan.documents(of: .refund)[0].total?.fixed(2) == "40.00")
    }

    @Test func `gift card ignored`() throws {
        let plan = try Order(total: "4.00").line("18.00").shipping("10.00").with([
            "gift_cards": [["id": 2, "amount": "24.00"]]
        ]).plan()
        try expectTies(plan, total: "28.00", tax: "0.00")
        #expect(plan.documents(of: .payment).compactMap(\.total).sum() == ExactDecimal(28))
    }

    @Test func `entities and ports sent as they are`() throws {
        let order = Order().line("100.00", name: "Salt &amp; &quot;Pepper&quot;")
        #expect(lines(try order.plan())[0]["Description"] == "Salt & \"Pepper\"")
        let outcome = try Planner.plan(
            order: order.canonical(), mapping: MappingConfiguration(json: Order.mapping), org: Order.org,
            store: StoreSettings(storeID: "shop", url: "http://shop.example:8080"))
        guard case .planned(let plan) = outcome else {
            Issue.record("not planned")
            return
        }
        #expect(plan.documents(of: .invoice)[0].desired["Url"] == nil)
    }

    private func lines(_ plan: OrderPlan) -> [JSONValue] {
        plan.documents(of: .invoice).first?.desired["LineItems"]?.array ?? []
    }

    private func expectTies(_ plan: OrderPlan, total: String, tax: String) throws {
        let invoice = try #require(plan.documents(of: .invoice).first)
        for mode in [Rounding.halfUp, .halfEven] {
            let posted = try PredictedXero(invoice.desired, rates: Order.org.taxRates, mode: mode)
            #expect(posted.total.fixed(2) == total)
            #expect(posted.tax.fixed(2) == tax)
        }
    }
}
