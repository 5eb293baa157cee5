import JSON
import Mapping
public import Postgres

/// Finds contacts that are to be made among those that Xero has already, without asking it.
public enum ContactMatching {
    /// What was found for contacts that are about to be made.
    public struct Matches: Sendable {
        /// Contacts that Xero has, each with Xero's.
        public var found: [(document: StoredDocument, contact: MirroredContact)] = []
        /// Contacts whose name somebody else has.
        public var nameTaken: [StoredDocument] = []
        /// Contacts that Xero does not have.
        public var absent: [StoredDocument] = []
    }

    private struct Candidate {
        var contact: MirroredContact
        /// Whether another contact of ours is this one already.
        var isOurs: Bool
    }

    /// Matches contacts.
    ///
    /// One that carries our number is ours. Else one by the same name, with or without a number, is taken if its e-mail
    /// address agrees, unless it is another customer's here; for a contact that all stores share, even then.
    /// - Parameters:
    ///   - documents: contacts that are about to be made.
    ///   - orgID: their org.
    ///   - session: where to look.
    /// - Returns: what was found.
    public static func match(
        _ documents: [StoredDocument], orgID: String, in session: some PostgresSession
    ) async throws(PostgresError) -> Matches {
        var matches = Matches()
        let candidates = try await candidates(documents, orgID: orgID, in: session)
        var taken = Set<String>()
        for document in documents {
            if let found = find(document, candidates), taken.insert(found.id).inserted {
                matches.found.append((document, found))
            } else if isNameTaken(document, candidates) {
                matches.nameTaken.append(document)
            } else {
                matches.absent.append(document)
            }
        }
        return matches
    }

    private static func candidates(
        _ documents: [StoredDocument], orgID: String, in session: some PostgresSession
    ) async throws(PostgresError) -> [Candidate] {
        let fields = documents.map(\.desired)
        let rows = try await session.query(
            """
            SELECT \(unsafeSQL: MirroredContact.columns), EXISTS (
                SELECT 1 FROM document d WHERE d.org_id = c.org_id AND d.kind = 'contact' AND d.xero_id = c.xero_id) AS ours
            FROM xero_contact c
            WHERE org_id = \(orgID) AND xero_id IN (
                SELECT xero_id FROM xero_contact
                WHERE org_id = \(orgID) AND number = ANY(\(fields.compactMap { $0["ContactNumber"]?.string })::text[])
                UNION SELECT xero_id FROM xero_contact WHERE org_id = \(orgID) AND status = 'ACTIVE'
                  AND folded_name = ANY(\(fields.compactMap { $0["Name"]?.string }.map(ContactName.folded))::text[])
                UNION SELECT xero_id FROM xero_contact WHERE org_id = \(orgID) AND status = 'ACTIVE'
                  AND email = ANY(\(fields.compactMap { $0["EmailAddress"]?.string?.lowercased() })::text[]))
            ORDER BY xero_id LIMIT 1000
            """)
        var found: [Candidate] = []
        for row in rows {
            found.append(Candidate(contact: try MirroredContact(row: row), isOurs: try row.decode("ours")))
        }
        return found
    }

    private static func find(_ document: StoredDocument, _ candidates: [Candidate]) -> MirroredContact? {
        if let number = document.desired["ContactNumber"]?.string,
            let ours = candidates.first(where: { $0.contact.number == number })
        {
            return ours.contact
        }
        guard let email = document.desired["EmailAddress"]?.string?.lowercased(),
            let name = document.desired["Name"]?.string
        else { return nil }
        let base = ContactClaims.split(name).base
        return
            candidates
            .filter { $0.contact.isActive && $0.contact.email == email && (!$0.isOurs || document.key.isShared) }
            .compactMap { candidate in
                ContactName.number(of: candidate.contact.name, base: base).map { (candidate.contact, $0) }
            }
            .min { $0.1 < $1.1 }?.0
    }

    private static func isNameTaken(_ document: StoredDocument, _ candidates: [Candidate]) -> Bool {
        let name = ContactName.folded(document.desired["Name"]?.string ?? "")
        return candidates.contains { $0.contact.isActive && ContactName.folded($0.contact.name) == name }
    }
}
