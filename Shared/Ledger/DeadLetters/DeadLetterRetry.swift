import Mapping
public import Postgres

/// Trying again what failed for good: always safe, since what may have reached Xero is looked up before it is sent.
public enum DeadLetterRetry {
    /// What became of a letter that was to be retried.
    public enum Result: Sendable, Hashable {
        /// Its document or order is worked again.
        case retrying
        /// It needs no retry: it is resolved or discarded, or its document is on its way already.
        case nothingToDo(String)
        /// There is no such letter.
        case unknown
    }

    /// Retries a letter, in the caller's transaction. Pressing it twice does the same as once.
    /// - Parameters:
    ///   - id: the letter's number.
    ///   - actor: who asked, for the record.
    ///   - session: a transaction.
    /// - Returns: what became of it.
    public static func retry(
        id: Int64, by actor: String, in session: some PostgresSession
    ) async throws -> Result {
        let rows = try await session.query(
            """
            SELECT state, document_id, store_id, order_id FROM dead_letter WHERE id = \(id) FOR UPDATE
            """)
        guard let row = rows.first else { return .unknown }
        let state: String = try row.decode("state")
        guard state == "open" || state == "held" || state == "retrying" else {
            return .nothingToDo("it is \(state) already")
        }
        let result: Result
        if let document = try row.decode("document_id", as: Int64?.self) {
            result = try await retryDocument(document, by: actor, in: session)
        } else if let store = row["store_id"], let order = row["order_id"] {
            result = try await retryOrder(store: store, order: order, by: actor, in: session)
        } else {
            return .nothingToDo("it stands for a message, and messages only wake services; discard it")
        }
        if case .retrying = result {
            try await session.execute(
                "UPDATE dead_letter SET state = 'retrying', updated_at = now() WHERE id = \(id)")
        }
        return result
    }

    private static func retryDocument(
        _ id: Int64, by actor: String, in session: some PostgresSession
    ) async throws -> Result {
        let waiting = try await Readiness.needing(id, in: session)
        try await Readiness.lockSales(of: [id] + waiting, in: session)
        guard var document = try await DocumentStore.lock(ids: [id], in: session).first else {
            return .nothingToDo("its document is gone")
        }
        let before = document.machine.state
        guard before == .dead || before == .held else {
            return .nothingToDo("its document is \(before.rawValue)")
        }
        try document.machine.handle(.retried)
        document.attempts = 0
        document.reason = nil
        document.lookupFirst = document.machine.sentVersion > 0 && !document.machine.exists
        try await DocumentStore.save([document], in: session)
        try await Audit.add(
            [
                AuditEntry(
                    actor: actor, subject: document.key.text,
                    change: "\(before.rawValue) -> \(document.machine.state.rawValue)", cause: "retry asked for")
            ], in: session)
        // The orders of what waits for it, too: many share a contact or an item.
        try await session.execute(
            """
            UPDATE sale SET state = 'planned', reason = NULL
            WHERE state = 'dead' AND (store_id, order_id) IN
                (SELECT store_id, order_id FROM document WHERE id = ANY(\([id] + waiting)::bigint[]) AND order_id IS NOT NULL)
            """)
        let ready = try await Readiness.promote(around: [id], in: session)
        try await LedgerMessages.announce(
            DocumentStore.read(ids: ready.map(\.id), in: session), origin: "xero-writer", in: session)
        return .retrying
    }

    /// An order that could not be planned is planned again.
    private static func retryOrder(
        store: String, order: String, by actor: String, in session: some PostgresSession
    ) async throws -> Result {
        let changed = try await session.execute(
            """
            UPDATE sale SET planned_revision = least(planned_revision, revision - 1), attempts = 0, retry_at = NULL,
                state = 'observed', reason = NULL
            WHERE store_id = \(store) AND order_id = \(order) AND state IN ('held', 'dead')
            """)
        guard changed > 0 else { return .nothingToDo("its order is on its way already") }
        try await Audit.add(
            [
                AuditEntry(
                    actor: actor, subject: "\(store)/\(order)", change: "held -> observed", cause: "retry asked for")
            ],
            in: session)
        return .retrying
    }
}
