/// A statement and the values bound to it.
///
/// Written as a string, every interpolated value becomes a bind and never part of the text:
/// ```swift
/// try await client.query("SELECT number FROM document WHERE key = \(key)")
/// ```
/// Text that must be part of the statement (a table's name) is spelled out: `\(unsafeSQL: table)`.
public struct PostgresQuery: Sendable, Hashable, ExpressibleByStringInterpolation {
    /// The statement with `$1`, `$2`, ... for the values.
    public let sql: String
    /// The values.
    public let binds: [PostgresValue]

    /// A statement from text of our own.
    /// - Parameters:
    ///   - unsafeSQL: the text, with `$1`, `$2`, ... for the values. Never put a value from outside in it.
    ///   - binds: the values.
    public init(unsafeSQL: String, binds: [any PostgresEncodable] = []) {
        sql = unsafeSQL
        self.binds = binds.map(\.postgresValue)
    }

    /// A statement without values.
    public init(stringLiteral value: String) {
        sql = value
        binds = []
    }

    /// A statement with values.
    public init(stringInterpolation: StringInterpolation) {
        sql = stringInterpolation.sql
        binds = stringInterpolation.binds
    }

    /// Collects text and binds.
    public struct StringInterpolation: StringInterpolationProtocol, Sendable {
        var sql = ""
        var binds: [PostgresValue] = []

        /// Begins a statement.
        public init(literalCapacity: Int, interpolationCount: Int) {
            sql.reserveCapacity(literalCapacity + interpolationCount * 3)
            binds.reserveCapacity(interpolationCount)
        }

        /// Text of the statement.
        public mutating func appendLiteral(_ literal: String) { sql += literal }

        /// A value: becomes the next bind.
        public mutating func appendInterpolation(_ value: some PostgresEncodable) {
            binds.append(value.postgresValue)
            sql += "$\(binds.count)"
        }

        /// Text of the statement that is not known beforehand. Never a value from outside.
        public mutating func appendInterpolation(unsafeSQL: String) { sql += unsafeSQL }
    }
}
