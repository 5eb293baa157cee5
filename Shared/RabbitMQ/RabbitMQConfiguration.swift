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
    /// Path of a PEM file with the authorities to trust under TLS; the system's bundle unless the URL says
    /// `?cacertfile=`.
    public var certificateAuthorityFile = "/etc/ssl/certs/ca-certificates.crt"
    /// Paths of PEM files with this client's own certificate and its key, for brokers that demand one: `?certfile=` and
    /// `&keyfile=` in the URL.
    public var clientCertificate: (certificateFile: String, keyFile: String)?

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

    /// Whether the broker is this very machine.
    public var isLocal: Bool { ["localhost", "::1"].contains(host) || host.hasPrefix("127.") }

    /// Reads `amqp://user:password@host:port/vhost` or `amqps://...`; every part but the scheme and host may be missing.
    ///
    /// User, password and virtual host are percent-decoded: the default virtual host is `%2F`, or no path at all. Of
    /// RabbitMQ's query parameters `cacertfile`, `certfile`, `keyfile`, `verify` (only `verify_peer`), `heartbeat` (in
    /// seconds) and `connection_timeout` (in milliseconds) are known.
    /// - Parameter url: the broker's address. Source: RabbitMQ URI specification and URI query parameters,
    ///   rabbitmq.com/docs/uri-spec and uri-query-parameters.
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
        if let fragment = rest.firstIndex(of: "#") { rest = rest[..<fragment] }
        let mark = rest.firstIndex(of: "?")
        let query = mark.map { rest[rest.index(after: $0)...] } ?? ""
        rest = rest[..<(mark ?? rest.endIndex)]
        let slash = rest.firstIndex(of: "/")
        let authority = rest[..<(slash ?? rest.endIndex)]
        let path = slash.map { rest[rest.index(after: $0)...] } ?? ""
        virtualHost = path.isEmpty ? "/" : try Self.decoded(path, "virtual host")
        (user, password) = try Self.credentials(of: authority)
        (host, port) = try Self.address(of: authority, defaultPort: usesTLS ? 5671 : 5672)
        try read(query: query)
    }

    private mutating func read(query: Substring) throws(RabbitMQError) {
        var certificateFile: String?
        var keyFile: String?
        for pair in query.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let value = try Self.decoded(parts.count == 2 ? parts[1] : "", "query")
            switch parts[0] {
            case "cacertfile": certificateAuthorityFile = value
            case "certfile": certificateFile = value
            case "keyfile": keyFile = value
            case "verify":
                guard value == "verify_peer" else {
                    throw Self.invalid(
                        "verify=\(value) would accept any server; leave it out, and name the authority by cacertfile")
                }
            case "heartbeat": heartbeatSeconds = try Self.number(value, "heartbeat", in: 1...580)
            case "connection_timeout":
                connectTimeout = .milliseconds(try Self.number(value, "connection_timeout", in: 1...600_000))
            default:
                throw Self.invalid(
                    "'\(parts[0])' is no parameter that is known: there are cacertfile, certfile, keyfile, verify, "
                        + "heartbeat and connection_timeout")
            }
        }
        guard usesTLS || (certificateFile ?? keyFile) == nil else {
            throw Self.invalid("certificates need TLS: write amqps:// instead of amqp://")
        }
        switch (certificateFile, keyFile) {
        case (nil, nil): break
        case (let certificate?, let key?): clientCertificate = (certificate, key)
        default: throw Self.invalid("certfile and keyfile go together: give both or neither")
        }
    }

    private static func number(
        _ text: String, _ name: String, in range: ClosedRange<Int>
    ) throws(RabbitMQError) -> Int {
        guard let number = Int(text), range.contains(number) else {
            throw invalid("its \(name) is not a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
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
