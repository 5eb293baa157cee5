import Foundation

/// The servers that tests of the drivers and everything above them use, by environment.
///
/// Suites that need them say `.enabled(if: TestServers.areAvailable, "needs the private servers: make test")`.
public enum TestServers {
    /// A server's address.
    public struct Endpoint: Sendable, Hashable {
        /// Host name or address.
        public let host: String
        /// TCP port.
        public let port: Int
    }

    /// `TEST_AMQP_URL`, or the empty string.
    public static let amqpURL = ProcessInfo.processInfo.environment["TEST_AMQP_URL"] ?? ""
    /// `TEST_DATABASE_URL`, or the empty string.
    public static let databaseURL = ProcessInfo.processInfo.environment["TEST_DATABASE_URL"] ?? ""
    /// True if both servers are named.
    public static let areAvailable = !amqpURL.isEmpty && !databaseURL.isEmpty

    /// The address in a URL of the form `scheme://user:password@host:port/path`.
    public static func endpoint(of url: String) -> Endpoint {
        guard let components = URLComponents(string: url), let host = components.host, let port = components.port
        else { preconditionFailure("a test server's URL names a host and a port") }
        return Endpoint(host: host, port: port)
    }

    /// The same URL with another address.
    public static func url(_ url: String, at endpoint: Endpoint) -> String {
        guard var components = URLComponents(string: url) else { preconditionFailure("a test server's URL is a URL") }
        components.host = endpoint.host
        components.port = endpoint.port
        return components.string ?? url
    }

    /// A name no other test run uses: `prefix` and a random suffix, in lower-case letters, digits and underscores.
    public static func uniqueName(_ prefix: String) -> String {
        let kept = prefix.lowercased().prefix { $0 != "(" }.map { character in
            character.isASCII && (character.isLetter || character.isNumber) ? character : "_"
        }
        return "\(String(kept.prefix(40)))_\(String(UInt64.random(in: .min ... .max), radix: 36))"
    }
}
