import Accounting
import JSON
import Mapping
import TestSupport
import Testing

@testable import SimulatedXero

/// Whatever is ordered, Xero's books say the same to the cent, or a person is asked.
@Suite struct OrderPropertyTests {
    @Test func `every order that ties is in the books to the cent and every other one is held`() async {
        let property = Property(
            generate: { RecipeGenerator.recipe(&$0) }, smaller: \.smaller, failure: { Self.failure(of: $0) })
        let found = await property.check(20_000)
        #expect(found == nil, "\(found ?? "")")
    }

    static let mapping: JSONValue = [
        "accounts": [
            "sales": "200", "shipping": "201", "fees": "202", "tips": "260", "rounding": "860", "gift_cards": "850",
            "store_credit": "095",
        ],
        "taxes": .object(
            JSONObject(RecipeGenerator.taxRates.keys.map { (String($0.dropFirst()), JSONValue.string($0)) })),
        "payments": ["card": "090"], "refunds": ["amount_only": "proportional"],
    ]

    static func settings(ratesAreKnown: Bool) -> OrgSettings {
        OrgSettings(
            orgID: "main", baseCurrency: Currency("EUR"),
            enabledCurrencies: Set(["EUR", "USD", "AUD", "GBP", "JPY", "KWD", "BHD"].compactMap { Currency($0) }),
            taxRates: ratesAreKnown ? RecipeGenerator.taxRates : [:])
    }

    /// What is wrong with what becomes of an order; nil if nothing is.
    private static func failure(of recipe: OrderRecipe) -> String? {
        let order = OrderBuilder.order(recipe)
        guard let mapping = try? MappingConfiguration(json: mapping) else { return "the mapping is no mapping" }
        let outcome = Planner.plan(
            order: order, mapping: mapping, org: settings(ratesAreKnown: recipe.items.count % 2 == 0),
            store: StoreSettings(storeID: "shop", numberPrefix: "S-"))
        let reason = mustBeHeld(order, recipe)
        switch outcome {
        case .ignored(let reason): return "ignored: \(reason)"
        case .held(let words, let findings):
            return reason == nil ? "held although it ties: \(words) \(findings)\n\(order)" : nil
        case .planned(let plan):
            if let reason { return "planned although \(reason)\n\(order)" }
            return [Rounding.halfUp, .halfEven].lazy.compactMap { difference(plan, order, rounding: $0) }.first
                .map { "\($0)\n\(order)" }
        }
    }

    private static func mustBeHeld(_ order: CanonicalOrder, _ recipe: OrderRecipe) -> String? {
        if let spoil = recipe.spoil { return "it is spoilt: \(spoil)" }
        if order.totals.total.isNegative { return "its total is less than nothing" }
        guard order.currency.minorUnits == 3 else { return nil }
        let lines = order.lines + order.refunds.flatMap(\.lines).map(\.line)
        let amounts = lines.flatMap { [$0.net, $0.tax] } + [order.totals.total, order.totals.totalTax]
        let isFine = (amounts + order.refunds.map(\.amount) + [order.totals.cashRounding]).contains {
            $0.significantScale > 2
        }
        return isFine ? "it needs a third decimal" : nil
    }

    private static func difference(_ plan: OrderPlan, _ order: CanonicalOrder, rounding: Rounding) -> String? {
        var books = TestBooks(rounding: rounding)
        for planned in plan.documents where !planned.voided {
            do { _ = try books.send(TestBooks.document(planned)) } catch {
                return "\(planned.reference) is refused: \(error) \(planned.desired.text)"
            }
        }
        let early = order.refunds.filter { refund in order.paidAt.map { refund.createdAt < $0 } ?? true }
        let takenOff = early.map(\.amount).sum()
        let invoices = books.live(.invoice)
        let notes = books.live(.creditNote)
        let total = order.totals.total + order.redeemed
        guard invoices.map(\.total).sum() == total - takenOff else {
            return "\(rounding): the invoice is \(invoices.map(\.total)), the order \(total) less \(takenOff)"
        }
        if early.isEmpty, invoices.map(\.totalTax).sum() != order.totals.totalTax {
            return "\(rounding): the invoice's tax is \(invoices.map(\.totalTax)), the order's \(order.totals.totalTax)"
        }
        guard notes.map(\.total) == order.refunds.dropFirst(early.count).map(\.amount) else {
            return "\(rounding): the credit notes are \(notes.map(\.total))"
        }
        if order.refunded == order.totals.total, order.redeemed.isZero {
            let tax = invoices.map(\.totalTax).sum() - notes.map(\.totalTax).sum()
            guard tax.isZero else { return "\(rounding): all was refunded, and \(tax) of tax is left" }
        }
        return cashDifference(books, order, takenOff: takenOff)
    }

    private static func cashDifference(
        _ books: TestBooks, _ order: CanonicalOrder, takenOff: ExactDecimal
    ) -> String? {
        guard order.paidAt != nil else {
            let due = order.totals.total + order.redeemed - takenOff
            return books.balance == due && books.cash.isEmpty ? nil : "unpaid, and \(books.balance) is due"
        }
        var expected = ["090": order.totals.total - order.refunded]
        for tender in order.tenders where tender.kind != .money {
            expected[tender.kind == .giftCard ? "850" : "095", default: .zero] += tender.amount
        }
        expected = expected.filter { !$0.value.isZero }
        guard books.cash == expected else { return "what was paid is \(books.cash), not \(expected)" }
        let isSettled = (books.live(.invoice) + books.live(.creditNote)).allSatisfy { $0.outstanding.isZero }
        return isSettled ? nil : "something is left to be paid"
    }
}
