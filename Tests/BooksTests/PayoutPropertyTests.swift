import Accounting
import JSON
import Ledger
import Mapping
import TestSupport
import Testing

@testable import SimulatedXero

/// A shop whose card payments are paid out two days later, in two currencies, and whose mode is switched now and then.
private struct PaidOutShop {
    let org: OrgSettings
    let store = StoreSettings(storeID: "shop", numberPrefix: "S-")
    /// The mapping of days on which payouts are posted, and of those on which each order is.
    let mappings: (payout: MappingConfiguration, each: MappingConfiguration)
    private(set) var orders: [String: CanonicalOrder] = [:]
    /// Orders that have documents of their own.
    private(set) var own: Set<String> = []
    private var open: [String: [PayoutOrder.Open]] = [:]
    private(set) var paidOut: [String: [SummaryEntry]] = [:]
    /// What payouts took of orders that have documents of their own.
    private var taken: [String: ExactDecimal] = [:]
    private var nextID: Int64 = 1
    private(set) var plans: [(part: PayoutPart, plan: OrderPlan)] = []
    private(set) var nets: [String: ExactDecimal] = [:]
    private(set) var settled: [String: ExactDecimal] = [:]
    private(set) var held: [String] = []

    init() throws {
        var org = OrderPropertyTests.settings(ratesAreKnown: true)
        org.taxRates["INPUT2"] = ExactDecimal(20)
        org.country = "GB"
        org.date = { $0.date(utcOffsetSeconds: SummedShop.ahead) }
        self.org = org
        var json = try #require(OrderPropertyTests.mapping.object)
        json["payouts"] = ["default": ["fees": "404", "fee_tax": "INPUT2", "adjustments": "260"]]
        let each = try MappingConfiguration(json: .object(json))
        json["posting"] = ["card": "payout_summary"]
        mappings = (payout: try MappingConfiguration(json: .object(json)), each: each)
    }

    private func plan(_ order: CanonicalOrder, _ mapping: MappingConfiguration) -> OrderPlan? {
        let outcome = Planner.plan(order: order, mapping: mapping, org: org, store: store)
        guard case .planned(let plan) = outcome else { return nil }
        return plan
    }

    /// Plans a version of an order on a day of a mode, by the rule that what was posted one way stays so.
    mutating func enter(_ order: CanonicalOrder, _ mode: PostingMode) -> Bool {
        let id = order.orderID
        guard let plan = plan(order, mode == .payoutSummary ? mappings.payout : mappings.each) else { return false }
        orders[id] = order
        open[id] = nil
        let isPaidOut = paidOut[id] != nil
        if own.contains(id) || !isPaidOut && plan.posting == .eachOrder {
            own.insert(id)
            return true
        }
        guard case .entries(let wanted) = SummaryBooking.readPaidOut(plan, org: org) else { return false }
        for entry in SummaryBooking.changes(posted: paidOut[id] ?? [], wanted: wanted) {
            open[id, default: []].append(PayoutOrder.Open(id: nextID, entry: entry))
            nextID += 1
        }
        return true
    }

    private func known(_ id: String) -> PayoutOrder? {
        guard let order = orders[id] else { return nil }
        var known = PayoutOrder(
            id: id, number: order.number, soldOn: order.paidAt.map { org.date($0) }, currency: order.currency,
            open: open[id] ?? [])
        if own.contains(id) {
            known.elsewhere = [
                .init(account: "090", amount: order.totals.total), .init(account: "090", amount: -order.refunded),
            ].filter { !$0.amount.isZero }
        }
        return known
    }

    mutating func book(_ payout: Payout) {
        let names = Set(payout.lines.compactMap(\.order))
        let known = Dictionary(
            names.compactMap { name in self.known(String(name.dropFirst(2))).map { (name, $0) } },
            uniquingKeysWith: { first, _ in first })
        let settings = mappings.payout.payoutSettings(of: "card")
        let outcome = PayoutBooking.book(payout, orders: known, settings: settings)
        guard case .booked(let booking) = outcome else { return held.append("\(payout.id): \(outcome)") }
        var entries: [PayoutPart: [SummaryEntry]] = [:]
        for id in open.keys.sorted() {
            for one in open[id] ?? [] {
                guard let part = booking.entries[one.id] else { continue }
                entries[part, default: []].append(one.entry)
                paidOut[id, default: []].append(one.entry)
            }
            open[id]?.removeAll { booking.entries[$0.id] != nil }
        }
        nets[payout.id] = payout.net
        for part in booking.parts {
            let lines = zip(payout.lines, booking.places).filter { $0.1.part == part }
                .map { PayoutDraft.Line($0.0, settledIn: $0.1.settledIn) }
            settled[payout.id, default: .zero] += lines.filter { $0.settledIn == "090" }.map(\.line.amount).sum()
            let draft = PayoutDraft(
                part, of: payout, date: booking.date(of: part, paidOn: payout.paidOn), mapping: mappings.payout,
                org: org,
                store: store)
            guard case .planned(let plan) = draft.plan(entries[part] ?? [], lines: lines) else {
                held.append("\(part)")
                continue
            }
            plans.append((part, plan))
        }
    }

    /// What waits for a payout.
    var waiting: Int { open.values.map(\.count).reduce(0, +) }

    /// The books with the payouts and the orders posted by themselves; or with every order by itself.
    func books(_ rounding: Rounding, eachOrder: Bool) throws -> TestBooks {
        var books = TestBooks(rounding: rounding)
        let alone = orders.values.filter { eachOrder || own.contains($0.orderID) }.sorted { $0.orderID < $1.orderID }
        let plans = try alone.map { try #require(plan($0, mappings.each)) } + (eachOrder ? [] : self.plans.map(\.plan))
        for planned in plans.flatMap(\.documents) {
            let document = TestBooks.document(planned)
            if planned.kind == .contact, books.xeroIDs[document.key.text] != nil { continue }
            _ = try books.send(document)
        }
        return books
    }
}

extension TestBooks {
    /// Net and tax by currency, account and tax type.
    fileprivate var byAccount: [String: [ExactDecimal]] {
        var sums: [String: [ExactDecimal]] = [:]
        for (key, amounts) in sales {
            let group = key.split(separator: "|", omittingEmptySubsequences: false).dropFirst().joined(separator: "|")
            let former = sums[group] ?? [.zero, .zero]
            sums[group] = [former[0] + amounts[0], former[1] + amounts[1]]
        }
        return sums.filter { !$0.value.allSatisfy(\.isZero) }
    }

    fileprivate func sum(of account: String) -> ExactDecimal {
        byAccount.filter { $0.key.contains("|\(account)|") }.map { $0.value[0] + $0.value[1] }.sum()
    }
}

@Suite struct PayoutPropertyTests {
    private static let orderCount = 5000

    private static func instant(_ day: CalendarDate, _ second: Int) -> Instant {
        Instant(seconds: Int64(day.daysSince1970) * 86_400 - Int64(SummedShop.ahead) + Int64(second))
    }

    /// Two stretches of days on which each order is posted by itself.
    private static func mode(_ day: Int) -> PostingMode {
        (6...8).contains(day) || (13...14).contains(day) ? .eachOrder : .payoutSummary
    }

    private struct Movement {
        var orderID: String
        var currency: Currency
        var day: Int
        var amount: ExactDecimal
    }

    private static func payout(_ movements: [Movement], day: Int, paidOn: CalendarDate, _ random: inout SeededRandom)
        -> Payout
    {
        let currency = movements[0].currency
        var lines = movements.map { movement -> PayoutLine in
            let isSale = !movement.amount.isNegative
            let fee =
                (movement.amount * ExactDecimal(units: 29, scale: 3)).rounded(scale: 2)
                + ExactDecimal(units: 30, scale: 2)
            return PayoutLine(
                isSale ? .charge : .refund, order: "n:\(movement.orderID)", amount: movement.amount,
                fee: isSale ? fee : .zero)
        }
        if random.chance(30) {
            lines.append(
                PayoutLine(
                    .adjustment, amount: ExactDecimal(units: random.int(-5000...5000), scale: 2), text: "Reserve"))
            lines.append(
                PayoutLine(.fee, amount: ExactDecimal(units: -250, scale: 2), feeTax: ExactDecimal(units: 42, scale: 2))
            )
        }
        let net = lines.map { $0.amount - $0.fee }.sum()
        return Payout(
            id: "po_\(day)_\(currency)", provider: "card", currency: currency, paidOn: paidOn, net: net, lines: lines)
    }

    /// Twenty-four days around the end of March, refunds for ten days more, payouts two days after.
    private static func run(_ random: inout SeededRandom) throws -> PaidOutShop {
        var shop = try PaidOutShop()
        let first = try #require(CalendarDate("2026-03-20"))
        var sold: [[CanonicalOrder]] = Array(repeating: [], count: 40)
        var refunds: [[CanonicalOrder]] = Array(repeating: [], count: 40)
        for index in 0..<orderCount {
            var order = SummaryPropertyTests.order(index, &random)
            let day = index % 24
            order.paidAt = instant(first.adding(days: day), index < 24 ? 0 : random.int(0...86_399))
            order.createdAt = instant(first.adding(days: day), 0) - .seconds(60)
            sold[day].append(order)
            guard order.redeemed.isZero, random.chance(20) else { continue }
            let later = day + random.int(1...10)
            let percent = random.pick([100, 100, 10, 55])
            let amount = (order.totals.total * ExactDecimal(units: percent, scale: 2)).rounded(scale: 2, .down)
            guard amount > .zero else { continue }
            order.refunds = [
                CanonicalRefund(id: "r\(index)", createdAt: instant(first.adding(days: later), 43_200), amount: amount)
            ]
            refunds[later].append(order)
        }
        var waiting: [Movement] = []
        for day in 0..<40 {
            for order in sold[day] + refunds[day] {
                let isRefund = !order.refunds.isEmpty
                let isEntered = shop.enter(order, mode(day))
                try #require(isEntered, "\(order)")
                let amount = isRefund ? -order.refunded : order.totals.total
                if amount.isZero { continue }
                waiting.append(.init(orderID: order.orderID, currency: order.currency, day: day, amount: amount))
            }
            let due = waiting.filter { $0.day <= day - 2 }
            waiting.removeAll { $0.day <= day - 2 }
            for (_, movements) in Dictionary(grouping: due, by: \.currency.code).sorted(by: { $0.key < $1.key }) {
                shop.book(payout(movements, day: day, paidOn: first.adding(days: day), &random))
            }
        }
        #expect(waiting.isEmpty)
        return shop
    }

    @Test func `five thousand orders paid out over a month's end and through switches of the mode tie to the cent`()
        throws
    {
        var random = SeededRandom(seed: 20_261_130)
        let shop = try Self.run(&random)
        #expect(shop.held.isEmpty, "\(shop.held.prefix(3))")
        #expect(shop.waiting == 0 && shop.orders.count == Self.orderCount)
        #expect(shop.own.count > 500 && shop.paidOut.count > 3000)
        // No order is posted in two ways, and all of each is posted.
        for (id, order) in shop.orders {
            let entered = shop.paidOut[id]?.map(\.total).sum()
            #expect((entered == nil) == shop.own.contains(id), "\(id)")
            if let entered { #expect(entered == order.totals.total - order.refunded, "\(id)") }
        }
        try Self.checkDocuments(shop)
        for rounding in [Rounding.halfUp, .halfEven] { try Self.checkBooks(shop, rounding) }
    }

    /// What each payout's documents move is its net, less what is in the account already; each month has its own.
    private static func checkDocuments(_ shop: PaidOutShop) throws {
        var moved: [String: ExactDecimal] = [:]
        for (part, plan) in shop.plans {
            let main = plan.documents(of: .invoice) + plan.documents(of: .creditNote)
            // None if all of it was posted otherwise and cost no fee.
            #expect(main.count <= 1, "\(part)")
            #expect(!main.isEmpty || plan.documents.isEmpty, "\(part)")
            let money =
                plan.documents(of: .payment).map { $0.total ?? .zero }.sum()
                - plan.documents(of: .refund).map { $0.total ?? .zero }.sum()
            moved[part.payoutID, default: .zero] += money
            if let month = part.month, let date = main.first?.date {
                #expect(PayoutPart.Month(of: date) == month, "\(part)")
            }
        }
        #expect(moved.count == shop.nets.count)
        for (id, net) in shop.nets {
            #expect((moved[id] ?? .zero) + (shop.settled[id] ?? .zero) == net, "\(id)")
        }
        #expect(
            shop.plans.contains {
                $0.part.month == PayoutPart.Month(of: SummedShop.firstDay ?? .init(daysSince1970: 0))
            })
        #expect(shop.plans.contains { !$0.plan.documents(of: .creditNote).isEmpty })
    }

    /// Sales, refunds and tax are those of every order posted by itself; what is in the clearing account is the payouts.
    private static func checkBooks(_ shop: PaidOutShop, _ rounding: Rounding) throws {
        let books = try shop.books(rounding, eachOrder: false)
        let alone = try shop.books(rounding, eachOrder: true)
        let aside = ["|404|", "|850|", "|260|NONE"]
        #expect(
            books.byAccount.filter { sum in !aside.contains { sum.key.contains($0) } } == alone.byAccount, "\(rounding)"
        )
        #expect(books.cash["090"] == Array(shop.nets.values).sum(), "\(rounding)")
        #expect((books.cash["850"] ?? .zero) - books.sum(of: "850") == alone.cash["850"], "\(rounding)")
        #expect((books.live(.invoice) + books.live(.creditNote)).allSatisfy { $0.outstanding.isZero })
        let money = try #require(alone.cash["090"])
        #expect(Array(shop.nets.values).sum() == money + books.sum(of: "404") + books.sum(of: "260"), "\(rounding)")
    }
}
