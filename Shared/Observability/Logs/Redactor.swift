/// Takes secrets out of what is logged: the values of keys that name one, and, inside texts, passwords in URLs,
/// `Authorization` credentials and the values of parameters that name a secret.
///
/// A safety net: callers do not log secrets in the first place.
public struct Redactor: Sendable {
    /// What stands in a secret's place.
    public static let mask = "[redacted]"

    /// Makes a redactor.
    public init() {}

    /// Whether a key's value is a secret, judged by its name: `Authorization`, `x-api-key`, `client_secret` and the like.
    public func isSecret(key: String) -> Bool {
        let folded = Self.folded(key.utf8)
        return Self.secretWords.contains { Self.contains(folded, $0) }
    }

    /// The text with every recognised secret masked.
    public func redacted(_ text: String) -> String {
        let bytes = Array(text.utf8)
        guard Self.mayHoldSecret(bytes) else { return text }
        var output: [UInt8] = []
        output.reserveCapacity(bytes.count)
        var index = 0
        while index < bytes.count {
            if let secret = Self.secret(in: bytes, at: index) {
                output.append(contentsOf: bytes[index..<secret.lowerBound])
                output.append(contentsOf: Self.mask.utf8)
                index = secret.upperBound
            } else {
                output.append(bytes[index])
                index += 1
            }
        }
        return String(decoding: output, as: UTF8.self)
    }

    // MARK: What gives a secret away

    private static let secretWords: [[UInt8]] = [
        "authorization", "password", "passwd", "secret", "token", "cookie", "credential", "apikey", "consumerkey",
        "privatekey", "counterfoilkey",
    ].map { Array($0.utf8) }
    private static let schemes: [[UInt8]] = ["bearer ", "basic "].map { Array($0.utf8) }
    private static let slashes = Array("://".utf8)

    private static func mayHoldSecret(_ bytes: [UInt8]) -> Bool {
        let folded = folded(bytes)
        return secretWords.contains { contains(folded, $0) }
            || ["bearer", "basic", ":/"].contains { contains(folded, Array($0.utf8)) }
    }

    /// The secret that whatever begins at `index` leads to: `Bearer SECRET`, `://user:SECRET@`, `name=SECRET`, `"name":"SECRET"`.
    private static func secret(in bytes: [UInt8], at index: Int) -> Range<Int>? {
        if let range = credentials(in: bytes, at: index) { return range }
        if let range = password(in: bytes, at: index) { return range }
        return parameter(in: bytes, at: index)
    }

    private static func credentials(in bytes: [UInt8], at index: Int) -> Range<Int>? {
        guard index == 0 || !isWord(bytes[index - 1]) else { return nil }
        for scheme in schemes where startsFolded(bytes, at: index, with: scheme) {
            let start = index + scheme.count
            let end = bytes[start...].firstIndex { !isCredential($0) } ?? bytes.count
            if end - start >= 8 { return start..<end }
        }
        return nil
    }

    private static func password(in bytes: [UInt8], at index: Int) -> Range<Int>? {
        guard startsFolded(bytes, at: index, with: slashes) else { return nil }
        let start = index + slashes.count
        let authorityEnd = bytes[start...].firstIndex { $0 == UInt8(ascii: "/") || isSpace($0) } ?? bytes.count
        guard let at = bytes[start..<authorityEnd].lastIndex(of: UInt8(ascii: "@")),
            let colon = bytes[start..<at].firstIndex(of: UInt8(ascii: ":"))
        else { return nil }
        return (colon + 1)..<at
    }

    private static func parameter(in bytes: [UInt8], at index: Int) -> Range<Int>? {
        guard isWord(bytes[index]), index == 0 || !isWord(bytes[index - 1]) else { return nil }
        let nameEnd = bytes[index...].firstIndex { !isWord($0) } ?? bytes.count
        let name = folded(bytes[index..<nameEnd])
        guard secretWords.contains(where: { contains(name, $0) }) else { return nil }
        var start = nameEnd
        while start < bytes.count, bytes[start] == UInt8(ascii: "\"") || bytes[start] == UInt8(ascii: "\\") {
            start += 1
        }
        guard start < bytes.count, bytes[start] == UInt8(ascii: "=") || bytes[start] == UInt8(ascii: ":") else {
            return nil
        }
        start += 1
        while start < bytes.count,
            isSpace(bytes[start]) || bytes[start] == UInt8(ascii: "\"") || bytes[start] == UInt8(ascii: "\\")
        {
            start += 1
        }
        for scheme in schemes where startsFolded(bytes, at: start, with: scheme) { start += scheme.count }
        let end = bytes[start...].firstIndex { isValueEnd($0) } ?? bytes.count
        return start < end ? start..<end : nil
    }

    // MARK: Bytes

    /// Lower case, without the characters that names are put together with.
    private static func folded(_ bytes: some Sequence<UInt8>) -> [UInt8] {
        bytes.compactMap { byte in
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte | 0x20
            case UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."): nil
            default: byte
            }
        }
    }

    private static func contains(_ bytes: [UInt8], _ word: [UInt8]) -> Bool {
        guard bytes.count >= word.count, let first = word.first else { return false }
        for start in 0...(bytes.count - word.count)
        where bytes[start] == first && bytes[start..<(start + word.count)].elementsEqual(word) {
            return true
        }
        return false
    }

    private static func startsFolded(_ bytes: [UInt8], at index: Int, with word: [UInt8]) -> Bool {
        guard index + word.count <= bytes.count else { return false }
        for offset in 0..<word.count {
            let byte = bytes[index + offset]
            let lower = (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
            if lower != word[offset] { return false }
        }
        return true
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."):
            true
        default: false
        }
    }

    private static func isCredential(_ byte: UInt8) -> Bool {
        isWord(byte) || [UInt8(ascii: "+"), UInt8(ascii: "/"), UInt8(ascii: "="), UInt8(ascii: "~")].contains(byte)
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || (9...13).contains(byte)
    }

    private static let valueEnds = Set("&\",;})\\".utf8)

    private static func isValueEnd(_ byte: UInt8) -> Bool {
        isSpace(byte) || valueEnds.contains(byte)
    }
}
