import Accounting
import JSON
import Mapping
import Storefronts
import TestSupport
import Testing

@Suite struct PlannerPropertyTests {
    private static let count = 400

    @Test(arguments: [true, false])
    func `whatever is ordered, the books equal it to the cent in both modes of rounding`(ratesAreKnown: Bool) throws {
        let seed = UInt64.random(in: 1...UInt64(UInt32.max))
        var generator = OrderGenerator(seed: seed)
        let mapping = MappingConfiguration.merged(
            org: OrderFixture.mapping,
            store: [
                "taxes": .object(
                    JSONObject(OrderGenerator.taxTypes.keys.map { (String($0.dropFirst()), JSONValue.string($0)) })),
                "refunds": ["amount_only": "proportional"],
            ])
        let org = OrgSettings(orgID: "main", taxRates: ratesAreKnown ? OrderGenerator.taxTypes : [:])
        var documents = 0
        for id in 1...Self.count {
            let fixture = generator.next(id: id)
            let order = try fixture.canonical()
            let comment = Comment(rawValue: "seed \(seed), order \(id): \(fixture.snapshot.text)")
            if order.totals.total.isNegative { continue }
            let outcome = try fixture.outcome(mapping: mapping, org: org)
            guard case .planned(let plan) = outcome else {
                Issue.record("\(outcome) \(comment)")
                return
            }
            documents += plan.documents.count
            guard try ties(plan, order, rates: OrderGenerator.taxTypes) else {
                Issue.record("the plan does not tie: \(comment)")
                return
            }
        }
        #expect(documents > Self.count * 2, "seed \(seed)")
    }

    @Test func `an order whose total is off by more than rounding is never posted`() throws {
        let seed = UInt64.random(in: 1...UInt64(UInt32.max))
        var generator = OrderGenerator(seed: seed)
        var random = SeededRandom(seed: seed)
        for id in 1...500 {
            let fixture = generator.next(id: id)
            let off = ExactDecimal(Int.random(in: 6...1000, using: &random))
            let total = try #require(fixture.order["total"]?.decimal) + off
            guard case .held = try fixture.with(["total": .string(total.description)]).outcome() else {
                Issue.record("planned with seed \(seed): \(fixture.snapshot.text)")
                return
            }
        }
    }

    private func ties(_ plan: OrderPlan, _ order: CanonicalOrder, rates: [String: ExactDecimal]) throws -> Bool {
        let cards = order.tenders.filter { $0.kind == .giftCard }.map(\.amount).sum()
        let early = order.refunds.filter { refund in order.paidAt.map { refund.createdAt < $0 } ?? true }
        let takenOff = early.map(\.amount).sum()
        for mode in [Rounding.halfUp, .halfEven] {
            for document in plan.documents(of: .invoice) where !document.voided {
                let posted = try PredictedXero(document.desired, rates: rates, mode: mode)
                let isWhole = takenOff.isZero
                guard posted.total == order.totals.total + cards - takenOff,
                    !isWhole || posted.tax == order.totals.totalTax
                else {
                    return false
                }
            }
            for document in plan.documents(of: .creditNote) {
                let refund = try #require(order.refunds.first { $0.id == document.sourceID })
                let posted = try PredictedXero(document.desired, rates: rates, mode: mode)
                guard posted.total == refund.amount, posted.tax == document.tax else { return false }
            }
        }
        let paid = plan.documents(of: .payment).compactMap(\.total).sum()
        let back = plan.documents(of: .refund).compactMap(\.total).sum()
        guard back + takenOff == order.refunded else { return false }
        if order.claimsFullRefund, takenOff.isZero {
            let taxes = plan.documents(of: .creditNote).compactMap(\.tax).sum()
            guard taxes == order.totals.totalTax else { return false }
        }
        return order.paidAt == nil ? paid.isZero : paid + takenOff == order.totals.total + cards
    }
}
