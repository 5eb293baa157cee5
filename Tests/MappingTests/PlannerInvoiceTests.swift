import Accounting
import JSON
import Mapping
import Storefronts
import Testing

@Suite struct PlannerInvoiceTests {
    typealias Order = OrderFixture

    @Test func `a paid order is a contact, an invoice and a payment`() throws {
        let plan = try Order(total: "134.00", totalTax: "22.00").line(
            "100.00", tax: "20.00", quantity: 2, name: "Fish &amp; Chips", sku: "F-1", rates: Order.rates("20.000000")
        ).shipping("10.00", tax: "2.00", rates: Order.rates("2")).fee("2.00").rate(
            20, amount: "20.00", shipping: "2.00"
        ).plan()
        #expect(plan.documents.map(\.kind) == [.contact, .invoice, .payment])
        let invoice = plan.documents[1]
        #expect(invoice.number == "S-1001")
        #expect(invoice.total?.description == "134.00")
        #expect(invoice.tax?.description == "22.00")
        #expect(invoice.date?.description == "2026-03-02")
        #expect(invoice.dependsOn == [DocumentKeyRef(kind: .contact, sourceID: "c:7")])
        let expected: JSONValue = [
            "Type": "ACCREC", "Contact": ["$contact": "main/shop/contact/c:7/1"], "Status": "AUTHORISED",
            "LineAmountTypes": "Exclusive", "InvoiceNumber": "S-1001", "Reference": "Order 1001", "Date": "2026-03-02",
            "DueDate": "2026-03-02", "CurrencyCode": "EUR",
            "Url": "https://shop.example/wp-admin/post.php?post=1001&action=edit",
            "LineItems": [
                [
                    "Description": "Fish & Chips (F-1)", "Quantity": 2, "UnitAmount": amount("50.00"),
                    "AccountCode": "200",
                    "TaxType": "VAT20",
                ],
                [
                    "Description": "Flat rate", "Quantity": 1, "UnitAmount": amount("10.00"), "AccountCode": "201",
                    "TaxType": "VAT20",
                ],
                [
                    "Description": "Gift wrap", "Quantity": 1, "UnitAmount": amount("2.00"), "AccountCode": "202",
                    "TaxType": "ZERO", "TaxAmount": amount("0.00"),
                ],
            ],
        ]
        #expect(invoice.desired == expected)
        let payment = plan.documents[2]
        #expect(payment.dependsOn == [invoice.reference])
        #expect(
            payment.desired == [
                "Invoice": ["$invoice": "main/shop/invoice/1001/1"], "Account": ["Code": "090"], "Date": "2026-03-02",
                "Amount": amount("134.00"), "Reference": "Order 1001 [shop:payment:1001:1]",
            ])
    }

    @Test func `an unpaid order that counts is an invoice without payment`() throws {
        let plan = try Order().line("100.00").unpaid().plan()
        #expect(plan.documents.map(\.kind) == [.contact, .invoice])
        #expect(plan.documents[1].date?.description == "2026-03-01")
    }

    @Test func `an invoice keeps its date when it is paid later`() throws {
        let date = try #require(CalendarDate("2026-02-27"))
        guard case .planned(let plan) = try Order().line("100.00").outcome(invoiceDate: date) else {
            Issue.record("not planned")
            return
        }
        #expect(plan.documents[1].desired["Date"] == "2026-02-27")
        #expect(plan.documents[2].desired["Date"] == "2026-03-02")
    }

    @Test func `terms move the due date`() throws {
        var mapping = try #require(Order.mapping.object)
        mapping["terms_days"] = 14
        let plan = try Order().line("100.00").plan(mapping: .object(mapping))
        #expect(plan.documents[1].desired["DueDate"] == "2026-03-16")
    }

    @Test func `an order of nothing has no payment`() throws {
        let plan = try Order(total: "0.00").line("0.00").plan()
        #expect(plan.documents.map(\.kind) == [.contact, .invoice])
        #expect(plan.documents[1].total?.isZero == true)
    }

    @Test(arguments: ["pending", "on-hold", "checkout-draft"])
    func `a status that does not count is ignored`(status: String) throws {
        guard case .ignored(let reason) = try Order().line("100.00").status(status).outcome() else {
            Issue.record("not ignored")
            return
        }
        #expect(reason.contains(status))
        #expect(reason.contains("completed, processing, refunded"))
    }

    @Test func `a cancelled order without payment voids its invoice, whether or not it adds up`() throws {
        for total in ["100.00", "7.00"] {
            let plan = try Order(total: total).line("100.00").unpaid().status("cancelled").plan()
            #expect(plan.documents.map(\.kind) == [.invoice])
            #expect(plan.documents[0].voided)
            #expect(plan.documents[0].number == "S-1001")
        }
    }

    @Test func `a cancelled order that was paid is held until all is refunded`() throws {
        let paid = Order().line("100.00").status("cancelled")
        #expect(try paid.hold().contains("was paid 100.00 and 0.00 was refunded"))
        #expect(try paid.refund(9, "40.00").hold().contains("40.00 was refunded"))
        let plan = try paid.refund(9, "100.00").plan()
        #expect(plan.documents.map(\.kind) == [.contact, .invoice, .payment, .creditNote, .refund])
    }

    @Test func `a cent of rounding between lines and order goes to the line of the largest tax`() throws {
        // Three lines at 7.5 %: 1.125 + 0.225 + 0.9 is 2.25, but 1.13 + 0.23 + 0.90 is 2.26.
        var order = Order(total: "32.25", totalTax: "2.25").rate("7.5", amount: "2.25", code: "US-CA-1")
        for (index, (net, tax, exact)) in [
            ("15.00", "1.13", "1.125"), ("3.00", "0.23", "0.225"), ("12.00", "0.90", "0.9"),
        ].enumerated() {
            order = order.line(net, tax: tax, id: 11 + index, rates: Order.rates(exact))
        }
        var mapping = try #require(Order.mapping.object)
        mapping["taxes"] = ["7.50": "STATE"]
        let rates = ["STATE": try #require(ExactDecimal("7.5"))]
        let org = OrgSettings(orgID: "main", taxRates: rates)
        let plan = try order.plan(mapping: .object(mapping), org: org)
        let lines = try #require(plan.documents[1].desired["LineItems"]?.array)
        #expect(lines[0]["TaxAmount"]?.decimal?.description == "1.12")
        // 0.225 would be rounded to 0.22 or to 0.23, so that it is said; 0.90 is 0.90 in either mode.
        #expect(lines[1]["TaxAmount"]?.decimal?.description == "0.23")
        #expect(lines[2]["TaxAmount"] == nil)
        for mode in [Rounding.halfUp, .halfEven] {
            #expect(try PredictedXero(plan.documents[1].desired, rates: rates, mode: mode).total.description == "32.25")
        }
    }

    @Test func `a price of six decimals is posted as a line of one with the quantity in words`() throws {
        // 7 at 9.0344437 each: no price of four decimals gives 63.2411.. rounded, nor does any give 0.01 for 7.
        let plan = try Order(total: "63.25").line("63.24", quantity: 1).line("0.01", quantity: 7, id: 12).plan()
        let lines = try #require(plan.documents[1].desired["LineItems"]?.array)
        #expect(lines[0]["UnitAmount"]?.decimal?.description == "63.24")
        #expect(lines[1]["Quantity"] == 7)
        #expect(lines[1]["UnitAmount"]?.decimal?.description == "0.0014")
        let many = try Order(total: "1000.01").line("1000.01", quantity: 30_001).plan()
        let line = try #require(many.documents[1].desired["LineItems"]?[0])
        #expect(line["Quantity"] == 1)
        #expect(line["UnitAmount"]?.decimal?.description == "1000.01")
        #expect(line["Description"] == "Thing (quantity 30001)")
    }

    @Test func `lines without rounding of their own leave a line for rounding`() throws {
        let order = Order(total: "20.01").line("10.004").line("10.004", id: 12)
        let plan = try order.plan()
        let lines = try #require(plan.documents[1].desired["LineItems"]?.array)
        #expect(lines.count == 3)
        #expect(lines[2]["AccountCode"] == "860")
        #expect(lines[2]["UnitAmount"]?.decimal?.description == "0.01")
        let bare: JSONValue = ["accounts": ["sales": "200"], "taxes": ["0": "ZERO"], "payments": ["default": "090"]]
        #expect(try order.hold(mapping: bare).contains("mapping.accounts.rounding"))
        var org = Order.org
        org.roundingAccount = "868"
        let found = try order.plan(mapping: bare, org: org)
        #expect(found.documents[1].desired["LineItems"]?[2]?["AccountCode"] == "868")
    }

    @Test func `a negative fee is a negative line`() throws {
        let plan = try Order(total: "90.00", totalTax: "15.00").line("100.00", tax: "20.00", rates: Order.rates("20"))
            .fee("-25.00", tax: "-5.00", rates: Order.rates("-5")).rate("20.0000", amount: "15.00").plan()
        let lines = try #require(plan.documents[1].desired["LineItems"]?.array)
        #expect(lines[1]["UnitAmount"]?.decimal?.description == "-25.00")
        #expect(lines[1]["TaxType"] == "VAT20")
        let posted = try PredictedXero(plan.documents[1].desired, rates: Order.org.taxRates, mode: .halfEven)
        #expect(posted.total.description == "90.00")
    }

    @Test func `redeemed gift cards are payments from the liability`() throws {
        let cards: JSONValue = [["id": 2, "code": "AAAA", "amount": 20], ["id": 4, "code": "BBBB", "amount": "4.00"]]
        let order = Order(total: "4.00").line("18.00").shipping("10.00").with(["gift_cards": cards])
        let plan = try order.plan()
        #expect(plan.documents.map(\.kind) == [.contact, .invoice, .payment, .payment, .payment])
        #expect(plan.documents[1].total?.description == "28.00")
        #expect(plan.documents[2...].map { $0.desired["Account"]?["Code"]?.string } == ["090", "850", "850"])
        #expect(plan.documents[2...].map { $0.total?.fixed(2) } == ["4.00", "20.00", "4.00"])
        #expect(plan.documents[2...].map(\.part) == ["1", "2", "3"])
        let covered = Order(total: "0.00").line("20.00").with(["gift_cards": [["id": 2, "amount": 20]]])
        #expect(try covered.plan().documents.map(\.part) == ["1", "1", "2"])
        #expect(try covered.status("cancelled").hold().contains("gift cards"))
        #expect(try order.refund(9, "4.00").hold().contains("gift card"))
        var mapping = try #require(Order.mapping.object)
        mapping["accounts"] = ["sales": "200"]
        #expect(try order.hold(mapping: .object(mapping)).contains("mapping.accounts.gift_cards"))
    }

    @Test func `what does not add up is held with the arithmetic`() throws {
        let hold = try Order(total: "0.00").line("126.48").line("39.53", id: 12).shipping("10.00").with([
            "shipping_total": "0.00"
        ]).hold()
        #expect(
            hold.contains(
                "lines 166.01 + shipping 10.00 + fees 0.00 + tax 0.00 = 176.01, but the order's total is 0.00: 176.01 apart"
            ))
        #expect(hold.contains("shipping 10.00 = 10.00, but the order's shipping total is 0.00: 10.00 apart"))
    }

    private func amount(_ text: String) -> JSONValue { ExactDecimal(text).map { JSONValue($0) } ?? .null }
}
