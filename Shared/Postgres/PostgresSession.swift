/// Something that runs statements: the client itself (each statement is its own transaction) or a transaction.
public protocol PostgresSession: Sendable {
    /// Runs a statement and returns its rows.
    func query(_ query: PostgresQuery) async throws(PostgresError) -> [PostgresRow]

    /// Runs a statement and returns how many rows it inserted, changed, deleted or returned.
    @discardableResult
    func execute(_ query: PostgresQuery) async throws(PostgresError) -> Int

    /// Runs several statements in one text without values, all or nothing: for migrations.
    func executeScript(_ sql: String) async throws(PostgresError)
}
