/// A type that can be an element of a PostgreSQL array.
///
/// `UInt8` is special: an array of it is a `bytea`.
public protocol PostgresArrayElement {
    /// An array as it is sent.
    static func postgresValue(ofArray elements: [Self]) -> PostgresValue
    /// An array as it was received.
    static func array(postgresText text: String) throws -> [Self]
}

extension PostgresArrayElement where Self: PostgresEncodable & PostgresDecodable {
    /// An array literal.
    public static func postgresValue(ofArray elements: [Self]) -> PostgresValue {
        .text(ArrayLiteral.text(of: elements.map(\.postgresValue)))
    }

    /// Reads an array literal of one dimension.
    public static func array(postgresText text: String) throws -> [Self] {
        try ArrayLiteral.elements(of: text).map { element in
            if let element { return try Self(postgresText: element) }
            guard let null = Self.postgresNull else { throw UnreadableText() }
            return null
        }
    }
}

extension String: PostgresArrayElement {}
extension Bool: PostgresArrayElement {}
extension Int: PostgresArrayElement {}
extension Int64: PostgresArrayElement {}
extension Int32: PostgresArrayElement {}
extension Int16: PostgresArrayElement {}
extension Double: PostgresArrayElement {}
extension Optional: PostgresArrayElement where Wrapped: PostgresEncodable & PostgresDecodable {}
extension Array: PostgresArrayElement where Element == UInt8 {}

extension UInt8: PostgresArrayElement {
    /// A `bytea`.
    public static func postgresValue(ofArray elements: [UInt8]) -> PostgresValue { .bytes(elements) }
    /// Reads the hex form of a `bytea`.
    public static func array(postgresText text: String) throws -> [UInt8] { try Hex.bytes(of: text) }
}

/// The hex form of `bytea`: `\x` and two digits a byte.
enum Hex {
    static func text(of bytes: [UInt8]) -> String {
        String(unsafeUninitializedCapacity: bytes.count * 2 + 2) { buffer in
            buffer[0] = UInt8(ascii: "\\")
            buffer[1] = UInt8(ascii: "x")
            var next = 2
            for byte in bytes {
                buffer[next] = digit(byte >> 4)
                buffer[next + 1] = digit(byte & 15)
                next += 2
            }
            return next
        }
    }

    static func bytes(of text: String) throws -> [UInt8] {
        var text = text
        return try text.withUTF8 { utf8 in
            guard utf8.count >= 2, utf8.count % 2 == 0, utf8[0] == UInt8(ascii: "\\"), utf8[1] == UInt8(ascii: "x")
            else { throw UnreadableText() }
            let count = utf8.count / 2 - 1
            return try [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
                for index in 0..<count {
                    guard let high = value(utf8[2 + index * 2]), let low = value(utf8[3 + index * 2]) else {
                        throw UnreadableText()
                    }
                    buffer[index] = high << 4 | low
                }
                initialized = count
            }
        }
    }

    private static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
    }

    private static func value(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}

/// Array literals, e.g. `{1,NULL,"a \"b\""}`.
///
/// Source: PostgreSQL 15 manual, section 8.15.6.
enum ArrayLiteral {
    private static let quote = UInt8(ascii: "\"")
    private static let backslash = UInt8(ascii: "\\")
    private static let comma = UInt8(ascii: ",")

    static func text(of values: [PostgresValue]) -> String {
        var bytes: [UInt8] = [UInt8(ascii: "{")]
        for (index, value) in values.enumerated() {
            if index > 0 { bytes.append(comma) }
            switch value {
            case .null: bytes.append(contentsOf: "NULL".utf8)
            case .text(let text): appendQuoted(text, to: &bytes)
            case .bytes(let raw): appendQuoted(Hex.text(of: raw), to: &bytes)
            }
        }
        bytes.append(UInt8(ascii: "}"))
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func appendQuoted(_ text: String, to bytes: inout [UInt8]) {
        bytes.append(quote)
        for byte in text.utf8 {
            if byte == quote || byte == backslash { bytes.append(backslash) }
            bytes.append(byte)
        }
        bytes.append(quote)
    }

    /// The elements; nil is NULL.
    static func elements(of text: String) throws -> [String?] {
        let bytes = Array(text.utf8)
        guard bytes.count >= 2, bytes[0] == UInt8(ascii: "{"), bytes[bytes.count - 1] == UInt8(ascii: "}") else {
            throw UnreadableText()
        }
        var elements: [String?] = []
        var index = 1
        let end = bytes.count - 1
        if index == end { return [] }
        while true {
            let element: String?
            if bytes[index] == quote {
                element = try quoted(bytes, &index, end)
            } else {
                let start = index
                while index < end, bytes[index] != comma {
                    guard bytes[index] != UInt8(ascii: "{"), bytes[index] != quote else { throw UnreadableText() }
                    index += 1
                }
                guard index > start else { throw UnreadableText() }
                let word = String(decoding: bytes[start..<index], as: UTF8.self)
                element = word == "NULL" ? nil : word
            }
            elements.append(element)
            if index == end { return elements }
            guard bytes[index] == comma, index + 1 < end else { throw UnreadableText() }
            index += 1
        }
    }

    private static func quoted(_ bytes: [UInt8], _ index: inout Int, _ end: Int) throws -> String {
        var raw: [UInt8] = []
        index += 1
        while index < end, bytes[index] != quote {
            if bytes[index] == backslash { index += 1 }
            guard index < end else { throw UnreadableText() }
            raw.append(bytes[index])
            index += 1
        }
        guard index < end else { throw UnreadableText() }
        index += 1
        return String(decoding: raw, as: UTF8.self)
    }
}
