import Accounting
public import Postgres
public import Xero

/// By which grants orgs are reached, and whether they may be written to.
public enum OrgConnections {
    /// How an org is reached.
    public struct Link: Sendable, Hashable {
        /// The grant.
        public var grantID: String
        /// Xero's id of the connection.
        public var connectionID: String
        /// The tenant.
        public var tenantID: String
        /// The tenant's name.
        public var name: String
    }

    /// How an org is reached.
    /// - Parameters:
    ///   - orgID: the org.
    ///   - session: where to ask.
    /// - Returns: the link; nil if it is not connected, or by a custom connection.
    public static func link(of orgID: String, in session: some PostgresSession) async throws(PostgresError) -> Link? {
        let rows = try await session.query(
            """
            SELECT grant_id, connection_id, tenant_id, tenant_name FROM xero_connection WHERE org_id = \(orgID)
            """)
        guard let row = rows.first else { return nil }
        return Link(
            grantID: try row.decode("grant_id"), connectionID: try row.decode("connection_id"),
            tenantID: try row.decode("tenant_id"), name: try row.decode("tenant_name"))
    }

    /// The tenant that documents of an org are in; nil if none are.
    /// - Parameters:
    ///   - orgID: the org.
    ///   - session: where to ask.
    /// - Returns: the tenant of its configuration or its connection.
    public static func tenantWithDocuments(
        of orgID: String, in session: some PostgresSession
    ) async throws(PostgresError) -> String? {
        let rows = try await session.query(
            """
            SELECT lower(coalesce(o.tenant_id, c.tenant_id)) AS tenant
            FROM org o LEFT JOIN xero_connection c ON c.org_id = o.id
            WHERE o.id = \(orgID) AND EXISTS (SELECT 1 FROM document d WHERE d.org_id = o.id AND d.xero_id IS NOT NULL)
            """)
        return rows.first?["tenant"]
    }

    /// Connects an org by a grant, and goes on writing to it.
    /// - Parameters:
    ///   - orgID: the org.
    ///   - connection: the organisation, as Xero lists it.
    ///   - grantID: the grant.
    ///   - actor: who asked.
    ///   - session: a transaction.
    public static func connect(
        _ orgID: String, to connection: XeroConnection, by grantID: String, actor: String,
        in session: some PostgresSession
    ) async throws(PostgresError) {
        try await session.execute(
            """
            INSERT INTO xero_connection (org_id, grant_id, connection_id, tenant_id, tenant_name)
            VALUES (\(orgID), \(grantID), \(connection.id), \(connection.tenantID), \(connection.name))
            ON CONFLICT (org_id) DO UPDATE SET grant_id = excluded.grant_id, connection_id = excluded.connection_id,
                tenant_id = excluded.tenant_id, tenant_name = excluded.tenant_name, connected_at = now()
            """)
        try await resume(orgID, cause: "connected to \(connection.name)", by: actor, in: session)
    }

    /// The orgs of an app that a lost consent stopped, and that another one reaches.
    /// - Parameters:
    ///   - appID: the app.
    ///   - session: where to ask.
    /// - Returns: their tenants by org.
    public static func stopped(
        ofApp appID: String, in session: some PostgresSession
    ) async throws(PostgresError) -> [String: String] {
        let rows = try await session.query(
            """
            SELECT o.id, c.tenant_id FROM org o JOIN xero_connection c ON c.org_id = o.id
            WHERE o.app_id = \(appID) AND o.removed_at IS NULL AND o.state = 'disconnected'
            """)
        var orgs: [String: String] = [:]
        for row in rows { orgs[try row.decode("id")] = try row.decode("tenant_id") as String }
        return orgs
    }

    /// Forgets grants of an app that no org is reached by.
    /// - Parameters:
    ///   - appID: the app.
    ///   - grantID: a grant to keep all the same.
    ///   - session: a transaction.
    public static func forgetUnused(
        ofApp appID: String, except grantID: String, in session: some PostgresSession
    ) async throws(PostgresError) {
        try await session.execute(
            """
            DELETE FROM xero_grant g WHERE app_id = \(appID) AND id <> \(grantID)
              AND NOT EXISTS (SELECT 1 FROM xero_connection c WHERE c.grant_id = g.id)
            """)
    }

    /// Forgets how an org is reached, and its grant if nothing else is reached by it.
    /// - Parameters:
    ///   - orgID: the org.
    ///   - session: a transaction.
    public static func forget(_ orgID: String, in session: some PostgresSession) async throws(PostgresError) {
        let rows = try await session.query(
            "DELETE FROM xero_connection WHERE org_id = \(orgID) RETURNING grant_id")
        guard let row = rows.first else { return }
        let grantID: String = try row.decode("grant_id")
        try await session.execute(
            """
            DELETE FROM xero_grant g WHERE id = \(grantID)
              AND NOT EXISTS (SELECT 1 FROM xero_connection c WHERE c.grant_id = g.id)
            """)
    }

    /// Stops writing to an org until a person has acted: one entry of the audit trail, however many find out.
    /// - Parameters:
    ///   - orgID: the org.
    ///   - reason: why, and what to do about it.
    ///   - actor: who found out, or asked.
    ///   - isDisconnected: whether it goes on by itself once Xero lets it be reached again.
    ///   - session: where to say so.
    /// - Returns: whether it was being written to until now.
    public static func stop(
        _ orgID: String, reason: String, by actor: String, isDisconnected: Bool, in session: some PostgresSession
    ) async throws(PostgresError) -> Bool {
        let state = isDisconnected ? "disconnected" : "paused"
        let changed = try await session.execute(
            """
            UPDATE org SET state = \(state), state_reason = \(reason), state_at = now()
            WHERE id = \(orgID) AND state = 'active'
            """)
        guard changed > 0 else { return false }
        try await Audit.add(
            [AuditEntry(actor: actor, subject: orgID, change: "active -> \(state)", cause: reason)], in: session)
        return true
    }

    /// Goes on writing to an org.
    /// - Parameters:
    ///   - orgID: the org.
    ///   - cause: why.
    ///   - actor: who found out, or asked.
    ///   - session: where to say so.
    /// - Returns: whether it had been stopped.
    @discardableResult
    public static func resume(
        _ orgID: String, cause: String, by actor: String, in session: some PostgresSession
    ) async throws(PostgresError) -> Bool {
        let rows = try await session.query(
            """
            UPDATE org o SET state = 'active', state_reason = NULL, state_at = now()
            FROM (SELECT id, state FROM org WHERE id = \(orgID) FOR UPDATE) before
            WHERE o.id = before.id AND before.state <> 'active' RETURNING before.state AS before
            """)
        guard let row = rows.first else { return false }
        let before: String = try row.decode("before")
        try await Audit.add(
            [AuditEntry(actor: actor, subject: orgID, change: "\(before) -> active", cause: cause)], in: session)
        return true
    }

    /// The orgs that lost their connection, whose writing goes on by itself once Xero lets them be reached again.
    /// - Parameter session: where to ask.
    /// - Returns: their ids.
    public static func disconnected(in session: some PostgresSession) async throws(PostgresError) -> [String] {
        let rows = try await session.query(
            "SELECT id FROM org WHERE state = 'disconnected' AND removed_at IS NULL ORDER BY id")
        var ids: [String] = []
        for row in rows { ids.append(try row.decode("id")) }
        return ids
    }
}
