public import Accounting
import JSON

/// Decides which documents an order should have in Xero.
///
/// Pure: the same order, mapping and settings always give the same plan. What was posted before is the caller's business.
public enum Planner {
    /// Plans an order.
    /// - Parameters:
    ///   - order: The order.
    ///   - mapping: The store's mapping, merged over its org's.
    ///   - org: The Xero organisation.
    ///   - store: The store.
    ///   - invoiceDate: The date of the invoice where it has one already, so that payment does not move it; otherwise the
    ///     invoice gets the day the order first counted: paid, else created.
    ///   - table: The imported rates of the order's currency, as far as its documents may need them.
    /// - Returns: The plan, or why there is none.
    public static func plan(
        order: CanonicalOrder, mapping: MappingConfiguration, org: OrgSettings, store: StoreSettings,
        invoiceDate: CalendarDate? = nil, table: DailyRates? = nil
    ) -> PlanOutcome {
        do throws(Hold) {
            let order = mapping.tenders.rounded(order)
            var context = PlanContext(
                order: order, mapping: mapping, org: org, store: store,
                invoiceDate: invoiceDate ?? org.date(order.paidAt ?? order.createdAt))
            switch try disposition(order, mapping) {
            case .ignore(let reason): return .ignored(reason: reason)
            case .void: return .planned(context.plan([context.voidedInvoice()]))
            case .post: break
            }
            if order.lines.isEmpty, order.totals.total.isZero {
                return .ignored(reason: "the order has no lines and no amount")
            }
            if let skip = context.decisions.skip {
                return .ignored(reason: "\(skip.because): \(skip.value)")
            }
            if let hold = context.decisions.hold { throw Hold("\(hold.because): \(hold.value)") }
            let residuals = try OrderChecks(order: order, org: org).residuals()
            try mapping.tenders.check(order)
            context.rates = try DocumentRates(
                order.currency, mapping.currencyRates, org: org, stated: order.statedRate, table: table)
            var draft = OrderDraft(context)
            return .planned(try draft.plan(residuals))
        } catch {
            return .held(reason: error.reason, findings: error.findings)
        }
    }

    private enum Disposition {
        case ignore(String)
        case void
        case post
    }

    private static func disposition(
        _ order: CanonicalOrder, _ mapping: MappingConfiguration
    ) throws(Hold) -> Disposition {
        if mapping.postedStatuses.contains(order.status) { return .post }
        guard mapping.voidedStatuses.contains(order.status) else {
            let counted = mapping.postedStatuses.sorted().joined(separator: ", ")
            return .ignore("status \(order.status) does not count (\(counted) do)")
        }
        let total = order.totals.total
        if order.refunded.isZero, order.paidAt == nil || order.tenders.isEmpty { return .void }
        let redeemed = order.tenders.contains { $0.kind != .money }
        // Paid and all of it refunded: both ways of the money are posted.
        if order.refunded == total, !redeemed { return .post }
        let refunded = order.refunded.fixed(2)
        let paid =
            order.paidAt == nil
            ? "was not paid" : "was paid \(total.fixed(2))\(redeemed ? " and with gift cards or store credit" : "")"
        throw Hold(
            "the order is \(order.status), but \(paid) and \(refunded) was refunded; "
                + "refund the rest in the store or give the order a status that is posted")
    }
}

/// Why an order waits for a person.
struct Hold: Error {
    let reason: String
    let findings: [String]

    init(_ reason: String, findings: [String] = []) {
        self.reason = reason
        self.findings = findings
    }
}
