import Accounting
import JSON
import Postgres

/// What the database has, in the form in which it is compared with a file.
struct StoredConfiguration: Sendable {
    /// By `kind id`, the removed ones too.
    var entries: [String: ConfigurationEntry] = [:]
    /// By store: what besides the order decides its plan.
    var planInputs: [String: JSONValue] = [:]
    /// By store: its start.
    var since: [String: Instant] = [:]
    /// The stores of which nothing is sent.
    var dryRuns: Set<String> = []
    /// By store: its org.
    var orgs: [String: String] = [:]
    /// By org: its tenant, as configured or as connected.
    var tenants: [String: String] = [:]

    static func load(
        from session: some PostgresSession, _ sealing: ConfigurationSealing
    ) async throws -> StoredConfiguration {
        var stored = StoredConfiguration()
        for row in try await session.query(
            """
            SELECT id, client_id, type, tier, redirect, scopes, secrets, removed_at IS NOT NULL AS removed
            FROM app ORDER BY id
            """)
        {
            try stored.add(app: row, sealing)
        }
        var settingsByOrg: [String: JSONValue] = [:]
        for row in try await session.query(
            """
            SELECT o.id, o.app_id, o.tenant_id, coalesce(o.tenant_id, c.tenant_id) AS connected_tenant,
                o.settings::text AS settings, o.removed_at IS NOT NULL AS removed
            FROM org o LEFT JOIN xero_connection c ON c.org_id = o.id ORDER BY o.id
            """)
        {
            let settings = try stored.add(org: row)
            settingsByOrg[try row.decode("id", as: String.self)] = settings
        }
        for row in try await session.query(
            """
            SELECT id, platform, org_id, url, (extract(epoch FROM since) * 1000000)::bigint AS since,
                   settings::text AS settings, secrets, removed_at IS NOT NULL AS removed
            FROM store ORDER BY id
            """)
        {
            try stored.add(store: row, settingsByOrg, sealing)
        }
        return stored
    }

    private mutating func add(app row: PostgresRow, _ sealing: ConfigurationSealing) throws {
        let id = try row.decode("id", as: String.self)
        entries["app \(id)"] = ConfigurationEntry(
            kind: "app", id: id,
            facts: [
                "client_id": .string(try row.decode("client_id", as: String.self)),
                "type": .string(try row.decode("type", as: String.self)),
                "tier": .string(try row.decode("tier", as: String.self)),
                "redirect": row["redirect"].map { .string($0) } ?? .null,
                "scopes": row["scopes"].map { .string($0) } ?? .null,
            ],
            secrets: ConfigurationLoader.open(try row.decode("secrets", as: [UInt8].self), sealing),
            isRemoved: try row.decode("removed", as: Bool.self))
    }

    private mutating func add(org row: PostgresRow) throws -> JSONValue {
        let id = try row.decode("id", as: String.self)
        let settings = try JSONValue(parsing: row.decode("settings", as: String.self))
        let tenant = try row.decode("tenant_id", as: String?.self)
        tenants[id] = try row.decode("connected_tenant", as: String?.self)
        let facts = ConfigurationMapping.merge(
            settings,
            over: [
                "app": .string(try row.decode("app_id", as: String.self)),
                "tenant": tenant.map { .string($0) } ?? .null,
            ])
        entries["org \(id)"] = ConfigurationEntry(
            kind: "org", id: id, facts: facts, secrets: [:], isRemoved: try row.decode("removed", as: Bool.self))
        return settings
    }

    private mutating func add(
        store row: PostgresRow, _ settingsByOrg: [String: JSONValue], _ sealing: ConfigurationSealing
    ) throws {
        let id = try row.decode("id", as: String.self)
        let org = try row.decode("org_id", as: String.self)
        let settings = try JSONValue(parsing: row.decode("settings", as: String.self))
        let start = Instant(microseconds: try row.decode("since", as: Int64.self))
        since[id] = start
        orgs[id] = org
        planInputs[id] = [
            "mapping": ConfigurationMapping.merge(
                settings["mapping"] ?? [:], over: settingsByOrg[org]?["mapping"] ?? [:]),
            "number_prefix": settings["number_prefix"] ?? "", "time_zone": settingsByOrg[org]?["time_zone"] ?? .null,
            "country": settingsByOrg[org]?["country"] ?? .null,
        ]
        if settings["dry_run"]?.bool == true { dryRuns.insert(id) }
        let facts = ConfigurationMapping.merge(
            settings,
            over: [
                "platform": .string(try row.decode("platform", as: String.self)), "org": .string(org),
                "url": .string(try row.decode("url", as: String.self)), "since": .string(start.rfc3339),
            ])
        entries["store \(id)"] = ConfigurationEntry(
            kind: "store", id: id, facts: facts,
            secrets: ConfigurationLoader.open(try row.decode("secrets", as: [UInt8].self), sealing),
            isRemoved: try row.decode("removed", as: Bool.self))
    }
}

/// Changes that would make the books wrong.
enum ConfigurationRefusals {
    /// A store keeps its org, and an org its tenant, once documents of theirs are in Xero: the same orders would be posted
    /// a second time elsewhere.
    static func check(
        _ configuration: ConfigurationFile, against stored: StoredConfiguration, in session: some PostgresSession
    ) async throws {
        var problems: [ConfigurationProblem] = []
        for store in configuration.stores {
            guard let old = stored.orgs[store.id], old != store.orgID else { continue }
            let count = try await count(
                "SELECT count(*) AS count FROM document WHERE store_id = \(store.id) AND org_id = \(old)", in: session)
            guard count > 0 else { continue }
            problems.append(
                ConfigurationProblem(
                    line: nil, path: "stores.\(store.id).org",
                    message: "\(count) documents of this store are in org '\(old)'; "
                        + "moving it to '\(store.orgID)' would post them a second time. "
                        + "Keep its org, or add the shop as a new store with a later since"))
        }
        for org in configuration.orgs {
            guard let old = stored.tenants[org.id], let new = org.tenantID, old.lowercased() != new.lowercased() else {
                continue
            }
            let count = try await count(
                "SELECT count(*) AS count FROM document WHERE org_id = \(org.id) AND xero_id IS NOT NULL", in: session)
            guard count > 0 else { continue }
            problems.append(
                ConfigurationProblem(
                    line: nil, path: "orgs.\(org.id).tenant",
                    message:
                        "\(count) documents are in the tenant '\(old)'; another tenant is another org: add it under "
                        + "a new id"
                ))
        }
        guard problems.isEmpty else { throw ConfigurationFileError(.refused, problems) }
    }

    private static func count(_ query: PostgresQuery, in session: some PostgresSession) async throws -> Int {
        try await session.query(query).first?.decode("count", as: Int.self) ?? 0
    }
}
