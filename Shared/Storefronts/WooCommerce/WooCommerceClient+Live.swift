import Accounting
public import AsyncHTTPClient
import JSON
public import Logging
import NIOCore

extension WooCommerceClient {
    /// How a store is reached.
    public struct Configuration: Sendable {
        /// The store's address, such as `https://shop.example`.
        public var url: String
        /// The key of the REST API, `ck_...`.
        public var consumerKey: String
        /// The secret of the REST API, `cs_...`.
        public var consumerSecret: String
        /// How long one request may take in all. Too short and slow shops are never read; too long and a store that
        /// hangs keeps its reader from noticing.
        public var timeout: Duration
        /// The longest answer that is taken, in bytes; a page of 100 large orders has some 2 MB.
        public var bodyLimit: Int

        /// Makes a configuration.
        /// - Parameters:
        ///   - url: The store's address.
        ///   - consumerKey: The key of the REST API.
        ///   - consumerSecret: The secret of the REST API.
        ///   - timeout: How long one request may take in all; 30 s unless given.
        ///   - bodyLimit: The longest answer that is taken, in bytes; 32 MB unless given.
        public init(
            url: String, consumerKey: String, consumerSecret: String, timeout: Duration = .seconds(30),
            bodyLimit: Int = 32 << 20
        ) {
            self.url = url
            self.consumerKey = consumerKey
            self.consumerSecret = consumerSecret
            self.timeout = timeout
            self.bodyLimit = bodyLimit
        }
    }

    /// What the HTTP client that stores are read with must be set up like: redirects are not followed, since they would
    /// carry the credentials elsewhere; connecting takes 10 s at most, and a silence 30 s.
    public static var httpConfiguration: HTTPClient.Configuration {
        var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
        configuration.timeout = .init(connect: .seconds(10), read: .seconds(30))
        return configuration
    }

    /// A client that reads a store over HTTP.
    /// - Parameters:
    ///   - configuration: How the store is reached.
    ///   - httpClient: Made with ``httpConfiguration``; the caller shuts it down.
    ///   - logger: Gets a line at debug level for each request, without credentials.
    public static func live(
        _ configuration: Configuration, httpClient: HTTPClient, logger: Logger
    ) -> WooCommerceClient {
        let transport = WooCommerceTransport(configuration: configuration, client: httpClient, logger: logger)
        return WooCommerceClient(
            order: { id async throws(StorefrontError) in
                try await transport.get("orders/\(try checked(id))", query: []).body
            },
            refunds: { id async throws(StorefrontError) in
                try await transport.list("orders/\(try checked(id))/refunds")
            },
            orders: { after, page, perPage async throws(StorefrontError) in
                // To the second: stores do not understand fractions.
                let stamp = Instant(seconds: after.seconds).rfc3339.dropLast()
                let answer = try await transport.get(
                    "orders",
                    query: [
                        ("modified_after", String(stamp)), ("dates_are_gmt", "true"), ("orderby", "id"),
                        ("order", "asc"), ("per_page", String(perPage)), ("page", String(page)),
                    ])
                guard let orders = answer.body.array else {
                    throw StorefrontError(
                        .malformed, "the store sent a \(answer.body.kind) instead of a list of orders")
                }
                return OrderPage(
                    orders: orders, page: page, totalPages: answer.totalPages ?? (orders.isEmpty ? page - 1 : page + 1),
                    total: answer.total ?? orders.count)
            })
    }

    private static func checked(_ id: String) throws(StorefrontError) -> String {
        guard let number = Int(id), number > 0 else {
            throw StorefrontError(.malformed, "an order's id must be a number")
        }
        return String(number)
    }
}
