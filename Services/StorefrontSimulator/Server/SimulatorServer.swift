import AsyncHTTPClient
import Hummingbird
import JSON
import Logging
import NIOConcurrencyHelpers
import NIOCore
import ServiceLifecycle
import SimulatedWooCommerce

/// The whole simulator: an HTTP server, its stores, the webhook sender and the state file.
struct SimulatorServer {
    /// Settings of a simulator.
    struct Configuration {
        /// Where to listen; port 0 lets the kernel choose.
        var host = "127.0.0.1"
        /// See ``host``.
        var port = 0
        /// Where to keep the stores; nil: nowhere.
        var statePath: String?
        /// How many webhooks are in flight at once.
        var webhookConcurrency = 16
    }

    let stores = StoreDirectory()
    let application: any ApplicationProtocol
    /// The address bound, once it is.
    let boundPort = NIOLockedValueBox<Int>(0)

    /// A server that runs until it is told to stop.
    /// - Throws: what reading the state file throws.
    init(
        _ configuration: Configuration, client: HTTPClient, logger: Logger,
        onRunning: @escaping @Sendable (Int) async -> Void = { _ in }
    ) throws {
        let sender = WebhookSender(client: client, concurrency: configuration.webhookConcurrency, logger: logger)
        let boundPort = self.boundPort
        let host = configuration.host
        let control = ControlRoutes(stores: stores, sender: sender) {
            "http://\(host):\(boundPort.withLockedValue { $0 })"
        }
        let routes = SimulatorRoutes(stores: stores, control: control)
        var services: [any Service] = [sender]
        if let path = configuration.statePath {
            let file = StateFile(path: path, stores: stores, logger: logger)
            try file.load()
            services.append(file)
        }
        application = Application(
            responder: CallbackResponder<BasicRequestContext> { request, _ in
                let body = try await request.body.collect(upTo: ControlRoutes.bodyLimit)
                return await routes.answer(Ask(request, body: Array(buffer: body))).response
            },
            configuration: ApplicationConfiguration(
                address: .hostname(configuration.host, port: configuration.port), serverName: "Apache"),
            services: services,
            onServerRunning: { channel in
                let port = channel.localAddress?.port ?? 0
                boundPort.withLockedValue { $0 = port }
                await onRunning(port)
            },
            logger: logger)
    }

    /// Serves until SIGTERM or SIGINT.
    func run() async throws {
        try await application.runService()
    }
}
