import ArgumentParser
import Foundation
import Logging

/// `Benchmarks`: what Counterfoil's speed is, beside what the same machine does without it.
@main
struct Main: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "Benchmarks", abstract: "Measures Counterfoil and prints one table.",
        discussion: """
            AMQP_URL and DATABASE_URL come from the environment; databases of their own are made and dropped there.
            Exits 0 when every measurement could be taken, whether or not its aim was met.
            """,
        subcommands: [Measure.self, BareServerCommand.self], defaultSubcommand: Measure.self)
}

/// Takes the measurements.
struct Measure: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "measure", abstract: "Take the measurements.")

    @Option(help: "How often each pair is measured, one after the other in turn.")
    var rounds = 5

    @Option(help: "Only those whose name contains one of these, separated by commas.")
    var only: String?

    @Option(help: "Where the services' logs go.")
    var folder = ".local/bench"

    func validate() throws {
        guard (1...100).contains(rounds) else { throw ValidationError("--rounds is 1 to 100") }
    }

    func run() async throws {
        LoggingSystem.bootstrap { label in
            var handler = StreamLogHandler.standardError(label: label)
            handler.logLevel = .error
            return handler
        }
        let bench = try Bench(rounds: rounds, folder: folder)
        let wanted = only?.split(separator: ",").map(String.init)
        var rows: [Row] = []
        var failures = 0
        for (name, measure) in Self.measurements
        where wanted == nil || wanted?.contains(where: { name.contains($0) }) == true {
            bench.say("\(name)…")
            do {
                let more = try await measure(bench)
                for row in more { bench.say("  \(row.what): \(row.measured)") }
                rows += more
            } catch {
                failures += 1
                rows.append(Row(name, "could not be measured: \(error)"))
                bench.say("  \(error)")
            }
        }
        print("\n\(bench.machine)\n\n\(Row.table(rows))")
        if failures > 0 { throw ExitCode(1) }
    }

    private typealias Measurement = @Sendable (Bench) async throws -> [Row]

    private static let measurements: [(String, Measurement)] = [
        ("publish", { try await BrokerPairs(bench: $0).publish() }),
        ("consume", { try await BrokerPairs(bench: $0).consume() }),
        ("insert", { try await InsertPair(bench: $0).measure() }),
        ("ingest", { try await IngestPair(bench: $0).measure() }),
        ("planning", { try PlanningSpeed(bench: $0).measure() }),
        ("history", { try await HistoryPair(bench: $0).measure() }),
        ("latency", { try await WholePipeline(bench: $0).latency() }),
        ("pipeline", { try await WholePipeline(bench: $0).sustained() }),
    ]
}
