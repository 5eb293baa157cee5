import ArgumentParser
import Hummingbird
import Logging
import NIOCore

/// The HTTP server that ingest uses, answering 200 once a body has come and doing nothing else.
struct BareServerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bare-server", abstract: "Answer every request with 200, to compare ingest with.")

    @Option(help: "Where to listen on the loopback interface.")
    var port: Int

    func run() async throws {
        let application = Application(
            responder: CallbackResponder<BasicRequestContext> { request, _ in
                for try await _ in request.body {}
                return Response(status: .ok)
            },
            configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: port), backlog: 1_024),
            logger: Logger(label: "bare"))
        try await application.runService()
    }
}
