/// What went wrong between us and PostgreSQL.
///
/// `description` may be logged: it holds no values. `debugDescription` holds everything the server said, and may quote
/// values from the statement.
public struct PostgresError: Error, Sendable, CustomStringConvertible, CustomDebugStringConvertible {
    /// The kind of failure.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        /// The name of the kind.
        public let description: String

        /// The server refused the statement; `sqlState` says why.
        public static let server = Code(description: "server")
        /// The connection could not be made or was lost. See ``PostgresError/wasSent``.
        public static let connection = Code(description: "connection")
        /// The server did not answer in time, so the connection was given up.
        public static let timeout = Code(description: "timeout")
        /// A result does not have the type or the column asked for.
        public static let decoding = Code(description: "decoding")
        /// A value cannot be sent, e.g. a text with a NUL character.
        public static let encoding = Code(description: "encoding")
        /// No connection became free in time, or too many callers wait.
        public static let poolExhausted = Code(description: "pool exhausted")
        /// The client is shutting down or has shut down.
        public static let shutDown = Code(description: "shut down")
        /// The calling task was cancelled. The statement may still be carried out.
        public static let cancelled = Code(description: "cancelled")
        /// The connection was lost while the transaction committed: it may or may not have been committed.
        public static let commitOutcomeUnknown = Code(description: "commit outcome unknown")
        /// The transaction was rolled back instead of committed, because an error in it was ignored.
        public static let transactionAborted = Code(description: "transaction aborted")
        /// The transaction is over; it cannot be used any more.
        public static let transactionEnded = Code(description: "transaction ended")
        /// The configuration is wrong.
        public static let configuration = Code(description: "configuration")
        /// The database's recorded migrations are not the ones this program has.
        public static let migration = Code(description: "migration")
        /// libpq or the server broke the protocol.
        public static let protocolViolation = Code(description: "protocol violation")
    }

    /// What the server's error message carries besides its first line.
    public struct ServerDetails: Sendable, Hashable {
        /// `ERROR`, `FATAL` or `PANIC`.
        public var severity: String?
        /// More about the problem; may quote values.
        public var detail: String?
        /// What one might do about it.
        public var hint: String?
        /// The table concerned.
        public var table: String?
        /// The column concerned.
        public var column: String?
        /// The constraint that refused the row.
        public var constraint: String?
    }

    private final class Storage: Sendable {
        let sqlState: SQLState?
        let server: ServerDetails?
        let wasSent: Bool
        let statementIndex: Int?
        let sql: String?
        init(sqlState: SQLState?, server: ServerDetails?, wasSent: Bool, statementIndex: Int?, sql: String?) {
            self.sqlState = sqlState
            self.server = server
            self.wasSent = wasSent
            self.statementIndex = statementIndex
            self.sql = sql
        }
    }

    /// The kind of failure.
    public let code: Code
    /// What happened; the server's own message if it came from there.
    public let message: String
    private let storage: Storage

    /// A failure.
    /// - Parameters:
    ///   - code: the kind.
    ///   - message: what happened, and what to do about it.
    ///   - sqlState: the server's condition, if it named one.
    ///   - server: what else the server said.
    ///   - wasSent: whether the statement may have reached the server.
    ///   - statementIndex: which statement of a batch failed.
    ///   - sql: the statement's text, without values.
    public init(
        _ code: Code, _ message: String, sqlState: SQLState? = nil, server: ServerDetails? = nil,
        wasSent: Bool = false, statementIndex: Int? = nil, sql: String? = nil
    ) {
        self.code = code
        self.message = message
        storage = Storage(
            sqlState: sqlState, server: server, wasSent: wasSent, statementIndex: statementIndex, sql: sql)
    }

    /// The server's condition, if it named one.
    public var sqlState: SQLState? { storage.sqlState }
    /// What else the server said.
    public var server: ServerDetails? { storage.server }
    /// The name of the constraint that refused the row, e.g. `event_pkey`.
    public var constraint: String? { storage.server?.constraint }
    /// Whether the statement may have reached the server. False on a connection loss means that nothing happened.
    public var wasSent: Bool { storage.wasSent }
    /// The position in the batch of the statement that failed.
    public var statementIndex: Int? { storage.statementIndex }
    /// The text of the statement that failed, without values.
    public var sql: String? { storage.sql }

    /// Whether the connection was lost or could not be had: the database is unreachable, or was for a moment.
    public var isConnectionLoss: Bool {
        switch code {
        case .connection, .timeout, .commitOutcomeUnknown: true
        default: sqlState?.endsSession ?? false
        }
    }

    /// Whether the same work may succeed if it is done again as a whole, and has not been done.
    ///
    /// A lost connection counts, although what was sent in autocommit may have been done: see ``wasSent``.
    /// `commitOutcomeUnknown` does not count: look first.
    public var isRetryable: Bool {
        switch code {
        case .connection, .timeout, .poolExhausted: true
        case .server:
            if let sqlState {
                sqlState.endsSession || sqlState.isInClass("40") || sqlState.isInClass("53")
                    || sqlState == .lockNotAvailable || sqlState == .queryCanceled
                    || sqlState == .invalidStatementName
            } else {
                false
            }
        default: false
        }
    }

    /// Whether the transaction lost against a concurrent one and should simply be run again.
    public var isSerializationFailure: Bool {
        sqlState == .serializationFailure || sqlState == .deadlockDetected
    }

    /// What happened, without values.
    public var description: String {
        guard let sqlState else { return "PostgreSQL, \(code): \(message)" }
        // Messages of the class "data exception" quote the value itself.
        let text = sqlState.isInClass("22") ? "a value was refused" : message
        let constraint = constraint.map { ", constraint \($0)" } ?? ""
        return "PostgreSQL, \(code) (SQLSTATE \(sqlState)\(constraint)): \(text)"
    }

    /// Everything known, values included.
    public var debugDescription: String {
        var parts = ["PostgreSQL, \(code)"]
        if let sqlState { parts.append("SQLSTATE \(sqlState)") }
        parts.append(message)
        if let server {
            if let detail = server.detail { parts.append("detail: \(detail)") }
            if let hint = server.hint { parts.append("hint: \(hint)") }
            if let constraint = server.constraint { parts.append("constraint: \(constraint)") }
        }
        if let index = statementIndex { parts.append("statement \(index) of the batch") }
        if let sql { parts.append("in: \(sql)") }
        return parts.joined(separator: "; ")
    }

    /// The same failure, as that of another kind or of a known statement.
    func with(code: Code? = nil, message: String? = nil, statementIndex: Int? = nil) -> PostgresError {
        PostgresError(
            code ?? self.code, message ?? self.message, sqlState: sqlState, server: server, wasSent: wasSent,
            statementIndex: statementIndex ?? self.statementIndex, sql: sql)
    }
}
