public import Postgres

/// A breaker with the moment at which it was read, by the ledger's clock.
public struct StoredBreaker: Sendable, Hashable {
    /// The breaker.
    public var breaker: CircuitBreaker
    /// The moment at which it was read, in seconds from the epoch.
    public var present: Double
}

/// Breakers' rows: `xero`, and `org/ID` for each organisation that ever failed. Shared by all replicas.
public enum BreakerStore {
    /// The id of the breaker of Xero as a whole.
    public static let xero = "xero"

    /// The id of an organisation's breaker.
    /// - Parameter orgID: the organisation.
    /// - Returns: the id.
    public static func id(orgID: String) -> String { "org/\(orgID)" }

    /// Reads a breaker.
    /// - Parameters:
    ///   - id: the breaker.
    ///   - rules: what it opens by.
    ///   - time: the ledger's clock.
    ///   - session: where to ask.
    /// - Returns: the breaker; a closed one if it has no row.
    public static func read(
        _ id: String, rules: CircuitBreaker.Rules, time: LedgerTime, in session: some PostgresSession
    ) async throws(PostgresError) -> StoredBreaker {
        try await read(id, rules: rules, time: time, lock: "", in: session)
    }

    private static func read(
        _ id: String, rules: CircuitBreaker.Rules, time: LedgerTime, lock: String, in session: some PostgresSession
    ) async throws(PostgresError) -> StoredBreaker {
        let offset = time.offsetSeconds()
        let rows = try await session.query(
            """
            SELECT n.present, b.failures, b.failed_orgs, b.openings, b.held_by,
                extract(epoch FROM b.last_failure_at)::double precision AS last_failure,
                extract(epoch FROM b.open_until)::double precision AS open_until
            FROM (SELECT extract(epoch FROM now())::double precision + \(offset)::double precision AS present) n
            LEFT JOIN LATERAL (SELECT * FROM breaker WHERE id = \(id) \(unsafeSQL: lock)) b ON true
            """)
        guard let row = rows.first else { return StoredBreaker(breaker: CircuitBreaker(rules: rules), present: 0) }
        let orgs = try row.decode("failed_orgs", as: [String]?.self) ?? []
        let breaker = CircuitBreaker(
            rules: rules, failures: try row.decode("failures", as: Int?.self) ?? 0, failedOrgs: Set(orgs),
            lastFailureAt: try row.decode("last_failure", as: Double?.self),
            openings: try row.decode("openings", as: Int?.self) ?? 0,
            openUntil: try row.decode("open_until", as: Double?.self), isHeld: row["held_by"] != nil)
        return StoredBreaker(breaker: breaker, present: try row.decode("present"))
    }

    /// The breakers that operators hold open.
    /// - Parameter session: where to ask.
    /// - Returns: their ids.
    public static func held(in session: some PostgresSession) async throws(PostgresError) -> Set<String> {
        var ids = Set<String>()
        for row in try await session.query("SELECT id FROM breaker WHERE held_by IS NOT NULL") {
            ids.insert(try row.decode("id"))
        }
        return ids
    }

    /// Changes a breaker, one change after another.
    /// - Parameters:
    ///   - id: the breaker.
    ///   - rules: what it opens by.
    ///   - reason: what happened, for operators; nil to keep the last word.
    ///   - time: the ledger's clock.
    ///   - database: where it is stored.
    ///   - change: gets the breaker and the present moment.
    /// - Returns: the breaker as it is now.
    public static func change(
        _ id: String, rules: CircuitBreaker.Rules, reason: String?, time: LedgerTime, in database: PostgresClient,
        _ change: @escaping @Sendable (inout CircuitBreaker, Double) -> Void
    ) async throws -> StoredBreaker {
        try await database.withTransaction { session in
            try await session.execute("INSERT INTO breaker (id) VALUES (\(id)) ON CONFLICT DO NOTHING")
            var stored = try await read(id, rules: rules, time: time, lock: "FOR NO KEY UPDATE", in: session)
            change(&stored.breaker, stored.present)
            let breaker = stored.breaker
            try await session.execute(
                """
                UPDATE breaker SET failures = \(breaker.failures), openings = \(breaker.openings),
                    failed_orgs = \(breaker.failedOrgs.sorted())::text[],
                    last_failure_at = to_timestamp(\(breaker.lastFailureAt.postgresValue)::double precision),
                    open_until = to_timestamp(\(breaker.openUntil.postgresValue)::double precision),
                    probe_holder = NULL, probe_until = NULL, changed_at = now(),
                    reason = CASE WHEN \(breaker.failures) = 0 THEN NULL
                        ELSE coalesce(\(reason.postgresValue)::text, reason) END
                WHERE id = \(id)
                """)
            return stored
        }
    }

    /// Takes the right to send the one call that a half-open breaker lets through.
    /// - Parameters:
    ///   - id: the breaker.
    ///   - holder: who would send it.
    ///   - seconds: real seconds after which somebody else may try.
    ///   - time: the ledger's clock.
    ///   - session: where to ask.
    /// - Returns: false if somebody else tries at present, or it is held, or its pause is not over.
    public static func takeProbe(
        _ id: String, holder: String, seconds: Double, time: LedgerTime, in session: some PostgresSession
    ) async throws(PostgresError) -> Bool {
        let offset = time.offsetSeconds()
        return try await session.execute(
            """
            UPDATE breaker SET probe_holder = \(holder),
                probe_until = now() + make_interval(secs => \(offset + seconds)::double precision)
            WHERE id = \(id) AND held_by IS NULL
              AND open_until <= now() + make_interval(secs => \(offset)::double precision)
              AND (probe_until IS NULL OR probe_holder = \(holder)
                   OR probe_until <= now() + make_interval(secs => \(offset)::double precision))
            """) > 0
    }

    /// Holds a breaker open until it is let go.
    /// - Parameters:
    ///   - id: the breaker.
    ///   - actor: who holds it.
    ///   - reason: why.
    ///   - session: a transaction.
    public static func hold(
        _ id: String, by actor: String, reason: String, in session: some PostgresSession
    ) async throws(PostgresError) {
        try await session.execute(
            """
            INSERT INTO breaker (id, held_by, held_reason, held_at) VALUES (\(id), \(actor), \(reason), now())
            ON CONFLICT (id) DO UPDATE SET held_by = excluded.held_by, held_reason = excluded.held_reason,
                held_at = excluded.held_at, changed_at = now()
            """)
        try await Audit.add(
            [AuditEntry(actor: actor, subject: id, change: "breaker held open", cause: reason)], in: session)
    }

    /// Lets a held breaker go; it is closed then.
    /// - Parameters:
    ///   - id: the breaker.
    ///   - actor: who lets it go.
    ///   - session: a transaction.
    /// - Returns: false if nobody held it.
    public static func letGo(
        _ id: String, by actor: String, in session: some PostgresSession
    ) async throws(PostgresError) -> Bool {
        let changed = try await session.execute(
            """
            UPDATE breaker SET held_by = NULL, held_reason = NULL, held_at = NULL, failures = 0, failed_orgs = '{}',
                openings = 0, last_failure_at = NULL, open_until = NULL, reason = NULL, changed_at = now()
            WHERE id = \(id) AND held_by IS NOT NULL
            """)
        guard changed > 0 else { return false }
        try await Audit.add(
            [AuditEntry(actor: actor, subject: id, change: "breaker let go", cause: "asked for")], in: session)
        return true
    }
}
