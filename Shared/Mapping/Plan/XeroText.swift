import Accounting
import JSON

/// Text and numbers in the form that Xero takes.
enum XeroText {
    /// A document's number: printable ASCII, at most 255 characters; what is not ASCII is escaped, so that two numbers never
    /// become one.
    static func number(_ prefix: String, _ number: String, id: String) -> String {
        let text = prefix + ascii(number)
        // A number too long to be one is replaced by the id, which a colon keeps apart from numbers.
        return text.utf8.count <= 200 ? text : "\(prefix)id:\(id)"
    }

    private static func ascii(_ text: String) -> String {
        var result = ""
        for byte in text.utf8 {
            if byte >= 0x20, byte < 0x7F {
                result.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                result += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
        }
        return result
    }

    /// A name of a contact: no angle brackets, no control characters, no blanks doubled or at the ends.
    static func name(_ text: String, limit: Int = 255) -> String {
        var result = ""
        var blank = false
        for scalar in text.unicodeScalars {
            var scalar = scalar
            if scalar == "<" { scalar = "(" }
            if scalar == ">" { scalar = ")" }
            if scalar.properties.isWhitespace || scalar.value < 0x20 || scalar.value == 0x7F {
                blank = true
                continue
            }
            if blank, !result.isEmpty { result.append(" ") }
            blank = false
            result.unicodeScalars.append(scalar)
            if result.utf16.count >= limit { break }
        }
        return limited(result, limit)
    }

    /// The text cut to so many UTF-16 code units, never within a character.
    static func limited(_ text: String, _ limit: Int) -> String {
        guard text.utf16.count > limit else { return text }
        var result = ""
        var length = 0
        for character in text {
            length += character.utf16.count
            if length > limit { break }
            result.append(character)
        }
        while result.last == " " { result.removeLast() }
        return result
    }

    /// An item's code, at most 30 characters: a longer one ends in a hash of all of it, so that two never become one.
    static func itemCode(_ text: String) -> String {
        guard text.utf16.count > 30 else { return text }
        return "\(limited(text, 17))-\(hash(text).prefix(12))"
    }

    /// A hash of text in 16 hexadecimal digits (FNV-1a).
    static func hash(_ text: String) -> String {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    /// An e-mail address that Xero takes: ASCII, one @, a domain with a dot, no dots doubled or at the ends.
    static func email(_ text: String) -> String? {
        let parts = text.split(separator: "@", omittingEmptySubsequences: false)
        guard parts.count == 2, text.utf8.count <= 254, (1...64).contains(parts[0].utf8.count) else { return nil }
        let marks = Set("!#$%&'*+-/=?^_`{|}~.".utf8)
        guard parts[0].utf8.allSatisfy({ isAlphanumeric($0) || marks.contains($0) }) else { return nil }
        let labels = parts[1].split(separator: ".", omittingEmptySubsequences: false)
        let dots = parts[0].split(separator: ".", omittingEmptySubsequences: false)
        guard labels.count >= 2, !dots.contains(""), (labels.last?.utf8.count ?? 0) >= 2,
            labels.allSatisfy({ label in
                !label.isEmpty && label.utf8.count <= 63 && label.first != "-" && label.last != "-"
                    && label.utf8.allSatisfy { isAlphanumeric($0) || $0 == UInt8(ascii: "-") }
            })
        else { return nil }
        return text
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
            || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }

    /// An amount as a JSON number with at least two decimals.
    static func amount(_ value: ExactDecimal) -> JSONValue {
        JSONNumber(text: value.fixed(max(2, value.significantScale))).map(JSONValue.number) ?? .null
    }
}
