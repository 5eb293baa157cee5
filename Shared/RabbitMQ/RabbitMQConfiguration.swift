/// How to reach a broker and how long to wait for it.
public struct RabbitMQConfiguration: Sendable {
    /// Host name or address, without brackets.
    public var host: String
    /// TCP port; 5672, or 5671 with TLS.
    public var port: Int
    /// The virtual host; `/` unless the URL names one.
    public var virtualHost: String
    /// The user to log in as; `guest` unless the URL names one.
    public var user: String
    /// The user's password. Never logged.
    public var password: String
    /// True for `amqps`: TLS with the peer's certificate and host name verified.
    public var usesTLS: Bool
    /// Path of a PEM file with the authorities to trust under TLS; the system's bundle unless told.
    public var certificateAuthorityFile = "/etc/ssl/certs/ca-certificates.crt"

    /// Heartbeat interval asked of the broker in seconds, 1...580, 20 unless told; the broker's own is used if shorter.
    /// Half of it is the longest an idle connection sleeps; three of them without progress end a connection.
    public var heartbeatSeconds = 20
    /// Largest frame in bytes, 4096 or more, 128 KiB unless told; bodies beyond it travel in several frames.
    public var frameMaxBytes = 131_072
    /// Largest body taken in or sent, 64 MiB unless told.
    public var messageMaxBytes = 64 << 20
    /// How long a TCP connection, and then the AMQP handshake, may take each; 5 s unless told.
    public var connectTimeout = Duration.seconds(5)
    /// How long the broker may take to answer a request such as a declaration; 10 s unless told.
    public var rpcTimeout = Duration.seconds(10)
    /// How long a message may wait to be sent, and then for its confirm; 30 s unless told.
    public var confirmTimeout = Duration.seconds(30)
    /// How long a graceful stop waits for outstanding confirms or acknowledgements; 10 s unless told.
    public var drainTimeout = Duration.seconds(10)
    /// How many messages may be unconfirmed at once, 1 or more, 1000 unless told. Beyond it publishers wait.
    public var publishWindow = 1000
    /// What the broker's management pages show for the connection; `counterfoil` unless told.
    public var connectionName = "counterfoil"

    /// Reads `amqp://user:password@host:port/vhost` or `amqps://...`; every part but the scheme and host may be missing.
    ///
    /// User, password and virtual host are percent-decoded: the default virtual host is `%2F`, or no path at all.
    /// - Parameter url: the broker's address. Source: RabbitMQ URI specification, rabbitmq.com/docs/uri-spec.
    /// - Throws: `invalidConfiguration` naming what is wrong, without the URL itself since it holds a password.
    public init(url: String) throws(RabbitMQError) {
        guard let schemeEnd = Self.range(of: "://", in: url) else {
            throw Self.invalid("it has no scheme: amqp://user:password@host:port/vhost")
        }
        switch url[..<schemeEnd.lowerBound].lowercased() {
        case "amqp": usesTLS = false
        case "amqps": usesTLS = true
        default: throw Self.invalid("its scheme is neither amqp nor amqps")
        }
        var rest = url[schemeEnd.upperBound...]
        if let query = rest.firstIndex(where: { $0 == "?" || $0 == "#" }) { rest = rest[..<query] }
        let slash = rest.firstIndex(of: "/")
        let authority = rest[..<(slash ?? rest.endIndex)]
        let path = slash.map { rest[rest.index(after: $0)...] } ?? ""
        virtualHost = path.isEmpty ? "/" : try Self.decoded(path, "virtual host")
        (user, password) = try Self.credentials(of: authority)
        (host, port) = try Self.address(of: authority, defaultPort: usesTLS ? 5671 : 5672)
    }

    private static func credentials(of authority: Substring) throws(RabbitMQError) -> (String, String) {
        guard let at = authority.lastIndex(of: "@") else { return ("guest", "guest") }
        let info = authority[..<at]
        let colon = info.firstIndex(of: ":")
        let user = try decoded(info[..<(colon ?? info.endIndex)], "user")
        let password = try colon.map { colon throws(RabbitMQError) in
            try decoded(info[info.index(after: colon)...], "password")
        }
        return (user, password ?? "")
    }

    private static func address(of authority: Substring, defaultPort: Int) throws(RabbitMQError) -> (String, Int) {
        var rest = authority.lastIndex(of: "@").map { authority[authority.index(after: $0)...] } ?? authority
        var host: Substring
        if rest.first == "[" {
            guard let end = rest.firstIndex(of: "]") else { throw invalid("its IPv6 address has no closing bracket") }
            host = rest[rest.index(after: rest.startIndex)..<end]
            rest = rest[rest.index(after: end)...]
        } else {
            let colon = rest.firstIndex(of: ":") ?? rest.endIndex
            host = rest[..<colon]
            rest = rest[colon...]
        }
        guard !host.isEmpty else { throw invalid("it names no host") }
        if rest.isEmpty { return (String(host), defaultPort) }
        guard rest.first == ":", let port = Int(rest.dropFirst()), (1...65535).contains(port) else {
            throw invalid("its port is not a number from 1 to 65535")
        }
        return (String(host), port)
    }

    private static func decoded(_ text: Substring, _ part: String) throws(RabbitMQError) -> String {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst().flatMap(hexDigit), let low = rest.popFirst().flatMap(hexDigit) else {
                throw invalid("its \(part) has a percent sign that two hexadecimal digits do not follow")
            }
            bytes.append(high << 4 | low)
        }
        guard let decoded = String(validating: bytes, as: UTF8.self) else {
            throw invalid("its \(part) is not UTF-8 once percent-decoded")
        }
        return decoded
    }

    private static func hexDigit(_ byte: UInt8) -> UInt8? {
        Character(UnicodeScalar(byte)).hexDigitValue.map(UInt8.init)
    }

    private static func range(of needle: String, in text: String) -> Range<String.Index>? {
        var start = text.startIndex
        while start < text.endIndex {
            if text[start...].hasPrefix(needle) { return start..<text.index(start, offsetBy: needle.count) }
            start = text.index(after: start)
        }
        return nil
    }

    private static func invalid(_ what: String) -> RabbitMQError {
        RabbitMQError(.invalidConfiguration, "the broker's URL cannot be used: \(what)")
    }
}

extension RabbitMQConfiguration: CustomStringConvertible {
    /// The address without its credentials.
    public var description: String { "\(usesTLS ? "amqps" : "amqp")://\(host):\(port)/\(virtualHost)" }
}
