import Accounting
import JSON
import Mapping
import Storefronts
import Testing

@Suite struct PlannerRefundTests {
    typealias Order = OrderFixture

    /// Two lines at 20 %, and shipping: 120.00 + 60.00 + 12.00.
    private let order = Order(total: "192.00", totalTax: "32.00")
        .line("100.00", tax: "20.00", quantity: 4, name: "Lamp", sku: "L", id: 11, rates: OrderFixture.rates("20"))
        .line("50.00", tax: "10.00", name: "Shade", id: 12, rates: OrderFixture.rates("10"))
        .shipping("10.00", tax: "2.00", rates: OrderFixture.rates("2")).rate(20, amount: "30.00", shipping: "2.00")

    @Test func `a refund by line is a credit note with these lines and a payment back`() throws {
        let lines: JSONObject = [
            "line_items": [Order.refunded("25.00", tax: "5.00", of: 11, rates: Order.rates("-5"))],
            "shipping_lines": [Order.refunded("10.00", tax: "2.00", of: 21)],
        ]
        let plan = try order.refund(9, "42.00", lines: lines).plan()
        #expect(plan.documents.map(\.kind) == [.contact, .invoice, .payment, .creditNote, .refund])
        let note = plan.documents[3]
        #expect(note.number == "CN-S-1001-9")
        #expect(note.sourceID == "9")
        #expect((note.total?.fixed(2), note.tax?.fixed(2)) == ("42.00", "7.00"))
        #expect(note.desired["Type"] == "ACCRECCREDIT")
        #expect(note.desired["Reference"] == "Order 1001 [shop:credit_note:9:1]")
        #expect(note.desired["Date"] == "2026-03-05")
        #expect(note.dependsOn.map(\.kind) == [.contact, .invoice])
        let items = try #require(note.desired["LineItems"]?.array)
        #expect(items.map { $0["Description"]?.string } == ["Lamp (L)", "Flat rate"])
        #expect(items.map { $0["UnitAmount"]?.decimal?.fixed(2) } == ["25.00", "10.00"])
        #expect(items.map { $0["AccountCode"]?.string } == ["200", "201"])
        #expect(items.map { $0["TaxType"]?.string } == ["VAT20", "VAT20"])
        let back = plan.documents[4]
        #expect(back.desired["CreditNote"] == ["$creditNote": "main/shop/credit_note/9/1"])
        #expect(back.desired["Account"]?["Code"] == "090")
        #expect(back.desired["Amount"]?.decimal == ExactDecimal(42))
        #expect(back.dependsOn == [note.reference])
        try expectPosted(plan)
    }

    @Test func `an account for refunds takes the lines of credit notes`() throws {
        let mapping = MappingConfiguration.merged(org: Order.mapping, store: ["accounts": ["refunds": "210"]])
        let plan = try order.refund(9, "192.00").plan(mapping: mapping)
        let items = try #require(plan.documents[3].desired["LineItems"]?.array)
        #expect(items.allSatisfy { $0["AccountCode"] == "210" })
        #expect(plan.documents[1].desired["LineItems"]?[0]?["AccountCode"] == "200")
    }

    @Test func `an amount that is all that is left mirrors what is left of the invoice`() throws {
        let full = try order.refund(9, "192.00").status("refunded").plan()
        let items = try #require(full.documents[3].desired["LineItems"]?.array)
        #expect(items.map { $0["Quantity"]?.int } == [4, 1, 1])
        try expectPosted(full)
        let first: JSONObject = ["line_items": [Order.refunded("75.00", tax: "15.00", quantity: 3, of: 11)]]
        let rest = try order.refund(9, "90.00", lines: first).refund(10, "102.00", at: "2026-03-06T10:00:00").plan()
        let left = try #require(rest.documents(of: .creditNote)[1].desired["LineItems"]?.array)
        #expect(left.map { $0["Quantity"]?.int } == [1, 1, 1])
        #expect(left.map { $0["UnitAmount"]?.decimal?.fixed(2) } == ["25.00", "50.00", "10.00"])
        try expectPosted(rest)
    }

    @Test func `another amount without lines is held, or spread if the mapping says so`() throws {
        let part = order.refund(9, "10.00")
        #expect(try part.hold().contains("mapping.refunds.amount_only"))
        let mapping = MappingConfiguration.merged(
            org: Order.mapping, store: ["refunds": ["amount_only": "proportional"]])
        let plan = try part.plan(mapping: mapping)
        #expect(plan.documents(of: .creditNote)[0].total?.fixed(2) == "10.00")
        try expectPosted(plan)
        let both = try part.refund(10, "182.00", at: "2026-03-07T10:00:00").plan(mapping: mapping)
        #expect(both.documents(of: .creditNote).map { $0.total?.fixed(2) } == ["10.00", "182.00"])
        #expect(both.documents(of: .creditNote).compactMap(\.tax).sum() == ExactDecimal(32))
        try expectPosted(both)
    }

    @Test func `an amount other than its lines is held with the arithmetic`() throws {
        let lines: JSONObject = [
            "line_items": [Order.refunded("25.00", tax: "5.00", of: 11)],
            "shipping_lines": [Order.refunded("7.00", tax: "0.62", of: 21)],
        ]
        let hold = try order.refund(9, "27.00", lines: lines).hold()
        #expect(hold.contains("product 30.00 + shipping 7.62 = 37.62, but 27.00 was refunded: 10.62 apart"))
    }

    @Test func `a cent of rounding in a refund goes on a line for rounding and comes back with the rest`() throws {
        let lines: JSONObject = ["line_items": [Order.refunded("25.00", tax: "5.00", of: 11)]]
        let plan = try order.refund(9, "29.99", lines: lines).refund(10, "162.01", at: "2026-03-06T10:00:00").plan()
        let first = try #require(plan.documents(of: .creditNote)[0].desired["LineItems"]?.array)
        #expect(first.last?["AccountCode"] == "860")
        #expect(first.last?["UnitAmount"]?.decimal?.description == "-0.01")
        try expectPosted(plan)
    }

    @Test func `more refunds than money are held`() throws {
        let hold = try order.refund(9, "100.00").refund(10, "100.00").hold()
        #expect(hold.contains("100.00 + 100.00 = 200.00, but the order's total is 192.00: 8.00 too much"))
    }

    @Test func `a status of refunded without the refunds is held`() throws {
        #expect(try order.status("refunded").hold().contains("refunds are 0.00, but the order's total is 192.00"))
    }

    @Test func `a refund of an unpaid order is taken off the invoice`() throws {
        let lines: JSONObject = ["line_items": [Order.refunded("50.00", tax: "10.00", of: 12)]]
        let refunded = order.refund(9, "60.00", lines: lines)
        let plan = try refunded.unpaid().plan()
        #expect(plan.documents.map(\.kind) == [.contact, .invoice])
        #expect(plan.documents[1].total?.fixed(2) == "132.00")
        #expect(plan.documents[1].tax?.fixed(2) == "22.00")
        #expect(
            plan.documents[1].desired["LineItems"]?.array?.map { $0["Description"]?.string } == [
                "Lamp (L)", "Flat rate",
            ])
        try expectPosted(plan)
        // Paid afterwards, the invoice remains, and what is paid is what was left.
        let paid = try refunded.with(["date_paid_gmt": "2026-03-09T10:00:00"]).plan()
        #expect(paid.documents.map(\.kind) == [.contact, .invoice, .payment])
        #expect(paid.documents[2].total?.fixed(2) == "132.00")
        // What is refunded once it is paid is a credit note, and nothing that was taken off is given back twice.
        let later = try refunded.with(["date_paid_gmt": "2026-03-09T10:00:00"])
            .refund(10, "132.00", at: "2026-03-10T10:00:00").status("refunded").plan()
        #expect(later.documents(of: .creditNote).map { $0.total?.fixed(2) } == ["132.00"])
        try expectPosted(later)
    }

    @Test func `an unpaid order of which nothing is left has no invoice`() throws {
        let plan = try order.unpaid().refund(9, "192.00").status("refunded").plan()
        #expect(plan.documents.map(\.kind) == [.invoice])
        #expect(plan.documents[0].voided)
    }

    @Test func `a refund of nothing makes nothing`() throws {
        #expect(try order.refund(9, "0.00").plan().documents.map(\.kind) == [.contact, .invoice, .payment])
    }

    @Test func `refunds are in the order of their time, whatever the store lists first`() throws {
        let plan = try order.refund(10, "102.00", at: "2026-03-06T10:00:00").refund(
            9, "90.00", lines: ["line_items": [Order.refunded("75.00", tax: "15.00", quantity: 3, of: 11)]]
        ).plan()
        #expect(plan.documents(of: .creditNote).map(\.sourceID) == ["9", "10"])
    }

    private func expectPosted(_ plan: OrderPlan) throws {
        for document in plan.documents where document.kind == .invoice || document.kind == .creditNote {
            for mode in [Rounding.halfUp, .halfEven] {
                let posted = try PredictedXero(document.desired, rates: Order.org.taxRates, mode: mode)
                #expect(posted.total == document.total)
                #expect(posted.tax == document.tax)
            }
        }
    }
}
