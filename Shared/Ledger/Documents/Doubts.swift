import Mapping
public import Postgres

/// Documents that are recorded as posted, and that Xero does not know: they were reported as made and never were, or somebody
/// deleted them for good. They are looked up, and only what is not there is made again.
public enum Doubts {
    /// Doubts whatever these documents refer to, because Xero refused them for not knowing it.
    /// - Parameters:
    ///   - ids: the documents that were refused.
    ///   - cause: Xero's words.
    ///   - callID: the call that was refused.
    ///   - actor: who found it.
    ///   - session: the transaction of the result.
    public static func raise(
        neededBy ids: [Int64], cause: String, callID: String?, by actor: String, in session: some PostgresSession
    ) async throws {
        let needed = try await DocumentStore.dependencies(of: ids, in: session).values.flatMap { $0 }
        _ = try await raise(Set(needed).sorted(), cause: cause, callID: callID, by: actor, in: session) {
            $0.key.kind != .item
        }
    }

    /// Doubts documents by their keys, because a complete list of what Xero has does not have them.
    /// - Parameters:
    ///   - keys: the documents' keys.
    ///   - cause: how it was found.
    ///   - callID: the call that found it, if one did.
    ///   - actor: who found it.
    ///   - session: a transaction that holds no document of these documents' orders yet.
    /// - Returns: the keys of those that are looked up now; others are being changed at this moment.
    public static func raise(
        keys: [String], cause: String, callID: String? = nil, by actor: String, in session: some PostgresSession
    ) async throws -> Set<String> {
        var ids: [Int64] = []
        for row in try await session.query("SELECT id FROM document WHERE key = ANY(\(keys)::text[]) ORDER BY id") {
            ids.append(try row.decode("id"))
        }
        try await Readiness.lockSales(of: ids, in: session)
        return try await raise(ids, cause: cause, callID: callID, by: actor, in: session)
    }

    private static func raise(
        _ ids: [Int64], cause: String, callID: String?, by actor: String, in session: some PostgresSession,
        where isMeant: (StoredDocument) -> Bool = { _ in true }
    ) async throws -> Set<String> {
        var doubted: [StoredDocument] = []
        var audit: [AuditEntry] = []
        for var document in try await DocumentStore.lock(ids: ids, in: session)
        where document.canBeDoubted && isMeant(document) {
            if document.key.kind == .contact, let id = document.xeroID {
                try await ContactMirror.forget(id, orgID: document.key.orgID, in: session)
            }
            let from = document.machine.state
            try document.machine.handle(.doubted)
            document.xeroID = nil
            document.lookupFirst = true
            document.reason = nil
            doubted.append(document)
            audit.append(
                AuditEntry(
                    actor: actor, subject: document.key.text,
                    change: "\(from.rawValue) -> \(document.machine.state.rawValue)", cause: cause, callID: callID))
        }
        guard !doubted.isEmpty else { return [] }
        try await DocumentStore.save(doubted, in: session)
        try await Audit.add(audit, in: session)
        try await Readiness.demote(needing: doubted.map(\.id), in: session)
        let ready = try await Readiness.promote(around: doubted.map(\.id), in: session)
        try await LedgerMessages.announce(
            DocumentStore.read(ids: ready.map(\.id), in: session), origin: actor, in: session)
        return Set(doubted.map(\.key.text))
    }
}

extension StoredDocument {
    /// Whether it is recorded as being in Xero, and no call carries it.
    fileprivate var canBeDoubted: Bool {
        machine.exists && !machine.desiredVoid && [.posted, .ready, .waiting].contains(machine.state)
    }
}
