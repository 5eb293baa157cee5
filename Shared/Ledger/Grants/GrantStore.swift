public import Postgres
public import Xero

/// Grants' rows. New tokens are in the database, sealed, before anybody uses them.
public struct GrantStore: Sendable {
    /// Xero's minutes for which the refresh token before the newest still counts.
    static let graceMinutes = 30.0

    let database: PostgresClient
    let sealing: ConfigurationSealing
    let time: LedgerTime
    let minuteSeconds: Double

    /// A store.
    /// - Parameters:
    ///   - database: where the rows are.
    ///   - sealing: seals and opens the tokens.
    ///   - time: the ledger's clock.
    ///   - minuteSeconds: the length of Xero's minute in real seconds.
    public init(
        database: PostgresClient, sealing: ConfigurationSealing, time: LedgerTime = .database, minuteSeconds: Double
    ) {
        self.database = database
        self.sealing = sealing
        self.time = time
        self.minuteSeconds = minuteSeconds
    }

    /// Keeps the first tokens of a consent.
    /// - Parameters:
    ///   - id: the grant's id, new.
    ///   - appID: the app that asked for it.
    ///   - tokens: the tokens.
    ///   - actor: who consented.
    /// - Throws: `PostgresError`; what sealing throws.
    public func add(id: String, appID: String, tokens: XeroTokens, by actor: String) async throws {
        let kept = GrantRecord.Tokens(access: tokens.accessToken, refresh: tokens.refreshToken ?? "")
        let sealed = try kept.sealed(sealing)
        let offset = time.offsetSeconds()
        try await database.execute(
            """
            INSERT INTO xero_grant (id, app_id, tokens, expires_at, refreshed_at, granted_by)
            VALUES (\(id), \(appID), \(sealed),
                now() + make_interval(secs => \(offset + tokens.lifetime / .seconds(1))::double precision),
                now() + make_interval(secs => \(offset)::double precision), \(actor))
            """)
    }

    /// Reads a grant.
    /// - Parameter id: its id.
    /// - Returns: the grant; nil if there is none.
    /// - Throws: `PostgresError`; `XeroTokenError` if its tokens cannot be opened.
    public func read(_ id: String) async throws -> GrantRecord? {
        let offset = time.offsetSeconds()
        let rows = try await database.query(
            """
            SELECT g.id, g.app_id, g.tokens, g.generation, g.state, g.state_reason, g.connections::text AS connections,
                coalesce(extract(epoch FROM g.expires_at) - n.present, 0)::double precision AS expires,
                coalesce(extract(epoch FROM g.previous_until) > n.present, false) AS previous_good,
                (n.present - extract(epoch FROM g.refreshed_at))::double precision AS age,
                coalesce(extract(epoch FROM g.refreshing_until) > n.present, false) AS refreshing
            FROM xero_grant g, (SELECT extract(epoch FROM now()) + \(offset)::double precision AS present) n
            WHERE g.id = \(id)
            """)
        return try rows.first.map { try GrantRecord($0, sealing) }
    }

    /// The grants of an app that still count, the newest first.
    /// - Parameter appID: the app.
    /// - Returns: their ids.
    public func ids(ofApp appID: String) async throws(PostgresError) -> [String] {
        let rows = try await database.query(
            "SELECT id FROM xero_grant WHERE app_id = \(appID) AND state = 'active' ORDER BY refreshed_at DESC")
        var ids: [String] = []
        for row in rows { ids.append(try row.decode("id")) }
        return ids
    }

    /// Begins a refresh, unless somebody else does or has done so.
    /// - Parameters:
    ///   - grant: the grant as it was read.
    ///   - holder: who refreshes, unique to the attempt.
    ///   - seconds: real seconds after which somebody else may.
    /// - Returns: whether the refresh is the caller's to make.
    func claim(_ grant: GrantRecord, holder: String, seconds: Double) async throws(PostgresError) -> Bool {
        let offset = time.offsetSeconds()
        return try await database.execute(
            """
            UPDATE xero_grant SET refreshing_by = \(holder),
                refreshing_until = now() + make_interval(secs => \(offset + seconds)::double precision)
            WHERE id = \(grant.id) AND generation = \(grant.generation) AND state = 'active'
              AND (refreshing_until IS NULL
                   OR refreshing_until <= now() + make_interval(secs => \(offset)::double precision))
            """) > 0
    }

    /// Ends a refresh that brought nothing.
    func release(_ grant: GrantRecord, holder: String) async throws(PostgresError) {
        try await database.execute(
            """
            UPDATE xero_grant SET refreshing_by = NULL, refreshing_until = NULL
            WHERE id = \(grant.id) AND refreshing_by = \(holder)
            """)
    }

    /// Keeps what a refresh brought; the refresh token it was made with is kept for its grace.
    /// - Parameters:
    ///   - tokens: the new tokens.
    ///   - used: the refresh token they were got with.
    ///   - grant: the grant as it was read.
    ///   - holder: who refreshed.
    /// - Returns: false if somebody else's refresh was kept meanwhile.
    func keep(
        _ tokens: XeroTokens, gotWith used: String, of grant: GrantRecord, holder: String
    ) async throws -> Bool {
        let kept = GrantRecord.Tokens(
            access: tokens.accessToken, refresh: tokens.refreshToken ?? used, previous: used)
        let sealed = try kept.sealed(sealing)
        let offset = time.offsetSeconds()
        let grace = offset + Self.graceMinutes * minuteSeconds
        return try await database.execute(
            """
            UPDATE xero_grant SET tokens = \(sealed), generation = generation + 1, updated_at = now(),
                expires_at = now() + make_interval(secs => \(offset + tokens.lifetime / .seconds(1))::double precision),
                previous_until = now() + make_interval(secs => \(grace)::double precision),
                refreshed_at = now() + make_interval(secs => \(offset)::double precision),
                refreshing_by = NULL, refreshing_until = NULL
            WHERE id = \(grant.id) AND generation = \(grant.generation) AND refreshing_by = \(holder)
            """) > 0
    }

    /// Keeps which organisations a grant reaches.
    /// - Parameters:
    ///   - connections: as Xero lists them.
    ///   - id: the grant.
    public func note(_ connections: [XeroConnection], of id: String) async throws(PostgresError) {
        let text = XeroConnection.text(of: connections)
        try await database.execute(
            "UPDATE xero_grant SET connections = \(text)::text::jsonb, updated_at = now() WHERE id = \(id)")
    }

    /// Records that Xero no longer accepts a grant, and stops what is written by it; once, whoever finds out.
    /// - Parameters:
    ///   - grant: the grant as it was read.
    ///   - reason: why, in a person's words.
    func revoke(_ grant: GrantRecord, reason: String) async throws {
        try await database.withTransaction { session in
            let changed = try await session.execute(
                """
                UPDATE xero_grant SET state = 'revoked', state_reason = \(reason), refreshing_by = NULL,
                    refreshing_until = NULL, updated_at = now()
                WHERE id = \(grant.id) AND generation = \(grant.generation) AND state = 'active'
                """)
            guard changed > 0 else { return }
            let orgs = try await session.query(
                "SELECT org_id FROM xero_connection WHERE grant_id = \(grant.id) ORDER BY org_id")
            for row in orgs {
                try await OrgConnections.pause(try row.decode("org_id"), reason: reason, by: "xero", in: session)
            }
        }
    }

    /// The grants whose refresh token would lie unused for too long.
    /// - Parameter ageSeconds: real seconds since the last refresh.
    /// - Returns: their ids.
    public func idle(longerThan ageSeconds: Double) async throws(PostgresError) -> [String] {
        let offset = time.offsetSeconds()
        let rows = try await database.query(
            """
            SELECT DISTINCT g.id FROM xero_grant g JOIN xero_connection c ON c.grant_id = g.id
                JOIN org o ON o.id = c.org_id AND o.removed_at IS NULL
            WHERE g.state = 'active'
              AND g.refreshed_at <= now() + make_interval(secs => \(offset - ageSeconds)::double precision)
            ORDER BY g.id
            """)
        var ids: [String] = []
        for row in rows { ids.append(try row.decode("id")) }
        return ids
    }
}
