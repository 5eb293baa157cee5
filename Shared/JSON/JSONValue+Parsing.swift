extension JSONValue {
    /// Parses a JSON text.
    ///
    /// Strict: UTF-8 only, nothing but white space after the value, no duplicate of a key survives (the last wins).
    /// - Parameters:
    ///   - bytes: The text. Collections that are contiguous in memory, such as `[UInt8]`, are read in place.
    ///   - limits: How large it may be.
    /// - Throws: ``JSONError`` with the place of the first mistake.
    public init(parsing bytes: some Collection<UInt8>, limits: JSONLimits = .default) throws(JSONError) {
        let direct = bytes.withContiguousStorageIfAvailable { buffer in
            Self.parse(buffer, limits: limits)
        }
        if let direct {
            self = try direct.get()
        } else {
            self = try Array(bytes).withUnsafeBufferPointer { Self.parse($0, limits: limits) }.get()
        }
    }

    /// Parses a JSON text.
    /// - Throws: ``JSONError`` with the place of the first mistake.
    public init(parsing text: String, limits: JSONLimits = .default) throws(JSONError) {
        var text = text
        self = try text.withUTF8 { Self.parse($0, limits: limits) }.get()
    }

    /// Parses a JSON text of whose outermost object only some members are wanted: the others are checked as strictly and not
    /// kept, which costs a fraction of the time.
    /// - Parameters:
    ///   - bytes: The text.
    ///   - names: The members to keep. A text that is no object is parsed whole.
    ///   - limits: How large it may be.
    /// - Throws: ``JSONError`` with the place of the first mistake.
    public init(
        parsing bytes: [UInt8], keeping names: Set<String>, limits: JSONLimits = .default
    ) throws(JSONError) {
        self = try bytes.withUnsafeBufferPointer { Self.parse($0, limits: limits, keeping: names) }.get()
    }

    private static func parse(
        _ bytes: UnsafeBufferPointer<UInt8>, limits: JSONLimits, keeping names: Set<String>? = nil
    ) -> Result<JSONValue, JSONError> {
        do throws(JSONError) {
            var parser = JSONParser(bytes: bytes, limits: limits)
            return .success(try parser.document(keeping: names))
        } catch {
            return .failure(error)
        }
    }
}

/// A recursive descent parser over bytes in memory; its recursion is bounded by the depth limit.
private struct JSONParser {
    private let bytes: UnsafeBufferPointer<UInt8>
    private let limits: JSONLimits
    private var position = 0
    private var depth = 0
    private var values = 0

    init(bytes: UnsafeBufferPointer<UInt8>, limits: JSONLimits) {
        self.bytes = bytes
        self.limits = limits
    }

    mutating func document(keeping names: Set<String>?) throws(JSONError) -> JSONValue {
        if bytes.count > limits.bytes {
            throw failure(.size, "the text is longer than \(limits.bytes) bytes", at: limits.bytes)
        }
        skipSpace()
        let value: JSONValue
        if names != nil, position < bytes.count, bytes[position] == UInt8(ascii: "{") {
            values += 1
            value = .object(try object(keeping: names))
        } else {
            value = try self.value()
        }
        skipSpace()
        if position < bytes.count { throw failure(.syntax, "something follows the value") }
        return value
    }

    private mutating func value() throws(JSONError) -> JSONValue {
        switch try beginValue() {
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "{"): return .object(try object())
        case UInt8(ascii: "["): return .array(try array())
        case UInt8(ascii: "t"): return try literal("true", .bool(true))
        case UInt8(ascii: "f"): return try literal("false", .bool(false))
        case UInt8(ascii: "n"): return try literal("null", .null)
        default: return try number()
        }
    }

    /// Counts a value and looks at its first byte.
    private mutating func beginValue() throws(JSONError) -> UInt8 {
        values += 1
        if values > limits.values { throw failure(.size, "there are more than \(limits.values) values") }
        guard position < bytes.count else { throw failure(.syntax, "the text ends where a value should be") }
        return bytes[position]
    }

    /// Checks a value without making anything of it.
    private mutating func skipValue() throws(JSONError) {
        switch try beginValue() {
        case UInt8(ascii: "\""): try skipString()
        case UInt8(ascii: "{"):
            try eachMember { parser throws(JSONError) in
                try parser.skipString()
                try parser.colon()
                try parser.skipValue()
            }
        case UInt8(ascii: "["): try eachElement { parser throws(JSONError) in try parser.skipValue() }
        case UInt8(ascii: "t"): _ = try literal("true", .null)
        case UInt8(ascii: "f"): _ = try literal("false", .null)
        case UInt8(ascii: "n"): _ = try literal("null", .null)
        default:
            var scanner = JSONNumberScanner(bytes: bytes, position: position)
            guard scanner.scan() else { throw failure(.syntax, "no value starts like this") }
            position = scanner.position
        }
    }

    private mutating func object(keeping names: Set<String>? = nil) throws(JSONError) -> JSONObject {
        var object = JSONObject()
        try eachMember { parser throws(JSONError) in
            let key = try parser.string()
            try parser.colon()
            if names?.contains(key) ?? true {
                object.set(key, try parser.value())
            } else {
                try parser.skipValue()
            }
        }
        return object
    }

    private mutating func array() throws(JSONError) -> [JSONValue] {
        var array: [JSONValue] = []
        try eachElement { parser throws(JSONError) in array.append(try parser.value()) }
        return array
    }

    /// Goes through an object; `member` reads a key and what belongs to it.
    private mutating func eachMember(_ member: (inout JSONParser) throws(JSONError) -> Void) throws(JSONError) {
        try enter()
        defer { depth -= 1 }
        skipSpace()
        if take(UInt8(ascii: "}")) { return }
        while true {
            skipSpace()
            guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else {
                throw failure(.syntax, "a key in quotation marks is missing")
            }
            try member(&self)
            skipSpace()
            if take(UInt8(ascii: ",")) { continue }
            if take(UInt8(ascii: "}")) { return }
            throw failure(.syntax, "an object is not closed")
        }
    }

    private mutating func colon() throws(JSONError) {
        skipSpace()
        guard take(UInt8(ascii: ":")) else { throw failure(.syntax, "a colon is missing after a key") }
        skipSpace()
    }

    private mutating func eachElement(_ element: (inout JSONParser) throws(JSONError) -> Void) throws(JSONError) {
        try enter()
        defer { depth -= 1 }
        skipSpace()
        if take(UInt8(ascii: "]")) { return }
        while true {
            skipSpace()
            try element(&self)
            skipSpace()
            if take(UInt8(ascii: ",")) { continue }
            if take(UInt8(ascii: "]")) { return }
            throw failure(.syntax, "an array is not closed")
        }
    }

    private mutating func number() throws(JSONError) -> JSONValue {
        var scanner = JSONNumberScanner(bytes: bytes, position: position)
        guard scanner.scan() else { throw failure(.syntax, "no value starts like this") }
        let text = String(decoding: piece(position, scanner.position), as: UTF8.self)
        position = scanner.position
        return .number(JSONNumber(validated: text))
    }

    private mutating func literal(_ word: StaticString, _ value: JSONValue) throws(JSONError) -> JSONValue {
        let end = position + word.utf8CodeUnitCount
        guard end <= bytes.count else { throw failure(.syntax, "no value starts like this") }
        for offset in 0..<word.utf8CodeUnitCount where bytes[position + offset] != word.utf8Start[offset] {
            throw failure(.syntax, "no value starts like this")
        }
        position = end
        return value
    }

    /// Checks a string without making one, unless it has escapes.
    private mutating func skipString() throws(JSONError) {
        let start = position
        var bits: UInt8 = 0
        position += 1
        while position < bytes.count {
            let byte = bytes[position]
            if byte == UInt8(ascii: "\"") {
                if bits >= 0x80 { _ = try text(of: piece(start + 1, position), bits, at: start + 1) }
                position += 1
                return
            }
            if byte == UInt8(ascii: "\\") {
                position = start
                _ = try string()
                return
            }
            if byte < 0x20 { throw failure(.syntax, "a control character stands in a string") }
            bits |= byte
            position += 1
        }
        throw failure(.syntax, "a string is not closed")
    }

    private mutating func string() throws(JSONError) -> String {
        position += 1
        let start = position
        var bits: UInt8 = 0
        while position < bytes.count {
            let byte = bytes[position]
            if byte == UInt8(ascii: "\"") {
                let text = try text(of: piece(start, position), bits, at: start)
                position += 1
                return text
            }
            if byte == UInt8(ascii: "\\") { return try escapedString(from: start) }
            if byte < 0x20 { throw failure(.syntax, "a control character stands in a string") }
            bits |= byte
            position += 1
        }
        throw failure(.syntax, "a string is not closed")
    }

    /// Goes on with a string at its first escape.
    private mutating func escapedString(from start: Int) throws(JSONError) -> String {
        var buffer = [UInt8](bytes[start..<position])
        var copied = position
        while position < bytes.count {
            let byte = bytes[position]
            if byte == UInt8(ascii: "\"") {
                buffer.append(contentsOf: bytes[copied..<position])
                position += 1
                let bits = buffer.reduce(0, |)
                return try buffer.withUnsafeBufferPointer { buffer throws(JSONError) in
                    try text(of: buffer, bits, at: start)
                }
            }
            if byte == UInt8(ascii: "\\") {
                buffer.append(contentsOf: bytes[copied..<position])
                position += 1
                try escape(into: &buffer)
                copied = position
                continue
            }
            if byte < 0x20 { throw failure(.syntax, "a control character stands in a string") }
            position += 1
        }
        throw failure(.syntax, "a string is not closed")
    }

    private mutating func escape(into buffer: inout [UInt8]) throws(JSONError) {
        guard position < bytes.count else { throw failure(.syntax, "a string is not closed") }
        let byte = bytes[position]
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): buffer.append(byte)
        case UInt8(ascii: "b"): buffer.append(0x08)
        case UInt8(ascii: "f"): buffer.append(0x0C)
        case UInt8(ascii: "n"): buffer.append(0x0A)
        case UInt8(ascii: "r"): buffer.append(0x0D)
        case UInt8(ascii: "t"): buffer.append(0x09)
        case UInt8(ascii: "u"): buffer.append(contentsOf: UTF8.encode(try escapedScalar()).unsafelyUnwrapped)
        default: throw failure(.syntax, "an escape is unknown", at: position - 1)
        }
    }

    /// Reads the digits of `\uXXXX`, and of the second half where it is a surrogate pair.
    private mutating func escapedScalar() throws(JSONError) -> Unicode.Scalar {
        let first = try hexadecimal()
        if let scalar = Unicode.Scalar(first) { return scalar }
        guard first < 0xDC00, position + 1 < bytes.count, bytes[position] == UInt8(ascii: "\\"),
            bytes[position + 1] == UInt8(ascii: "u")
        else { throw failure(.encoding, "half of a surrogate pair stands alone") }
        position += 2
        let second = try hexadecimal()
        guard (0xDC00...0xDFFF).contains(second),
            let scalar = Unicode.Scalar(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00))
        else { throw failure(.encoding, "half of a surrogate pair stands alone") }
        return scalar
    }

    private mutating func hexadecimal() throws(JSONError) -> UInt32 {
        guard position + 4 <= bytes.count else { throw failure(.syntax, "an escape is cut short") }
        var result: UInt32 = 0
        for byte in bytes[position..<position + 4] {
            let digit: UInt8
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte - UInt8(ascii: "a") + 10
            case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = byte - UInt8(ascii: "A") + 10
            default: throw failure(.syntax, "an escape is not hexadecimal")
            }
            result = result << 4 | UInt32(digit)
        }
        position += 4
        return result
    }

    /// Bytes of the text, in place.
    private func piece(_ start: Int, _ end: Int) -> UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(rebasing: bytes[start..<end])
    }

    /// A string of bytes whose `bits` are those set in any of them: plain ASCII, as most of it is, needs no validation.
    private func text(
        of bytes: UnsafeBufferPointer<UInt8>, _ bits: UInt8, at start: Int
    ) throws(JSONError) -> String {
        if bits < 0x80 { return String(decoding: bytes, as: UTF8.self) }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw failure(.encoding, "a string is not valid UTF-8", at: start)
        }
        return text
    }

    private mutating func enter() throws(JSONError) {
        depth += 1
        if depth > limits.depth { throw failure(.depth, "values are nested more than \(limits.depth) deep") }
        position += 1
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard position < bytes.count, bytes[position] == byte else { return false }
        position += 1
        return true
    }

    private mutating func skipSpace() {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x09, 0x0A, 0x0D: position += 1
            default: return
            }
        }
    }

    private func failure(_ code: JSONError.Code, _ message: String, at offset: Int? = nil) -> JSONError {
        JSONError(code: code, message: message, offset: offset ?? position)
    }
}
