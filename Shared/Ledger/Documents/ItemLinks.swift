import JSON
import Mapping
public import Postgres

/// The items that lines of documents name by code, when Xero does not have them.
public enum ItemLinks {
    /// Has items looked up that Xero says it does not have, and lets a document wait for them.
    /// - Parameters:
    ///   - codes: the items' codes.
    ///   - document: the document that was refused, locked by the session.
    ///   - cause: Xero's words.
    ///   - callID: the call that was refused.
    ///   - actor: who found it.
    ///   - session: the transaction of the result.
    /// - Returns: the codes of items that are ours and are made again if they are not there; nobody makes the others.
    public static func doubt(
        _ codes: Set<String>, of document: StoredDocument, cause: String, callID: String?, by actor: String,
        in session: some PostgresSession
    ) async throws -> Set<String> {
        guard !codes.isEmpty else { return [] }
        let rows = try await session.query(
            """
            SELECT id, key, number FROM document
            WHERE org_id = \(document.key.orgID) AND kind = 'item' AND number = ANY(\(codes.sorted())::text[])
              AND state IN ('posted', 'waiting', 'ready', 'sending', 'uncertain')
            ORDER BY id
            """)
        guard !rows.isEmpty else { return [] }
        var (ids, keys, ours): ([Int64], [String], Set<String>) = ([], [], [])
        for row in rows {
            ids.append(try row.decode("id"))
            keys.append(try row.decode("key"))
            ours.insert(try row.decode("number"))
        }
        // Where the item was known from the organisation's list, the document has not waited for it so far.
        try await session.execute(
            """
            INSERT INTO document_dependency (document_id, depends_on, is_soft)
            SELECT \(document.id), item, true FROM unnest(\(ids)::bigint[]) AS n (item) ON CONFLICT DO NOTHING
            """)
        _ = try await Doubts.raise(keys: keys, cause: cause, callID: callID, by: actor, in: session)
        return ours
    }

    /// The items that documents go without, because Xero refused to make them.
    /// - Parameters:
    ///   - documents: documents that are about to be sent.
    ///   - session: the transaction of the intent.
    /// - Returns: the codes, by document; nothing for documents that have all their items.
    public static func refused(
        of documents: [StoredDocument], in session: some PostgresSession
    ) async throws(PostgresError) -> [Int64: Set<String>] {
        let ids = documents.filter { !$0.itemCodes.isEmpty }.map(\.id)
        guard !ids.isEmpty else { return [:] }
        let rows = try await session.query(
            """
            SELECT x.document_id, p.number FROM document_dependency x JOIN document p ON p.id = x.depends_on
            WHERE x.document_id = ANY(\(ids)::bigint[]) AND x.is_soft AND p.kind = 'item'
              AND p.state IN ('held', 'dead') AND p.number IS NOT NULL
            """)
        var refused: [Int64: Set<String>] = [:]
        for row in rows { refused[try row.decode("document_id"), default: []].insert(try row.decode("number")) }
        return refused
    }
}

extension StoredDocument {
    /// The codes of the items that its lines name.
    public var itemCodes: Set<String> {
        Set((desired["LineItems"]?.array ?? []).compactMap { $0["ItemCode"]?.string })
    }

    /// Takes items out of its lines. What the plan wanted is kept, so that the same plan wants no change.
    /// - Parameter codes: the items' codes.
    /// - Returns: those that were there.
    public mutating func dropItems(_ codes: Set<String>) -> Set<String> {
        let dropped = itemCodes.intersection(codes)
        guard !dropped.isEmpty, var object = desired.object, let lines = object["LineItems"]?.array else { return [] }
        object["LineItems"] = .array(
            lines.map { line in
                guard let code = line["ItemCode"]?.string, dropped.contains(code) else { return line }
                return line.removing("ItemCode")
            })
        setRepaired(.object(object))
        return dropped
    }
}
