import Mapping
public import Postgres

/// Documents that wait because the organisation's books are locked.
public enum LockedDocuments {
    /// Lets documents go on that a lock does not hold any more, because it or the org's policy changed.
    /// - Parameters:
    ///   - orgID: the org.
    ///   - period: what is locked now; nil if nothing is.
    ///   - actor: who found out.
    ///   - session: a transaction.
    /// - Returns: how many go on.
    public static func release(
        orgID: String, period: LockedPeriod?, by actor: String, in session: some PostgresSession
    ) async throws -> Int {
        let rows = try await session.query(
            """
            SELECT id FROM document
            WHERE org_id = \(orgID) AND state = 'held' AND starts_with(state_reason, \(LockedPeriod.reasonPrefix))
            ORDER BY id LIMIT 1000
            """)
        let ids = try rows.map { try $0.decode("id", as: Int64.self) }
        guard !ids.isEmpty else { return 0 }
        try await Readiness.lockSales(of: ids, in: session)
        var freed: [StoredDocument] = []
        for document in try await DocumentStore.lock(ids: ids, in: session) where document.machine.state == .held {
            if case .held = period?.decide(document) { continue }
            var document = document
            try document.machine.handle(.retried)
            document.reason = nil
            freed.append(document)
        }
        guard !freed.isEmpty else { return 0 }
        try await DocumentStore.save(freed, in: session)
        let lock = period.map { "the books are locked up to and including \($0.lockDate)" } ?? "the books are open"
        try await Audit.add(
            freed.map {
                AuditEntry(
                    actor: actor, subject: $0.key.text, change: "held -> \($0.machine.state.rawValue)", cause: lock)
            }, in: session)
        try await session.execute(
            """
            UPDATE sale s SET state = 'planned', reason = NULL
            FROM document d
            WHERE d.id = ANY(\(freed.map(\.id))::bigint[]) AND s.store_id = d.store_id AND s.order_id = d.order_id
              AND s.state = 'held'
              AND NOT EXISTS (SELECT 1 FROM document x WHERE x.store_id = s.store_id AND x.order_id = s.order_id
                              AND x.state IN ('held', 'dead'))
            """)
        try await Readiness.promote(around: freed.map(\.id), in: session)
        return freed.count
    }

    /// Puts documents aside that a lock holds.
    /// - Parameters:
    ///   - held: the documents, each with the reason.
    ///   - actor: who found out.
    ///   - session: the transaction that has them locked.
    public static func hold(
        _ held: [(document: StoredDocument, reason: String)], by actor: String, in session: some PostgresSession
    ) async throws {
        guard !held.isEmpty else { return }
        var documents: [StoredDocument] = []
        for (document, reason) in held {
            var document = document
            try document.machine.handle(.held)
            document.reason = reason
            documents.append(document)
        }
        try await DocumentStore.save(documents, in: session)
        try await Audit.add(
            documents.map {
                AuditEntry(actor: actor, subject: $0.key.text, change: "ready -> held", cause: $0.reason ?? "held")
            }, in: session)
        try await Readiness.demote(needing: documents.map(\.id), in: session)
        try await Readiness.explain(blockedBy: documents, in: session)
    }
}
