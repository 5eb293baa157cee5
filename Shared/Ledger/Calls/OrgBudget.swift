public import Postgres

/// What is known of an organisation's limits and health, shared by the replicas and shown to operators.
public struct OrgBudget: Sendable, Hashable {
    /// Calls made in the present day, as counted here.
    public var dayUsed = 0
    /// Calls left in Xero's minute, by its last word.
    public var minuteRemaining: Int?
    /// Calls left in Xero's day, by its last word.
    public var dayRemaining: Int?
    /// Seconds until a limit's window ends; nil if none is in the way.
    public var blockedSeconds: Double?
    /// Which limit, in words.
    public var blockedReason: String?

    /// Nothing known.
    public init() {}

    /// Reads what is known.
    /// - Parameters:
    ///   - orgID: the organisation.
    ///   - time: the ledger's clock.
    ///   - session: where to ask.
    /// - Returns: what is known; nothing for an organisation that was never called.
    public static func load(
        orgID: String, time: LedgerTime, in session: some PostgresSession
    ) async throws(PostgresError) -> OrgBudget {
        let offset = time.offsetSeconds()
        let rows = try await session.query(
            """
            SELECT day_used, minute_remaining, day_remaining, blocked_reason,
                extract(epoch FROM blocked_until - now())::double precision - \(offset)::double precision AS blocked
            FROM org_budget WHERE org_id = \(orgID)
            """)
        var budget = OrgBudget()
        guard let row = rows.first else { return budget }
        budget.dayUsed = try row.decode("day_used")
        budget.minuteRemaining = try row.decode("minute_remaining")
        budget.dayRemaining = try row.decode("day_remaining")
        budget.blockedReason = row["blocked_reason"]
        budget.blockedSeconds = try row.decode("blocked", as: Double?.self).flatMap { $0 > 0 ? $0 : nil }
        return budget
    }

    /// Stores what is known.
    /// - Parameters:
    ///   - orgID: the organisation.
    ///   - time: the ledger's clock.
    ///   - session: where to store it.
    public func save(orgID: String, time: LedgerTime, in session: some PostgresSession) async throws(PostgresError) {
        let offset = time.offsetSeconds()
        let blocked = blockedSeconds.map { $0 + offset }
        try await session.execute(
            """
            INSERT INTO org_budget (org_id, day_used, minute_remaining, day_remaining, blocked_until, blocked_reason)
            VALUES (\(orgID), \(dayUsed), \(minuteRemaining.postgresValue)::integer, \(dayRemaining.postgresValue)::integer,
                now() + make_interval(secs => \(blocked.postgresValue)::double precision),
                \(blockedReason.postgresValue))
            ON CONFLICT (org_id) DO UPDATE SET day_used = excluded.day_used, minute_remaining = excluded.minute_remaining,
                day_remaining = excluded.day_remaining, blocked_until = excluded.blocked_until,
                blocked_reason = excluded.blocked_reason,
                updated_at = now()
            """)
    }
}
