public import Postgres

/// The calls that an app may make in a minute over all its organisations, shared by all replicas.
///
/// Xero's minute begins when it likes. Ours is cut into six parts with a seventh of the calls each, so that no minute of
/// Xero's, wherever it begins, can have more than all of them.
public enum AppMinute {
    /// Calls that Xero lets an app make in a minute.
    public static let limit = 10_000
    /// Parts of a minute.
    public static let parts = 6
    /// Calls in one part.
    public static let share = limit * 98 / 100 / (parts + 1)

    /// Takes calls from the present part of the minute.
    /// - Parameters:
    ///   - appID: the app.
    ///   - calls: how many.
    ///   - minuteSeconds: the length of Xero's minute in real seconds.
    ///   - time: the ledger's clock.
    ///   - session: where to ask.
    /// - Returns: the seconds for which they may be made; nil if there are none left just now.
    public static func take(
        appID: String, calls: Int, minuteSeconds: Double, time: LedgerTime, in session: some PostgresSession
    ) async throws(PostgresError) -> Double? {
        let offset = time.offsetSeconds()
        let part = minuteSeconds / Double(parts)
        let rows = try await session.query(
            """
            WITH present (at, part) AS (
                SELECT now() + make_interval(secs => \(offset)::double precision),
                    make_interval(secs => \(part)::double precision)
            )
            INSERT INTO app_minute AS m (app_id, began_at, used) SELECT \(appID), at, \(calls)::integer FROM present
            ON CONFLICT (app_id) DO UPDATE SET
                began_at = CASE WHEN m.began_at + (SELECT part FROM present) <= excluded.began_at
                    THEN excluded.began_at ELSE m.began_at END,
                used = excluded.used + CASE WHEN m.began_at + (SELECT part FROM present) <= excluded.began_at
                    THEN 0 ELSE m.used END
            WHERE (m.blocked_until IS NULL OR m.blocked_until <= excluded.began_at)
              AND (m.began_at + (SELECT part FROM present) <= excluded.began_at
                   OR m.used + excluded.used <= \(share)::integer)
            RETURNING extract(epoch FROM began_at + (SELECT part FROM present) - (SELECT at FROM present))
                ::double precision AS seconds
            """)
        return try rows.first?.decode("seconds")
    }

    /// Xero said that the app's minute is used up, or nearly.
    /// - Parameters:
    ///   - appID: the app.
    ///   - seconds: how long to wait, in real seconds.
    ///   - time: the ledger's clock.
    ///   - session: where to say so.
    public static func block(
        appID: String, seconds: Double, time: LedgerTime, in session: some PostgresSession
    ) async throws(PostgresError) {
        let until = time.offsetSeconds() + seconds
        try await session.execute(
            """
            INSERT INTO app_minute AS m (app_id, began_at, used, blocked_until)
            VALUES (\(appID), now(), 0, now() + make_interval(secs => \(until)::double precision))
            ON CONFLICT (app_id) DO UPDATE SET blocked_until = greatest(m.blocked_until, excluded.blocked_until)
            """)
    }
}
