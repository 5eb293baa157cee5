import Accounting
import JSON
import Mapping
import Testing

@Suite struct QuoteTests {
    typealias Order = OrderFixture

    private static func mapping(_ more: JSONObject) -> JSONValue {
        MappingConfiguration.merged(org: Order.mapping, store: .object(more))
    }

    private static let rule: JSONValue = [
        [
            "name": "B2B", "when": ["payment_method": "request-a-quote"],
            "then": ["document": "quote", "quote_status": "SENT", "expiry_days": 30, "reference": "Offer {order}"],
        ]
    ]

    private static func asked() -> Order {
        Order(total: "120.00", totalTax: "20.00").line("100.00", tax: "20.00", rates: Order.rates("20"))
            .rate(20, amount: "20.00").unpaid().with(["payment_method": "request-a-quote"])
    }

    @Test func `an unpaid order of a rule is a contact and a quote`() throws {
        let plan = try Self.asked().plan(mapping: Self.mapping(["rules": Self.rule]))
        #expect(plan.documents.map(\.kind) == [.contact, .quote])
        let quote = plan.documents[1]
        #expect(quote.number == "Q-S-1001")
        #expect(quote.total?.description == "120.00")
        #expect(quote.tax?.description == "20.00")
        #expect(quote.dependsOn == [DocumentKeyRef(kind: .contact, sourceID: "c:7")])
        let expected: JSONValue = [
            "Contact": ["$contact": "main/shop/contact/c:7/1"], "Status": "SENT", "LineAmountTypes": "EXCLUSIVE",
            "QuoteNumber": "Q-S-1001", "Reference": "Offer 1001 [shop:quote:1001:1]", "Title": "Order 1001",
            "Date": "2026-03-01", "CurrencyCode": "EUR", "ExpiryDate": "2026-03-31",
            "LineItems": [
                [
                    "Description": "Thing", "Quantity": 1,
                    "UnitAmount": ExactDecimal("100.00").map { JSONValue($0) } ?? .null, "AccountCode": "200",
                    "TaxType": "VAT20",
                ]
            ],
        ]
        #expect(quote.desired == expected)
        #expect(
            quote.decisions.prefix(4).map { "\($0.field) \($0.value): \($0.because)" } == [
                "document quote: rule 'B2B'", "quote_status SENT: rule 'B2B'", "reference Offer 1001: rule 'B2B'",
                "expiry 2026-03-31: rule 'B2B'",
            ])
        #expect(plan.onceInvoiced.map(\.kind) == [.contact, .invoice])
    }

    @Test func `a paid order is an invoice, whatever the mapping says`() throws {
        let order = Self.asked().with(["date_paid_gmt": "2026-03-01T23:30:00"])
        let plan = try order.plan(mapping: Self.mapping(["document": "quote"]))
        #expect(plan.documents.map(\.kind) == [.contact, .invoice, .payment])
        #expect(plan.onceInvoiced == [])
    }

    @Test func `a key makes quotes of all orders that are not paid, and a rule excepts some`() throws {
        var keys: JSONObject = ["document": "quote", "expiry_days": 14]
        let quote = try Self.asked().plan(mapping: Self.mapping(keys)).documents[1]
        #expect(quote.kind == .quote)
        #expect(quote.desired["Status"] == "DRAFT")
        #expect(quote.desired["ExpiryDate"] == "2026-03-15")
        #expect(quote.decisions[0].because == "mapping.document")
        #expect(quote.decisions.contains { $0.field == "expiry" && $0.because == "mapping.expiry_days" })
        keys["rules"] = [["name": "Bank", "when": ["country": "GB"], "then": ["document": "invoice"]]]
        let excepted = try Self.asked().plan(mapping: Self.mapping(keys))
        #expect(excepted.documents.map(\.kind) == [.contact, .invoice])
    }

    @Test func `what was taken off before payment is not on the quote; with nothing left there is none`() throws {
        let mapping = Self.mapping(["document": "quote"])
        let lines: JSONObject = [
            "line_items": [Order.refunded("40.00", tax: "8.00", of: 11, rates: Order.rates("-8"))]
        ]
        let quote = try Self.asked().refund(9, "48.00", lines: lines).plan(mapping: mapping).documents[1]
        #expect(quote.kind == .quote)
        #expect(quote.total?.description == "72.00")
        let nothing = try Self.asked().refund(9, "120.00").plan(mapping: mapping)
        #expect(nothing.documents.map(\.voided) == [true])
    }

    @Test func `what does not add up is no quote either`() throws {
        let wrong = Order(total: "90.00").line("100.00").unpaid()
        #expect(try wrong.hold(mapping: Self.mapping(["document": "quote"])).contains("10.00 apart"))
    }

    @Test func `a key decides the status of invoices, a rule before it`() throws {
        let submitted = try Order().line("100.00").plan(mapping: Self.mapping(["status": "SUBMITTED"]))
        #expect(submitted.documents.map(\.kind) == [.contact, .invoice])
        #expect(submitted.documents[1].desired["Status"] == "SUBMITTED")
        #expect(submitted.documents[1].decisions.first?.because == "mapping.status")
        let rules: JSONValue = [["name": "Now", "then": ["status": "AUTHORISED"]]]
        let ruled = try Order().line("100.00").plan(
            mapping: Self.mapping(["status": "SUBMITTED", "rules": rules]))
        #expect(ruled.documents[1].desired["Status"] == "AUTHORISED")
        #expect(ruled.documents.count == 3)
    }

    @Test(arguments: [
        (#""document":"qoute""#, "mapping.document: must be invoice or quote; did you mean quote?"),
        (
            #""status":"AUTHORIZED""#,
            "mapping.status: must be AUTHORISED or SUBMITTED or DRAFT; did you mean AUTHORISED?"
        ),
        (
            #""document":"quote","quote_status":"SEND""#,
            "mapping.quote_status: must be DRAFT or SENT; did you mean SENT?"
        ),
        (#""document":"quote","expiry_days":400"#, "mapping.expiry_days: must be a whole number from 0 to 365"),
        (#""expiry_day":3"#, "mapping.expiry_day: there is no such key; did you mean expiry_days?"),
        (
            #""rules":[{"name":"A","then":{"document":"quotes"}}]"#,
            "mapping.rules[1].then.document: must be invoice or quote; did you mean quote?"
        ),
        (
            #""rules":[{"name":"A","then":{"expiry_days":9}}],"quote_status":"SENT""#,
            "mapping.quote_status: is of quotes, and no order becomes one; add document: quote"
        ),
    ])
    func `a mistake is named where it stands`(keys: String, problem: String) throws {
        let json = try JSONValue(
            parsing: #"{"accounts":{"sales":"200"},"payments":{"default":"090"},\#(keys)}"#)
        let checks = MappingChecks(storeID: "shop", platform: "woocommerce", storeIDs: ["shop"])
        #expect(checks.problems(in: json).everywhere.map(\.description).first == problem)
    }

    @Test func `a method that only asks for a quote needs no clearing account`() throws {
        let json = try JSONValue(
            parsing: #"{"accounts":{"sales":"200"},"payments":{"stripe":"090"},"rules":\#(Self.rule.text)}"#)
        let checks = MappingChecks(storeID: "shop", platform: "woocommerce", storeIDs: ["shop"])
        let found = checks.problems(in: json)
        #expect(found.everywhere.isEmpty && found.here.isEmpty, "\(found)")
    }
}
