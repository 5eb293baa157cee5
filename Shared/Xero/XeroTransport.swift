/// One HTTP request to Xero, without the host: the transport knows that.
public struct XeroRequest: Sendable, Hashable {
    /// The HTTP methods that Xero's accounting API uses.
    public enum Method: String, Sendable, Hashable {
        /// Reads.
        case get = "GET"
        /// Creates, and never updates.
        case put = "PUT"
        /// Updates, or creates.
        case post = "POST"
        /// Removes an allocation; everything else is voided or deleted by status.
        case delete = "DELETE"
    }

    /// The method.
    public var method: Method
    /// The path with its query, percent-encoded, beginning with a slash.
    public var path: String
    /// Header fields by name. Names are written as Xero's documentation writes them.
    public var headers: [String: String]
    /// The exact bytes of the body; empty for none.
    public var body: [UInt8]

    /// A request.
    /// - Parameters:
    ///   - method: the method.
    ///   - path: the path with its query, percent-encoded, beginning with a slash.
    ///   - headers: header fields by name.
    ///   - body: the exact bytes of the body; empty for none.
    public init(method: Method, path: String, headers: [String: String] = [:], body: [UInt8] = []) {
        self.method = method
        self.path = path
        self.headers = headers
        self.body = body
    }
}

/// What came back for a request: any status, any body.
public struct XeroResponse: Sendable, Hashable {
    /// The HTTP status.
    public var status: Int
    /// Header fields by lower-case name.
    public var headers: [String: String]
    /// The body as received; not necessarily JSON.
    public var body: [UInt8]

    /// A response.
    /// - Parameters:
    ///   - status: the HTTP status.
    ///   - headers: header fields; names are compared without case.
    ///   - body: the body as received.
    public init(status: Int, headers: [String: String] = [:], body: [UInt8] = []) {
        self.status = status
        self.headers = [:]
        for (name, value) in headers { self.headers[name.lowercased()] = value }
        self.body = body
    }

    /// The value of a header field.
    /// - Parameter name: the field's name, in any case.
    /// - Returns: its value, or nil if the response did not carry it.
    public func header(_ name: String) -> String? {
        headers[name.lowercased()]
    }
}

/// Why a request has no response.
public struct XeroTransportError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What is known about the request that failed.
    public enum Code: Sendable, Hashable {
        /// No connection was made: Xero has certainly not seen the request.
        case notSent
        /// The request may have reached Xero and may have been carried out.
        case noAnswer
    }

    /// What is known about the request.
    public var code: Code
    /// What happened, safe to log.
    public var message: String

    /// An error.
    /// - Parameters:
    ///   - code: what is known about the request.
    ///   - message: what happened, safe to log.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// What happened, safe to log.
    public var description: String { message }
}

/// The way to Xero's two hosts. A value of closures, so that tests answer in process.
public struct XeroTransport: Sendable {
    /// Sends a request to the accounting API. Throws ``XeroTransportError`` if no response came within the deadline.
    public var api: @Sendable (XeroRequest) async throws -> XeroResponse
    /// Sends a request to the identity host, which hands out tokens.
    public var identity: @Sendable (XeroRequest) async throws -> XeroResponse

    /// A transport.
    /// - Parameters:
    ///   - api: sends a request to the accounting API; throws ``XeroTransportError`` if no response came.
    ///   - identity: sends a request to the identity host; throws likewise.
    public init(
        api: @escaping @Sendable (XeroRequest) async throws -> XeroResponse,
        identity: @escaping @Sendable (XeroRequest) async throws -> XeroResponse
    ) {
        self.api = api
        self.identity = identity
    }
}
