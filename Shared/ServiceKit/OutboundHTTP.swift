public import AsyncHTTPClient
import NIOCore
public import ServiceLifecycle

/// The HTTP client of a process, for all requests it makes of others: bounded, and shut down once, after everything that uses
/// it has stopped. Put it first among the services.
///
/// - Redirects are not followed: they would carry credentials elsewhere.
/// - A connection that cannot be made fails at once, so that such a request is known not to have been sent.
public final class OutboundHTTP: Service, CustomStringConvertible {
    /// The client.
    public let client: HTTPClient

    /// Makes a client; run this service, or the process ends with a complaint.
    ///
    /// - Parameters:
    ///   - connect: how long a connection may take. Default 10 s.
    ///   - silence: how long the other side may say nothing. Default 30 s.
    ///   - connections: the most connections to one host; requests beyond wait for one. Default 64.
    public init(connect: Duration = .seconds(10), silence: Duration = .seconds(30), connections: Int = 64) {
        var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
        configuration.timeout = .init(connect: TimeAmount(connect), read: TimeAmount(silence))
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = connections
        client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    /// The service's name in lifecycle logs.
    public var description: String { "HTTP client" }

    /// Keeps the client until told to stop.
    public func run() async throws {
        try? await gracefulShutdown()
        try await client.shutdown()
    }
}
