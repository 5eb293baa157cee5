import Accounting
import JSON
import Testing

@testable import Mapping

@Suite struct MappingRulesTests {
    private static func mapping(_ rules: JSONValue...) -> JSONValue {
        OrderFixture.mapping.setting("rules", to: .array(rules))
    }

    private static func rule(_ name: String = "R", when: JSONValue = [:], then: JSONValue) -> JSONValue {
        ["name": .string(name), "when": when, "then": then]
    }

    private static let order = OrderFixture(total: "132.00", totalTax: "22.00")
        .line("100.00", tax: "20.00", name: "Quill", sku: "BOOK-1", rates: OrderFixture.rates("20"))
        .shipping("10.00", tax: "2.00", rates: OrderFixture.rates("2"))
        .rate(20, amount: "20.00", shipping: "2.00")

    private static func invoice(_ rules: JSONValue...) throws -> PlannedDocument {
        let plan = try order.plan(mapping: OrderFixture.mapping.setting("rules", to: .array(rules)))
        return try #require(plan.documents(of: .invoice).first)
    }

    private static func lines(_ document: PlannedDocument, _ field: String) -> [String] {
        (document.desired["LineItems"]?.array ?? []).map { $0[field]?.string ?? "-" }
    }

    @Test func `a line takes the account of the first rule that matches it`() throws {
        let invoice = try Self.invoice(
            Self.rule("Books", when: ["sku": ["matches": "^book-"]], then: ["account": "203"]),
            Self.rule("All", when: ["line": "product"], then: ["account": "204"]))
        #expect(Self.lines(invoice, "AccountCode") == ["203", "201"])
        let accounts = invoice.decisions.filter { $0.field == "account" }
        #expect(accounts.map(\.because) == ["rule 'Books'", "mapping.accounts.shipping"])
        #expect(accounts.map(\.line) == [0, 1])
    }

    @Test func `every field has its rule`() throws {
        let invoice = try Self.invoice(
            Self.rule(
                when: ["country": ["in": ["GB", "IE"]], "total": ["range": [100, nil]], "currency": ["not": "USD"]],
                then: [
                    "tax_type": "RRX", "item_code": "{sku}", "description": "{name} for {customer}",
                    "tracking": ["Channel": "Web {country}"], "reference": "Web {order}", "due": "20 of next month",
                ]))
        #expect(Self.lines(invoice, "TaxType") == ["RRX", "RRX"])
        #expect(Self.lines(invoice, "ItemCode") == ["BOOK-1", "-"])
        #expect(Self.lines(invoice, "Description") == ["Quill for Ada Byron", "Flat rate for Ada Byron"])
        let tracking = invoice.desired["LineItems"]?[0]?["Tracking"]
        #expect(tracking == [["Name": "Channel", "Option": "Web GB"]])
        #expect(invoice.desired["Reference"] == "Web 1001")
        #expect(invoice.desired["Date"] == "2026-03-02")
        #expect(invoice.desired["DueDate"] == "2026-04-20")
        #expect(invoice.decisions.first { $0.field == "due" }?.because == "rule 'R'")
    }

    @Test func `a payment goes into the account that a rule names`() throws {
        let plan = try Self.order.plan(
            mapping: Self.mapping(
                Self.rule("Cards", when: ["payment_method": "stripe"], then: ["payment_account": "099"])))
        let payment = try #require(plan.documents(of: .payment).first)
        #expect(payment.desired["Account"] == ["Code": "099"])
        #expect(payment.decisions == [Decision(field: "account", value: "099", because: "rule 'Cards'")])
    }

    @Test func `a draft has no payments, for Xero takes none`() throws {
        let plan = try Self.order.plan(mapping: Self.mapping(Self.rule(then: ["status": "DRAFT"])))
        #expect(plan.documents.map(\.kind) == [.contact, .invoice])
        #expect(plan.documents[1].desired["Status"] == "DRAFT")
    }

    @Test func `a rule can leave an order alone, or hold it`() throws {
        let skipping = Self.mapping(Self.rule("Staff", when: ["email": "ada@example.org"], then: ["skip": "staff"]))
        #expect(try Self.order.outcome(mapping: skipping) == .ignored(reason: "rule 'Staff': staff"))
        let holding = Self.mapping(Self.rule("Big", when: ["total": ["range": [100, 500]]], then: ["hold": true]))
        #expect(try Self.order.hold(mapping: holding) == "rule 'Big': a rule holds it")
    }

    @Test func `a contact can be shared by all whose orders give the same name`() throws {
        let plan = try Self.order.plan(
            mapping: Self.mapping(Self.rule(then: ["contact": ["name": "Web sales {country}"]])))
        #expect(plan.documents[0].desired["Name"] == "Web sales GB")
        #expect(plan.documents[0].sourceID == "n:web%20sales%20gb")
    }

    @Test func `refunds keep the decisions of the lines they take back`() throws {
        let refunded = Self.order.refund(
            77, "120.00",
            lines: [
                "line_items": [OrderFixture.refunded("100.00", tax: "20.00", of: 11, rates: OrderFixture.rates("-20"))]
            ])
        let plan = try refunded.plan(
            mapping: Self.mapping(
                Self.rule("Books", when: ["sku": "BOOK-1"], then: ["account": "203", "tracking": ["Channel": "Web"]])))
        let note = try #require(plan.documents(of: .creditNote).first)
        #expect(Self.lines(note, "AccountCode") == ["203"])
        #expect(note.desired["LineItems"]?[0]?["Tracking"] == [["Name": "Channel", "Option": "Web"]])
    }

    @Test(arguments: [
        ("end of month", "2026-02-28"), ("end of next month", "2026-03-31"), ("14", "2026-02-17"),
        ("1 of next month", "2026-03-01"),
    ])
    func `due dates`(text: String, due: String) throws {
        let date = try #require(CalendarDate("2026-02-03"))
        #expect(DueDate(text)?.date(from: date).description == due)
    }

    @Test(arguments: [
        ("^gift-", "GIFT-12", true), ("^gift-", "a gift-12", false), ("[0-9]{3}$", "A123", true),
        ("[0-9]{3}$", "A12", false), ("a|b+c", "xbbcx", true), (#"\d+\.\d"#, "v1.5", true), ("(ab)*c", "ababc", true),
        ("^$", "", true), (".", "", false), ("[^a-z]", "abc", false), ("(a*)*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaa", false),
        ("straße", "STRASSE STRAßE", true),
    ])
    func `patterns`(pattern: String, text: String, isFound: Bool) throws {
        #expect(try TextPattern(pattern).isFound(in: text) == isFound)
    }

    @Test(arguments: [
        ("(BOOK-", "has a ( without its )"), ("BOOK)", "has a ) without its ("), ("[a-", "has a [ without its ]"),
        ("*", "nothing before it"), ("a{2", "does not end like"), (#"\q"#, "is not known here"), ("[z-a]", "backwards"),
        ("a{201}", "more than 200"), (String(repeating: "(a{90}){90}", count: 2), "repeats too much"),
    ])
    func `what is no pattern is refused`(pattern: String, message: String) throws {
        let error = try #require(#expect(throws: TextPatternError.self) { try TextPattern(pattern) })
        #expect(error.message.contains(message))
    }
}

extension JSONValue {
    /// The object with one member set.
    func setting(_ name: String, to value: JSONValue) -> JSONValue {
        guard case .object(var object) = self else { return self }
        object[name] = value
        return .object(object)
    }
}
