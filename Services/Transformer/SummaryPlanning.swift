import Accounting
import Mapping
import Planning
import Postgres

/// Enters orders of stores that are summed up by day, instead of posting them.
///
/// An order that has documents of its own keeps them, and one that is in a summary stays in it, whatever the mapping says
/// later: so no order is ever posted both ways.
struct SummaryPlanning: Sendable {
    let order: OrderReference
    let rules: PlanningRules
    let now: Instant

    /// Enters what an order adds to its days.
    /// - Parameters:
    ///   - outcome: What the order asks for.
    ///   - past: What is known of the order besides.
    ///   - revision: The snapshot it is planned from.
    ///   - session: The transaction; it holds the order's row.
    /// - Returns: Where the order stands; nil if it has to be posted by itself.
    func enter(
        _ outcome: PlanOutcome, past: OrderDecision.Past, revision: Int, in session: some PostgresSession
    ) async throws -> OrderStanding? {
        let isSummedUp = rules.mapping.posting == .dailySummary && !past.hasDocuments
        guard isSummedUp || past.isSummarised else { return nil }
        try await SummaryStore.share(order.storeID, in: session)
        let posted = try await SummaryStore.entries(of: order, in: session).filter { $0.summaryID != nil }
        try await SummaryStore.withdraw(order, in: session)
        guard isSummedUp || !posted.isEmpty else { return nil }
        switch outcome {
        case .held(let reason, let findings):
            return posted.isEmpty ? nil : .held(reason, findings: findings)
        case .ignored(let reason):
            return posted.isEmpty ? nil : .held("\(reason), but it is in \(names(posted)): refund it in the store")
        case .planned(let plan):
            switch SummaryBooking.read(plan, rates: rules.org.taxRates) {
            case .unfit(let reason):
                return posted.isEmpty
                    ? nil : .held("\(reason), but it is in \(names(posted)): enter the difference by hand")
            case .entries(let wanted):
                if wanted.isEmpty && posted.isEmpty { return nil }
                return try await enter(wanted, posted: posted, revision: revision, in: session)
            }
        }
    }

    private func enter(
        _ wanted: [SummaryEntry], posted: [StoredEntry], revision: Int, in session: some PostgresSession
    ) async throws -> OrderStanding {
        let changes = SummaryBooking.changes(
            posted: posted.map(\.entry), wanted: wanted,
            rewords: posted.contains { $0.mappingVersion != rules.mappingVersion })
        let closed = try await SummaryStore.closed(
            Set(changes.map { DueDay(day: $0.happenedOn, currency: $0.currency) }), storeID: order.storeID, in: session)
        let placed = changes.map { entry in
            let isClosed = closed.contains(DueDay(day: entry.happenedOn, currency: entry.currency))
            return (
                entry: entry,
                place: SummaryBooking.place(
                    happenedOn: entry.happenedOn, isClosed: isClosed, today: rules.org.date(now),
                    late: rules.mapping.summary.late)
            )
        }
        try await SummaryStore.enter(
            placed, of: order, revision: revision, mappingVersion: rules.mappingVersion, at: now, in: session)
        let isSettled = try await SummaryStore.isSettled(order, in: session)
        return OrderStanding(state: isSettled ? "posted" : "planned", reason: nil)
    }

    private func names(_ posted: [StoredEntry]) -> String {
        "the daily summary " + Set(posted.compactMap(\.summaryID)).sorted().joined(separator: ", ")
    }
}
