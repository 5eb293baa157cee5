import Accounting
import JSON
import Testing

@testable import Mapping

@Suite struct ItemTests {
    private static func account(_ code: String, _ accountClass: String = "REVENUE") -> JSONValue {
        ["Code": .string(code), "Name": "Account", "Class": .string(accountClass), "Type": "X", "Status": "ACTIVE"]
    }

    private static func rate(_ type: String, _ percent: Int, revenue: Bool = true) -> JSONValue {
        [
            "TaxType": .string(type), "Name": "Rate", "EffectiveRate": .number(JSONNumber(percent)),
            "CanApplyToRevenue": .bool(revenue),
        ]
    }

    private static func item(_ code: String, _ account: String, _ tax: String, _ more: JSONObject = [:]) -> JSONValue {
        var item: JSONObject = [
            "Code": .string(code), "SalesDetails": ["AccountCode": .string(account), "TaxType": .string(tax)],
        ]
        for (key, value) in more { item[key] = value }
        return .object(item)
    }

    private static let items: [JSONValue] = [
        item("BOOK-1", "203", "RR20"), item("PEN-1", "090", "INPUT20"), item("MUG-1", "204", "RR5"),
        item("STOCK-1", "203", "RR20", ["IsTrackedAsInventory": true]), item("OLD-1", "203", "RR20", ["IsSold": false]),
    ]

    private static func org(_ items: [JSONValue]? = items) -> OrgSettings {
        var answers: [String: JSONValue] = [
            "Accounts": ["Accounts": [account("200"), account("201"), account("203"), account("204")]],
            "TaxRates": [
                "TaxRates": [rate("VAT20", 20), rate("RR20", 20), rate("RR5", 5), rate("INPUT20", 20, revenue: false)]
            ],
        ]
        if let items { answers["Items"] = ["Items": .array(items)] }
        var org = OrderFixture.org
        org.reference = ReferenceData(answers: answers)
        org.country = "GB"
        org.baseCurrency = Currency("EUR")
        return org
    }

    private static func order(_ sku: String, quantity: JSONValue = 1, name: String = "Quill") -> OrderFixture {
        OrderFixture(total: "132.00", totalTax: "22.00")
            .line("100.00", tax: "20.00", quantity: quantity, name: name, sku: sku, rates: OrderFixture.rates("20"))
            .shipping("10.00", tax: "2.00", rates: OrderFixture.rates("2"))
            .rate(20, amount: "20.00", shipping: "2.00")
    }

    private static func mapping(
        _ items: JSONValue, taxes: JSONValue = ["default": "VAT20"], rules: JSONValue = []
    ) -> JSONValue {
        OrderFixture.mapping.setting("items", to: items).setting("taxes", to: taxes).setting("rules", to: rules)
    }

    private static func codes(_ plan: OrderPlan) -> [String] {
        (plan.documents(of: .invoice).first?.desired["LineItems"]?.array ?? []).map { $0["ItemCode"]?.string ?? "-" }
    }

    private static func because(_ plan: OrderPlan, _ field: String) -> String? {
        plan.documents(of: .invoice).first?.decisions.first { $0.field == field && $0.line == 0 }?.because
    }

    // MARK: Which lines have one

    @Test(arguments: [
        ("none", "BOOK-1", "-", false), ("find", "BOOK-1", "BOOK-1", false), ("find", "book-1", "BOOK-1", false),
        ("find", "NEW-1", "-", false), ("create", "BOOK-1", "BOOK-1", false), ("create", "NEW-1", "NEW-1", true),
        ("create", "STOCK-1", "-", false), ("create", "OLD-1", "-", false), ("create", "", "-", false),
    ])
    func `an item is found, made or left out`(mode: String, sku: String, code: String, isMade: Bool) throws {
        let plan = try Self.order(sku).plan(mapping: Self.mapping(.string(mode)), org: Self.org())
        #expect(Self.codes(plan) == [code, "-"])
        #expect(plan.documents(of: .item).map(\.number) == (isMade ? [code] : []))
    }

    @Test func `items whose stock Xero counts are named if the mapping says so`() throws {
        let plan = try Self.order("STOCK-1").plan(
            mapping: Self.mapping(["mode": "find", "tracked": "use"]), org: Self.org())
        #expect(Self.codes(plan) == ["STOCK-1", "-"])
    }

    @Test func `a rule says which lines have an item, and what its code is`() throws {
        let rules: JSONValue = [
            ["name": "Quills", "when": ["product": "Quill"], "then": ["items": "none"]],
            ["name": "Post", "when": ["line": "shipping"], "then": ["item_code": "POST"]],
        ]
        let plan = try Self.order("BOOK-1").plan(mapping: Self.mapping("create", rules: rules), org: Self.org())
        #expect(Self.codes(plan) == ["-", "POST"])
        #expect(plan.documents(of: .item).map(\.number) == ["POST"])
        // Without items: a rule's code is taken at its word, as nobody asks Xero.
        let plain = try Self.order("BOOK-1").plan(mapping: Self.mapping("none", rules: rules), org: Self.org(nil))
        #expect(Self.codes(plain) == ["-", "POST"])
        #expect(plain.documents(of: .item).isEmpty)
    }

    @Test func `nothing is looked for before the organisation's items were read`() throws {
        let held = try Self.order("BOOK-1").hold(mapping: Self.mapping("find"), org: Self.org(nil))
        #expect(held.contains("items have not been read from Xero yet"))
        let made = try Self.order("BOOK-1").plan(mapping: Self.mapping("create"), org: Self.org(nil))
        #expect(made.documents(of: .item).map(\.number) == ["BOOK-1"])
        let plain = try Self.order("").plan(mapping: Self.mapping("find"), org: Self.org(nil))
        #expect(Self.codes(plain) == ["-", "-"])
    }

    // MARK: What is made

    @Test func `an item is a document of the organisation that the invoice would rather have`() throws {
        let plan = try Self.order("NEW/1", name: String(repeating: "Quill ", count: 12)).plan(
            mapping: Self.mapping("create"), org: Self.org())
        #expect(plan.documents.map(\.kind) == [.contact, .item, .invoice, .payment])
        let item = plan.documents[1]
        #expect(item.desired["Code"] == "NEW/1")
        #expect(item.desired["Name"]?.string?.utf16.count ?? 0 <= 50)
        #expect(item.desired["SalesDetails"] == ["AccountCode": "200", "TaxType": "VAT20"])
        let key = DocumentKey(item.reference, orgID: "main", storeID: "shop")
        #expect(key.text == "main/xero/item/NEW%2F1/1")
        #expect(key == DocumentKey(itemCode: "NEW/1", orgID: "main"))
        #expect(DocumentKey(key.text) == key)
        let invoice = plan.documents[2]
        #expect(invoice.prefers == [item.reference])
        #expect(!invoice.dependsOn.contains(item.reference))
        let holding = try Self.order("NEW-1").plan(
            mapping: Self.mapping(["mode": "create", "if_refused": "hold"]), org: Self.org())
        #expect(holding.documents[2].dependsOn.map(\.kind) == [.contact, .item])
        #expect(holding.documents[2].prefers.isEmpty)
    }

    @Test func `what an export was taxed by is no default, and a price is kept only if asked for`() throws {
        var org = Self.org()
        org.country = "AU"
        let priced = Self.mapping(["mode": "create", "prices": "first_sale"])
        let plan = try Self.order("NEW-1", quantity: 3).plan(mapping: priced, org: org)
        #expect(
            plan.documents(of: .item).first?.desired["SalesDetails"]?.canonical()
                == JSONValue.object(["AccountCode": "200", "UnitPrice": price("33.3333")]).canonical())
        org.baseCurrency = Currency("GBP")
        let foreign = try Self.order("NEW-1").plan(mapping: priced, org: org)
        #expect(foreign.documents(of: .item).first?.desired["SalesDetails"] == ["AccountCode": "200"])
    }

    private func price(_ text: String) -> JSONValue { JSONNumber(text: text).map { .number($0) } ?? .null }

    @Test func `codes that are too long are shortened, and no two become one`() throws {
        let long = String(repeating: "A", count: 40)
        let codes = try (0..<200).map { number in
            let plan = try Self.order("\(long)-\(number)").plan(mapping: Self.mapping("create"), org: Self.org())
            return Self.codes(plan)[0]
        }
        #expect(Set(codes).count == 200)
        #expect(codes.allSatisfy { $0.utf16.count == 30 })
    }

    @Test func `a refund names the item of the line it takes back`() throws {
        let refunded = Self.order("NEW-1").refund(
            77, "120.00",
            lines: [
                "line_items": [OrderFixture.refunded("100.00", tax: "20.00", of: 11, rates: OrderFixture.rates("-20"))]
            ])
        let plan = try refunded.plan(mapping: Self.mapping("create"), org: Self.org())
        let note = try #require(plan.documents(of: .creditNote).first)
        #expect(note.desired["LineItems"]?[0]?["ItemCode"] == "NEW-1")
        #expect(note.prefers.map(\.kind) == [.item])
        #expect(plan.documents(of: .item).count == 1)
    }

    @Test func `a day's total names no items`() throws {
        let mapping = Self.mapping("create").setting("posting", to: "daily_summary")
        let plan = try Self.order("NEW-1").plan(mapping: mapping, org: Self.org())
        #expect(Self.codes(plan) == ["-", "-"])
        #expect(plan.documents(of: .item).isEmpty)
    }

    // MARK: What an item decides

    @Test func `rules and keys go before an item, and an item before the plain default`() throws {
        func decided(_ mapping: JSONValue, _ sku: String = "BOOK-1") throws -> [String?] {
            let plan = try Self.order(sku).plan(mapping: mapping, org: Self.org())
            return [Self.because(plan, "account"), Self.because(plan, "tax_type")]
        }
        #expect(try decided(Self.mapping("find")) == ["item BOOK-1", "item BOOK-1"])
        #expect(
            try decided(Self.mapping("find", taxes: ["20": "VAT20"])) == ["item BOOK-1", "mapping.taxes.\"20\""])
        let rules: JSONValue = [["name": "All", "when": [:], "then": ["account": "200", "tax_type": "VAT20"]]]
        #expect(try decided(Self.mapping("find", rules: rules)) == ["rule 'All'", "rule 'All'"])
        let plain = ["mapping.accounts.sales", "mapping.taxes.\"default\""]
        #expect(try decided(Self.mapping(["mode": "find", "defaults": "ignore"])) == plain)
        #expect(try decided(Self.mapping("none")) == plain)
        // An account that no line can be on, and a tax type of purchases, decide nothing.
        #expect(try decided(Self.mapping("find"), "PEN-1") == plain)
        // Nor does a tax type of another rate than the order's.
        #expect(try decided(Self.mapping("find"), "MUG-1") == ["item MUG-1", plain[1]])
    }

    // MARK: Mistakes

    @Test(arguments: [
        ("\"creat\"", "items: must be none or find or create; did you mean create?"),
        (
            "{\"mode\":\"find\",\"if_refuse\":\"hold\"}",
            "items.if_refuse: there is no such key; did you mean if_refused?"
        ),
        (
            "{\"mode\":\"create\",\"if_refused\":\"holt\"}",
            "items.if_refused: must be without or hold; did you mean hold?"
        ),
        ("{\"tracked\":\"use\"}", "items.mode: is missing; say none, find or create"),
    ])
    func `a mistake is named where it stands`(items: String, message: String) throws {
        let mapping = OrderFixture.mapping.setting("items", to: try JSONValue(parsing: items))
        let error = try #require(#expect(throws: MappingError.self) { try MappingConfiguration(json: mapping) })
        #expect("\(error)".contains(message), "\(error)")
    }
}
