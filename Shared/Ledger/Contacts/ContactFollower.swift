import JSON
import Mapping
public import Postgres

/// Makes contacts of ours follow what people did in Xero: archived ones are not posted to, merged ones lead to the contact
/// that survived, and the claims of names follow those that were renamed.
public enum ContactFollower {
    /// The most contacts between one that was merged and the one that survived.
    static let longestChain = 8
    /// Contacts of ours that one transaction works.
    public static let batch = 200

    /// What following did.
    public struct Summary: Sendable, Hashable {
        /// Contacts of ours that were looked at.
        public var contacts = 0
        /// Documents that can be sent now.
        public var freed = 0
        /// Whether anything was told to other services.
        public var hasNews: Bool { freed > 0 || dead > 0 }
        /// Contacts that a person has to look at.
        var dead = 0
    }

    /// Follows what was read since; what a call carries at this moment is followed later.
    /// - Parameters:
    ///   - orgID: the org.
    ///   - actor: who follows.
    ///   - session: a transaction.
    /// - Returns: what was done.
    public static func follow(
        orgID: String, by actor: String, in session: some PostgresSession
    ) async throws -> Summary {
        // What nothing of ours is linked to needs no following; until the next reading, so that this is done once.
        try await session.execute(
            """
            UPDATE xero_contact c SET is_followed = true
            WHERE c.org_id = \(orgID) AND NOT c.is_followed
              AND NOT EXISTS (SELECT 1 FROM document d
                              WHERE d.org_id = c.org_id AND d.kind = 'contact' AND d.xero_id = c.xero_id)
            """)
        let rows = try await session.query(
            """
            SELECT d.id FROM document d JOIN xero_contact c ON c.org_id = d.org_id AND c.xero_id = d.xero_id
            WHERE d.org_id = \(orgID) AND d.kind = 'contact' AND d.state NOT IN ('sending', 'uncertain')
              AND (NOT c.is_followed OR d.is_archived AND c.merged_to IS NOT NULL AND d.state <> 'dead')
            ORDER BY d.id LIMIT \(batch)::integer
            """)
        let ids = try rows.map { try $0.decode("id", as: Int64.self) }
        guard !ids.isEmpty else { return Summary() }
        let documents = try await DocumentStore.lock(ids: ids, in: session).filter { !$0.machine.state.isOpen }
        let known = try await ContactMirror.contacts(ids: documents.compactMap(\.xeroID), orgID: orgID, in: session)
        var work = FollowingWork(orgID: orgID, actor: actor)
        for document in documents {
            guard let contact = document.xeroID.flatMap({ known[$0] }) else { continue }
            let end = try await end(of: contact, orgID: orgID, in: session)
            try await work.follow(document, contact, end, in: session)
        }
        return try await work.store(in: session)
    }

    /// Where a contact leads to.
    enum End {
        /// Itself.
        case same
        /// The contact that survived.
        case survivor(MirroredContact)
        /// To a contact that was not read yet.
        case unread(String)
        /// In a circle, or through more contacts than anybody merges.
        case endless
    }

    /// Where a contact leads to.
    static func end(
        of contact: MirroredContact, orgID: String, in session: some PostgresSession
    ) async throws(PostgresError) -> End {
        var seen = [contact.id]
        var present = contact
        while let next = present.mergedTo {
            if seen.contains(next) || seen.count > longestChain { return .endless }
            guard let row = try await ContactMirror.contacts(ids: [next], orgID: orgID, in: session)[next] else {
                return .unread(next)
            }
            seen.append(next)
            present = row
        }
        return present.id == contact.id ? .same : .survivor(present)
    }
}

/// Contacts of ours while they are made to follow Xero's.
private struct FollowingWork {
    let orgID: String
    let actor: String
    private var changed: [StoredDocument] = []
    private var audit: [AuditEntry] = []
    private var followed: [String] = []
    private var archived: [Int64] = []
    private var active: [Int64] = []
    private var failures: [(document: StoredDocument, failure: DocumentFailure)] = []
    private var count = 0

    init(orgID: String, actor: String) {
        self.orgID = orgID
        self.actor = actor
    }

    mutating func follow(
        _ document: StoredDocument, _ contact: MirroredContact, _ end: ContactFollower.End,
        in session: some PostgresSession
    ) async throws {
        count += 1
        followed.append(contact.id)
        switch end {
        case .same:
            settle(document, isActive: contact.isActive, "in Xero")
            if contact.isActive { try await followName(document, contact, in: session) }
        case .survivor(let survivor): try await relink(document, from: contact, to: survivor, in: session)
        case .unread: settle(document, isActive: false, "merged into a contact that is read next:")
        case .endless: refuse(document, contact)
        }
    }

    /// Notes whether a contact can be posted to.
    private mutating func settle(_ document: StoredDocument, isActive: Bool, _ where: String) {
        if isActive {
            // Somebody may wait who was told otherwise a moment ago.
            active.append(document.id)
            if document.isArchived { note(document, "archived -> active", "active in Xero again") }
        } else {
            archived.append(document.id)
            if !document.isArchived { note(document, "active -> archived", "\(`where`) archived") }
        }
    }

    /// A contact that was merged is from now on the one that survived; what is in that one stays a person's.
    private mutating func relink(
        _ document: StoredDocument, from contact: MirroredContact, to survivor: MirroredContact,
        in session: some PostgresSession
    ) async throws {
        var document = document
        var element = survivor.fields.json
        element = element.setting("ContactID", to: .string(survivor.id))
        document.setPosted(element.setting("ContactStatus", to: .string(survivor.status)), id: survivor.id)
        changed.append(document)
        // The number stays with the contact that was merged: it is not written again.
        var written = JSONObject()
        written["ContactNumber"] = document.desired["ContactNumber"]
        try await session.execute(
            """
            INSERT INTO contact_link AS l (document_id, written, is_renamed)
            VALUES (\(document.id), \(JSONValue.object(written).text), true)
            ON CONFLICT (document_id) DO UPDATE SET written = excluded.written, is_renamed = true, is_restoring = false
            """)
        try await claim(survivor.name, for: document, keeping: nil, in: session)
        note(
            document, "\(contact.id) -> \(survivor.id)",
            "merged in Xero: \(contact.name) is \(survivor.name) from now on")
        settle(document, isActive: survivor.isActive, "the contact that survived is")
    }

    /// The claims of names follow a contact that a person renamed, so that the next one of its former name can have that.
    private mutating func followName(
        _ document: StoredDocument, _ contact: MirroredContact, in session: some PostgresSession
    ) async throws {
        let rows = try await session.query(
            "SELECT written, is_renamed FROM contact_link WHERE document_id = \(document.id)")
        let written = ContactFields(row: rows.first?["written"])
        let wasRenamed = try rows.first?.decode("is_renamed", as: Bool.self) ?? false
        let wanted = document.desired["Name"]?.string ?? ""
        let isRenamed = ContactName.folded(written.name ?? wanted) != ContactName.folded(contact.name)
        guard isRenamed || wasRenamed else { return }
        try await session.execute(
            """
            INSERT INTO contact_link AS l (document_id, is_renamed) VALUES (\(document.id), \(isRenamed))
            ON CONFLICT (document_id) DO UPDATE SET is_renamed = excluded.is_renamed
            """)
        try await claim(contact.name, for: document, keeping: isRenamed ? nil : wanted, in: session)
        note(document, isRenamed ? "renamed" : "named as before", "its name in Xero is \(contact.name)")
    }

    private func claim(
        _ name: String, for document: StoredDocument, keeping other: String?, in session: some PostgresSession
    ) async throws(PostgresError) {
        let folded = ContactName.folded(name)
        let kept = [folded] + (other.map { [ContactName.folded($0)] } ?? [])
        try await session.execute(
            """
            DELETE FROM contact_name WHERE document_id = \(document.id) AND NOT folded_name = ANY(\(kept)::text[])
            """)
        try await session.execute(
            """
            INSERT INTO contact_name (org_id, folded_name, document_id, name)
            VALUES (\(orgID), \(folded), \(document.id), \(name)) ON CONFLICT DO NOTHING
            """)
    }

    /// Nobody can say which contact survived: a person has to.
    private mutating func refuse(_ document: StoredDocument, _ contact: MirroredContact) {
        archived.append(document.id)
        guard document.machine.state != .dead else { return }
        var document = document
        let sentence = "Xero says that this contact was merged, and names no contact that survived."
        note(document, "\(document.machine.state.rawValue) -> dead", "merged in a circle: \(contact.id)")
        document.machine.state = .dead
        document.reason = sentence
        let suggestion =
            "Look in Xero which contact is right, make it active, and give it the contact's number; then retry."
        failures.append(
            (
                document,
                DocumentFailure(
                    errorClass: "contact.merged", message: "MergedToContactID leads in a circle", sentence: sentence,
                    suggestion: suggestion)
            ))
        changed.append(document)
    }

    private mutating func note(_ document: StoredDocument, _ change: String, _ cause: String) {
        audit.append(AuditEntry(actor: actor, subject: document.key.text, change: change, cause: cause))
    }

    func store(in session: some PostgresSession) async throws -> ContactFollower.Summary {
        try await DocumentStore.save(changed, in: session)
        let usable = Set(active).subtracting(archived).sorted()
        try await ContactStandings.set(archived: archived, active: usable, in: session)
        try await session.execute(
            """
            UPDATE xero_contact c SET is_followed = true
            WHERE c.org_id = \(orgID) AND c.xero_id = ANY(\(followed)::text[]) AND NOT c.is_followed
              AND NOT EXISTS (SELECT 1 FROM document d WHERE d.org_id = c.org_id AND d.kind = 'contact'
                              AND d.xero_id = c.xero_id AND d.state IN ('sending', 'uncertain'))
            """)
        try await Readiness.demote(needing: archived, in: session)
        let ready = try await Readiness.promote(around: usable, in: session)
        try await LedgerMessages.announce(
            DocumentStore.read(ids: ready.map(\.id), in: session), origin: actor, in: session)
        try await DeadLetters.add(failures, service: actor, callID: nil, in: session)
        try await Readiness.explain(blockedBy: failures.map(\.document), in: session)
        try await Audit.add(audit, in: session)
        return ContactFollower.Summary(contacts: count, freed: ready.count, dead: failures.count)
    }
}
