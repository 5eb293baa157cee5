import Accounting
import JSON
import Mapping
import TestSupport
import Testing

/// However an order's versions reach us, and whatever of it was in Xero by then, the books end as if only the last one had.
@Suite struct LifecycleTests {
    @Test func `any way through an order's versions ends in the same books`() async {
        let property = Property(
            generate: { LifeRecipe.random(&$0) }, smaller: \.smaller, failure: { Self.failure(of: $0) })
        let found = await property.check(1000)
        #expect(found == nil, "\(found ?? "")")
    }

    private static func failure(of life: LifeRecipe) -> String? {
        let versions = life.versions
        guard case .planned(let last) = outcome(versions[versions.count - 1], nil) else { return nil }
        do {
            var straight = LedgerDesk()
            try straight.write(last)
            try straight.send(99)
            for (name, deliveries) in [
                ("in order", versions.indices.map { ($0, 99) }), ("mixed", Array(zip(life.deliveries, life.sends))),
            ] {
                var desk = LedgerDesk()
                try deliver(deliveries, of: versions, to: &desk)
                if let objection = desk.objection { return "\(name): \(objection)" }
                guard desk.summary == straight.summary else {
                    return
                        "\(name): \(desk.numbers)\n\(desk.summary)\ninstead of \(straight.numbers)\n\(straight.summary)"
                }
            }
            return nil
        } catch {
            return "\(error)"
        }
    }

    /// Versions arrive; older ones than known change nothing. The last arrives twice at the end.
    private static func deliver(
        _ deliveries: [(Int, Int)], of versions: [CanonicalOrder], to desk: inout LedgerDesk
    ) throws {
        var known = -1
        for (version, sends) in deliveries + [(versions.count - 1, 99), (versions.count - 1, 99)] {
            guard version >= known, version < versions.count else { continue }
            known = version
            switch outcome(versions[version], desk.invoiceDate) {
            case .planned(let plan): try desk.write(plan)
            case .held, .ignored: try desk.write(OrderPlan(documents: []))
            }
            try desk.send(sends)
        }
    }

    private static func outcome(_ order: CanonicalOrder, _ invoiceDate: CalendarDate?) -> PlanOutcome {
        guard let mapping = try? MappingConfiguration(json: OrderPropertyTests.mapping) else {
            return .held(reason: "the mapping is no mapping", findings: [])
        }
        return Planner.plan(
            order: order, mapping: mapping, org: OrderPropertyTests.settings(ratesAreKnown: false),
            store: StoreSettings(storeID: "shop", numberPrefix: "S-"), invoiceDate: invoiceDate)
    }

    // MARK: One by one

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

    @Test func `another customer after payment is a full credit note and a replacement`() throws {
        #expect(try documents([.pay, .changeCustomer]) == ["CN-S-7.2 100.00", "S-7 100.00", "S-7.2 100.00"])
    }

    @Test func `a deleted refund is undone`() throws {
        #expect(
            try documents([.pay, .refund(.half(0)), .deleteRefund(0)]) == [
                "CN-S-7-902 50.00", "S-7 100.00", "S-7.2 50.00",
            ])
    }

    @Test func `a deleted refund that nobody was paid yet is void`() throws {
        let events: [LifeRecipe.Event] = [.pay, .refund(.half(0)), .deleteRefund(0)]
        // Contact, invoice, payment and credit note, but not the money back.
        #expect(try documents(events, sends: [99, 99, 1, 99]) == ["S-7 100.00"])
    }

    @Test func `an order that was cancelled and then paid gets an invoice of another number`() throws {
        #expect(try documents([.cancel, .payAgain]) == ["S-7.2 100.00"])
    }

    @Test func `a refund that arrives before the invoice was sent`() throws {
        #expect(try documents([.pay, .refund(.half(0))], sends: [0, 0, 0]) == ["CN-S-7-902 50.00", "S-7 100.00"])
    }

    @Test func `a refund of an order that was never posted`() throws {
        #expect(try documents([.refund(.half(0)), .pay], sends: [0, 0, 0]) == ["S-7 50.00"])
        #expect(try documents([.refund(.rest), .cancel]) == [])
    }

    /// An order of 100.00 to which things happen; the documents that count in the end, by number and total.
    private func documents(_ events: [LifeRecipe.Event], sends: [Int]? = nil) throws -> [String] {
        var order = OrderRecipe()
        order.items = [.init(kind: .product, price: ExactDecimal(100), isTaxed: false)]
        let life = LifeRecipe(order: order, events: events, deliveries: [], sends: [])
        let versions = life.versions
        var desk = LedgerDesk()
        let sends = sends ?? versions.map { _ in 99 }
        try Self.deliver(Array(zip(versions.indices, sends)), of: versions, to: &desk)
        #expect(desk.objection == nil)
        #expect(desk.summary.balance == .zero)
        return desk.numbers
    }
}
