import Accounting
import JSON
import Mapping
public import Postgres

/// Documents' rows: locked, changed as values, stored. Whoever changes a document holds its row's lock from the look at its
/// state to the end of the transaction. Rows are locked in the order of their ids, and a sale's row before its documents'.
public enum DocumentStore {
    /// Locks documents by id.
    /// - Parameters:
    ///   - ids: the rows' ids.
    ///   - session: a transaction.
    /// - Returns: the documents, by id.
    public static func lock(ids: [Int64], in session: some PostgresSession) async throws(PostgresError)
        -> [StoredDocument]
    {
        guard !ids.isEmpty else { return [] }
        return try await read(
            session.query(
                """
                SELECT \(unsafeSQL: StoredDocument.columns) FROM document WHERE id = ANY(\(ids)::bigint[])
                ORDER BY id FOR NO KEY UPDATE
                """))
    }

    /// Locks the documents that have one of these keys, and those of an order.
    static func lock(
        keys: [String], storeID: String, orderID: String, in session: some PostgresSession
    ) async throws(PostgresError) -> [StoredDocument] {
        try await read(
            session.query(
                """
                SELECT \(unsafeSQL: StoredDocument.columns) FROM document
                WHERE id IN (SELECT id FROM document WHERE key = ANY(\(keys)::text[])
                             UNION SELECT id FROM document WHERE store_id = \(storeID) AND order_id = \(orderID))
                ORDER BY id FOR NO KEY UPDATE
                """))
    }

    /// Reads documents without locking them.
    /// - Parameters:
    ///   - ids: the rows' ids.
    ///   - session: where to ask.
    /// - Returns: the documents, by id.
    public static func read(ids: [Int64], in session: some PostgresSession) async throws(PostgresError)
        -> [StoredDocument]
    {
        guard !ids.isEmpty else { return [] }
        return try await read(
            session.query(
                "SELECT \(unsafeSQL: StoredDocument.columns) FROM document WHERE id = ANY(\(ids)::bigint[]) ORDER BY id"
            ))
    }

    /// Decodes rows that have ``StoredDocument/columns``.
    static func read(_ rows: [PostgresRow]) throws(PostgresError) -> [StoredDocument] {
        var documents: [StoredDocument] = []
        documents.reserveCapacity(rows.count)
        for row in rows { documents.append(try StoredDocument(row: row)) }
        return documents
    }

    /// Stores changed documents: states always, contents and answers where they changed.
    /// - Parameters:
    ///   - documents: documents that are locked by the session.
    ///   - session: a transaction.
    public static func save(_ documents: [StoredDocument], in session: some PostgresSession) async throws(PostgresError)
    {
        guard !documents.isEmpty else { return }
        try await saveStates(documents, in: session)
        let changed = documents.filter(\.hasNewContent)
        if !changed.isEmpty { try await saveContents(changed, in: session) }
        let posted = documents.filter(\.hasNewPosted)
        if !posted.isEmpty {
            try await session.execute(
                """
                UPDATE document d SET posted = n.posted, posted_at = now()
                FROM unnest(\(posted.map(\.id))::bigint[], \(posted.map(\.posted))::text[]) AS n (id, posted)
                WHERE d.id = n.id
                """)
        }
    }

    private static func saveStates(
        _ documents: [StoredDocument], in session: some PostgresSession
    ) async throws(PostgresError) {
        try await session.execute(
            """
            UPDATE document d SET state = n.state, state_reason = n.reason, desired_version = n.desired,
                sent_version = n.sent, posted_version = n.posted, desired_void = n.void, xero_id = n.xero_id,
                lane = n.lane, attempts = n.attempts, open_call = n.call::uuid, lookup_first = n.lookup, traceparent = n.trace,
                ready_at = CASE WHEN n.delay > 0 THEN now() + make_interval(secs => n.delay)
                                WHEN d.state <> n.state AND n.state = 'ready' THEN now() ELSE d.ready_at END,
                changed_at = now()
            FROM unnest(\(documents.map(\.id))::bigint[], \(documents.map(\.machine.state.rawValue))::text[],
                \(documents.map(\.reason))::text[], \(documents.map(\.machine.desiredVersion))::integer[],
                \(documents.map(\.machine.sentVersion))::integer[], \(documents.map(\.machine.postedVersion))::integer[],
                \(documents.map(\.machine.desiredVoid))::boolean[], \(documents.map(\.xeroID))::text[],
                \(documents.map(\.lane.rawValue))::smallint[], \(documents.map(\.attempts))::integer[],
                \(documents.map(\.openCall))::text[], \(documents.map(\.lookupFirst))::boolean[],
                \(documents.map(\.delaySeconds))::double precision[], \(documents.map(\.traceparent))::text[])
                AS n (id, state, reason, desired, sent, posted, void, xero_id, lane, attempts, call, lookup, delay, trace)
            WHERE d.id = n.id
            """)
    }

    private static func saveContents(
        _ documents: [StoredDocument], in session: some PostgresSession
    ) async throws(PostgresError) {
        try await session.execute(
            """
            UPDATE document d SET desired = n.desired, number = n.number, currency = n.currency, total = n.total,
                total_tax = n.tax, document_date = n.date, mapping_version = n.mapping,
                refused_email = n.email, planned = n.planned
            FROM unnest(\(documents.map(\.id))::bigint[], \(documents.map(\.desired.text))::text[],
                \(documents.map(\.number))::text[], \(documents.map(\.currency))::text[],
                \(documents.map { $0.total?.description })::numeric[],
                \(documents.map { $0.totalTax?.description })::numeric[],
                \(documents.map { $0.date?.description })::date[],
                \(documents.map(\.mappingVersion))::bigint[], \(documents.map(\.refusedEmail))::text[],
                \(documents.map(\.planned))::text[])
                AS n (id, desired, number, currency, total, tax, date, mapping, email, planned)
            WHERE d.id = n.id
            """)
    }

    /// What each of these documents needs: pairs of document and dependency, with the dependency's present state.
    /// - Parameters:
    ///   - ids: the documents.
    ///   - session: where to ask.
    /// - Returns: for each document the ids of what it needs.
    public static func dependencies(
        of ids: [Int64], in session: some PostgresSession
    ) async throws(PostgresError) -> [Int64: [Int64]] {
        let rows = try await session.query(
            """
            SELECT document_id, depends_on FROM document_dependency WHERE document_id = ANY(\(ids)::bigint[])
            ORDER BY document_id, depends_on
            """)
        var found: [Int64: [Int64]] = [:]
        for row in rows {
            found[try row.decode("document_id"), default: []].append(try row.decode("depends_on"))
        }
        return found
    }

    /// Xero's ids of documents by key, for putting them in the place of references.
    /// - Parameters:
    ///   - keys: document keys as text.
    ///   - session: where to ask.
    /// - Returns: ids by key; nothing for what Xero does not have.
    public static func xeroIDs(
        keys: [String], in session: some PostgresSession
    ) async throws(PostgresError) -> [String: String] {
        guard !keys.isEmpty else { return [:] }
        let rows = try await session.query(
            "SELECT key, xero_id FROM document WHERE key = ANY(\(keys)::text[]) AND xero_id IS NOT NULL")
        var ids: [String: String] = [:]
        for row in rows { ids[try row.decode("key")] = try row.decode("xero_id") }
        return ids
    }
}
