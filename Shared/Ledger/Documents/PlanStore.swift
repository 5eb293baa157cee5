import Accounting
import JSON
import Mapping
import Messaging
import Postgres

/// The statements behind ``PlanWriter``.
enum PlanStore {
    /// The documents that a plan concerns: its own, the order's former ones, and what they need, locked.
    ///
    /// Items that Xero has are read only: planning never changes them, and the orders of a popular item would have to wait for
    /// one another. One that is doubted at this very moment is refused with its document, and doubted once more.
    static func present(
        _ order: PlannedOrder, in session: some PostgresSession
    ) async throws(PostgresError) -> [StoredDocument] {
        let items = order.itemKeys
        var posted: [StoredDocument] = []
        if !items.isEmpty {
            posted = try DocumentStore.read(
                await session.query(
                    """
                    SELECT \(unsafeSQL: StoredDocument.columns) FROM document
                    WHERE key = ANY(\(items)::text[]) AND state = 'posted'
                    """))
        }
        let known = Set(posted.map(\.key.text))
        return try await posted
            + DocumentStore.lock(
                keys: order.allKeys.filter { !known.contains($0) }, storeID: order.storeID, orderID: order.orderID,
                in: session)
    }

    /// Inserts documents that have no row. A contact or item may have been inserted by another order meanwhile: that one
    /// stays.
    /// - Returns: the keys of what was inserted.
    static func insert(
        _ documents: [PlannedDocument], of order: PlannedOrder, in session: some PostgresSession
    ) async throws(PostgresError) -> Set<String> {
        let keys = documents.map { DocumentKey($0.reference, orgID: order.orgID, storeID: order.storeID) }
        let rows = try await session.query(
            """
            INSERT INTO document (org_id, store_id, kind, source_id, part, key, order_id, number, state, desired, currency,
                total, total_tax, document_date, lane, mapping_version, snapshot_revision, traceparent, content_at,
                lookup_first, decisions)
            SELECT \(order.orgID), n.store_id, n.kind, n.source_id, n.part, n.key, n.order_id, n.number, 'planned',
                n.desired, n.currency, n.total, n.tax, n.date, n.lane, \(order.mappingVersion)::bigint,
                \(order.revision)::integer, \(order.traceparent as String?),
                (SELECT created_at FROM sale WHERE store_id = \(order.storeID) AND order_id = \(order.orderID)),
                n.kind IN ('payment', 'refund', 'credit_note', 'allocation', 'quote') AND EXISTS (
                    SELECT 1 FROM database_identity i JOIN sale s ON s.created_at < i.restored_at
                    WHERE s.store_id = \(order.storeID) AND s.order_id = \(order.orderID)), n.decisions
            FROM unnest(\(documents.map(\.kind.rawValue))::text[], \(documents.map(\.sourceID))::text[],
                \(documents.map(\.part))::text[], \(keys.map(\.text))::text[], \(keys.map(\.storeID))::text[],
                \(documents.map { $0.kind.isOfOrder ? order.orderID : nil })::text[],
                \(documents.map(\.number))::text[], \(documents.map(\.desired.text))::text[],
                \(documents.map { $0.currency?.code })::text[], \(documents.map { $0.total?.description })::numeric[],
                \(documents.map { $0.tax?.description })::numeric[],
                \(documents.map { $0.date?.description })::date[],
                \(documents.map { order.lane(of: $0.kind, exists: false).rawValue })::smallint[],
                \(documents.map(\.decisionsText))::text[])
                WITH ORDINALITY AS n
                (kind, source_id, part, key, store_id, order_id, number, desired, currency, total, tax, date, lane, decisions,
                 position)
            ORDER BY n.position
            ON CONFLICT DO NOTHING RETURNING key
            """)
        var inserted = Set<String>()
        for row in rows { inserted.insert(try row.decode("key")) }
        return inserted
    }

    /// The contacts whose content may be taken from this order: it is not older than the order the content is from.
    static func contactsToUpdate(
        _ ids: [Int64], order: PlannedOrder, in session: some PostgresSession
    ) async throws(PostgresError) -> Set<Int64> {
        let rows = try await session.query(
            """
            UPDATE document d SET content_at = o.created_at
            FROM (SELECT (SELECT created_at FROM sale WHERE store_id = \(order.storeID) AND order_id = \(order.orderID))
                  AS created_at) o
            WHERE d.id = ANY(\(ids)::bigint[]) AND (d.content_at IS NULL OR o.created_at >= d.content_at)
            RETURNING d.id
            """)
        var allowed = Set<Int64>()
        for row in rows { allowed.insert(try row.decode("id")) }
        return allowed
    }

    /// Makes the dependency rows of these documents exactly these.
    static func replaceDependencies(
        _ pairs: [(document: Int64, dependsOn: Int64, isSoft: Bool)], of documents: [Int64],
        in session: some PostgresSession
    ) async throws(PostgresError) {
        let from = pairs.map(\.document)
        let to = pairs.map(\.dependsOn)
        try await session.execute(
            """
            DELETE FROM document_dependency x WHERE x.document_id = ANY(\(documents)::bigint[])
              AND (x.document_id, x.depends_on) NOT IN (SELECT * FROM unnest(\(from)::bigint[], \(to)::bigint[]))
            """)
        try await session.execute(
            """
            INSERT INTO document_dependency AS x (document_id, depends_on, is_soft)
            SELECT * FROM unnest(\(from)::bigint[], \(to)::bigint[], \(pairs.map(\.isSoft))::boolean[])
            ON CONFLICT (document_id, depends_on) DO UPDATE SET is_soft = excluded.is_soft
            WHERE x.is_soft <> excluded.is_soft
            """)
    }

    /// Records what was planned and marks the dead letters of what is tried again as resolved.
    static func finish(
        retried: [Int64], revision: Int, mappingVersion: Int64, documents: [(id: Int64, decisions: String?)],
        in session: some PostgresSession
    ) async throws(PostgresError) {
        if !documents.isEmpty {
            try await session.execute(
                """
                UPDATE document d SET snapshot_revision = \(revision)::integer,
                    mapping_version = \(mappingVersion)::bigint, decisions = n.decisions
                FROM unnest(\(documents.map(\.id))::bigint[], \(documents.map(\.decisions))::text[]) AS n (id, decisions)
                WHERE d.id = n.id
                """)
        }
        if !retried.isEmpty {
            try await session.execute(
                """
                UPDATE dead_letter SET state = 'resolved', updated_at = now(), note = 'planned differently since'
                WHERE document_id = ANY(\(retried)::bigint[]) AND state IN ('open', 'retrying', 'held')
                """)
        }
    }
}

extension PlannedDocument {
    /// What decided its fields, as it is kept: `{"0.account": "rule 'Books'", "reference": "default"}`; lines from 0.
    var decisionsText: String? {
        guard !decisions.isEmpty else { return nil }
        return JSONValue.object(
            JSONObject(
                decisions.map { decision in
                    (
                        decision.line.map { "\($0).\(decision.field)" } ?? decision.field,
                        JSONValue.string(decision.because)
                    )
                })
        ).text
    }
}
