public import Accounting
public import JSON
import Ledger
public import Mapping
import Storefronts

/// What a snapshot of an order asks for: pure, from the store's words to a plan.
public struct OrderDecision: Sendable {
    /// The plan, or why there is none.
    public var outcome: PlanOutcome
    /// Whether the storefront has to be asked again first: a part of the order was not read with it.
    public var readAgain = false
    /// The order as it was read; `nil` if it could not be.
    public var order: CanonicalOrder?

    /// What is known of an order besides its newest snapshot.
    public struct Past: Sendable, Hashable {
        /// The date of its invoice, if it has one.
        public var invoiceDate: CalendarDate?
        /// Whether it has documents that are still wanted.
        public var hasDocuments = false
        /// Whether anything of it was entered for a daily summary.
        public var isSummarised = false
        /// The first snapshot, where the newest is another one and the order is from before the store's start.
        public var firstSnapshot: JSONValue?
        /// The imported rates that its documents may need.
        public var rates: DailyRates?

        /// What is known; nothing unless given.
        public init(invoiceDate: CalendarDate? = nil, hasDocuments: Bool = false, firstSnapshot: JSONValue? = nil) {
            self.invoiceDate = invoiceDate
            self.hasDocuments = hasDocuments
            self.firstSnapshot = firstSnapshot
        }
    }

    /// Decides.
    /// - Parameters:
    ///   - snapshot: `{"order", "refunds"}` as the store worded them.
    ///   - past: what is known of the order besides.
    ///   - rules: the store's.
    public static func decide(_ snapshot: JSONValue, past: Past, rules: PlanningRules) -> OrderDecision {
        let order: CanonicalOrder
        do {
            order = try StorefrontOrders.order(from: snapshot, platform: rules.platform, reading: rules.reading)
        } catch {
            return unreadable(error)
        }
        switch StartRule.verdict(history(order, past, rules), since: rules.since, date: rules.org.date) {
        case .ignored(let reason): return OrderDecision(outcome: .ignored(reason: reason), order: order)
        case .held(let reason): return OrderDecision(outcome: .held(reason: reason, findings: []), order: order)
        case .applies: break
        }
        return OrderDecision(
            outcome: Planner.plan(
                order: order, mapping: rules.mapping, org: rules.org, store: rules.store, invoiceDate: past.invoiceDate,
                table: past.rates),
            order: order)
    }

    /// What becomes of a snapshot of which no canonical order can be made.
    private static func unreadable(_ error: StorefrontError) -> OrderDecision {
        if error.code == .notAnOrder { return OrderDecision(outcome: .ignored(reason: error.message)) }
        let reason = error.code == .unsupported ? error.message : "the order cannot be read: \(error.message)"
        return OrderDecision(outcome: .held(reason: reason, findings: []), readAgain: error.code == .incomplete)
    }

    private static func history(
        _ order: CanonicalOrder, _ past: Past, _ rules: PlanningRules
    ) -> StartRule.History {
        StartRule.History(
            createdAt: order.createdAt, refundedAt: order.refunds.map(\.createdAt),
            amountsChanged: past.firstSnapshot.map { amountsDiffer($0, order, rules) } ?? false,
            hasDocuments: past.hasDocuments || past.isSummarised)
    }

    /// Whether an earlier snapshot says another total, tax or currency; one that cannot be read may have said anything.
    private static func amountsDiffer(_ snapshot: JSONValue, _ order: CanonicalOrder, _ rules: PlanningRules) -> Bool {
        guard
            let first = try? StorefrontOrders.order(
                from: snapshot, platform: rules.platform, reading: rules.reading)
        else { return true }
        return first.totals.total != order.totals.total || first.totals.totalTax != order.totals.totalTax
            || first.currency != order.currency
    }
}
