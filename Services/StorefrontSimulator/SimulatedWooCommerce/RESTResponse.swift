public import JSON

/// A request to a store's REST API, as far as the store looks at it.
public struct RESTRequest: Sendable {
    /// In capitals.
    public var method: String
    /// Below `/wp-json/wc/v3`, e.g. `/orders/7/refunds`.
    public var path: String
    /// Decoded query parameters.
    public var query: [String: String]
    /// The user and password of Basic authentication, if any were given.
    public var credentials: (user: String, password: String)?

    /// A request with nothing but its parts.
    public init(
        method: String = "GET", path: String, query: [String: String] = [:],
        credentials: (user: String, password: String)? = nil
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.credentials = credentials
    }
}

/// What a store's REST API answers.
public struct RESTResponse: Sendable {
    /// The HTTP status.
    public var status: Int
    /// Headers beyond the content type, e.g. X-WP-Total.
    public var headers: [(name: String, value: String)]
    /// To be written with ``PHPJSON``.
    public var body: JSONValue

    /// An answer of its parts.
    public init(status: Int = 200, headers: [(name: String, value: String)] = [], body: JSONValue) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// WordPress's error object.
    public static func error(_ status: Int, code: String, _ message: String) -> RESTResponse {
        RESTResponse(
            status: status,
            body: [
                "code": .string(code), "message": .string(message), "data": ["status": .number(JSONNumber(status))],
            ])
    }

    static let unauthorised = error(
        401, code: "woocommerce_rest_cannot_view", "Sorry, you cannot list resources.")
    static let invalidOrder = error(404, code: "woocommerce_rest_shop_order_invalid_id", "Invalid ID.")
    static let noRoute = error(
        404, code: "rest_no_route", "No route was found matching the URL and request method.")
}
