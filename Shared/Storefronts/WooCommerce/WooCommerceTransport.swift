import AsyncHTTPClient
import JSON
import Logging
import NIOCore
import NIOHTTP1

/// One request to a store's REST API and what its answer means.
struct WooCommerceTransport: Sendable {
    struct Answer: Sendable {
        let body: JSONValue
        let total: Int?
        let totalPages: Int?
    }

    let configuration: WooCommerceClient.Configuration
    let client: HTTPClient
    let logger: Logger

    /// Reads all pages of a short list.
    func list(_ path: String) async throws(StorefrontError) -> [JSONValue] {
        var items: [JSONValue] = []
        var page = 1
        while true {
            let answer = try await get(path, query: [("per_page", "100"), ("page", String(page))])
            guard let more = answer.body.array else {
                throw StorefrontError(.malformed, "the store sent a \(answer.body.kind) instead of a list")
            }
            items += more
            // A store that always sends the last page must not be asked for ever.
            if page >= answer.totalPages ?? 1 || more.isEmpty || page >= 100 { return items }
            page += 1
        }
    }

    func get(_ path: String, query: [(String, String)]) async throws(StorefrontError) -> Answer {
        let result = await withTaskGroup(of: Result<Answer, StorefrontError>?.self) { group in
            group.addTask { await self.attempt(path, query: query) }
            group.addTask {
                do {
                    try await Task.sleep(for: self.configuration.timeout)
                } catch {
                    return nil
                }
                return .failure(
                    StorefrontError(.timeout, "the store did not answer within \(self.configuration.timeout)"))
            }
            var result: Result<Answer, StorefrontError>?
            while result == nil, let next = await group.next() { result = next }
            group.cancelAll()
            return result
        }
        return try (result ?? .failure(StorefrontError(.timeout, "the request was cancelled"))).get()
    }

    private func attempt(_ path: String, query: [(String, String)]) async -> Result<Answer, StorefrontError> {
        let address = configuration.url.hasSuffix("/") ? String(configuration.url.dropLast()) : configuration.url
        let parameters = query.map { "\($0.0)=\(Self.escaped($0.1))" }.joined(separator: "&")
        var request = HTTPClientRequest(
            url: "\(address)/wp-json/wc/v3/\(path)\(parameters.isEmpty ? "" : "?" + parameters)")
        let credentials = Base64.encode("\(configuration.consumerKey):\(configuration.consumerSecret)".utf8)
        request.headers.add(name: "Authorization", value: "Basic \(credentials)")
        request.headers.add(name: "Accept", value: "application/json")
        request.headers.add(name: "User-Agent", value: "Counterfoil")
        do {
            let response = try await client.execute(request, deadline: .now() + .nanoseconds(nanoseconds), logger: nil)
            logger.debug(
                "read from storefront", metadata: ["http.route": "\(path)", "http.status": "\(response.status.code)"])
            let body = try await response.body.collect(upTo: configuration.bodyLimit)
            return Self.answer(response, body: body)
        } catch {
            return .failure(Self.error(for: error, limit: configuration.bodyLimit))
        }
    }

    private var nanoseconds: Int64 {
        let (seconds, attoseconds) = configuration.timeout.components
        return min(seconds, 86_400) * 1_000_000_000 + attoseconds / 1_000_000_000
    }

    // MARK: Answers

    private static func answer(_ response: HTTPClientResponse, body: ByteBuffer) -> Result<Answer, StorefrontError> {
        let parsed = Result { () throws(JSONError) in try JSONValue(parsing: body.readableBytesView) }
        let status = Int(response.status.code)
        guard (200..<300).contains(status) else {
            return .failure(refusal(status, headers: response.headers, body: try? parsed.get()))
        }
        switch parsed {
        case .success(let body):
            return .success(
                Answer(
                    body: body, total: response.headers.first(name: "X-WP-Total").flatMap { Int($0) },
                    totalPages: response.headers.first(name: "X-WP-TotalPages").flatMap { Int($0) }))
        case .failure(let error):
            return .failure(
                StorefrontError(
                    .malformed,
                    "the store's answer is not JSON (\(error)); a plugin or a login page may stand before the REST API")
            )
        }
    }

    /// What an answer other than 2xx means.
    static func refusal(_ status: Int, headers: HTTPHeaders, body: JSONValue?) -> StorefrontError {
        let code = body?["code"]?.string.map { String($0.prefix(80)) }
        let said = code.map { " (\($0))" } ?? ""
        let wait = headers.first(name: "Retry-After").flatMap { Int($0) }.map {
            Duration.seconds(min(max($0, 0), 86_400))
        }
        switch status {
        case 300..<400:
            let target = headers.first(name: "Location").map { " to \(host(of: $0))" } ?? ""
            return StorefrontError(.misconfigured, "the store redirects\(target); set the store's url to where it is")
        case 401, 403:
            return StorefrontError(
                .unauthorised, "the store refuses the key\(said); give the store a consumer key that may read orders")
        case 404 where code == nil || code == "rest_no_route":
            return StorefrontError(
                .misconfigured,
                "there is no WooCommerce REST API at the store's url\(said); check the url, and that permalinks are not plain"
            )
        case 404, 410:
            return StorefrontError(.notFound, "the store does not have it\(said)")
        case 408:
            return StorefrontError(.timeout, "the store answered 408", retryAfter: wait)
        case 413:
            return StorefrontError(.refused, "the store answered 413")
        case 429:
            return StorefrontError(.rateLimited, "the store asks to be asked less often", retryAfter: wait)
        case 500...:
            return StorefrontError(.unavailable, "the store answered \(status)\(said)", retryAfter: wait)
        default:
            return StorefrontError(.refused, "the store answered \(status)\(said)")
        }
    }

    private static func error(for error: any Error, limit: Int) -> StorefrontError {
        switch error {
        case is NIOTooManyBytesError:
            return StorefrontError(.tooLarge, "the store's answer is longer than \(limit) bytes")
        case let error as HTTPClientError where timeouts.contains(error):
            return StorefrontError(.timeout, "the store did not answer in time: \(error.shortDescription)")
        case let error as HTTPClientError where misconfigurations.contains(error):
            return StorefrontError(.misconfigured, "the store's url cannot be used: \(error.shortDescription)")
        case let error as HTTPClientError:
            return StorefrontError(.unavailable, "the store cannot be reached: \(error.shortDescription)")
        case is CancellationError:
            return StorefrontError(.timeout, "the request was cancelled")
        default:
            return StorefrontError(.unavailable, "the store cannot be reached: \(type(of: error))")
        }
    }

    private static let timeouts: [HTTPClientError] = [
        .readTimeout, .writeTimeout, .connectTimeout, .deadlineExceeded, .getConnectionFromPoolTimeout,
        .tlsHandshakeTimeout, .cancelled,
    ]
    private static let misconfigurations: [HTTPClientError] = [
        .invalidURL, .emptyHost, .emptyScheme, .missingSocketPath,
    ]

    private static func host(of location: String) -> String {
        let rest = location.split(separator: "//", maxSplits: 1).last ?? ""
        return String(rest.prefix { $0 != "/" && $0 != "?" && $0 != "@" }.prefix(100))
    }

    private static func escaped(_ text: String) -> String {
        var result = ""
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"):
                result.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                result += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
        }
        return result
    }
}
