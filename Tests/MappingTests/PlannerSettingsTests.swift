import Accounting
import JSON
import Mapping
import Storefronts
import Testing

@Suite struct PlannerSettingsTests {
    typealias Order = OrderFixture

    @Test func `a rate that is not mapped is named with the setting to add`() throws {
        let order = Order(total: "119.00", totalTax: "19.00").line("100.00", tax: "19.00", rates: Order.rates("19"))
        let hold = try order.rate("19.0000", amount: "19.00", code: "DE-MWST-1").hold()
        #expect(hold.contains("of 19 %"))
        #expect(hold.contains("'DE-MWST-1'"))
        #expect(hold.contains("mapping.taxes.\"19\""))
        let unnamed = try order.rate(nil, amount: "19.00", code: "DE-MWST-1").hold()
        #expect(unnamed.contains("mapping.taxes.\"DE-MWST-1\""))
    }

    @Test func `a rate is found by its code, by its percent, or by default`() throws {
        let order = Order(total: "119.00", totalTax: "19.00").line("100.00", tax: "19.00", rates: Order.rates("19"))
            .rate(
                "19.0000", amount: "19.00", code: "DE-MWST-1")
        for (taxes, expected) in [
            (["DE-MWST-1": "BYCODE", "19": "BYRATE", "default": "D"], "BYCODE"),
            (["19.00": "BYRATE", "default": "D"], "BYRATE"),
            (["default": "D"], "D"),
        ] as [(JSONValue, JSONValue)] {
            var mapping = try #require(Order.mapping.object)
            mapping["taxes"] = taxes
            let plan = try order.plan(mapping: .object(mapping))
            #expect(plan.documents[1].desired["LineItems"]?[0]?["TaxType"] == expected)
            // Without a known rate the tax is said.
            #expect(plan.documents[1].desired["LineItems"]?[0]?["TaxAmount"]?.decimal == ExactDecimal(19))
        }
    }

    @Test func `rates on one line combine, compound ones on top of the others`() throws {
        let rates: JSONValue = [["id": 5, "total": "5"], ["id": 6, "total": "9.975"]]
        let order = Order(total: "114.98", totalTax: "14.98").line("100.00", tax: "14.98", rates: rates)
        let added = order.rate(5, amount: "5.00", id: 5, code: "CA-GST").rate(
            "9.975", amount: "9.98", id: 6, code: "CA-QST")
        #expect(try added.hold().contains("of 14.975 % with the code 'CA-GST+CA-QST'"))
        let compoundRates: JSONValue = [["id": 5, "total": "5"], ["id": 6, "total": "10.5"]]
        let compound = Order(total: "115.50", totalTax: "15.50").line("100.00", tax: "15.50", rates: compoundRates)
            .rate(
                5, amount: "5.00", id: 5, code: "A"
            ).rate(10, amount: "10.50", id: 6, code: "B", compound: true)
        #expect(try compound.hold().contains("of 15.5 %"))
    }

    @Test func `a rate of the order that does not tax a line leaves the line at zero`() throws {
        let plan = try Order(total: "130.00", totalTax: "20.00").line("100.00", tax: "20.00", rates: Order.rates("20"))
            .shipping(
                "10.00", rates: Order.rates("")
            ).rate(20, amount: "20.00").plan()
        #expect(plan.documents[1].desired["LineItems"]?[1]?["TaxType"] == "ZERO")
    }

    @Test func `a taxed line that does not say by which rate takes the order's only one, else is held`() throws {
        let order = Order(total: "120.00", totalTax: "20.00").line("100.00", tax: "20.00").rate(20, amount: "20.00")
        #expect(try order.plan().documents[1].desired["LineItems"]?[0]?["TaxType"] == "VAT20")
        let two = Order(total: "120.00", totalTax: "20.00").line("100.00", tax: "20.00").rate(15, amount: "15.00").rate(
            5, amount: "5.00", id: 6)
        #expect(try two.hold().contains("without name"))
    }

    @Test func `a missing clearing account is named, and all that is missing is listed`() throws {
        let bare: JSONValue = ["accounts": ["sales": "200"]]
        let hold = try Order(total: "110.00").line("100.00").shipping("10.00").hold(mapping: bare)
        #expect(hold.contains("lacks 2 settings"))
        #expect(hold.contains("mapping.taxes.\"0\""))
        #expect(hold.contains("mapping.payments.stripe"))
        var mapping = try #require(Order.mapping.object)
        mapping["payments"] = ["paypal": "1"]
        let unnamed = try Order().line("100.00").with(["payment_method": ""]).hold(mapping: .object(mapping))
        #expect(unnamed.contains("mapping.payments.default"))
    }

    @Test func `a currency the organisation does not have is refused clearly`() throws {
        var org = Order.org
        org.baseCurrency = Currency("GBP")
        org.enabledCurrencies = Set(["GBP", "USD"].compactMap { Currency($0) })
        #expect(try Order().line("100.00").hold(org: org).contains("the order is in EUR"))
        org.enabledCurrencies = []
        #expect(try Order().line("100.00").with(["currency": "GBP"]).plan(org: org).documents.count == 3)
    }

    @Test func `three decimals are held, no decimals are fine`() throws {
        #expect(
            try Order(total: "10.125").line("10.125").with(["currency": "KWD"]).hold().contains(
                "10.125 KWD, but Xero keeps two"))
        #expect(try Order(total: "10.120").line("10.120").with(["currency": "KWD"]).plan().documents.count == 3)
        #expect(try Order(total: "10.13").line("10.125").with(["currency": "KWD"]).hold().contains("10.125 KWD"))
        let yen = try Order(total: "1100", totalTax: "100").with(["currency": "JPY"]).line(
            "1000", tax: "100", rates: Order.rates("100")
        )
        .rate(10, amount: "100").plan()
        #expect(yen.documents[2].desired["Amount"]?.decimal == ExactDecimal(1100))
        #expect(
            try Order(total: "10.50").line("10.50").with(["currency": "JPY"]).hold().contains("JPY has no decimals"))
        #expect(try Order(total: "10.125").line("10.125").hold().contains("Xero keeps two decimals"))
    }

    @Test func `amounts beyond what Xero keeps are held`() throws {
        #expect(try Order(total: "10000000000.00").line("10000000000.00").hold().contains("more than Xero can keep"))
        #expect(try Order(total: "-1.00").line("-1.00").hold().contains("cannot be less than zero"))
    }

    @Test(arguments: [
        ("https://shop.example", "https://shop.example/wp-admin/post.php?post=1001&action=edit"),
        ("https://shop.example/de/", "https://shop.example/de/wp-admin/post.php?post=1001&action=edit"),
        ("https://shop.example:8443", nil), ("http://localhost", nil), ("ftp://shop.example", nil),
        ("shop.example", nil),
        ("https://xero-shop.example", nil), ("https://u:p@shop.example", nil),
    ])
    func `an invoice links to the order where Xero takes the address`(url: String, expected: String?) throws {
        let outcome = Planner.plan(
            order: try Order().line("100.00").canonical(), mapping: try MappingConfiguration(json: Order.mapping),
            org: Order.org,
            store: StoreSettings(storeID: "shop", url: url))
        guard case .planned(let plan) = outcome else {
            Issue.record("not planned")
            return
        }
        #expect(plan.documents[1].desired["Url"]?.string == expected)
    }

    @Test func `numbers are printable ASCII and never collide`() throws {
        let umlaut = try Order().line("100.00").with(["number": "Ä-1"]).plan()
        #expect(umlaut.documents[1].number == "S-%C3%84-1")
        let long = try Order().line("100.00").with(["number": .string(String(repeating: "9", count: 240))]).plan()
        #expect(long.documents[1].number == "S-id:1001")
    }
}
