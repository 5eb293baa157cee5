import HTTPTypes
import Hummingbird
import JSON
import Logging
import NIOConcurrencyHelpers
import NIOCore
import ServiceLifecycle
import SimulatedXero

/// The HTTP server around a simulated Xero.
struct SimulatorServer {
    /// An app that asks people for consent.
    struct App: Sendable {
        let id: String
        let secret: String?
        let redirect: String
    }

    /// An app that the simulator does not take.
    struct BadApp: Error, CustomStringConvertible {
        let description: String
    }

    /// Settings of a server.
    struct Configuration: Sendable {
        /// Where to listen; port 0 lets the kernel choose.
        var host = "127.0.0.1"
        /// See ``host``.
        var port = 0
        /// Where to keep the books; nil: nowhere.
        var statePath: String?
        /// The organisations that exist from the start.
        var organisations = [OrganisationDefinition(key: "demo")]
        /// Limits, lengths of time and rounding.
        var settings = SimulatorSettings()
        /// Apps that ask people for consent.
        var apps: [App] = []
    }

    let xero: SimulatedXero
    let application: any ApplicationProtocol

    /// A server that runs until it is told to stop.
    /// - Throws: What reading the state file throws.
    init(
        _ configuration: Configuration, logger: Logger,
        onRunning: @escaping @Sendable (Int) async -> Void = { _ in }
    ) throws {
        let xero = SimulatedXero(organisations: configuration.organisations, settings: configuration.settings)
        let later = DelayedCommits(xero: xero)
        let handling = CallHandling(xero: xero, later: later)
        var services: [any Service] = [later]
        if let path = configuration.statePath {
            let file = JournalFile(path: path, xero: xero, logger: logger)
            try file.load()
            services.append(file)
        }
        for app in configuration.apps {
            var body: JSONObject = ["redirects": [.string(app.redirect)]]
            if let secret = app.secret { body["client_secret"] = .string(secret) }
            let answer = xero.handle(
                SimulatedRequest(
                    method: "PUT", target: "/_control/apps/\(app.id)", body: JSONValue.object(body).encoded()))
            guard answer.status == 200 else {
                throw BadApp(description: String(decoding: answer.body, as: UTF8.self))
            }
        }
        self.xero = xero
        application = Application(
            responder: CallbackResponder<ConnectionContext> { request, context in
                try await handling.respond(to: request, on: context.channel)
            },
            configuration: ApplicationConfiguration(
                address: .hostname(configuration.host, port: configuration.port), serverName: "nginx"),
            services: services,
            onServerRunning: { channel in await onRunning(channel.localAddress?.port ?? 0) },
            logger: logger)
    }

    /// Serves until SIGTERM or SIGINT.
    func run() async throws {
        try await application.runService()
    }
}

/// A request's context, with the connection it came on.
struct ConnectionContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    let channel: any Channel

    init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        channel = source.channel
    }
}
