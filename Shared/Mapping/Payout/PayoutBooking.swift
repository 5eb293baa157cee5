public import Accounting
import JSON

extension SummaryBooking {
    /// Takes from the documents that an order would have what a payment provider pays out of it: gift cards and store credit
    /// are taken off on their own accounts, so that each entry comes to the provider's money.
    /// - Parameters:
    ///   - plan: The order's own documents.
    ///   - org: The Xero organisation.
    /// - Returns: The sale and each refund; or why the order cannot be in a payout.
    public static func readPaidOut(_ plan: OrderPlan, org: OrgSettings) -> Reading {
        switch read(plan, rates: org.taxRates) {
        case .unfit(let reason): return .unfit(reason)
        case .entries(let entries):
            if entries.isEmpty { return .entries([]) }
            // Money is always part 1; gift cards and store credit come after it.
            let money = plan.documents(of: .payment).first { $0.part == "1" }
            guard plan.moneyTenders == 1, let account = money?.desired["Account"]?["Code"]?.string else {
                return .unfit("the order was not paid in one payment")
            }
            let untaxed = CountryTaxes.untaxed(country: org.country)
            return .entries(entries.map { $0.paidOut(into: account, untaxed: untaxed) })
        }
    }
}

extension SummaryEntry {
    /// The entry less what was not paid in money.
    func paidOut(into account: String, untaxed: String) -> SummaryEntry {
        let others = money.filter { $0.account != account }
        let taken = others.map { Line(account: $0.account, taxType: untaxed, net: -$0.amount, tax: .zero) }
        return SummaryEntry(
            source: source, happenedOn: happenedOn, currency: currency, lines: lines + taken,
            money: money.filter { $0.account == account })
    }
}

/// What is known of an order that a payout names.
public struct PayoutOrder: Sendable, Hashable {
    /// What was entered of it for payouts and is in none yet.
    public struct Open: Sendable, Hashable {
        /// The row.
        public var id: Int64
        /// What it adds.
        public var entry: SummaryEntry

        /// Makes an open entry.
        public init(id: Int64, entry: SummaryEntry) {
            self.id = id
            self.entry = entry
        }
    }

    /// The storefront's id of the order.
    public var id: String
    /// The number that people know it by.
    public var number: String
    /// The day on which it was sold.
    public var soldOn: CalendarDate?
    /// The order's currency.
    public var currency: Currency?
    /// What was entered of it for payouts and is in none yet.
    public var open: [Open]
    /// Money of it that was posted otherwise, by account, less what earlier payouts took; went out if negative.
    public var elsewhere: [SummaryEntry.Money]
    /// Why nothing of it can be paid out now, where there is neither; such as `is held: ...`.
    public var obstacle: String

    /// Makes an order.
    public init(
        id: String, number: String, soldOn: CalendarDate? = nil, currency: Currency? = nil, open: [Open] = [],
        elsewhere: [SummaryEntry.Money] = [], obstacle: String = ""
    ) {
        self.id = id
        self.number = number
        self.soldOn = soldOn
        self.currency = currency
        self.open = open
        self.elsewhere = elsewhere
        self.obstacle = obstacle
    }
}

/// Finds what the lines of a payout are: which sales and refunds it pays, and in which month each belongs.
///
/// Pure. A payout is booked as a whole or held as a whole: every charge and refund is what is known of its order, to the cent.
public struct PayoutBooking: Sendable, Hashable {
    /// What became of one line.
    public struct Place: Sendable, Hashable {
        /// The order it is of.
        public var orderID: String?
        /// The part whose documents it is in.
        public var part: PayoutPart
        /// The account that its money is in already, if the order was posted otherwise.
        public var settledIn: String?
    }

    /// Where each line of the payout went, in their order.
    public private(set) var places: [Place] = []
    /// The part that each open entry goes into, by its row.
    public private(set) var entries: [Int64: PayoutPart] = [:]

    /// The parts, each once, the earliest month first.
    public var parts: [PayoutPart] {
        Set(places.map(\.part)).union(entries.values).sorted { $0.text < $1.text }
    }

    /// What comes of a payout.
    public enum Outcome: Sendable, Hashable {
        /// It can be posted.
        case booked(PayoutBooking)
        /// It waits: why in a sentence, and the arithmetic.
        case held(reason: String, findings: [String])
    }

    /// Books a payout.
    /// - Parameters:
    ///   - payout: The payout.
    ///   - orders: What is known of the orders that it names, by the name it gives them.
    ///   - settings: How payouts of the provider are posted.
    ///   - reference: What is known of the organisation's accounts, if anything.
    /// - Returns: Where each line goes, or why it waits.
    public static func book(
        _ payout: Payout, orders: [String: PayoutOrder], settings: PayoutSettings, reference: ReferenceData? = nil
    ) -> Outcome {
        if let mismatch = payout.mismatch {
            return .held(reason: "the payout does not add up", findings: [mismatch])
        }
        let missing = PayoutDraft.missing(payout, settings)
        guard let account = settings.account, missing.isEmpty else {
            return .held(reason: "the mapping lacks settings that the payout needs", findings: missing)
        }
        var matching = PayoutMatching(payout: payout, orders: orders, account: account, reference: reference)
        matching.run()
        guard matching.findings.isEmpty else {
            return .held(
                reason: "the payout is not what is known of its orders", findings: Array(matching.findings.prefix(50)))
        }
        return .booked(PayoutBooking(payout, matching))
    }

    private init(_ payout: Payout, _ matching: PayoutMatching) {
        let dates = payout.lines.indices.map { matching.dates[$0] ?? payout.lines[$0].date ?? payout.paidOn }
        let months = Set((dates + matching.taken.map(\.entry.happenedOn)).map { PayoutPart.Month(of: $0) })
        func part(_ date: CalendarDate) -> PayoutPart {
            PayoutPart(payoutID: payout.id, month: months.count > 1 ? PayoutPart.Month(of: date) : nil)
        }
        for position in payout.lines.indices {
            places.append(
                Place(
                    orderID: matching.orderIDs[position], part: part(dates[position]),
                    settledIn: matching.settledIn[position]))
        }
        for taken in matching.taken { entries[taken.id] = part(taken.entry.happenedOn) }
        month = months.count == 1 ? months.first : nil
    }

    /// The month of all of it, if it is not split.
    private let month: PayoutPart.Month?

    /// The date of a part's documents.
    public func date(of part: PayoutPart, paidOn: CalendarDate) -> CalendarDate {
        (part.month ?? month).map { PayoutPart.date(of: $0, paidOn: paidOn) } ?? paidOn
    }
}
