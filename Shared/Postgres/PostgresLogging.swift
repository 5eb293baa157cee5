/// The metadata keys of this module's log lines.
enum PostgresLogKey {
    static let address = "postgres.address"
    static let connection = "postgres.connection"
    static let pool = "postgres.pool"
    static let failures = "postgres.failures"
    static let retryAfter = "postgres.retry_after"
    static let severity = "postgres.severity"
    static let sqlState = "postgres.sqlstate"
    static let message = "postgres.message"
    static let channel = "postgres.channel"
    static let migration = "postgres.migration"
    static let error = "postgres.error"
    static let attempt = "postgres.attempt"
}
