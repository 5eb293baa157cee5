import ArgumentParser
import Logging
import SimulatedXero

/// `xero-simulator`: a stand-in for Xero to try Counterfoil out with.
@main
struct Main: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "xero-simulator",
        abstract: "Simulates Xero: its Accounting API, its limits, its identity server, and its bad days.",
        discussion: """
            GET /_control shows the books; /_control/ledger, /_control/calls, /_control/requests, /_control/faults, /_control/settings, \
            /_control/orgs and /_control/reset steer it. XERO_MINUTE_SECONDS and XERO_DAY_SECONDS shorten Xero's minute \
            and day.
            """)

    @Option(help: "Where to listen: HOST:PORT.")
    var bind = "127.0.0.1:8060"

    @Option(help: "A file that keeps the books over a restart.")
    var state: String?

    @Option(
        parsing: .upToNextOption,
        help: """
            Organisations: KEY[:COUNTRY[:CURRENCY[:TIMEZONE]]], several apart by spaces or commas. The client id of an \
            organisation's custom connection is KEY, its secret KEY-secret.
            """)
    var orgs: [String] = ["demo"]

    @Option(
        parsing: .upToNextOption,
        help: """
            Apps that ask people for consent: ID:SECRET:REDIRECT, or ID::REDIRECT for one of type pkce; several apart by \
            spaces.
            """)
    var apps: [String] = []

    func run() async throws {
        LoggingSystem.bootstrap(StreamLogHandler.standardError)
        let configuration = try serverConfiguration()
        let server = try SimulatorServer(
            configuration, logger: Logger(label: "xero-simulator"),
            onRunning: { port in print("listening on \(configuration.host):\(port)") })
        try await server.run()
    }

    private func serverConfiguration() throws -> SimulatorServer.Configuration {
        guard let colon = bind.lastIndex(of: ":"), let port = Int(bind[bind.index(after: colon)...]),
            (0...65_535).contains(port)
        else { throw ValidationError("--bind is HOST:PORT, e.g. 127.0.0.1:8060") }
        var configuration = SimulatorServer.Configuration()
        configuration.host = String(bind[..<colon])
        configuration.port = port
        configuration.statePath = state
        configuration.organisations = try orgs.flatMap { $0.split(separator: ",") }.map { text in
            guard let definition = OrganisationDefinition(commandLine: String(text)) else {
                throw ValidationError("--orgs takes KEY[:COUNTRY[:CURRENCY[:TIMEZONE]]], not \(text)")
            }
            return definition
        }
        configuration.apps = try apps.map { text in
            let parts = text.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 3 else { throw ValidationError("--apps takes ID:SECRET:REDIRECT, not \(text)") }
            return SimulatorServer.App(id: parts[0], secret: parts[1].isEmpty ? nil : parts[1], redirect: parts[2])
        }
        let environment = ProcessEnvironment.values(["XERO_MINUTE_SECONDS", "XERO_DAY_SECONDS"])
        let scaled = configuration.settings.scale(
            minuteSeconds: environment["XERO_MINUTE_SECONDS"], daySeconds: environment["XERO_DAY_SECONDS"])
        guard scaled else {
            throw ValidationError("XERO_MINUTE_SECONDS and XERO_DAY_SECONDS must be numbers above 0, e.g. 60 and 86400")
        }
        return configuration
    }
}
