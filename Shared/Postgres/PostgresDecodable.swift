/// A type that can be read from a result.
public protocol PostgresDecodable {
    /// Reads the text form PostgreSQL sends.
    /// - Throws: anything; the row reports a ``PostgresError`` of code `decoding` that names the column.
    init(postgresText text: String) throws

    /// What SQL NULL is read as; nil, the default, means that NULL is an error.
    static var postgresNull: Self? { get }
}

extension PostgresDecodable {
    /// NULL is an error.
    public static var postgresNull: Self? { nil }
}

/// The text is not the form of the type asked for.
struct UnreadableText: Error {}

extension Optional: PostgresDecodable where Wrapped: PostgresDecodable {
    /// The wrapped value.
    public init(postgresText text: String) throws { self = try Wrapped(postgresText: text) }
    /// NULL is nil.
    public static var postgresNull: Self? { .some(nil) }
}

extension String: PostgresDecodable {
    /// The text as it came: of numeric, jsonb, timestamptz and uuid as well.
    public init(postgresText text: String) throws { self = text }
}

extension Bool: PostgresDecodable {
    /// `t` or `f`.
    public init(postgresText text: String) throws {
        switch text {
        case "t", "true": self = true
        case "f", "false": self = false
        default: throw UnreadableText()
        }
    }
}

extension PostgresDecodable where Self: FixedWidthInteger {
    /// Decimal digits.
    public init(postgresText text: String) throws {
        guard let value = Self(text) else { throw UnreadableText() }
        self = value
    }
}

extension Int: PostgresDecodable {}
extension Int64: PostgresDecodable {}
extension Int32: PostgresDecodable {}
extension Int16: PostgresDecodable {}

extension Double: PostgresDecodable {
    /// The shortest exact text of a float8. Never for money.
    public init(postgresText text: String) throws {
        guard let value = Double(text) else { throw UnreadableText() }
        self = value
    }
}

extension PostgresDecodable where Self: RawRepresentable, RawValue: PostgresDecodable {
    /// The raw value, which must be one of the type's.
    public init(postgresText text: String) throws {
        guard let value = Self(rawValue: try RawValue(postgresText: text)) else { throw UnreadableText() }
        self = value
    }
}

extension Array: PostgresDecodable where Element: PostgresArrayElement {
    /// An array literal of one dimension; for `[UInt8]` a `bytea`.
    public init(postgresText text: String) throws { self = try Element.array(postgresText: text) }
}
