public import AsyncHTTPClient
public import ServiceLifecycle

/// Keeps an HTTP client for requests to others until everything that uses it has stopped: put it first among the services.
public struct OutboundHTTP: Service, CustomStringConvertible {
    /// The client.
    public let client: HTTPClient

    /// Takes a client over; run this service, or the process ends with a complaint.
    public init(_ client: HTTPClient) { self.client = client }

    /// The service's name in lifecycle logs.
    public var description: String { "HTTP client" }

    /// Keeps the client until told to stop.
    public func run() async throws {
        try? await gracefulShutdown()
        try await client.shutdown()
    }
}
