/// A JSON number, kept as the text it was written with.
///
/// Equality compares the text: `1.0` and `1.00` are different numbers here. Amounts are compared as `ExactDecimal`.
public struct JSONNumber: Sendable, Hashable, CustomStringConvertible {
    /// The digits as written, such as `63.241106000000002` or `1e3`.
    public let text: String

    /// Makes the number that an integer is.
    public init(_ value: Int) { text = String(value) }

    /// Makes the number that an integer is.
    public init(_ value: Int64) { text = String(value) }

    /// Makes a number from its text.
    /// - Parameter text: A number by the grammar of RFC 8259 section 6, with nothing before or after it.
    /// - Returns: `nil` if the text is not a number.
    public init?(text: String) {
        var text = text
        let valid = text.withUTF8 { bytes in
            var scanner = JSONNumberScanner(bytes: bytes, position: 0)
            return scanner.scan() && scanner.position == bytes.count
        }
        guard valid else { return nil }
        self.text = text
    }

    /// Makes a number from text that the parser has already found to be one.
    init(validated text: String) { self.text = text }

    /// The integer, if the number is written without fraction and exponent and an `Int` can hold it.
    public var int: Int? { Int(text) }

    /// The text.
    public var description: String { text }
}

/// Finds where a number ends, by the grammar of RFC 8259 section 6.
struct JSONNumberScanner {
    let bytes: UnsafeBufferPointer<UInt8>
    var position: Int

    /// Moves past one number; false if there is none.
    mutating func scan() -> Bool {
        if peek == UInt8(ascii: "-") { position += 1 }
        if peek == UInt8(ascii: "0") {
            position += 1
        } else if !skipDigits() {
            return false
        }
        if peek == UInt8(ascii: ".") {
            position += 1
            if !skipDigits() { return false }
        }
        if let byte = peek, byte | 0x20 == UInt8(ascii: "e") {
            position += 1
            if let sign = peek, sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") { position += 1 }
            if !skipDigits() { return false }
        }
        return true
    }

    private var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skipDigits() -> Bool {
        let start = position
        while position < bytes.count, bytes[position] &- UInt8(ascii: "0") < 10 { position += 1 }
        return position > start
    }
}
