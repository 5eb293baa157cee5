public import Postgres

/// The right to write to one organisation, held by one writer at a time.
public struct OrgLease: Sendable, Hashable {
    /// The organisation.
    public var orgID: String
    /// The writer's name, unique to its run.
    public var holder: String
    /// Grows with every change of holder.
    public var token: Int64

    /// Takes the lease, or renews it if the holder has it already.
    /// - Parameters:
    ///   - orgID: the organisation.
    ///   - holder: the writer's name, unique to its run.
    ///   - seconds: how long it holds, in real seconds.
    ///   - time: the ledger's clock.
    ///   - session: where to ask.
    /// - Returns: the lease, or nil if another writer holds it.
    public static func take(
        orgID: String, holder: String, seconds: Double, time: LedgerTime, in session: some PostgresSession
    ) async throws(PostgresError) -> OrgLease? {
        let offset = time.offsetSeconds()
        let rows = try await session.query(
            """
            INSERT INTO org_lease AS l (org_id, holder, expires_at)
            VALUES (\(orgID), \(holder), now() + make_interval(secs => \(offset + seconds)::double precision))
            ON CONFLICT (org_id) DO UPDATE SET holder = excluded.holder, expires_at = excluded.expires_at,
                token = l.token + (l.holder <> excluded.holder)::integer
            WHERE l.holder = excluded.holder
               OR l.expires_at <= now() + make_interval(secs => \(offset)::double precision)
            RETURNING token
            """)
        guard let row = rows.first else { return nil }
        return OrgLease(orgID: orgID, holder: holder, token: try row.decode("token"))
    }

    /// Gives the lease back.
    /// - Parameter session: where to say so.
    public func release(in session: some PostgresSession) async throws(PostgresError) {
        try await session.execute("DELETE FROM org_lease WHERE org_id = \(orgID) AND holder = \(holder)")
    }

    /// Makes sure, within a transaction, that the lease is still held and stays so until the transaction ends.
    /// - Parameters:
    ///   - time: the ledger's clock.
    ///   - session: the transaction.
    /// - Returns: whether it is held.
    public func isHeld(time: LedgerTime, in session: some PostgresSession) async throws(PostgresError) -> Bool {
        let rows = try await session.query(
            """
            SELECT 1 AS one FROM org_lease
            WHERE org_id = \(orgID) AND holder = \(holder) AND token = \(token)
              AND expires_at > now() + make_interval(secs => \(time.offsetSeconds())::double precision)
            FOR SHARE
            """)
        return !rows.isEmpty
    }
}
