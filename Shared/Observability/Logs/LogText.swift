/// Escaping of what log lines hold, so that no value can break out of its line or colour a terminal.
enum LogText {
    private static let hexDigits = Array("0123456789abcdef".utf8)

    /// Appends a JSON string, quotes included.
    static func appendJSON(_ text: String, to line: inout [UInt8]) {
        line.append(UInt8(ascii: "\""))
        for byte in text.utf8 { appendEscaped(byte, to: &line) }
        line.append(UInt8(ascii: "\""))
    }

    /// Appends a text as it is, control characters escaped.
    static func appendPlain(_ text: String, to line: inout [UInt8]) {
        for byte in text.utf8 {
            if byte < 0x20 || byte == 0x7f {
                appendEscaped(byte, to: &line)
            } else {
                line.append(byte)
            }
        }
    }

    /// Appends a text, in quotes if it is empty or holds a space, a quote or an equals sign.
    static func appendQuoted(_ text: String, to line: inout [UInt8]) {
        let plain =
            !text.isEmpty && text.utf8.allSatisfy { $0 > 0x20 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "=") }
        if plain {
            appendPlain(text, to: &line)
        } else {
            appendJSON(text, to: &line)
        }
    }

    /// The value as a JSON number or boolean if it is one.
    static func number(_ value: any CustomStringConvertible) -> String? {
        switch value {
        case let value as Bool: value.description
        case let value as any BinaryInteger: String(describing: value)
        case let value as Double where value.isFinite: value.description
        default: nil
        }
    }

    private static func appendEscaped(_ byte: UInt8, to line: inout [UInt8]) {
        switch byte {
        case UInt8(ascii: "\""): line.append(contentsOf: #"\""#.utf8)
        case UInt8(ascii: "\\"): line.append(contentsOf: #"\\"#.utf8)
        case UInt8(ascii: "\n"): line.append(contentsOf: #"\n"#.utf8)
        case UInt8(ascii: "\r"): line.append(contentsOf: #"\r"#.utf8)
        case UInt8(ascii: "\t"): line.append(contentsOf: #"\t"#.utf8)
        case 0..<0x20, 0x7f:
            line.append(contentsOf: #"\u00"#.utf8)
            line.append(hexDigits[Int(byte >> 4)])
            line.append(hexDigits[Int(byte & 15)])
        default: line.append(byte)
        }
    }
}
