import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import ServiceKit
import ServiceLifecycle

/// The HTTP server for webhooks. A graceful stop lets requests in progress finish.
struct WebhookServer: Service, CustomStringConvertible {
    let bind: BindTarget
    let bodyLimitBytes: Int
    let responder: WebhookResponder
    let logger: Logger
    /// Told the port once the server listens.
    var bound: @Sendable (Int) -> Void = { _ in }

    var description: String { "webhook server" }

    func run() async throws {
        let limits = ConnectionRules.Limits(drainBytes: bodyLimitBytes * 2, bodyLimitBytes: bodyLimitBytes)
        let bound = bound
        let application = Application(
            responder: responder,
            server: .http1(
                configuration: HTTP1Channel.Configuration(
                    additionalChannelHandlers: [ConnectionRulesInstaller(limits: limits)], idleTimeout: .seconds(75))),
            configuration: ApplicationConfiguration(address: .hostname(bind.host, port: bind.port), backlog: 1_024),
            onServerRunning: { channel in bound(channel.localAddress?.port ?? 0) },
            logger: logger)
        try await application.run()
    }
}
