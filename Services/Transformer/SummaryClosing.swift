import Accounting
import Ledger
import Logging
import Mapping
import Planning
import Postgres

/// Closes days: what was entered for a day that is over becomes a summary, which is then planned as an order is.
struct SummaryClosing: Sendable {
    let database: PostgresClient
    let rules: StoreRules
    let planning: OrderPlanning
    /// How long after its end, and after the last entry, a day stays open.
    let settling: Duration
    let now: @Sendable () -> Instant
    let logger: Logger

    /// How long orders that wait to be planned can keep the day they were sold on from being closed.
    static let patience = Duration.seconds(6 * 3600)

    /// How many entries are settled at a time.
    private static let batch = 2000

    /// Closes what is due, plans it, and marks as posted the orders whose summaries are in Xero.
    /// - Returns: the summaries that were made.
    @discardableResult
    func round() async throws -> [OrderReference] {
        var made: [OrderReference] = []
        for storeID in try await SummaryStore.openStores(in: database) {
            let rules: PlanningRules
            do { rules = try await self.rules.rules(of: storeID) } catch let error as NoRules {
                logger.warning("days not closed", metadata: ["store": "\(storeID)", "error": "\(error)"])
                continue
            }
            made += try await close(storeID, rules)
        }
        for summary in made { await planning.plan(summary) }
        while try await settle() > 0 {}
        return made
    }

    /// One transaction: killed in it, nothing has happened; killed after it, the summaries are found to be planned.
    private func close(_ storeID: String, _ rules: PlanningRules) async throws -> [OrderReference] {
        let now = now()
        let last = rules.org.date(now - settling).adding(days: -1)
        return try await database.withTransaction(retryingSerialization: true) { session in
            guard try await SummaryStore.hold(storeID, in: session) else { return [] }
            let due = try await SummaryStore.due(storeID, closing: last, quietSince: now - settling, in: session)
            guard !due.isEmpty else { return [] }
            let unplanned = try await SummaryStore.oldestUnplanned(storeID, in: session).map { rules.org.date($0) }
            let patient = rules.org.date(now - settling - Self.patience).adding(days: -1)
            var made: [OrderReference] = []
            for day in due {
                // An order of that day is about to be planned: it belongs in.
                if let unplanned, unplanned <= day.day, day.day > patient { continue }
                let summary = try await SummaryStore.close(
                    day, of: storeID, orgID: rules.org.orgID, closing: last, in: session)
                made.append(OrderReference(storeID: storeID, orderID: summary.text))
            }
            try await Audit.add(
                made.map {
                    AuditEntry(
                        actor: OrderPlanning.origin, subject: $0.text, change: "open -> closed",
                        cause: "the day is over")
                }, in: session)
            return made
        }
    }

    private func settle() async throws -> Int {
        try await database.withTransaction(retryingSerialization: true) { session in
            try await SummaryStore.settle(limit: Self.batch, in: session)
        }
    }
}
