import Accounting
import Logging
import Messaging
import Postgres
import ServiceLifecycle

/// Keeps the tables of raw deliveries in shape: partitions made ahead, old ones dropped, counters written.
struct EventMaintenance: Sendable {
    /// How many days ahead partitions exist.
    static let daysAhead = 14

    let database: PostgresClient
    let limiter: RejectLimiter
    let eventDays: Int
    let logger: Logger

    /// Makes partitions for the days to come, drops those past keeping, and forgets old delivery keys.
    func maintainPartitions() async throws {
        try await database.execute("SELECT ensure_event_partitions(\(Self.daysAhead)::integer)")
        let rows = try await database.query("SELECT drop_event_partitions(\(eventDays)::integer) AS dropped")
        if let dropped = try rows.first?.decode("dropped", as: Int.self), dropped > 0 {
            logger.info("old events dropped", metadata: ["partitions": "\(dropped)"])
        }
        try await database.execute(
            "DELETE FROM delivery WHERE seen_at < now() - make_interval(days => \(eventDays)::integer)")
        try await database.execute(
            "DELETE FROM reject_count WHERE minute < now() - make_interval(days => \(eventDays)::integer)")
    }

    /// Writes the rejects that were only counted.
    func writeRejectCounts() async throws {
        let counts = limiter.takeCounts()
        guard !counts.isEmpty else { return }
        let ordered = counts.sorted {
            ($0.key.minute, $0.key.storeID, $0.key.reason) < ($1.key.minute, $1.key.storeID, $1.key.reason)
        }
        do {
            try await database.execute(
                """
                INSERT INTO reject_count (minute, store_id, reason, times)
                SELECT * FROM unnest(\(ordered.map(\.key.minute.rfc3339))::timestamptz[], \(ordered.map(\.key.storeID))::text[],
                                     \(ordered.map(\.key.reason))::text[], \(ordered.map(\.value))::bigint[])
                ON CONFLICT (minute, store_id, reason) DO UPDATE SET times = reject_count.times + excluded.times
                """)
        } catch {
            limiter.putBack(counts)
            throw error
        }
    }

    /// The rounds of both.
    func services() -> [any Service] {
        [
            PeriodicService(
                name: "event partitions", every: .seconds(86_400), logger: logger, body: maintainPartitions),
            PeriodicService(name: "reject counts", every: .seconds(5), logger: logger, body: writeRejectCounts),
        ]
    }
}
