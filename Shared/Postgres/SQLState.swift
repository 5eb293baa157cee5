/// The five characters by which PostgreSQL names a condition.
///
/// Source: PostgreSQL 15 manual, appendix A.
public struct SQLState: Sendable, Hashable, CustomStringConvertible {
    /// The five characters, e.g. `23505`.
    public let code: String

    /// A condition by its five characters.
    public init(_ code: String) { self.code = code }

    /// A row with the same unique key exists.
    public static let uniqueViolation = SQLState("23505")
    /// A referenced row does not exist, or a row is still referenced.
    public static let foreignKeyViolation = SQLState("23503")
    /// A column that must have a value got none.
    public static let notNullViolation = SQLState("23502")
    /// A check constraint refused the row.
    public static let checkViolation = SQLState("23514")
    /// An exclusion constraint refused the row.
    public static let exclusionViolation = SQLState("23P01")
    /// The transaction could not be ordered with concurrent ones; running it again helps.
    public static let serializationFailure = SQLState("40001")
    /// The transaction was chosen to end a deadlock; running it again helps.
    public static let deadlockDetected = SQLState("40P01")
    /// `statement_timeout` passed, or somebody cancelled the statement.
    public static let queryCanceled = SQLState("57014")
    /// `lock_timeout` passed, or `NOWAIT` found a lock.
    public static let lockNotAvailable = SQLState("55P03")
    /// The transaction sat idle for longer than `idle_in_transaction_session_timeout`.
    public static let idleInTransactionTimeout = SQLState("25P03")
    /// An earlier statement of the transaction failed, so this one was not run.
    public static let inFailedTransaction = SQLState("25P02")
    /// The server is shutting down or an administrator ended the session.
    public static let adminShutdown = SQLState("57P01")
    /// The server is starting up or recovering.
    public static let cannotConnectNow = SQLState("57P03")
    /// `max_connections` is reached.
    public static let tooManyConnections = SQLState("53300")
    /// `insufficient_privilege`: the role may not do this.
    public static let insufficientPrivilege = SQLState("42501")
    /// The named table or view does not exist.
    public static let undefinedTable = SQLState("42P01")
    /// The statement cannot be parsed.
    public static let syntaxError = SQLState("42601")
    /// A prepared statement of this name does not exist.
    static let invalidStatementName = SQLState("26000")
    /// Among others: a prepared statement would now return other columns.
    static let featureNotSupported = SQLState("0A000")

    /// Whether the condition belongs to a class, which is named by its first two characters.
    public func isInClass(_ prefix: String) -> Bool { code.hasPrefix(prefix) }

    /// The five characters.
    public var description: String { code }

    /// Whether the session is gone, or never came to be, when the server says this.
    var endsSession: Bool {
        isInClass("08") || isInClass("57P") || self == .idleInTransactionTimeout || self == .tooManyConnections
    }
}
