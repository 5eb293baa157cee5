/// One change of the schema: a name that sorts in the order of application, and the statements that make it.
///
/// Released migrations are never edited: the migrator keeps a checksum of each and refuses a changed history.
public struct Migration: Sendable, Hashable {
    /// Unique, and in ascending order, e.g. `0003-orders`.
    public let name: String
    /// One or more statements, applied in one transaction.
    public let sql: String

    /// A migration.
    /// - Parameters:
    ///   - name: unique, and in ascending order.
    ///   - sql: one or more statements, without `BEGIN` and `COMMIT`.
    public init(name: String, sql: String) {
        self.name = name
        self.sql = sql
    }
}
