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
        let cause = "connected to \(connection.name), tenant \(connection.tenantID)"
        guard try await !resume(orgID, cause: cause, by: actor, in: session) else { return }
        try await Audit.add([AuditEntry(actor: actor, subject: orgID, change: "connected", cause: cause)], in: session)
    }

    /// The orgs of an app that wait because Xero refuses access, and that another consent may reach.
    /// - Parameters:
    ///   - appID: the app.
    ///   - session: where to ask.
    /// - Returns: their tenants by org.
    public static func waiting(
        ofApp appID: String, in session: some PostgresSession
    ) async throws(PostgresError) -> [String: String] {
        let rows = try await session.query(
            """
            SELECT o.id, c.tenant_id FROM org o JOIN xero_connection c ON c.org_id = o.id
            WHERE o.app_id = \(appID) AND o.removed_at IS NULL AND o.state = 'paused'
              AND o.access_refused_at IS NOT NULL
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

    /// Stops writing to an org because Xero refuses access: one entry of the audit trail, however many find out. Writing
    /// goes on by itself when Xero grants access again.
    /// - Parameters:
    ///   - orgID: the org.
    ///   - reason: why, and what to do about it.
    ///   - actor: who found out.
    ///   - session: a transaction.
    /// - Returns: whether it was being written to until now.
    @discardableResult
    public static func pause(
        _ orgID: String, reason: String, by actor: String, in session: some PostgresSession
    ) async throws(PostgresError) -> Bool {
        let changed = try await session.execute(
            """
            UPDATE org SET state = 'paused', state_reason = \(reason), state_at = now(), access_refused_at = now()
            WHERE id = \(orgID) AND state = 'active'
            """)
        guard changed > 0 else { return false }
        try await Audit.add(
            [AuditEntry(actor: actor, subject: orgID, change: "active -> paused", cause: reason)], in: session)
        return true
    }

    /// Stops writing to an org because a person wants it disconnected: it waits until somebody connects it.
    /// - Parameters:
    ///   - orgID: the org.
    ///   - reason: why, and what to do about it.
    ///   - actor: who asked.
    ///   - session: a transaction.
    public static func disconnect(
        _ orgID: String, reason: String, by actor: String, in session: some PostgresSession
    ) async throws(PostgresError) {
        let changed = try await session.execute(
            """
            UPDATE org SET state = 'disconnected', state_reason = \(reason), state_at = now(), access_refused_at = NULL
            WHERE id = \(orgID) AND state <> 'disconnected'
            """)
        guard changed > 0 else { return }
        try await Audit.add(
            [AuditEntry(actor: actor, subject: orgID, change: "disconnected", cause: reason)], in: session)
    }

    /// Goes on writing to an org.
    /// - Parameters:
    ///   - orgID: the org.
    ///   - cause: why.
    ///   - actor: who found out, or asked.
    ///   - onlyIfRefused: whether only an org is meant that waits because Xero refused access. Default false.
    ///   - session: a transaction.
    /// - Returns: whether it had been stopped.
    @discardableResult
    public static func resume(
        _ orgID: String, cause: String, by actor: String, onlyIfRefused: Bool = false, in session: some PostgresSession
    ) async throws(PostgresError) -> Bool {
        let rows = try await session.query(
            """
            UPDATE org o SET state = 'active', state_reason = NULL, state_at = now(), access_refused_at = NULL
            FROM (SELECT id, state, access_refused_at FROM org WHERE id = \(orgID) FOR UPDATE) before
            WHERE o.id = before.id AND before.state <> 'active'
              AND (NOT \(onlyIfRefused) OR before.state = 'paused' AND before.access_refused_at IS NOT NULL)
            RETURNING before.state AS before
            """)
        guard let row = rows.first else { return false }
        let before: String = try row.decode("before")
        try await Audit.add(
            [AuditEntry(actor: actor, subject: orgID, change: "\(before) -> active", cause: cause)], in: session)
        return true
    }
}
