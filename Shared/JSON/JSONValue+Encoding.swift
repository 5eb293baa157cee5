extension JSONValue {
    /// The JSON text as UTF-8; numbers as they were written, characters beyond ASCII as themselves.
    /// - Parameter pretty: Whether to put every member on a line of its own, indented by two spaces.
    public func encoded(pretty: Bool = false) -> [UInt8] {
        var encoder = JSONEncoder(style: pretty ? .pretty : .compact)
        encoder.write(self, indentation: 0)
        return encoder.output
    }

    /// The compact JSON text.
    public var text: String { String(decoding: encoded(), as: UTF8.self) }

    /// The JSON text with the members of every object sorted by the bytes of their keys: equal values give equal bytes,
    /// whatever order they were written in, which is what a content hash needs.
    public func canonical() -> [UInt8] {
        var encoder = JSONEncoder(style: .canonical)
        encoder.write(self, indentation: 0)
        return encoder.output
    }
}

private struct JSONEncoder {
    enum Style { case compact, pretty, canonical }

    private(set) var output: [UInt8] = []
    private let style: Style

    init(style: Style) {
        self.style = style
        output.reserveCapacity(1024)
    }

    mutating func write(_ value: JSONValue, indentation: Int) {
        switch value {
        case .null: output.append(contentsOf: "null".utf8)
        case .bool(let value): output.append(contentsOf: value ? "true".utf8 : "false".utf8)
        case .number(let value): output.append(contentsOf: value.text.utf8)
        case .string(let value): write(value)
        case .array(let values): write(values, indentation: indentation)
        case .object(let object): write(object, indentation: indentation)
        }
    }

    private mutating func write(_ values: [JSONValue], indentation: Int) {
        output.append(UInt8(ascii: "["))
        var first = true
        for value in values {
            if !first { output.append(UInt8(ascii: ",")) }
            first = false
            newLine(indentation + 1)
            write(value, indentation: indentation + 1)
        }
        if !first { newLine(indentation) }
        output.append(UInt8(ascii: "]"))
    }

    private mutating func write(_ object: JSONObject, indentation: Int) {
        output.append(UInt8(ascii: "{"))
        var first = true
        var members = Array(object)
        if style == .canonical {
            members.sort { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
        }
        for member in members {
            if !first { output.append(UInt8(ascii: ",")) }
            first = false
            newLine(indentation + 1)
            write(member.key)
            output.append(UInt8(ascii: ":"))
            if style == .pretty { output.append(UInt8(ascii: " ")) }
            write(member.value, indentation: indentation + 1)
        }
        if !first { newLine(indentation) }
        output.append(UInt8(ascii: "}"))
    }

    private mutating func write(_ string: String) {
        var string = string
        output.append(UInt8(ascii: "\""))
        string.withUTF8 { bytes in
            var copied = 0
            for position in bytes.indices {
                let byte = bytes[position]
                if byte >= 0x20, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\") { continue }
                output.append(contentsOf: bytes[copied..<position])
                writeEscape(byte)
                copied = position + 1
            }
            output.append(contentsOf: bytes[copied...])
        }
        output.append(UInt8(ascii: "\""))
    }

    private mutating func writeEscape(_ byte: UInt8) {
        output.append(UInt8(ascii: "\\"))
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): output.append(byte)
        case 0x08: output.append(UInt8(ascii: "b"))
        case 0x09: output.append(UInt8(ascii: "t"))
        case 0x0A: output.append(UInt8(ascii: "n"))
        case 0x0C: output.append(UInt8(ascii: "f"))
        case 0x0D: output.append(UInt8(ascii: "r"))
        default:
            output.append(contentsOf: "u00".utf8)
            let digits = Array("0123456789abcdef".utf8)
            output.append(digits[Int(byte >> 4)])
            output.append(digits[Int(byte & 0x0F)])
        }
    }

    private mutating func newLine(_ indentation: Int) {
        guard style == .pretty else { return }
        output.append(0x0A)
        output.append(contentsOf: repeatElement(0x20, count: indentation * 2))
    }
}
