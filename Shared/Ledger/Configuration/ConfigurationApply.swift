import Accounting
import JSON
public import Postgres

extension ConfigurationFile {
    /// What `apply` did, or would do.
    public struct Applied: Sendable, Hashable {
        /// The new version; nil if nothing changed or nothing was to be written.
        public let version: Int64?
        /// Every entry that changes.
        public let changes: [ConfigurationChange]
        /// How many held or dead orders are planned anew because their mapping changed.
        public let replannedOrders: Int
    }

    /// Makes this configuration true, in one transaction; applying the same file again changes nothing.
    /// - Parameters:
    ///   - database: where to write.
    ///   - sealing: seals the secrets.
    ///   - actor: who asked, for the record.
    ///   - dryRun: whether to find out what would change and write nothing. Defaults to false.
    /// - Returns: what changed.
    /// - Throws: `ConfigurationFileError` with code `refused` if the file contradicts what is in the books; `PostgresError`.
    public func apply(
        to database: PostgresClient, sealing: ConfigurationSealing, by actor: String, dryRun: Bool = false
    ) async throws -> Applied {
        try await database.withTransaction { transaction in
            _ = try await transaction.query("SELECT pg_advisory_xact_lock(hashtext('configuration'))::text AS locked")
            return try await apply(in: transaction, sealing: sealing, by: actor, dryRun: dryRun)
        }
    }

    private func apply(
        in session: some PostgresSession, sealing: ConfigurationSealing, by actor: String, dryRun: Bool
    ) async throws -> Applied {
        let stored = try await StoredConfiguration.load(from: session, sealing)
        let changes = changes(from: stored)
        try await ConfigurationRefusals.check(self, against: stored, in: session)
        let replanning = storesToReplan(stored)
        guard !dryRun, !changes.isEmpty else {
            return Applied(version: nil, changes: changes, replannedOrders: 0)
        }
        let rows = try await session.query(
            """
            INSERT INTO configuration (applied_by, document, changes)
            VALUES (\(actor), \(maskedDocument), \(changes.map(\.description))) RETURNING version
            """)
        guard let version = try rows.first?.decode("version", as: Int64.self) else {
            throw ConfigurationFileError(.unreadable, path: "", "the database kept no version")
        }
        try await write(changes, version: version, stored: stored, to: session, sealing)
        for change in changes {
            try await session.execute(
                """
                INSERT INTO audit (actor, subject, change, cause)
                VALUES (\(actor), \(change.id), \(change.description), \("configuration \(version)"))
                """)
        }
        let replanned = try await replan(replanning, in: session)
        try await switchDryRuns(from: stored, in: session)
        return Applied(version: version, changes: changes, replannedOrders: replanned)
    }

    private func changes(from stored: StoredConfiguration) -> [ConfigurationChange] {
        let entries = entries
        let present = Set(entries.map { "\($0.kind) \($0.id)" })
        let made = entries.compactMap { $0.change(from: stored.entries["\($0.kind) \($0.id)"]) }
        let removed = stored.entries.filter { !present.contains($0.key) && !$0.value.isRemoved }
            .sorted { $0.key < $1.key }
            .map { ConfigurationChange(action: .removed, kind: $0.value.kind, id: $0.value.id, details: []) }
        return made + removed
    }

    private func write(
        _ changes: [ConfigurationChange], version: Int64, stored: StoredConfiguration,
        to session: some PostgresSession, _ sealing: ConfigurationSealing
    ) async throws {
        for change in changes where change.kind == "app" && change.action != .removed {
            guard let app = apps.first(where: { $0.id == change.id }) else { continue }
            try await write(app, version: version, to: session, sealing)
        }
        for change in changes where change.kind == "org" && change.action != .removed {
            guard let org = orgs.first(where: { $0.id == change.id }) else { continue }
            try await write(org, version: version, to: session)
        }
        for change in changes where change.kind == "store" && change.action != .removed {
            guard let store = stores.first(where: { $0.id == change.id }) else { continue }
            try await write(store, version: version, to: session, sealing)
        }
        for change in changes where change.action == .removed {
            try await session.execute(
                """
                UPDATE \(unsafeSQL: change.kind) SET removed_at = now(), version = \(version) WHERE id = \(change.id)
                """)
        }
        for store in stores where stored.planInputs[store.id] != planInputs(of: store) {
            try await session.execute("UPDATE store SET mapping_version = \(version) WHERE id = \(store.id)")
        }
    }

    private func write(
        _ app: AppConfiguration, version: Int64, to session: some PostgresSession, _ sealing: ConfigurationSealing
    ) async throws {
        let secrets = try sealing.seal(app.secrets.encoded())
        try await session.execute(
            """
            INSERT INTO app (id, client_id, type, tier, redirect, scopes, secrets, version)
            VALUES (\(app.id), \(app.clientID), \(app.kind.rawValue), \(app.tier), \(app.redirect as String?),
                    \(app.scopes as String?), \(secrets), \(version))
            ON CONFLICT (id) DO UPDATE SET client_id = excluded.client_id, type = excluded.type, tier = excluded.tier,
                redirect = excluded.redirect, scopes = excluded.scopes, secrets = excluded.secrets,
                version = excluded.version, removed_at = NULL
            """)
    }

    private func write(_ org: OrgConfiguration, version: Int64, to session: some PostgresSession) async throws {
        try await session.execute(
            """
            INSERT INTO org (id, app_id, tenant_id, settings, version)
            VALUES (\(org.id), \(org.appID), \(org.tenantID as String?), \(org.settings.text), \(version))
            ON CONFLICT (id) DO UPDATE SET app_id = excluded.app_id, tenant_id = excluded.tenant_id,
                settings = excluded.settings, version = excluded.version, removed_at = NULL
            """)
    }

    private func write(
        _ store: StoreConfiguration, version: Int64, to session: some PostgresSession, _ sealing: ConfigurationSealing
    ) async throws {
        let secrets = try sealing.seal(store.secrets.encoded())
        try await session.execute(
            """
            INSERT INTO store (id, platform, org_id, url, since, settings, secrets, mapping_version, version)
            VALUES (\(store.id), \(store.platform), \(store.orgID), \(store.url), \(store.since.rfc3339),
                    \(store.settings.text), \(secrets), \(version), \(version))
            ON CONFLICT (id) DO UPDATE SET platform = excluded.platform, org_id = excluded.org_id, url = excluded.url,
                since = excluded.since, settings = excluded.settings, secrets = excluded.secrets,
                version = excluded.version, removed_at = NULL
            """)
    }

    /// What besides the order decides a store's plan: a change of it makes a new mapping version.
    func planInputs(of store: StoreConfiguration) -> JSONValue {
        let org = orgs.first { $0.id == store.orgID }
        return [
            "mapping": mergedMapping(of: store), "number_prefix": .string(store.numberPrefix),
            "time_zone": org?.timeZone.map { .string($0) } ?? .null,
            "country": org?.country.map { .string($0) } ?? .null,
        ]
    }

    /// The stores whose held and dead orders a changed mapping may free, and those whose start moved.
    private func storesToReplan(_ stored: StoredConfiguration) -> (
        mapping: [String], start: [String], earlier: [String]
    ) {
        let known = stores.filter { stored.planInputs[$0.id] != nil }
        let moved = known.filter { stored.since[$0.id] != $0.since }
        let earlier = moved.filter { store in stored.since[store.id].map { store.since < $0 } ?? false }
        return (
            known.filter { stored.planInputs[$0.id] != planInputs(of: $0) }.map(\.id), moved.map(\.id),
            earlier.map(\.id)
        )
    }

    /// What a dry run must not send goes back to being planned; what it planned is planned again once it has ended.
    private func switchDryRuns(from stored: StoredConfiguration, in session: some PostgresSession) async throws {
        let started = stores.filter { $0.isDryRun && !stored.dryRuns.contains($0.id) }.map(\.id)
        let ended = stores.filter { !$0.isDryRun && stored.dryRuns.contains($0.id) }.map(\.id)
        if !started.isEmpty {
            try await session.execute(
                """
                UPDATE document SET state = 'planned', state_reason = \(DryRun.reason), changed_at = now()
                WHERE store_id = ANY(\(started)) AND state IN ('ready', 'waiting')
                """)
        }
        if !ended.isEmpty {
            try await session.execute(
                """
                UPDATE sale SET planned_revision = 0, attempts = 0, retry_at = NULL
                WHERE store_id = ANY(\(ended)) AND state = 'planned'
                """)
            // A contact of orders that are posted: no plan is made that would send what changed of it.
            try await session.execute(
                """
                UPDATE document SET state = 'ready', state_reason = NULL, changed_at = now()
                WHERE store_id = ANY(\(ended)) AND kind = 'contact' AND state = 'planned' AND xero_id IS NOT NULL
                """)
        }
    }

    private func replan(
        _ stores: (mapping: [String], start: [String], earlier: [String]), in session: some PostgresSession
    ) async throws -> Int {
        let held = Set(stores.mapping).union(stores.start).sorted()
        var count = 0
        if !held.isEmpty {
            // Of a dry run, what is planned too: it is there to be looked at under the new mapping.
            count = try await session.execute(
                """
                UPDATE sale SET planned_revision = 0, attempts = 0, retry_at = NULL
                WHERE store_id = ANY(\(held)) AND (state IN ('held', 'dead')
                    OR state = 'planned' AND store_id IN (\(unsafeSQL: DryRun.stores)))
                """)
        }
        if !stores.start.isEmpty {
            count += try await session.execute(
                """
                UPDATE sale SET planned_revision = 0, attempts = 0, retry_at = NULL
                WHERE store_id = ANY(\(stores.start)) AND state = 'ignored'
                """)
        }
        if !stores.earlier.isEmpty {
            try await session.execute(
                "UPDATE sweep SET watermark = NULL, due_at = now() WHERE store_id = ANY(\(stores.earlier))")
        }
        return count
    }
}
