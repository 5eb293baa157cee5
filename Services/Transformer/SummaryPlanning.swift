import Accounting
import Mapping
import Planning
import Postgres

/// Enters orders that are summed up by day or by payout, instead of posting them.
///
/// An order that has documents of its own keeps them, and one that is in a summary or a payout stays in such, whatever the
/// mapping says later: so no order is ever posted in two ways.
struct SummaryPlanning: Sendable {
    let order: OrderReference
    let rules: PlanningRules
    let now: Instant

    /// Enters what an order adds to its days or payouts.
    /// - Parameters:
    ///   - outcome: What the order asks for.
    ///   - past: What is known of the order besides.
    ///   - revision: The snapshot it is planned from.
    ///   - session: The transaction; it holds the order's row.
    /// - Returns: Where the order stands; nil if it has to be posted by itself.
    func enter(
        _ outcome: PlanOutcome, past: OrderDecision.Past, revision: Int, in session: some PostgresSession
    ) async throws -> OrderStanding? {
        let wanted = past.hasDocuments ? .eachOrder : outcome.posting ?? .eachOrder
        guard wanted != .eachOrder || past.isSummarised else { return nil }
        try await SummaryStore.share(order.storeID, in: session)
        let posted = try await SummaryStore.entries(of: order, in: session).filter { $0.summaryID != nil }
        try await SummaryStore.withdraw(order, in: session)
        let mode = try await mode(of: posted, wanted, in: session)
        guard mode != .eachOrder else { return nil }
        switch outcome {
        case .held(let reason, let findings):
            return posted.isEmpty ? nil : .held(reason, findings: findings)
        case .ignored(let reason):
            return posted.isEmpty ? nil : .held("\(reason), but it is in \(names(posted)): refund it in the store")
        case .planned(let plan):
            switch read(plan, mode) {
            case .unfit(let reason):
                return posted.isEmpty
                    ? nil : .held("\(reason), but it is in \(names(posted)): enter the difference by hand")
            case .entries(let wanted):
                if wanted.isEmpty && posted.isEmpty { return nil }
                return try await enter(wanted, posted: posted, mode, revision: revision, in: session)
            }
        }
    }

    /// What was posted one way stays so. An order that a payout took for posted by itself, its money being in the clearing
    /// account, waits for no other payout.
    private func mode(
        of posted: [StoredEntry], _ wanted: PostingMode, in session: some PostgresSession
    ) async throws -> PostingMode {
        if let mode = Self.mode(of: posted) { return mode }
        guard wanted == .payoutSummary, try await SummaryStore.isSettledElsewhere(order, in: session) else {
            return wanted
        }
        return .eachOrder
    }

    /// How an order was posted of which something is in a summary; nil if nothing is.
    private static func mode(of posted: [StoredEntry]) -> PostingMode? {
        guard let summary = posted.first?.summaryID else { return nil }
        return PayoutPart(summary) == nil ? .dailySummary : .payoutSummary
    }

    private func read(_ plan: OrderPlan, _ mode: PostingMode) -> SummaryBooking.Reading {
        mode == .payoutSummary
            ? SummaryBooking.readPaidOut(plan, org: rules.org) : SummaryBooking.read(plan, rates: rules.org.taxRates)
    }

    private func enter(
        _ wanted: [SummaryEntry], posted: [StoredEntry], _ mode: PostingMode, revision: Int,
        in session: some PostgresSession
    ) async throws -> OrderStanding {
        let changes = SummaryBooking.changes(
            posted: posted.map(\.entry), wanted: wanted,
            rewords: posted.contains { $0.mappingVersion != rules.mappingVersion })
        let placed =
            mode == .payoutSummary
            ? changes.map { (entry: $0, place: SummaryBooking.Place.withPayout(happenedOn: $0.happenedOn)) }
            : try await placeByDay(changes, in: session)
        try await SummaryStore.enter(
            placed, of: order, revision: revision, mappingVersion: rules.mappingVersion, at: now, in: session)
        let isSettled = try await SummaryStore.isSettled(order, in: session)
        return OrderStanding(state: isSettled ? "posted" : "planned", reason: nil)
    }

    private func placeByDay(
        _ changes: [SummaryEntry], in session: some PostgresSession
    ) async throws -> [(entry: SummaryEntry, place: SummaryBooking.Place)] {
        let closed = try await SummaryStore.closed(
            Set(changes.map { DueDay(day: $0.happenedOn, currency: $0.currency) }), storeID: order.storeID, in: session)
        return changes.map { entry in
            let isClosed = closed.contains(DueDay(day: entry.happenedOn, currency: entry.currency))
            let place = SummaryBooking.place(
                happenedOn: entry.happenedOn, isClosed: isClosed, today: rules.org.date(now),
                late: rules.mapping.summary.late)
            return (entry, place)
        }
    }

    private func names(_ posted: [StoredEntry]) -> String {
        let what = Self.mode(of: posted) == .payoutSummary ? "the payout" : "the daily summary"
        return "\(what) " + Set(posted.compactMap(\.summaryID)).sorted().joined(separator: ", ")
    }
}
