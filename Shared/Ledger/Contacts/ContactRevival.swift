import JSON
import Mapping
public import Postgres

/// Brings back archived contacts that something waits for; those that nothing is posted to stay archived.
public enum ContactRevival {
    /// What brought contacts back, and what is to be read first.
    public struct Summary: Sendable, Hashable {
        /// Xero's ids of contacts that have to be read before it is known what became of them.
        public var unread: [String] = []
        /// Contacts that are on their way.
        public var revived = 0
    }

    /// Contacts that one transaction works, and one call reads.
    public static let batch = 50

    /// Looks at archived contacts that something waits for.
    /// - Parameters:
    ///   - orgID: the org.
    ///   - policy: what the org wants.
    ///   - actor: who brings them back.
    ///   - session: a transaction.
    /// - Returns: what was done.
    public static func revive(
        orgID: String, policy: ContactPolicy, by actor: String, in session: some PostgresSession
    ) async throws -> Summary {
        let rows = try await session.query(
            """
            SELECT d.id FROM document d
            WHERE d.org_id = \(orgID) AND d.is_archived AND d.kind = 'contact' AND d.xero_id IS NOT NULL
              AND d.state IN ('posted', 'waiting', 'ready', 'held')
              AND EXISTS (SELECT 1 FROM document_dependency x JOIN document w ON w.id = x.document_id
                          WHERE x.depends_on = d.id AND w.state IN ('waiting', 'ready')
                            AND NOT (w.xero_id IS NOT NULL AND w.desired_void))
              AND NOT EXISTS (SELECT 1 FROM contact_link l
                              WHERE l.document_id = d.id AND l.is_restoring AND d.state IN ('waiting', 'ready'))
            ORDER BY d.id LIMIT \(batch)::integer
            """)
        let ids = try rows.map { try $0.decode("id", as: Int64.self) }
        guard !ids.isEmpty else { return Summary() }
        let documents = try await DocumentStore.lock(ids: ids, in: session).filter { !$0.machine.state.isOpen }
        let known = try await ContactMirror.contacts(ids: documents.compactMap(\.xeroID), orgID: orgID, in: session)
        var summary = Summary()
        var restored: [StoredDocument] = []
        var replaced: [StoredDocument] = []
        for document in documents {
            guard let id = document.xeroID else { continue }
            guard let contact = known[id], contact.status != "ACTIVE" else {
                summary.unread.append(id)
                continue
            }
            switch try await ContactFollower.end(of: contact, orgID: orgID, in: session) {
            case .unread(let survivor): summary.unread.append(survivor)
            case .survivor, .endless: continue
            case .same:
                if policy.archived == .restore, !contact.isErased {
                    restored.append(document)
                } else {
                    replaced.append(document)
                }
            }
        }
        try await restore(restored, by: actor, in: session)
        try await replace(replaced, cause: "archived in Xero", callID: nil, by: actor, in: session)
        try await announce(restored + replaced, by: actor, in: session)
        summary.revived = restored.count + replaced.count
        return summary
    }

    private static func announce(
        _ documents: [StoredDocument], by actor: String, in session: some PostgresSession
    ) async throws {
        let ready = try await Readiness.promote(around: documents.map(\.id), in: session)
        try await LedgerMessages.announce(
            DocumentStore.read(ids: ready.map(\.id), in: session), origin: actor, in: session)
    }

    /// Has contacts made active again by their next change.
    private static func restore(
        _ documents: [StoredDocument], by actor: String, in session: some PostgresSession
    ) async throws {
        guard !documents.isEmpty else { return }
        var restored: [StoredDocument] = []
        var audit: [AuditEntry] = []
        for var document in documents {
            let from = document.machine.state
            try document.machine.handle(.planned(changed: true, void: false, blocked: false))
            document.attempts = 0
            document.lane = .live
            document.reason = "archived in Xero: it is made active again"
            restored.append(document)
            audit.append(
                AuditEntry(
                    actor: actor, subject: document.key.text,
                    change: "\(from.rawValue) -> \(document.machine.state.rawValue)",
                    cause: "archived in Xero, and something is to be posted to it"))
        }
        try await DocumentStore.save(restored, in: session)
        try await session.execute(
            """
            INSERT INTO contact_link AS l (document_id, is_restoring)
            SELECT n.id, true FROM unnest(\(restored.map(\.id))::bigint[]) AS n (id)
            ON CONFLICT (document_id) DO UPDATE SET is_restoring = true
            """)
        try await Audit.add(audit, in: session)
    }

    /// Has new contacts made in the place of archived ones, under the next number of their names: the archived ones keep
    /// theirs, so that a person can bring them back.
    /// - Parameters:
    ///   - documents: contacts that no call carries, locked by the session.
    ///   - cause: why they are not restored.
    ///   - callID: the call that found out.
    ///   - actor: who replaces them.
    ///   - session: a transaction.
    public static func replace(
        _ documents: [StoredDocument], cause: String, callID: String?, by actor: String,
        in session: some PostgresSession
    ) async throws {
        var replaced: [StoredDocument] = []
        var audit: [AuditEntry] = []
        for var document in documents {
            let former = document.xeroID ?? ""
            if document.machine.state == .held || document.machine.state == .dead {
                try document.machine.handle(.retried)
            }
            try document.machine.handle(.doubted)
            document.machine.desiredVersion += 1
            document.xeroID = nil
            document.attempts = 0
            document.lane = .live
            document.lookupFirst = false
            document.reason = nil
            let standing = try await ContactLinks.standing(of: document.id, in: session)
            let name = try await ContactClaims.claimNext(for: document, in: session)
            var desired = document.desired.setting("Name", to: .string(name))
            if let number = desired["ContactNumber"]?.string {
                let next = ContactContent.next(number, replacements: standing.replacements)
                desired = desired.setting("ContactNumber", to: .string(next))
            }
            document.setDesired(desired)
            replaced.append(document)
            audit.append(
                AuditEntry(
                    actor: actor, subject: document.key.text, change: "\(former) -> \(name)",
                    cause: "\(cause): a new contact takes its place", callID: callID))
        }
        guard !replaced.isEmpty else { return }
        try await DocumentStore.save(replaced, in: session)
        try await ContactStandings.set(archived: [], active: replaced.map(\.id), in: session)
        try await session.execute(
            """
            INSERT INTO contact_link AS l (document_id, replacements)
            SELECT n.id, 1 FROM unnest(\(replaced.map(\.id))::bigint[]) AS n (id)
            ON CONFLICT (document_id) DO UPDATE SET written = '{}', is_renamed = false, is_restoring = false,
                replacements = l.replacements + 1
            """)
        try await Audit.add(audit, in: session)
    }

    /// Contacts that Xero does not know any more are looked up by name and number, and made again if they are not there.
    /// - Parameters:
    ///   - ids: Xero's ids of the contacts.
    ///   - orgID: the org.
    ///   - actor: who found it.
    ///   - session: a transaction that holds no document yet.
    public static func miss(
        _ ids: [String], orgID: String, by actor: String, in session: some PostgresSession
    ) async throws {
        guard !ids.isEmpty else { return }
        // What was merged into one of them leads nowhere.
        try await session.execute(
            """
            UPDATE xero_contact SET merged_to = xero_id, is_followed = false
            WHERE org_id = \(orgID) AND merged_to = ANY(\(ids)::text[])
            """)
        let rows = try await session.query(
            """
            SELECT id, key FROM document WHERE org_id = \(orgID) AND kind = 'contact' AND xero_id = ANY(\(ids)::text[])
            ORDER BY id
            """)
        guard !rows.isEmpty else { return }
        try await ContactStandings.set(
            archived: [], active: rows.map { try $0.decode("id", as: Int64.self) }, in: session)
        _ = try await Doubts.raise(
            keys: rows.map { try $0.decode("key", as: String.self) }, cause: "Xero does not know the contact",
            by: actor,
            in: session)
    }
}
