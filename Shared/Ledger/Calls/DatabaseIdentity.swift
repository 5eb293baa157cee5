public import Postgres

/// Which database this is, so that one that was restored from a backup is noticed: Xero has kept what was posted after the
/// backup was made, and nothing here knows of it.
///
/// A restored dump is another database, and a restored base backup goes on in another timeline; so does a standby that was
/// promoted, which costs lookups and does no harm.
public enum DatabaseIdentity {
    /// What is known of the database.
    public struct Known: Sendable, Hashable {
        /// Tells this database from every other, and from itself before it was restored.
        public var name: String
        /// The last thing that was recorded before it was restored, in seconds from the epoch; nil if it never was.
        public var restoredFrom: Double?
    }

    /// Looks whether it is still the same database. If not, every payment, refund, credit note, allocation and quote that is
    /// not recorded as posted is looked up before it is sent; those of older orders that are planned later as well.
    /// - Parameters:
    ///   - actor: who looks, for the audit trail.
    ///   - database: the database.
    /// - Returns: what is known of it.
    public static func check(by actor: String, in database: PostgresClient) async throws -> Known {
        let name = try await name(in: database)
        let rows = try await database.query(
            "SELECT name, extract(epoch FROM restored_from)::double precision AS restored_from FROM database_identity")
        let known: String? = rows.first?["name"]
        if known == name {
            return Known(name: name, restoredFrom: try rows.first?.decode("restored_from", as: Double?.self) ?? nil)
        }
        return try await database.withTransaction { session in
            try await take(name, by: actor, in: session)
        }
    }

    /// What tells the database from others; less where a hosted server does not let us look at its control data.
    private static func name(in database: PostgresClient) async throws(PostgresError) -> String {
        do {
            return try await one(
                """
                SELECT s.system_identifier || '/' || c.timeline_id || '/' || d.oid AS name
                FROM pg_control_system() s, pg_control_checkpoint() c, pg_database d WHERE d.datname = current_database()
                """, in: database)
        } catch {
            guard error.sqlState != nil, !error.isRetryable else { throw error }
            return try await one(
                "SELECT oid::text AS name FROM pg_database WHERE datname = current_database()", in: database)
        }
    }

    private static func one(
        _ query: PostgresQuery, in database: PostgresClient
    ) async throws(PostgresError) -> String {
        try await database.query(query).first?.decode("name") ?? ""
    }

    /// Forgets which database it is, so that the next look takes it for a restored one.
    /// - Parameter session: where to say so.
    public static func forget(in session: some PostgresSession) async throws(PostgresError) {
        try await session.execute(
            "INSERT INTO database_identity (name) VALUES ('') ON CONFLICT (only_one) DO UPDATE SET name = ''")
    }

    private static func take(
        _ name: String, by actor: String, in session: some PostgresSession
    ) async throws -> Known {
        let inserted = try await session.execute(
            "INSERT INTO database_identity (name) VALUES (\(name)) ON CONFLICT DO NOTHING")
        if inserted > 0 { return Known(name: name, restoredFrom: nil) }
        let rows = try await session.query(
            """
            UPDATE database_identity SET name = \(name), restored_at = now(),
                restored_from = coalesce((SELECT max(at) FROM audit), now())
            WHERE name <> \(name)
            RETURNING extract(epoch FROM restored_from)::double precision AS restored_from
            """)
        if let row = rows.first {
            try await session.execute(
                """
                UPDATE document SET lookup_first = true
                WHERE xero_id IS NULL AND kind IN ('payment', 'refund', 'credit_note', 'allocation', 'quote')
                  AND state IN ('planned', 'waiting', 'ready', 'held', 'dead')
                """)
            try await Audit.add(
                [
                    AuditEntry(
                        actor: actor, subject: "database", change: "restored from a backup",
                        cause: "what is not recorded as posted is looked up in Xero before it is sent")
                ], in: session)
            return Known(name: name, restoredFrom: try row.decode("restored_from"))
        }
        let present = try await session.query(
            "SELECT extract(epoch FROM restored_from)::double precision AS restored_from FROM database_identity")
        return Known(name: name, restoredFrom: try present.first?.decode("restored_from", as: Double?.self) ?? nil)
    }
}
