import Accounting
import JSON
public import Postgres

/// Reads what is configured out of the database.
public enum ConfigurationLoader {
    /// Reads everything that is configured and not removed.
    ///
    /// An entry whose secrets the key at hand cannot open is left out and named in `unreadable`: one store's trouble does not
    /// stop the others.
    /// - Parameters:
    ///   - session: where to read.
    ///   - sealing: opens the secrets.
    /// - Returns: the configuration at its newest version.
    /// - Throws: `PostgresError` when the database cannot be read.
    public static func load(
        from session: some PostgresSession, sealing: ConfigurationSealing
    ) async throws -> ConfigurationSnapshot {
        var snapshot = ConfigurationSnapshot()
        snapshot.version = try await version(in: session)
        snapshot.referenceVersion = try await ReferenceStore.version(in: session)
        for row in try await session.query(
            "SELECT id, client_id, type, tier, redirect, scopes, secrets FROM app WHERE removed_at IS NULL")
        {
            try add(app: row, to: &snapshot, sealing)
        }
        for row in try await session.query(
            """
            SELECT o.id, o.app_id, coalesce(o.tenant_id, c.tenant_id) AS tenant_id, c.grant_id,
                o.settings::text AS settings, o.state, o.state_reason, f.body AS facts
            FROM org o LEFT JOIN xero_connection c ON c.org_id = o.id
                LEFT JOIN org_reference f ON f.org_id = o.id AND f.name = \(OrgFacts.row)
            WHERE o.removed_at IS NULL
            """)
        {
            try add(org: row, to: &snapshot)
        }
        for row in try await session.query(
            """
            SELECT id, platform, org_id, url, (extract(epoch FROM since) * 1000000)::bigint AS since,
                   settings::text AS settings, secrets, mapping_version
            FROM store WHERE removed_at IS NULL
            """)
        {
            try add(store: row, to: &snapshot, sealing)
        }
        return snapshot
    }

    /// The newest configuration version; 0 if nothing was ever applied.
    /// - Parameter session: where to read.
    /// - Returns: the version.
    /// - Throws: `PostgresError` when the database cannot be read.
    public static func version(in session: some PostgresSession) async throws -> Int64 {
        let rows = try await session.query("SELECT coalesce(max(version), 0) AS version FROM configuration")
        return try rows.first?.decode("version", as: Int64.self) ?? 0
    }

    private static func add(
        app row: PostgresRow, to snapshot: inout ConfigurationSnapshot, _ sealing: ConfigurationSealing
    ) throws {
        let id = try row.decode("id", as: String.self)
        guard let secrets = open(try row.decode("secrets", as: [UInt8].self), sealing) else {
            snapshot.unreadable["app \(id)"] = unopened
            return
        }
        snapshot.apps[id] = AppRecord(
            id: id, clientID: try row.decode("client_id", as: String.self),
            clientSecret: secrets["client_secret"]?.string,
            kind: AppConfiguration.Kind(rawValue: try row.decode("type", as: String.self)) ?? .web,
            tier: try row.decode("tier", as: String.self), redirect: row["redirect"], scopes: row["scopes"])
    }

    private static func add(org row: PostgresRow, to snapshot: inout ConfigurationSnapshot) throws {
        let id = try row.decode("id", as: String.self)
        let settings = try JSONValue(parsing: row.decode("settings", as: String.self))
        snapshot.orgs[id] = OrgRecord(
            id: id, appID: try row.decode("app_id", as: String.self),
            tenantID: try row.decode("tenant_id", as: String?.self), dailyCalls: settings["daily_calls"]?.int ?? 1000,
            timeZone: settings["time_zone"]?.string, country: settings["country"]?.string,
            policies: settings["policies"] ?? [:],
            mapping: settings["mapping"] ?? [:],
            state: OrgRecord.State(rawValue: try row.decode("state", as: String.self)) ?? .paused,
            stateReason: try row.decode("state_reason", as: String?.self), grantID: row["grant_id"],
            facts: row["facts"].map { OrgFacts(text: $0) } ?? OrgFacts())
    }

    private static func add(
        store row: PostgresRow, to snapshot: inout ConfigurationSnapshot, _ sealing: ConfigurationSealing
    ) throws {
        let id = try row.decode("id", as: String.self)
        guard let secrets = open(try row.decode("secrets", as: [UInt8].self), sealing) else {
            snapshot.unreadable["store \(id)"] = unopened
            return
        }
        let settings = try JSONValue(parsing: row.decode("settings", as: String.self))
        let orgID = try row.decode("org_id", as: String.self)
        snapshot.stores[id] = StoreRecord(
            id: id, platform: try row.decode("platform", as: String.self), orgID: orgID,
            url: try row.decode("url", as: String.self),
            since: Instant(microseconds: try row.decode("since", as: Int64.self)),
            numberPrefix: settings["number_prefix"]?.string ?? "", sweepSeconds: settings["sweep_seconds"]?.int ?? 300,
            rereadSeconds: settings["reread_seconds"]?.array?.compactMap(\.int) ?? [],
            webhookSecret: secrets["webhook_secret"]?.string ?? "", consumerKey: secrets["consumer_key"]?.string ?? "",
            consumerSecret: secrets["consumer_secret"]?.string ?? "",
            mapping: ConfigurationMapping.merge(
                settings["mapping"] ?? [:], over: snapshot.orgs[orgID]?.mapping ?? [:]),
            mappingVersion: try row.decode("mapping_version", as: Int64.self),
            isDryRun: settings["dry_run"]?.bool ?? false, localTime: snapshot.orgs[orgID]?.localTime ?? .utc)
    }

    private static let unopened =
        "its secrets cannot be opened with this COUNTERFOIL_KEY; use the key they were sealed with, or run "
        + "counterfoil apply again with this one"

    static func open(_ sealed: [UInt8], _ sealing: ConfigurationSealing) -> JSONValue? {
        guard let bytes = try? sealing.open(sealed) else { return nil }
        return try? JSONValue(parsing: bytes)
    }
}
