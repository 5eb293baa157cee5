public import JSON
import Mapping
public import Postgres
public import Xero

/// What calls and lookups learnt of the Xero contacts behind contacts of ours.
public enum ContactLinks {
    /// A contact of ours with what Xero returned for it.
    public struct Result: Sendable {
        var documentID: Int64
        var orgID: String
        var wanted: ContactFields
        var element: XeroElement
        var sent: ContactFields?

        /// A result.
        /// - Parameters:
        ///   - document: the contact of ours.
        ///   - element: the contact as Xero has it.
        ///   - sent: the element of the call; nil if it was not written but found.
        public init(_ document: StoredDocument, _ element: XeroElement, sent: JSONValue?) {
            documentID = document.id
            orgID = document.key.orgID
            wanted = ContactFields(document.desired)
            self.element = element
            self.sent = sent.map { ContactFields($0) }
        }
    }

    /// A contact's link as planning needs it.
    struct Standing {
        /// The names that it has claimed.
        var names: [String] = []
        var isRenamed = false
        var replacements = 0
    }

    /// Remembers what was written, and whether the contacts can be posted to.
    /// - Parameters:
    ///   - results: contacts of one org, locked by the session.
    ///   - session: the transaction of the result.
    public static func store(_ results: [Result], in session: some PostgresSession) async throws(PostgresError) {
        guard let orgID = results.first?.orgID else { return }
        try await ContactMirror.keep(results.map(\.element), orgID: orgID, isOurs: true, in: session)
        let ids = results.map(\.documentID)
        let before = try await written(of: ids, in: session)
        let remembered = results.map { result in
            ContactFields(result.element.value).remembered(
                sent: result.sent, wanted: result.wanted, before: before[result.documentID] ?? ContactFields())
        }
        let isUsable = results.map { MirroredContact($0.element)?.isActive ?? true }
        try await session.execute(
            """
            INSERT INTO contact_link AS l (document_id, written)
            SELECT n.id, n.written
            FROM unnest(\(ids)::bigint[], \(remembered.map { $0.json.text.filter { $0 != "\0" } })::text[])
                AS n (id, written)
            ON CONFLICT (document_id) DO UPDATE SET written = excluded.written, is_restoring = false
            """)
        try await session.execute(
            """
            UPDATE document d SET is_archived = NOT n.usable
            FROM unnest(\(ids)::bigint[], \(isUsable)::boolean[]) AS n (id, usable)
            WHERE d.id = n.id AND d.is_archived = n.usable
            """)
    }

    private static func written(
        of ids: [Int64], in session: some PostgresSession
    ) async throws(PostgresError) -> [Int64: ContactFields] {
        let rows = try await session.query(
            "SELECT document_id, written FROM contact_link WHERE document_id = ANY(\(ids)::bigint[])")
        var found: [Int64: ContactFields] = [:]
        for row in rows { found[try row.decode("document_id")] = ContactFields(row: row["written"]) }
        return found
    }

    /// What a contact of ours is called, and how it stands to Xero's.
    static func standing(
        of documentID: Int64, in session: some PostgresSession
    ) async throws(PostgresError) -> Standing {
        let rows = try await session.query(
            """
            SELECT n.name, coalesce(l.is_renamed, false) AS renamed, coalesce(l.replacements, 0) AS replacements
            FROM (SELECT \(documentID)::bigint AS id) o
            LEFT JOIN contact_link l ON l.document_id = o.id LEFT JOIN contact_name n ON n.document_id = o.id
            """)
        var standing = Standing()
        for row in rows {
            if let name = row["name"] { standing.names.append(name) }
            standing.isRenamed = try row.decode("renamed")
            standing.replacements = try row.decode("replacements")
        }
        return standing
    }

    /// Whether Xero's contact lacks what this one could fill in.
    /// - Parameters:
    ///   - document: a document; only contacts can be incomplete.
    ///   - element: the contact as Xero has it.
    public static func isIncomplete(_ document: StoredDocument, _ element: XeroElement) -> Bool {
        guard document.key.kind == .contact else { return false }
        let has = ContactFields(element.value)
        let wanted = ContactFields(document.desired)
        let written = has.remembered(sent: nil, wanted: wanted, before: ContactFields())
        return !has.fieldsToWrite(wanted: wanted, written: written).isEmpty
    }

    // MARK: What is to be written

    /// The elements that bring Xero's contacts up to date: the fields that changed here and that nobody touched there, and
    /// the status of those that are to be active again.
    /// - Parameters:
    ///   - documents: contacts that Xero has.
    ///   - policy: what the org wants.
    ///   - session: where to look.
    /// - Returns: the elements without their ids, by the documents' ids; empty where there is nothing to write.
    public static func changes(
        of documents: [StoredDocument], policy: ContactPolicy, in session: some PostgresSession
    ) async throws(PostgresError) -> [Int64: JSONValue] {
        let rows = try await session.query(
            """
            SELECT d.id, l.written, coalesce(l.is_restoring, false) AS restoring, m.content
            FROM document d LEFT JOIN contact_link l ON l.document_id = d.id
            LEFT JOIN xero_contact m ON m.org_id = d.org_id AND m.xero_id = d.xero_id
            WHERE d.id = ANY(\(documents.map(\.id))::bigint[])
            """)
        let byID = Dictionary(documents.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        var elements: [Int64: JSONValue] = [:]
        for row in rows {
            let id: Int64 = try row.decode("id")
            guard let document = byID[id] else { continue }
            let has = ContactFields(row: row["content"] ?? document.posted)
            let wanted = ContactFields(document.desired)
            let names =
                policy.changed == .update
                ? has.fieldsToWrite(wanted: wanted, written: ContactFields(row: row["written"])) : []
            var element = has.element(writing: names, wanted: wanted)
            if try row.decode("restoring") { element["ContactStatus"] = "ACTIVE" }
            elements[id] = .object(element)
        }
        return elements
    }
}
