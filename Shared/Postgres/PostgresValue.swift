/// One bound value as it is sent.
public enum PostgresValue: Sendable, Hashable {
    /// SQL NULL.
    case null
    /// Sent as text without a type, so that it suits whatever the statement needs there: uuid, numeric, jsonb...
    case text(String)
    /// Sent in binary, as `bytea`.
    case bytes([UInt8])
}

/// A type whose values can be bound to a statement.
public protocol PostgresEncodable {
    /// The value as it is sent.
    var postgresValue: PostgresValue { get }
}

extension PostgresValue: PostgresEncodable {
    /// The value itself.
    public var postgresValue: PostgresValue { self }
}

extension String: PostgresEncodable {
    /// The text.
    public var postgresValue: PostgresValue { .text(self) }
}

extension Substring: PostgresEncodable {
    /// The text.
    public var postgresValue: PostgresValue { .text(String(self)) }
}

extension Bool: PostgresEncodable {
    /// `t` or `f`.
    public var postgresValue: PostgresValue { .text(self ? "t" : "f") }
}

extension Int: PostgresEncodable {
    /// The decimal digits.
    public var postgresValue: PostgresValue { .text(String(self)) }
}

extension Int64: PostgresEncodable {
    /// The decimal digits.
    public var postgresValue: PostgresValue { .text(String(self)) }
}

extension Int32: PostgresEncodable {
    /// The decimal digits.
    public var postgresValue: PostgresValue { .text(String(self)) }
}

extension Int16: PostgresEncodable {
    /// The decimal digits.
    public var postgresValue: PostgresValue { .text(String(self)) }
}

extension Double: PostgresEncodable {
    /// The shortest text that reads back as the same number. Never for money.
    public var postgresValue: PostgresValue {
        .text(isNaN ? "NaN" : isInfinite ? (self < 0 ? "-Infinity" : "Infinity") : String(self))
    }
}

extension Optional: PostgresEncodable where Wrapped: PostgresEncodable {
    /// The wrapped value, or NULL.
    public var postgresValue: PostgresValue { self?.postgresValue ?? .null }
}

extension PostgresEncodable where Self: RawRepresentable, RawValue: PostgresEncodable {
    /// The raw value.
    public var postgresValue: PostgresValue { rawValue.postgresValue }
}

extension Array: PostgresEncodable where Element: PostgresArrayElement {
    /// An array literal; for `[UInt8]` a `bytea`.
    public var postgresValue: PostgresValue { Element.postgresValue(ofArray: self) }
}
