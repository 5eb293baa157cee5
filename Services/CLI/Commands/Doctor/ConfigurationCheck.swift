import Accounting
import Ledger
import Mapping
import Postgres
import ServiceKit

/// Whether COUNTERFOIL_KEY can be used.
enum KeyCheck {
    static func box(_ environment: Environment) -> (SecretBox?, [DoctorFinding]) {
        do {
            return (try SecretBox(keys: environment.string("COUNTERFOIL_KEY")), [])
        } catch {
            return (nil, [.problem("key", "key", "\(error.variable) \(error.problem)", error.fix)])
        }
    }
}

/// Whether what is applied can be worked with.
struct ConfigurationCheck: Sendable {
    let client: PostgresClient
    let key: SecretBox?

    func examine() async -> (ConfigurationSnapshot?, [DoctorFinding]) {
        let key = key
        let sealing = ConfigurationSealing(
            seal: { key?.seal($0) ?? [] },
            open: { bytes in
                guard let key else { throw SecretBoxError.malformed }
                return try key.open(bytes)
            })
        do {
            let snapshot = try await ConfigurationLoader.load(from: client, sealing: sealing)
            guard snapshot.version > 0 else {
                let nothing = DoctorFinding.problem(
                    "configuration", "applied", "nothing has been applied", "counterfoil apply -f FILE")
                return (snapshot, keyFindings(snapshot, old: 0) + [nothing])
            }
            let old = try await sealedWithOlderKeys()
            let references = try await ReferenceStore.loadAll(in: client)
            return (snapshot, keyFindings(snapshot, old: old) + findings(snapshot, references))
        } catch {
            return (
                nil,
                [
                    .problem(
                        "configuration", "readable", "it cannot be read: \(FailureText.describe(error))",
                        "mend the database first")
                ]
            )
        }
    }

    private func keyFindings(_ snapshot: ConfigurationSnapshot, old: Int) -> [DoctorFinding] {
        guard key != nil else { return [] }
        if !snapshot.unreadable.isEmpty {
            let names = snapshot.unreadable.keys.sorted().joined(separator: ", ")
            return [
                .problem(
                    "key", "opens", "COUNTERFOIL_KEY does not open the secrets of \(names)",
                    "put the key they were sealed with behind the present one, separated by a comma; or apply the "
                        + "configuration again: counterfoil apply -f FILE")
            ]
        }
        let secrets = snapshot.apps.count + snapshot.stores.count
        if old > 0 {
            return [
                .warning(
                    "key", "rotation", "\(old) of \(secrets) secrets are still sealed with an older key",
                    "counterfoil apply -f FILE seals them with the first one; then the older can go")
            ]
        }
        return [.ok("key", "opens", secrets == 0 ? "COUNTERFOIL_KEY is a key" : "opens all \(secrets) secrets")]
    }

    /// How many secrets do not carry the id of the key that seals now.
    private func sealedWithOlderKeys() async throws -> Int {
        guard let key else { return 0 }
        let rows = try await client.query(
            """
            SELECT count(*) AS count FROM (
                SELECT secrets FROM app WHERE removed_at IS NULL UNION ALL
                SELECT secrets FROM store WHERE removed_at IS NULL
            ) t WHERE encode(substring(secrets FROM 2 FOR 4), 'hex') <> \(key.sealingKeyID)
            """)
        return try rows.first?.decode("count", as: Int.self) ?? 0
    }

    private func findings(
        _ snapshot: ConfigurationSnapshot, _ references: [String: ReferenceData]
    ) -> [DoctorFinding] {
        var findings: [DoctorFinding] = []
        if snapshot.stores.isEmpty && snapshot.unreadable.isEmpty {
            findings.append(
                .problem(
                    "configuration", "stores", "no store is configured",
                    "add one to the file's stores: and run counterfoil apply -f FILE"))
        }
        for org in snapshot.orgs.values.sorted(by: { $0.id < $1.id }) {
            let isCustom = snapshot.apps[org.appID]?.kind == .customConnection
            if org.state != .active {
                let isLost = org.state == .disconnected || !isCustom
                findings.append(
                    .problem(
                        "configuration", "org",
                        "org \(org.id) is \(org.state.rawValue): \(org.stateReason ?? "no reason")",
                        isLost
                            ? "mend that, then run counterfoil xero connect \(org.id)"
                            : "mend that; the org resumes by itself, or with counterfoil apply -f FILE"))
            } else if !isCustom, org.grantID == nil, snapshot.apps[org.appID] != nil {
                findings.append(
                    .problem(
                        "configuration", "org", "org \(org.id) is not connected to Xero",
                        "run counterfoil xero connect \(org.id)"))
            }
        }
        for store in snapshot.stores.values.sorted(by: { $0.id < $1.id }) {
            findings += Self.findings(store, references[store.orgID])
        }
        let counts = [
            "\(snapshot.apps.count) apps", "\(snapshot.orgs.count) orgs", "\(snapshot.stores.count) stores",
        ]
        return findings + [
            .ok("configuration", "applied", "version \(snapshot.version): \(counts.joined(separator: ", "))")
        ]
    }

    private static func findings(_ store: StoreRecord, _ reference: ReferenceData?) -> [DoctorFinding] {
        var findings: [DoctorFinding] = []
        if store.since > Instant.now() {
            findings.append(
                .warning(
                    "configuration", "since",
                    "store \(store.id) starts at \(store.since.rfc3339): until then every order is ignored",
                    "correct since: in the file and run counterfoil apply -f FILE"))
        }
        // What the organisation has may have changed, or have been read, since the file was applied.
        let checks = MappingChecks(
            storeID: store.id, platform: store.platform, storeIDs: [store.id], reference: reference)
        return findings
            + checks.problems(in: store.mapping).everywhere.map { problem in
                .problem(
                    "configuration", "mapping", "the mapping of store \(store.id) is wrong: \(problem)",
                    "correct mapping: in the file and run counterfoil apply -f FILE")
            }
    }
}
