import Mapping
public import Postgres

/// What waits for what: documents that may be sent because everything they need is posted, and those that have to say why not.
public enum Readiness {
    /// Whether the dependency `x` on the document `p` is satisfied, as SQL; ``StoredDocument/satisfies(softly:)`` says the same.
    private static let isSatisfied = """
        p.xero_id IS NOT NULL AND NOT p.is_archived AND (p.kind = 'contact' OR p.state = 'posted')
        OR x.is_soft AND p.state IN ('held', 'dead')
        """

    /// Makes ready, of these documents and of those that need them, every waiting one whose dependencies are satisfied. What
    /// is to be voided waits the other way round: until everything that needs it, and is to be voided too, is gone.
    ///
    /// After the changes that may have satisfied them: whoever plans a dependant holds its dependencies' rows, so either this
    /// sees the dependant, or its planner sees the change. What may be made ready is locked before it is looked at: of two
    /// results that satisfy the last two dependencies of a document at once, the later one sees what the earlier one did.
    /// - Parameters:
    ///   - ids: documents that changed.
    ///   - session: the transaction of the change.
    /// - Returns: ids and keys of the documents made ready.
    @discardableResult
    public static func promote(
        around ids: [Int64], in session: some PostgresSession
    ) async throws(PostgresError) -> [(id: Int64, key: String)] {
        guard !ids.isEmpty else { return [] }
        let candidates = try await session.query(
            """
            SELECT d.id FROM document d
            WHERE d.state = 'waiting'
              AND d.id IN (SELECT document_id FROM document_dependency WHERE depends_on = ANY(\(ids)::bigint[])
                           UNION SELECT unnest(\(ids)::bigint[])
                           UNION SELECT x.depends_on FROM document_dependency x JOIN document c ON c.id = x.document_id
                                 WHERE x.document_id = ANY(\(ids)::bigint[]) AND c.desired_void)
            ORDER BY d.id FOR NO KEY UPDATE
            """)
        var waiting: [Int64] = []
        for row in candidates { waiting.append(try row.decode("id")) }
        guard !waiting.isEmpty else { return [] }
        let rows = try await session.query(
            """
            UPDATE document d SET state = 'ready', state_reason = NULL, changed_at = now(),
                ready_at = greatest(d.ready_at, now())
            WHERE d.state = 'waiting' AND d.id = ANY(\(waiting)::bigint[])
              AND d.store_id NOT IN (\(unsafeSQL: DryRun.stores))
              AND CASE WHEN d.desired_void THEN NOT EXISTS (
                  SELECT 1 FROM document_dependency x JOIN document p ON p.id = x.document_id
                  WHERE x.depends_on = d.id AND p.desired_void AND p.state NOT IN ('voided', 'superseded'))
              ELSE NOT EXISTS (
                  SELECT 1 FROM document_dependency x JOIN document p ON p.id = x.depends_on
                  WHERE x.document_id = d.id AND NOT (\(unsafeSQL: isSatisfied))) END
            RETURNING d.id, d.key
            """)
        var promoted: [(id: Int64, key: String)] = []
        for row in rows { promoted.append((try row.decode("id"), try row.decode("key"))) }
        return promoted
    }

    /// Takes back what is ready but needs one of these documents, which are not as they should be any more.
    /// - Parameters:
    ///   - ids: documents that changed.
    ///   - session: the transaction of the change.
    public static func demote(needing ids: [Int64], in session: some PostgresSession) async throws(PostgresError) {
        guard !ids.isEmpty else { return }
        try await session.execute(
            """
            UPDATE document d SET state = 'waiting', changed_at = now()
            WHERE d.state = 'ready'
              AND d.id IN (SELECT document_id FROM document_dependency WHERE depends_on = ANY(\(ids)::bigint[]))
              AND NOT d.desired_void
              AND EXISTS (SELECT 1 FROM document_dependency x JOIN document p ON p.id = x.depends_on
                          WHERE x.document_id = d.id AND NOT (\(unsafeSQL: isSatisfied)))
            """)
    }

    /// Writes into everything that waits for these documents, directly or through others, what it waits for, and marks the
    /// orders that cannot go on. What is to be posted waits for what it needs; what is to be voided, for what needs it.
    /// - Parameters:
    ///   - documents: documents that are held or dead now.
    ///   - session: the transaction of the change.
    public static func explain(
        blockedBy documents: [StoredDocument], in session: some PostgresSession
    ) async throws(PostgresError) {
        for document in documents {
            let state = document.machine.state == .dead ? "dead" : "held"
            let isVoid = document.machine.desiredVoid
            let (blocker, waiting) = isVoid ? ("document_id", "depends_on") : ("depends_on", "document_id")
            try await session.execute(
                """
                WITH RECURSIVE needing (id) AS (
                    SELECT \(unsafeSQL: waiting) FROM document_dependency
                    WHERE \(unsafeSQL: blocker) = \(document.id) AND (\(isVoid) OR NOT is_soft)
                    UNION SELECT x.\(unsafeSQL: waiting) FROM document_dependency x
                          JOIN needing n ON x.\(unsafeSQL: blocker) = n.id WHERE \(isVoid) OR NOT x.is_soft
                ), told AS (
                    UPDATE document d SET state_reason = \(document.waitingReason), changed_at = now()
                    FROM needing n
                    WHERE d.id = n.id AND d.state IN ('waiting', 'planned') AND d.desired_void = \(isVoid)
                    RETURNING d.store_id, d.order_id
                )
                UPDATE sale s SET state = \(state), reason = \("\(document.title): \(document.reason ?? state)")
                WHERE s.state IN ('planned', 'posted')
                  AND (s.store_id, s.order_id) IN
                      (SELECT store_id, order_id FROM told UNION SELECT \(document.key.storeID), \(document.orderID.postgresValue)::text)
                """)
        }
    }

    /// What cannot go on without a document, directly or through others.
    /// - Parameters:
    ///   - id: the document.
    ///   - session: where to ask.
    /// - Returns: ids of documents.
    static func needing(_ id: Int64, in session: some PostgresSession) async throws(PostgresError) -> [Int64] {
        let rows = try await session.query(
            """
            WITH RECURSIVE needing (id) AS (
                SELECT document_id FROM document_dependency WHERE depends_on = \(id) AND NOT is_soft
                UNION SELECT x.document_id FROM document_dependency x JOIN needing n ON x.depends_on = n.id
                WHERE NOT x.is_soft
            )
            SELECT id FROM needing ORDER BY id
            """)
        var ids: [Int64] = []
        for row in rows { ids.append(try row.decode("id")) }
        return ids
    }

    /// Marks as posted, or as voided by an operator, the orders of these documents that have nothing left to do.
    /// - Parameters:
    ///   - documents: documents that were just settled.
    ///   - session: the transaction of the change.
    public static func settleSales(
        of documents: [StoredDocument], in session: some PostgresSession
    ) async throws(PostgresError) {
        let orders = documents.filter { $0.orderID != nil }
        guard !orders.isEmpty else { return }
        try await session.execute(
            """
            UPDATE sale s SET state = CASE WHEN s.voided_by IS NULL THEN 'posted' ELSE 'voided' END,
                reason = \(unsafeSQL: OrderVoid.reasonSQL)
            FROM (SELECT DISTINCT store_id, order_id
                  FROM unnest(\(orders.map(\.key.storeID))::text[], \(orders.map(\.orderID))::text[])
                      AS n (store_id, order_id)) n
            WHERE s.store_id = n.store_id AND s.order_id = n.order_id AND s.state = 'planned'
              AND s.planned_revision = s.revision
              AND NOT EXISTS (SELECT 1 FROM document d WHERE d.store_id = s.store_id AND d.order_id = s.order_id
                              AND d.state NOT IN ('posted', 'voided', 'superseded'))
            """)
    }

    /// Locks the sales of these documents, before the documents themselves are locked: the order in which a planner locks too.
    /// - Parameters:
    ///   - documents: ids of documents.
    ///   - session: a transaction that holds no document yet.
    public static func lockSales(of documents: [Int64], in session: some PostgresSession) async throws(PostgresError) {
        guard !documents.isEmpty else { return }
        try await session.execute(
            """
            SELECT 1 FROM sale s
            WHERE (s.store_id, s.order_id) IN (SELECT store_id, order_id FROM document WHERE id = ANY(\(documents)::bigint[]))
            ORDER BY s.store_id, s.order_id FOR NO KEY UPDATE
            """)
    }
}
