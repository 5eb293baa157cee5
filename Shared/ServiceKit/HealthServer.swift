import Hummingbird
public import Logging
import NIOConcurrencyHelpers
public import Observability
public import ServiceLifecycle

/// Serves `/livez`, `/readyz` and `/metrics` on a port of their own.
///
/// `/livez` answers 200 while the process runs; `/readyz` answers 200 when every condition holds, else 503 with one line for
/// each that does not; `/metrics` answers in Prometheus' text format.
public final class HealthServer: Service, CustomStringConvertible {
    private let target: BindTarget
    private let readiness: Readiness
    private let registry: PrometheusRegistry
    private let logger: Logger
    private let bound: @Sendable (Int) -> Void

    /// Makes a server.
    ///
    /// - Parameters:
    ///   - target: where to listen (HEALTH_BIND).
    ///   - readiness: what `/readyz` reports.
    ///   - registry: what `/metrics` shows.
    ///   - logger: for the server's own lines.
    ///   - bound: told the port once the server listens.
    public init(
        target: BindTarget, readiness: Readiness, registry: PrometheusRegistry, logger: Logger,
        bound: @escaping @Sendable (Int) -> Void = { _ in }
    ) {
        self.target = target
        self.readiness = readiness
        self.registry = registry
        self.logger = logger
        self.bound = bound
    }

    /// The service's name in lifecycle logs.
    public var description: String { "health server" }

    /// Serves until told to stop.
    public func run() async throws {
        let readiness = readiness
        let registry = registry
        let bound = bound
        let application = Application(
            responder: CallbackResponder<BasicRequestContext> { request, _ in
                Self.response(to: request.method, request.uri.path, readiness: readiness, registry: registry)
            },
            configuration: ApplicationConfiguration(address: .hostname(target.host, port: target.port)),
            onServerRunning: { channel in bound(channel.localAddress?.port ?? 0) },
            logger: logger)
        try await application.run()
    }

    static func response(
        to method: HTTPRequest.Method, _ path: String, readiness: Readiness, registry: PrometheusRegistry
    ) -> Response {
        guard method == .get || method == .head else {
            return text(.methodNotAllowed, "Only GET is answered here.\n")
        }
        switch path {
        case "/livez":
            return text(.ok, "alive\n")
        case "/readyz":
            let obstacles = readiness.obstacles()
            if obstacles.isEmpty { return text(.ok, "ready\n") }
            return text(.serviceUnavailable, obstacles.map { "\($0.name): \($0.reason)\n" }.joined())
        case "/metrics":
            return Response(
                status: .ok, headers: [.contentType: PrometheusRegistry.contentType],
                body: ResponseBody(byteBuffer: ByteBuffer(bytes: registry.exposition())))
        default:
            return text(.notFound, "There are /livez, /readyz and /metrics here.\n")
        }
    }

    private static func text(_ status: HTTPResponse.Status, _ text: String) -> Response {
        Response(
            status: status, headers: [.contentType: "text/plain; charset=utf-8"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }
}
