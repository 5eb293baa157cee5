import NIOConcurrencyHelpers

/// How much of concurrent transactions a transaction sees.
public enum PostgresIsolation: String, Sendable, Hashable {
    /// Each statement sees what was committed before it began. PostgreSQL's default.
    case readCommitted = "READ COMMITTED"
    /// The whole transaction sees what was committed before its first statement.
    case repeatableRead = "REPEATABLE READ"
    /// As if transactions ran one after the other; may fail with a serialization failure, then run it again.
    case serializable = "SERIALIZABLE"
}

/// A transaction that is open on a connection of its own, valid until the closure it was given to returns.
///
/// It begins with the first statement, in the same round trip. After a statement has failed, the rest fail too until the
/// closure throws. Statements sent concurrently run one after the other.
public final class PostgresTransaction: PostgresSession {
    private enum State {
        case fresh
        case open
        case over
    }

    private let connection: PostgresConnection
    private let begin: Statement
    private let metrics: PostgresMetrics
    private let state = NIOLockedValueBox(State.fresh)

    init(connection: PostgresConnection, isolation: PostgresIsolation, metrics: PostgresMetrics) {
        self.connection = connection
        self.metrics = metrics
        begin = Statement(
            fixed: isolation == .readCommitted ? "BEGIN" : "BEGIN ISOLATION LEVEL \(isolation.rawValue)")
    }

    /// Runs a statement and returns its rows.
    public func query(_ query: PostgresQuery) async throws(PostgresError) -> [PostgresRow] {
        try await run([query]).first?.rows ?? []
    }

    /// Runs a statement and returns how many rows it inserted, changed, deleted or returned.
    @discardableResult
    public func execute(_ query: PostgresQuery) async throws(PostgresError) -> Int {
        try await run([query]).first?.affected ?? 0
    }

    /// Runs statements in one round trip and returns the rows of each.
    /// - Throws: the first failure; `statementIndex` says which statement it was.
    public func batch(_ queries: [PostgresQuery]) async throws(PostgresError) -> [[PostgresRow]] {
        if queries.isEmpty { return [] }
        return try await run(queries).map(\.rows)
    }

    /// Runs several statements in one text without values, as part of the transaction.
    public func executeScript(_ sql: String) async throws(PostgresError) {
        let completion = Completion<[StatementResult]>()
        // Submitting only queues; it is done under the lock so that BEGIN stays first.
        let isOver = state.withLockedValue { state in
            switch state {
            case .over: return true
            case .fresh:
                connection.submit(StatementGroup(statements: [begin], completion: Completion()))
                state = .open
            case .open: break
            }
            connection.submit(Script(sql: sql, completion: completion))
            return false
        }
        if isOver { throw Self.ended }
        _ = try await metrics.measure(statements: 1) {
            await completion.wait { self.connection.cancel(completion) }
        }
    }

    private func run(_ queries: [PostgresQuery]) async throws(PostgresError) -> [StatementResult] {
        var statements: [Statement] = []
        statements.reserveCapacity(queries.count)
        for query in queries { statements.append(try Statement(query)) }
        let completion = Completion<[StatementResult]>()
        // Submitting only queues; it is done under the lock so that BEGIN stays first.
        let extra = state.withLockedValue { [statements] state -> Int? in
            switch state {
            case .over: return nil
            case .fresh:
                state = .open
                connection.submit(StatementGroup(statements: [begin] + statements, completion: completion))
                return 1
            case .open:
                connection.submit(StatementGroup(statements: statements, completion: completion))
                return 0
            }
        }
        guard let extra else { throw Self.ended }
        do {
            let results = try await metrics.measure(statements: queries.count) {
                await completion.wait { self.connection.cancel(completion) }
            }
            return extra == 0 ? results : Array(results.dropFirst(extra))
        } catch {
            guard let index = error.statementIndex else { throw error }
            throw error.with(statementIndex: max(0, index - extra))
        }
    }

    // MARK: The end

    /// Commits; waits for the outcome even if the task is cancelled.
    func commit() async throws(PostgresError) {
        guard let completion = end("COMMIT") else { return }
        let results: [StatementResult]
        do {
            results = try await completion.waitUncancelled().get()
        } catch {
            guard error.wasSent, error.isConnectionLoss else { throw error }
            throw error.with(
                code: .commitOutcomeUnknown,
                message: "the connection was lost while the transaction committed, so it is not known whether it did: "
                    + error.message)
        }
        // The server answers COMMIT of a failed transaction with ROLLBACK, and without an error.
        if results.first?.tag == "ROLLBACK" {
            throw PostgresError(
                .transactionAborted,
                "the transaction was rolled back: one of its statements failed, and that failure was ignored",
                wasSent: true)
        }
    }

    /// Rolls back. `done` is called when the connection is free, and told whether it can be used again.
    func rollback(done: @escaping @Sendable (_ isUsable: Bool) -> Void) async {
        let completion = end("ROLLBACK") { outcome in
            if case .success = outcome { done(true) } else { done(false) }
        }
        guard let completion else { return done(true) }
        _ = await completion.wait()
    }

    /// Sends the transaction's last statement; nil when nothing was begun.
    private func end(
        _ sql: String, completed: (@Sendable (Result<[StatementResult], PostgresError>) -> Void)? = nil
    ) -> Completion<[StatementResult]>? {
        state.withLockedValue { state in
            defer { state = .over }
            guard case .open = state else { return nil }
            let completion = Completion<[StatementResult]>(completed: completed)
            connection.submit(StatementGroup(statements: [Statement(fixed: sql)], completion: completion))
            return completion
        }
    }

    private static var ended: PostgresError {
        PostgresError(.transactionEnded, "the transaction is over: use it only inside the closure it was given to")
    }
}
