import Mapping
public import Postgres

/// Which contacts of ours are archived in Xero, so that nothing is posted to them.
public enum ContactStandings {
    /// Doubts that the contacts of these documents are active, because Xero refused the documents for that.
    /// - Parameters:
    ///   - ids: the documents that were refused.
    ///   - cause: Xero's words.
    ///   - callID: the call that was refused.
    ///   - actor: who found it.
    ///   - session: the transaction of the result.
    public static func doubt(
        neededBy ids: [Int64], cause: String, callID: String?, by actor: String, in session: some PostgresSession
    ) async throws {
        let needed = try await DocumentStore.dependencies(of: ids, in: session).values.flatMap { $0 }
        let contacts = try await DocumentStore.lock(ids: Set(needed).sorted(), in: session).filter {
            $0.key.kind == .contact && $0.xeroID != nil && !$0.isArchived
        }
        guard !contacts.isEmpty else { return }
        try await set(archived: contacts.map(\.id), active: [], in: session)
        try await Readiness.demote(needing: contacts.map(\.id), in: session)
        try await Audit.add(
            contacts.map {
                AuditEntry(
                    actor: actor, subject: $0.key.text, change: "active -> archived", cause: cause, callID: callID)
            }, in: session)
    }

    /// Stores which contacts can be posted to.
    static func set(
        archived: [Int64], active: [Int64], in session: some PostgresSession
    ) async throws(PostgresError) {
        for (ids, isArchived) in [(archived, true), (active, false)] where !ids.isEmpty {
            try await session.execute(
                """
                UPDATE document SET is_archived = \(isArchived)
                WHERE id = ANY(\(ids)::bigint[]) AND is_archived <> \(isArchived)
                """)
        }
    }
}
