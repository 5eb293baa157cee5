public import AsyncHTTPClient
import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix

extension XeroTransport {
    /// The hosts and bounds of a live transport.
    public struct Configuration: Sendable, Hashable {
        /// Where the accounting API is, e.g. `https://api.xero.com`; without a trailing slash.
        public var apiURL: String
        /// Where tokens are handed out, e.g. `https://identity.xero.com`; without a trailing slash.
        public var identityURL: String
        /// Real seconds after which a request without a complete response is given up.
        public var callSeconds: Double
        /// Bytes of a response body beyond which it is given up. A page of 1,000 invoices is about 5 MB.
        public var responseBytes: Int

        /// A configuration.
        /// - Parameters:
        ///   - apiURL: where the accounting API is.
        ///   - identityURL: where tokens are handed out.
        ///   - callSeconds: real seconds after which a request without a complete response is given up; default 30.
        ///   - responseBytes: the bound of a response body in bytes; default 64 MB.
        public init(
            apiURL: String = "https://api.xero.com", identityURL: String = "https://identity.xero.com",
            callSeconds: Double = 30, responseBytes: Int = 64 << 20
        ) {
            self.apiURL = Self.withoutSlash(apiURL)
            self.identityURL = Self.withoutSlash(identityURL)
            self.callSeconds = callSeconds
            self.responseBytes = responseBytes
        }

        private static func withoutSlash(_ url: String) -> String {
            url.hasSuffix("/") ? String(url.dropLast()) : url
        }
    }

    /// An HTTP client that says at once when it cannot connect, so that such a request is known not to have been sent.
    /// - Returns: a client; its owner shuts it down.
    public static func client() -> HTTPClient {
        var configuration = HTTPClient.Configuration()
        configuration.timeout.connect = .seconds(10)
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.redirectConfiguration = .disallow
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    /// A transport over HTTP.
    /// - Parameters:
    ///   - client: the HTTP client; its owner shuts it down.
    ///   - configuration: hosts and bounds.
    /// - Returns: the transport.
    public static func live(client: HTTPClient, configuration: Configuration) -> XeroTransport {
        XeroTransport(
            api: { request in try await send(request, to: configuration.apiURL, client, configuration) },
            identity: { request in try await send(request, to: configuration.identityURL, client, configuration) })
    }

    private static func send(
        _ request: XeroRequest, to host: String, _ client: HTTPClient, _ configuration: Configuration
    ) async throws -> XeroResponse {
        var message = HTTPClientRequest(url: host + request.path)
        message.method = HTTPMethod(rawValue: request.method.rawValue)
        for (name, value) in request.headers { message.headers.replaceOrAdd(name: name, value: value) }
        if !request.body.isEmpty { message.body = .bytes(ByteBuffer(bytes: request.body)) }
        let sealed = message
        do {
            return try await within(seconds: configuration.callSeconds + 0.5) {
                let response = try await client.execute(
                    sealed, timeout: .nanoseconds(Int64(configuration.callSeconds * 1e9)))
                let body = try await response.body.collect(upTo: configuration.responseBytes)
                return XeroResponse(
                    status: Int(response.status.code), headers: fields(response.headers),
                    body: Array(body.readableBytesView))
            }
        } catch {
            throw classify(error)
        }
    }

    private static func fields(_ headers: HTTPHeaders) -> [String: String] {
        var fields: [String: String] = [:]
        for (name, value) in headers { fields[name.lowercased()] = value }
        return fields
    }

    /// Runs the body, and gives it up after so many real seconds: the client's own time-out ends at the response's head.
    private static func within<R: Sendable>(
        seconds: Double, _ body: @escaping @Sendable () async throws -> R
    ) async throws -> R {
        try await withThrowingTaskGroup(of: R.self) { group in
            group.addTask { try await body() }
            group.addTask {
                try await Task.sleep(for: .seconds(seconds))
                throw XeroTransportError(.noAnswer, "no complete answer within \(seconds) s")
            }
            defer { group.cancelAll() }
            guard let first = try await group.next() else {
                throw XeroTransportError(.noAnswer, "the request was abandoned")
            }
            return first
        }
    }

    private static func classify(_ error: any Error) -> XeroTransportError {
        if let known = error as? XeroTransportError { return known }
        if let known = error as? HTTPClientError {
            switch known {
            case .connectTimeout, .invalidURL, .emptyHost, .emptyScheme, .getConnectionFromPoolTimeout,
                .alreadyShutdown:
                return XeroTransportError(.notSent, "could not reach Xero: \(known)")
            case .readTimeout, .deadlineExceeded, .writeTimeout:
                return XeroTransportError(.noAnswer, "Xero did not answer in time")
            case .remoteConnectionClosed:
                return XeroTransportError(.noAnswer, "Xero closed the connection before it answered")
            default:
                return XeroTransportError(.noAnswer, "the request failed: \(known)")
            }
        }
        if error is NIOConnectionError {
            return XeroTransportError(.notSent, "could not reach Xero: no connection")
        }
        // What a host without a name answers comes as it is; only an attempt to connect is refused.
        if let refused = error as? IOError, refused.errnoCode == ECONNREFUSED {
            return XeroTransportError(.notSent, "could not reach Xero: the connection was refused")
        }
        if error is CancellationError {
            return XeroTransportError(.noAnswer, "the request was abandoned")
        }
        return XeroTransportError(.noAnswer, "the request failed: \(type(of: error))")
    }
}
