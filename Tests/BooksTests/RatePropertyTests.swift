import Accounting
import JSON
import Mapping
import TestSupport
import Testing

@testable import SimulatedXero

/// Whatever is ordered in another currency, its rate is in the books with every document, and changes no amount.
@Suite struct RatePropertyTests {
    @Test func `the rate of its own day is with every document in the books, and no sum depends on it`() async {
        let property = Property(
            generate: { RecipeGenerator.recipe(&$0) }, smaller: \.smaller, failure: { Self.failure(of: $0) })
        let found = await property.check(1_500)
        #expect(found == nil, "\(found ?? "")")
    }

    private static func mapping(_ source: String) throws -> MappingConfiguration {
        var json = OrderPropertyTests.mapping.object ?? [:]
        json["currency_rates"] = ["source": .string(source)]
        return try MappingConfiguration(json: .object(json))
    }

    /// A rate of every third day around the order; the organisation keeps its books in euros.
    private static func table(_ order: CanonicalOrder) -> DailyRates? {
        guard let base = Currency("EUR") else { return nil }
        let first = order.createdAt.date(utcOffsetSeconds: 0).daysSince1970 - 3
        var rates: [CalendarDate: ExactDecimal] = [:]
        for day in stride(from: first, through: first + 150, by: 3) {
            rates[CalendarDate(daysSince1970: day)] = ExactDecimal(units: 1_000_003 + day * 7, scale: 6)
        }
        return DailyRates(base: base, currency: order.currency, rates)
    }

    private static func failure(of recipe: OrderRecipe) -> String? {
        var order = OrderBuilder.order(recipe)
        order.statedRate = Currency("EUR").map {
            StatedRate(base: $0, perBase: ExactDecimal(units: 16_543_219, scale: 7))
        }
        let table = table(order)
        func outcome(_ source: String) -> PlanOutcome {
            guard let mapping = try? mapping(source) else { return .ignored(reason: "the mapping is none") }
            return Planner.plan(
                order: order, mapping: mapping, org: OrderPropertyTests.settings(ratesAreKnown: true),
                store: StoreSettings(storeID: "shop", numberPrefix: "S-"), table: table)
        }
        guard case .planned(let plain) = outcome("xero") else { return nil }
        for source in ["store", "table"] {
            guard case .planned(let plan) = outcome(source) else { return "\(source): \(outcome(source))" }
            if plan.documents.map(\.total) != plain.documents.map(\.total) { return "\(source) changes amounts" }
            do {
                if let difference = try difference(plan, order, table, source) { return "\(source): \(difference)" }
            } catch {
                return "\(source): \(error)"
            }
        }
        return nil
    }

    private static func difference(
        _ plan: OrderPlan, _ order: CanonicalOrder, _ table: DailyRates?, _ source: String
    ) throws -> String? {
        var books = TestBooks(rounding: .halfUp)
        for planned in plan.documents where !planned.voided { _ = try books.send(TestBooks.document(planned)) }
        func wanted(_ day: CalendarDate) -> ExactDecimal? {
            if order.currency.code == "EUR" { return ExactDecimal(1) }
            if source == "store" { return ExactDecimal(units: 1_654_322, scale: 6) }
            return table?.latest(on: day, maxAgeDays: 7)?.rate
        }
        let documents = books.live(.invoice) + books.live(.creditNote)
        for document in documents where document.currencyRate != wanted(document.date) {
            return "\(document.number) of \(document.date) has \(document.currencyRate)"
        }
        for payment in books.book.payments.records where payment.currencyRate != wanted(payment.date) {
            return "a payment of \(payment.date) has \(payment.currencyRate)"
        }
        // By one rate nothing is gained or lost: what was sold and not paid is what is owed, in either currency.
        guard order.paidAt != nil, !books.balance.isZero else { return nil }
        return "\(books.balance) is left"
    }
}
