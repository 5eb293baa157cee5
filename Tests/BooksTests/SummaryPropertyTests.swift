import Accounting
import JSON
import Ledger
import Mapping
import TestSupport
import Testing

@testable import SimulatedXero

/// A shop's days summed up, and what its orders come to one by one.
struct SummedShop {
    /// Sydney in summer: a day begins at 13:00 UTC of the day before.
    static let ahead = 11 * 3600
    static let firstDay = CalendarDate(year: 2026, month: 3, day: 3)

    let org: OrgSettings
    let mapping: MappingConfiguration
    let store = StoreSettings(storeID: "shop", numberPrefix: "S-")
    var late = SummarySettings.Late.nextDay
    private(set) var today: CalendarDate
    /// What was entered and is in no summary yet.
    private var open: [(entry: SummaryEntry, place: SummaryBooking.Place, order: String)] = []
    /// What is in summaries, by order.
    private var posted: [String: [SummaryEntry]] = [:]
    private(set) var summaries: [SummaryID: [(order: String, entry: SummaryEntry)]] = [:]
    private(set) var plans: [SummaryID: OrderPlan] = [:]

    init(late: SummarySettings.Late) throws {
        self.late = late
        mapping = try MappingConfiguration(json: OrderPropertyTests.mapping)
        var org = OrderPropertyTests.settings(ratesAreKnown: true)
        org.date = { $0.date(utcOffsetSeconds: Self.ahead) }
        self.org = org
        today = try #require(Self.firstDay)
    }

    /// - Returns: why the order is not entered; nil if it is.
    mutating func enter(_ order: CanonicalOrder) -> String? {
        open.removeAll { $0.order == order.orderID }
        switch Planner.plan(order: order, mapping: mapping, org: org, store: store) {
        case .ignored(let reason), .held(let reason, _): return reason
        case .planned(let plan):
            switch SummaryBooking.read(plan, rates: org.taxRates) {
            case .unfit(let reason): return reason
            case .entries(let wanted):
                for entry in SummaryBooking.changes(posted: posted[order.orderID] ?? [], wanted: wanted) {
                    let isClosed = plans[SummaryID(day: entry.happenedOn, currency: entry.currency)] != nil
                    let place = SummaryBooking.place(
                        happenedOn: entry.happenedOn, isClosed: isClosed, today: today, late: late)
                    open.append((entry, place, order.orderID))
                }
                return nil
            }
        }
    }

    /// Ends a day.
    mutating func close() {
        let due = open.filter { $0.place.closes ?? today <= today }
        open.removeAll { $0.place.closes ?? today <= today }
        var days: [String: SummaryID] = [:]
        for one in due {
            let group = "\(one.place.day) \(one.entry.currency)"
            let number = plans.keys.filter { $0.day == one.place.day && $0.currency == one.entry.currency }.count + 1
            let id = days[group] ?? SummaryID(day: one.place.day, currency: one.entry.currency, number: number)
            days[group] = id
            summaries[id, default: []].append((one.order, one.entry))
            posted[one.order, default: []].append(one.entry)
        }
        for id in days.values {
            let draft = SummaryDraft(id, mapping: mapping, org: org, store: store)
            guard case .planned(let plan) = draft.plan((summaries[id] ?? []).map(\.entry)) else {
                preconditionFailure("a summary needs no rate")
            }
            plans[id] = plan
        }
        today = today.adding(days: 1)
    }

    func books(_ rounding: Rounding) throws -> TestBooks {
        var books = TestBooks(rounding: rounding)
        for id in plans.keys.sorted(by: { $0.text < $1.text }) {
            for planned in plans[id]?.documents ?? [] {
                let document = TestBooks.document(planned)
                if planned.kind == .contact, books.xeroIDs[document.key.text] != nil { continue }
                _ = try books.send(document)
            }
        }
        return books
    }
}

@Suite struct SummaryPropertyTests {
    /// The present day of an order's time, by the shop's clock.
    static func order(_ index: Int, _ random: inout SeededRandom) -> CanonicalOrder {
        var recipe = OrderRecipe()
        recipe.currency = index % 10 == 0 ? "USD" : "EUR"
        let percent = random.pick(["5", "10", "19", "25"])
        recipe.rates = [.init(percent: RecipeGenerator.decimal(percent))]
        recipe.pricesIncludeTax = random.chance(50)
        recipe.rounding = random.pick(OrderRecipe.TaxRounding.allCases)
        recipe.items = (0...random.int(0...2)).map { _ in
            .init(
                kind: .product, price: ExactDecimal(units: random.int(1...20_000), scale: 2),
                quantity: ExactDecimal(random.int(1...3)))
        }
        recipe.items.append(.init(kind: .shipping, price: ExactDecimal(units: random.int(0...1500), scale: 2)))
        if random.chance(5) { recipe.giftCard = 50 }
        var order = OrderBuilder.order(recipe)
        order.orderID = "o\(index)"
        order.number = "\(1000 + index)"
        // Three days of the shop's, which begin at 13:00 UTC of the day before.
        let day = (SummedShop.firstDay?.daysSince1970 ?? 0) + index % 3
        let begins = Int64(day) * 86_400 - Int64(SummedShop.ahead)
        let second = index < 6 ? (index < 3 ? 0 : 86_399) : Int64(random.int(0...86_399))
        order.paidAt = Instant(seconds: begins + second)
        order.createdAt = Instant(seconds: begins + second - 7200)
        return order
    }

    private static func refunded(_ order: CanonicalOrder, on day: CalendarDate) -> CanonicalOrder {
        var order = order
        let noon = Int64(day.daysSince1970) * 86_400 + 43_200 - Int64(SummedShop.ahead)
        order.refunds = [
            CanonicalRefund(id: "r\(order.orderID)", createdAt: Instant(seconds: noon), amount: order.totals.total)
        ]
        return order
    }

    /// Orders less refunds: total, tax, and money by account.
    private struct Sums: Hashable {
        var total = ExactDecimal.zero
        var tax = ExactDecimal.zero
        var cash: [String: ExactDecimal] = [:]

        init(_ orders: [CanonicalOrder]) {
            for order in orders {
                let isBack = !order.refunds.isEmpty
                total += order.totals.total + order.redeemed - order.refunded
                tax += isBack ? .zero : order.totals.totalTax
                for tender in order.tenders where !isBack {
                    cash[tender.kind == .money ? "090" : "850", default: .zero] += tender.amount
                }
            }
            cash = cash.filter { !$0.value.isZero }
        }

        init(_ books: TestBooks) {
            total = books.live(.invoice).map(\.total).sum() - books.live(.creditNote).map(\.total).sum()
            tax = books.live(.invoice).map(\.totalTax).sum() - books.live(.creditNote).map(\.totalTax).sum()
            cash = books.cash
        }
    }

    private static func check(_ shop: SummedShop, _ orders: [CanonicalOrder]) throws {
        for rounding in [Rounding.halfUp, .halfEven] {
            let books = try shop.books(rounding)
            #expect(Sums(books) == Sums(orders), "\(rounding)")
            #expect((books.live(.invoice) + books.live(.creditNote)).allSatisfy { $0.outstanding.isZero })
        }
        // Each order is found in the summaries, and adds there what it is.
        var found: [String: ExactDecimal] = [:]
        for (order, entry) in shop.summaries.values.joined() { found[order, default: .zero] += entry.total }
        for order in orders {
            #expect(found[order.orderID] == order.totals.total + order.redeemed - order.refunded, "\(order.orderID)")
        }
        #expect(found.count == orders.count)
    }

    @Test(arguments: [SummarySettings.Late.nextDay, .adjust])
    func `five thousand orders of three days are one document a day and currency, and stay tied`(
        _ late: SummarySettings.Late
    ) throws {
        var random = SeededRandom(seed: 20_261_121)
        var shop = try SummedShop(late: late)
        let first = shop.today
        var orders = (0..<5000).map { Self.order($0, &random) }
        for order in orders { #expect(shop.enter(order) == nil) }
        for _ in 0..<3 { shop.close() }

        let days = Set(shop.plans.keys.map(\.day))
        #expect(days == [first, first.adding(days: 1), first.adding(days: 2)])
        #expect(shop.plans.count == 6)
        for (id, plan) in shop.plans {
            #expect(plan.documents(of: .invoice).count == 1 && plan.documents(of: .creditNote).isEmpty, "\(id)")
            let lines = plan.documents(of: .invoice).first?.desired["LineItems"]?.array ?? []
            #expect(lines.count == 8, "two accounts and four rates: \(lines.count)")
        }
        // The first and the last second of a day are that day's, though UTC has another date.
        for index in 0..<6 {
            let day = SummaryID(day: first.adding(days: index % 3), currency: orders[index].currency)
            #expect(shop.summaries[day]?.contains { $0.order == "o\(index)" } == true, "\(index)")
        }
        try Self.check(shop, orders)

        // An order of the first day that comes late, and a refund of one that was posted.
        var straggler = Self.order(5001, &random)
        straggler.orderID = "late"
        #expect(shop.enter(straggler) == nil)
        orders.append(straggler)
        let index = try #require(orders.firstIndex { $0.redeemed.isZero && $0.currency.code == "EUR" })
        orders[index] = Self.refunded(orders[index], on: shop.today)
        #expect(shop.enter(orders[index]) == nil)
        shop.close()
        let place = try #require(shop.summaries.first { $0.value.contains { $0.order == "late" } }?.key)
        #expect(place.day == (late == .adjust ? first : first.adding(days: 3)))
        #expect(place.number == (late == .adjust ? 2 : 1))
        let notes = shop.plans.values.flatMap { $0.documents(of: .creditNote) }
        #expect(notes.count == 1 && notes.first?.date == first.adding(days: 3))
        try Self.check(shop, orders)
    }

    @Test func `an order that changed is entered as the difference, or taken back and entered anew`() throws {
        let today = try #require(SummedShop.firstDay)
        let euro = try #require(Currency("EUR"))
        func sale(_ net: Int, _ account: String, currency: Currency) -> SummaryEntry {
            SummaryEntry(
                source: "sale", happenedOn: today, currency: currency,
                lines: [.init(account: "200", taxType: "T0", net: ExactDecimal(net), tax: .zero)],
                money: [.init(account: account, amount: ExactDecimal(net))])
        }
        let posted = [sale(100, "090", currency: euro)]
        let more = SummaryBooking.changes(posted: posted, wanted: [sale(130, "090", currency: euro)])
        #expect(more == [sale(30, "090", currency: euro)])
        let less = SummaryBooking.changes(posted: posted, wanted: [sale(80, "090", currency: euro)])
        #expect(less == [sale(-20, "090", currency: euro)] && less.first?.isReturn == true)
        let moved = SummaryBooking.changes(posted: posted, wanted: [sale(100, "091", currency: euro)])
        #expect(moved == [sale(-100, "090", currency: euro), sale(100, "091", currency: euro)])
        #expect(SummaryBooking.changes(posted: posted, wanted: posted).isEmpty)
        #expect(SummaryBooking.changes(posted: posted, wanted: []) == [sale(-100, "090", currency: euro)])
        let dollar = try #require(Currency("USD"))
        let other = [sale(100, "090", currency: dollar)]
        #expect(SummaryBooking.changes(posted: posted, wanted: other) == [sale(-100, "090", currency: euro)] + other)
        // Taken back and entered anew: what counts is the sum.
        let twice = SummaryBooking.changes(posted: posted + moved, wanted: [sale(100, "091", currency: euro)])
        #expect(twice.isEmpty)
    }

    @Test func `what is held or owed is not in the day's total`() throws {
        var shop = try SummedShop(late: .nextDay)
        var random = SeededRandom(seed: 4)
        var held = Self.order(7, &random)
        held.totals.total += ExactDecimal(5)
        #expect(shop.enter(held)?.contains("does not add up") == true)
        var owed = Self.order(8, &random)
        owed.paidAt = nil
        #expect(shop.enter(owed) == "the order is not paid in full")
        shop.close()
        #expect(shop.plans.isEmpty)
    }

    @Test(arguments: ["day:2026-11-20:AUD", "day:2026-11-20:JPY:2", "day:2026-11-20:AUD:31"])
    func `a summary's id is read as it is written`(_ text: String) {
        #expect(SummaryID(text)?.text == text)
    }

    @Test(arguments: [
        "12", "day:", "day:2026-11-20", "day:2026-13-20:AUD", "day:2026-11-20:AUD:1", "day:2026-11-20:AUD:x",
    ])
    func `an order's id is no summary's`(_ text: String) {
        #expect(SummaryID(text) == nil)
    }
}
