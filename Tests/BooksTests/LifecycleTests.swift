import Accounting
import JSON
import Mapping
import TestSupport
import Testing

@testable import Ledger

/// However an order's versions reach us, and whatever of it was in Xero by then, the books end as if only the last one had.
@Suite struct LifecycleTests {
    @Test func `any way through an order's versions ends in the same books`() async {
        let property = Property(
            generate: { LifeRecipe.random(&$0) }, smaller: \.smaller, failure: { Self.failure(of: $0) })
        let found = await property.check(4000)
        #expect(found == nil, "\(found ?? "")")
    }

    private static func failure(of life: LifeRecipe) -> String? {
        let shop = LifeShop(life)
        guard case .planned(let last) = shop.outcome(of: shop.versions.count - 1, nil) else { return nil }
        do {
            var straight = shop.desk
            try straight.write(last)
            try straight.send(99)
            for (name, deliveries) in [
                ("in order", shop.versions.indices.map { LifeRecipe.Delivery(version: $0) }),
                ("mixed", life.deliveries),
            ] {
                var desk = shop.desk
                try shop.deliver(deliveries, to: &desk)
                if let objection = desk.objection { return "\(name): \(objection)" }
                guard desk.summary == straight.summary else {
                    return
                        "\(name): \(desk.numbers)\n\(desk.summary)\ninstead of \(straight.numbers)\n\(straight.summary)"
                }
                let numbers = desk.numbers
                try shop.deliver([], to: &desk)
                if desk.numbers != numbers { return "\(name): \(numbers) became \(desk.numbers) by a repeat" }
            }
            return nil
        } catch {
            return "\(error)"
        }
    }
}

/// An order's versions on their way into books.
struct LifeShop {
    let versions: [CanonicalOrder]
    /// Where nothing was written yet.
    let desk: LedgerDesk
    private let org: OrgSettings
    private let mapping: JSONValue

    init(_ life: LifeRecipe) {
        versions = life.versions
        desk = LedgerDesk(rounding: life.events.count % 2 == 0 ? .halfUp : .halfEven)
        mapping = OrderPropertyTests.mapping.setting("document", to: life.isQuoted ? "quote" : "invoice")
        org = OrderPropertyTests.settings(ratesAreKnown: life.order.items.count % 2 == 0)
    }

    /// Versions arrive; older ones than known change nothing. The last arrives at the end.
    func deliver(_ deliveries: [LifeRecipe.Delivery], to desk: inout LedgerDesk) throws {
        var known = 0
        for delivery in deliveries + [LifeRecipe.Delivery(version: versions.count - 1)]
        where delivery.version >= known && delivery.version < versions.count {
            known = delivery.version
            switch outcome(of: known, desk.invoiceDate) {
            case .planned(let plan): try desk.write(plan)
            case .held, .ignored: try desk.write(OrderPlan(documents: []))
            }
            try desk.send(delivery.sends, isAnsweredLate: delivery.isAnsweredLate)
        }
    }

    func outcome(of version: Int, _ invoiceDate: CalendarDate?) -> PlanOutcome {
        guard let mapping = try? MappingConfiguration(json: mapping) else {
            return .held(reason: "the mapping is no mapping", findings: [])
        }
        return Planner.plan(
            order: versions[version], mapping: mapping, org: org,
            store: StoreSettings(storeID: "shop", numberPrefix: "S-"), invoiceDate: invoiceDate)
    }
}
