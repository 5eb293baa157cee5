/// One HTTP request as the simulated Xero sees it, free of any HTTP library.
public struct SimulatedRequest: Sendable {
    /// The method in capitals, such as `PUT`.
    public var method: String
    /// The path as sent, still percent-encoded, without the query.
    public var path: String
    /// The decoded query parameters; of a repeated name the last value counts.
    public var query: [String: String]
    /// The headers by lower-case name.
    public var headers: [String: String]
    /// The body as received.
    public var body: [UInt8]

    /// Makes a request from its parts.
    /// - Parameters:
    ///   - method: The method in capitals.
    ///   - target: The path and, after a question mark, the percent-encoded query.
    ///   - headers: The headers; names may have any case.
    ///   - body: The body, by default empty.
    public init(method: String, target: String, headers: [String: String] = [:], body: [UInt8] = []) {
        self.method = method
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        self.path = String(parts.first ?? "/")
        self.query = parts.count > 1 ? PercentCoding.form(parts[1]) : [:]
        self.headers = [:]
        for (name, value) in headers { self.headers[name.lowercased()] = value }
        self.body = body
    }

    /// Path and query, encoded anew.
    var target: String {
        let query = query.sorted { $0.key < $1.key }
            .map { "\(PercentCoding.encode($0.key))=\(PercentCoding.encode($0.value))" }.joined(separator: "&")
        return query.isEmpty ? path : "\(path)?\(query)"
    }

    /// The decoded words of the path.
    var pathWords: [String] { path.split(separator: "/").map { PercentCoding.decode($0, plusIsSpace: false) } }
}

/// What the simulated Xero answers.
public struct SimulatedResponse: Sendable {
    /// The HTTP status; 0 in process means that no answer arrived (a hang or a reset was simulated).
    public var status: Int
    /// The headers, in the order they are sent.
    public var headers: [(name: String, value: String)]
    /// The body.
    public var body: [UInt8]

    /// Makes a response from its parts.
    public init(status: Int, headers: [(name: String, value: String)] = [], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// The value of a header, whatever the case of its name.
    public func header(_ name: String) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }
}

/// Percent-decoding of paths, queries and forms.
enum PercentCoding {
    /// Decodes `%41` escapes; an escape that is not two hexadecimal digits stays as it is.
    static func decode(_ text: some StringProtocol, plusIsSpace: Bool) -> String {
        var bytes: [UInt8] = []
        let source = Array(text.utf8)
        var index = 0
        while index < source.count {
            let byte = source[index]
            if byte == UInt8(ascii: "%"), index + 2 < source.count, let high = digit(source[index + 1]),
                let low = digit(source[index + 2])
            {
                bytes.append(high << 4 | low)
                index += 3
            } else {
                bytes.append(plusIsSpace && byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
                index += 1
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Decodes `a=1&b=2`.
    static func form(_ text: some StringProtocol) -> [String: String] {
        var result: [String: String] = [:]
        for pair in text.split(separator: "&") {
            let halves = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let value = halves.count > 1 ? decode(halves[1], plusIsSpace: true) : ""
            result[decode(halves[0], plusIsSpace: true)] = value
        }
        return result
    }

    /// Encodes everything but unreserved characters, for a journal's target.
    static func encode(_ text: String) -> String {
        var result = ""
        let hex = Array("0123456789ABCDEF")
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                result.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                result += "%\(hex[Int(byte >> 4)])\(hex[Int(byte & 15)])"
            }
        }
        return result
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
