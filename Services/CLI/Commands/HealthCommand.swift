import ArgumentParser
import AsyncHTTPClient
import JSON
import NIOCore
import NIOHTTP1
import ServiceKit

/// `counterfoil health`: what a container's health check asks.
struct HealthCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "health", abstract: "Ask a service whether it is ready: exit status 0 if it is, else 1.",
        discussion: """
            Without a URL, the service in the same container is asked, at HEALTH_BIND. Needs neither database nor key.
            """)

    @Argument(help: "What to GET. Default: /readyz at HEALTH_BIND.")
    var url: String?

    @Option(name: .long, help: "How many seconds to wait for the answer.")
    var timeout: Int = 3

    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard (1...60).contains(timeout) else { throw ValidationError("--timeout is from 1 to 60 seconds") }
    }

    func run() async throws {
        let address = try url ?? Self.readinessURL(Environment())
        let answer = await ask(address)
        output.show(
            ["url": .string(address), "ready": .bool(answer.isReady), "answer": .string(answer.text)],
            text: ["\(address): \(answer.text)"])
        if !answer.isReady { throw CommandOutcome.failed }
    }

    /// Where the service of this environment says whether it is ready. One that listens everywhere is asked on the
    /// loopback interface.
    static func readinessURL(_ environment: Environment) throws -> String {
        let target = try environment.bind("HEALTH_BIND", default: BindTarget(host: "0.0.0.0", port: 9_100))
        let host =
            switch target.host {
            case "0.0.0.0": "127.0.0.1"
            case "::": "::1"
            default: target.host
            }
        return "http://\(BindTarget(host: host, port: target.port))/readyz"
    }

    private func ask(_ address: String) async -> (isReady: Bool, text: String) {
        let client = HTTPClient(eventLoopGroupProvider: .singleton)
        let answer: (isReady: Bool, text: String)
        do {
            let response = try await client.execute(
                HTTPClientRequest(url: address), timeout: .seconds(Int64(timeout)))
            let isReady = response.status == .ok
            // What a service lacks is a few lines; a simulator's answer may be anything.
            let body = isReady ? "" : ": " + String(buffer: try await response.body.collect(upTo: 65_536))
            answer = (isReady, oneLine("\(response.status.code)\(body)"))
        } catch {
            answer = (false, "no answer: \(error)")
        }
        try? await client.shutdown()
        return answer
    }
}
