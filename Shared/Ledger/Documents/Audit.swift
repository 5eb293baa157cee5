public import Postgres

/// One transition with its cause: the audit trail is only ever added to.
public struct AuditEntry: Sendable, Hashable {
    /// A service, or the person who asked.
    public var actor: String
    /// A document's key, `STORE/ORDER`, or an organisation's id.
    public var subject: String
    /// What changed, e.g. `ready -> sending`.
    public var change: String
    /// Why.
    public var cause: String
    /// The call it came with.
    public var callID: String?

    /// An entry.
    /// - Parameters:
    ///   - actor: a service, or the person who asked.
    ///   - subject: a document's key, `STORE/ORDER`, or an organisation's id.
    ///   - change: what changed.
    ///   - cause: why.
    ///   - callID: the call it came with.
    public init(actor: String, subject: String, change: String, cause: String, callID: String? = nil) {
        self.actor = actor
        self.subject = subject
        self.change = change
        self.cause = cause
        self.callID = callID
    }
}

/// The audit trail.
public enum Audit {
    /// Adds entries.
    /// - Parameters:
    ///   - entries: what happened, in order.
    ///   - session: the transaction of what happened.
    public static func add(_ entries: [AuditEntry], in session: some PostgresSession) async throws(PostgresError) {
        guard !entries.isEmpty else { return }
        try await session.execute(
            """
            INSERT INTO audit (actor, subject, change, cause, call_id)
            SELECT actor, subject, change, cause, call_id::uuid
            FROM unnest(\(entries.map(\.actor))::text[], \(entries.map(\.subject))::text[],
                \(entries.map(\.change))::text[], \(entries.map(\.cause))::text[], \(entries.map(\.callID))::text[])
                WITH ORDINALITY AS n (actor, subject, change, cause, call_id, position)
            ORDER BY position
            """)
    }
}
