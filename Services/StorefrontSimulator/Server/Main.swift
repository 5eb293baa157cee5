import ArgumentParser
import AsyncHTTPClient
import Logging
import NIOCore

/// `storefront-simulator`: WooCommerce stores to try Counterfoil out with.
@main
struct Main: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "storefront-simulator",
        abstract: "Simulates WooCommerce stores: their REST API, their webhooks and their quirks.",
        discussion: "Everything is steered through the control API; GET /_control lists it.")

    @Option(help: "Where to listen: HOST:PORT.")
    var bind = "127.0.0.1:8070"

    @Option(help: "A file that keeps the stores over a restart.")
    var state: String?

    func validate() throws {
        guard address != nil else { throw ValidationError("--bind is HOST:PORT, e.g. 127.0.0.1:8070") }
    }

    private var address: (host: String, port: Int)? {
        guard let colon = bind.lastIndex(of: ":"), let port = Int(bind[bind.index(after: colon)...]),
            (0...65_535).contains(port)
        else { return nil }
        return (String(bind[..<colon]), port)
    }

    func run() async throws {
        LoggingSystem.bootstrap(StreamLogHandler.standardError)
        guard let address else { return }
        var settings = SimulatorServer.Configuration()
        settings.host = address.host
        settings.port = address.port
        settings.statePath = state
        var clientSettings = HTTPClient.Configuration()
        clientSettings.timeout = HTTPClient.Configuration.Timeout(connect: .seconds(5))
        clientSettings.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = settings.webhookConcurrency
        let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: clientSettings)
        let server = try SimulatorServer(
            settings, client: client, logger: Logger(label: "storefront-simulator"),
            onRunning: { port in print("listening on \(address.host):\(port)") })
        do {
            try await server.run()
        } catch {
            try? await client.shutdown()
            throw error
        }
        try await client.shutdown()
    }
}
