import Accounting
import Mapping
import Testing

/// What becomes of one order of 100.00, dated 2 March 2026, to which things happen, one a day and an hour.
@Suite struct ChangeTests {
    @Test func `what rose after payment is a supplementary invoice, paid`() throws {
        #expect(try documents([.pay, .quantity(0, 3)]) == ["S-7 100.00", "S-7.2 200.00"])
    }

    @Test func `what fell after payment is a credit note, refunded, and can rise again`() throws {
        #expect(try documents([.pay, .price(0, percent: 50)]) == ["CN-S-7.2 50.00", "S-7 100.00"])
        #expect(
            try documents([.pay, .price(0, percent: 50), .quantity(0, 3)]) == [
                "CN-S-7.2 50.00", "S-7 100.00", "S-7.3 100.00",
            ])
    }

    @Test func `an edit before payment changes the invoice itself`() throws {
        #expect(try documents([.quantity(0, 3), .pay]) == ["S-7 300.00"])
    }

    @Test func `an edit that a payment overtakes is a supplementary invoice`() throws {
        // The payment is on its way when the edit arrives: nobody knows yet whether Xero has it.
        let paid = LifeRecipe.Delivery(version: 1, isAnsweredLate: true)
        #expect(try documents([.pay, .quantity(0, 3)], [.init(version: 0), paid]) == ["S-7 100.00", "S-7.2 200.00"])
    }

    @Test func `an edit of nothing but tax is a document over the tax`() throws {
        var order = OrderRecipe()
        order.rates = [.init(percent: RecipeGenerator.decimal("7.25"))]
        // 7.25 % of 10.03 is 0.727175: line by line 1.46 in all, in one sum 1.45.
        order.items = (0...1).map { _ in .init(kind: .product, price: ExactDecimal(units: 1003, scale: 2)) }
        #expect(
            try documents([.pay, .rounding(.subtotal)], of: order) == ["CN-S-7.2 0.01", "S-7 21.52"])
    }

    @Test func `another customer after payment is a full credit note and a replacement`() throws {
        #expect(try documents([.pay, .changeCustomer]) == ["CN-S-7.2 100.00", "S-7 100.00", "S-7.2 100.00"])
    }

    @Test func `another currency after payment is a full credit note and a replacement`() throws {
        #expect(try documents([.pay, .changeCurrency]) == ["CN-S-7.2 100.00", "S-7 100.00", "S-7.2 100.00"])
    }

    @Test func `another tax treatment after payment is a full credit note and a replacement`() throws {
        var order = OrderRecipe()
        order.rates = [.init(percent: ExactDecimal(20))]
        order.items = [.init(kind: .product, price: ExactDecimal(100))]
        #expect(
            try documents([.pay, .rate("10")], of: order) == ["CN-S-7.2 120.00", "S-7 120.00", "S-7.2 110.00"])
    }

    @Test func `another currency before payment changes the invoice itself`() throws {
        #expect(try documents([.changeCurrency, .pay]) == ["S-7 100.00"])
    }

    @Test func `a deleted refund is undone`() throws {
        #expect(
            try documents([.pay, .refund(.half(0)), .deleteRefund(0)]) == [
                "CN-S-7-902 50.00", "S-7 100.00", "S-7.2 50.00",
            ])
    }

    @Test func `a deleted refund that nobody was paid yet is void`() throws {
        // Contact, invoice, payment and credit note, but not the money back.
        let deliveries = [99, 99, 1].enumerated().map { LifeRecipe.Delivery(version: $0.offset, sends: $0.element) }
        #expect(try documents([.pay, .refund(.half(0)), .deleteRefund(0)], deliveries) == ["S-7 100.00"])
    }

    @Test func `a refund in full can be followed by another sale on the same order`() throws {
        #expect(
            try documents([.pay, .refund(.rest), .payAgain, .addItem(2500)]) == [
                "CN-S-7-902 100.00", "S-7 100.00", "S-7.2 25.00",
            ])
    }

    @Test func `an order cancelled after payment keeps its documents until the money goes back`() throws {
        let life = LifeRecipe(order: Self.order, events: [.pay, .cancel, .refund(.rest)], deliveries: [])
        let shop = LifeShop(life)
        guard case .held(let reason, _) = shop.outcome(of: 2, nil) else {
            Issue.record("a cancelled order that is still paid must wait for a person")
            return
        }
        #expect(reason.contains("refund the rest in the store"))
        #expect(try documents(life.events) == ["CN-S-7-903 100.00", "S-7 100.00"])
    }

    @Test func `an order cancelled and emptied after payment is given back`() throws {
        var order = Self.order
        order.items.append(.init(kind: .product, price: .zero, isTaxed: false))
        #expect(try documents([.pay, .removeItem(0), .cancel], of: order) == ["CN-S-7.2 100.00", "S-7 100.00"])
    }

    @Test func `an order that was cancelled and then paid gets an invoice of another number`() throws {
        #expect(try documents([.cancel, .payAgain]) == ["S-7.2 100.00"])
    }

    @Test func `a refund that arrives before the invoice was sent`() throws {
        let deliveries = (0...2).map { LifeRecipe.Delivery(version: $0, sends: 0) }
        #expect(try documents([.pay, .refund(.half(0))], deliveries) == ["CN-S-7-902 50.00", "S-7 100.00"])
    }

    @Test func `a refund that arrives before payment is taken off the invoice`() throws {
        #expect(try documents([.refund(.half(0)), .pay]) == ["S-7 50.00"])
    }

    @Test func `a refund of an order that was never posted`() throws {
        #expect(try documents([.pay, .refund(.half(0))], []) == ["CN-S-7-902 50.00", "S-7 100.00"])
        #expect(try documents([.refund(.rest), .cancel], []) == [])
    }

    @Test func `what changes after a period was closed is dated with the change`() throws {
        let life = LifeRecipe(
            order: Self.order, events: [.pay, .quantity(0, 3), .price(0, percent: 50)], deliveries: [])
        let shop = LifeShop(life)
        var desk = shop.desk
        for version in 1...3 {
            try Self.write(version, of: shop, to: &desk)
            // The books are closed up to the day of what was posted last.
            desk.close(through: version == 1 ? "2026-03-03" : "2026-03-04")
        }
        #expect(desk.dates == ["S-7": "2026-03-03", "S-7.2": "2026-03-04", "CN-S-7.3": "2026-03-05"])
        #expect(desk.summary.balance == .zero)
    }

    @Test(
        arguments: [
            ([.quantity(0, 3)], ["EUR 300.00, tax 0.00"], []),
            ([.quantity(0, 3), .pay], [], ["S-7 300.00"]),
            ([.quantity(0, 3), .cancel], [], []),
            ([.cancel, .payAgain], [], ["S-7 100.00"]),
            ([.pay, .refund(.rest), .cancel], [], ["CN-S-7-902 100.00", "S-7 100.00"]),
        ] as [([LifeRecipe.Event], [String], [String])])
    func `a quote is edited until it is paid, and open no longer`(
        events: [LifeRecipe.Event], quotes: [String], books: [String]
    ) throws {
        var life = LifeRecipe(order: Self.order, events: events, deliveries: [])
        life.isQuoted = true
        let shop = LifeShop(life)
        var desk = shop.desk
        try shop.deliver(shop.versions.indices.map { .init(version: $0) }, to: &desk)
        #expect(desk.objection == nil)
        #expect(desk.summary.quotes == quotes)
        #expect(desk.numbers == books)
        #expect(desk.summary.balance == .zero)
    }

    // MARK: Help

    private static var order: OrderRecipe {
        var order = OrderRecipe()
        order.items = [.init(kind: .product, price: ExactDecimal(100), isTaxed: false)]
        return order
    }

    private static func write(_ version: Int, of shop: LifeShop, to desk: inout LedgerDesk) throws {
        guard case .planned(let plan) = shop.outcome(of: version, desk.invoiceDate) else { return }
        try desk.write(plan)
        try desk.send(99)
    }

    /// The documents that count in the end, by number and total; every version arrives and is sent, if nothing else is said.
    private func documents(
        _ events: [LifeRecipe.Event], _ deliveries: [LifeRecipe.Delivery]? = nil, of order: OrderRecipe = Self.order
    ) throws -> [String] {
        let shop = LifeShop(LifeRecipe(order: order, events: events, deliveries: []))
        var desk = shop.desk
        try shop.deliver(deliveries ?? shop.versions.indices.map { .init(version: $0) }, to: &desk)
        #expect(desk.objection == nil)
        #expect(desk.summary.balance == .zero)
        return desk.numbers
    }
}
