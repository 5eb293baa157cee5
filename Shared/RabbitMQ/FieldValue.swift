/// A value in an AMQP field table: a message header or the argument of a declaration.
///
/// Source: AMQP 0-9-1 section 4.2.5.5 with RabbitMQ's errata. Every width of integer is read as `int`; what has no case
/// here (decimals, integers beyond `Int64`) is read as its text.
public enum FieldValue: Sendable, Hashable {
    /// No value.
    case null
    /// A boolean.
    case bool(Bool)
    /// An integer; sent as 64 bits.
    case int(Int64)
    /// A floating-point number.
    case double(Double)
    /// Text in UTF-8.
    case string(String)
    /// Uninterpreted bytes.
    case bytes([UInt8])
    /// Seconds since 1970-01-01 UTC.
    case timestamp(UInt64)
    /// A list.
    case array([FieldValue])
    /// A nested table.
    case table([String: FieldValue])

    /// The text of a `string` case, else nil.
    public var string: String? {
        if case .string(let text) = self { return text }
        return nil
    }

    /// The number of an `int` case, else nil.
    public var int: Int64? {
        if case .int(let number) = self { return number }
        return nil
    }
}

extension FieldValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral {
    /// A `string` case.
    public init(stringLiteral value: String) { self = .string(value) }
    /// An `int` case.
    public init(integerLiteral value: Int64) { self = .int(value) }
    /// A `bool` case.
    public init(booleanLiteral value: Bool) { self = .bool(value) }
}
