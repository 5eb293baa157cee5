import Foundation
import JSON
import NIOConcurrencyHelpers
import TestSupport

/// Runs `counterfoil-play` as a person would: with a private RabbitMQ and PostgreSQL of its own, and every service as a
/// process.
struct Playground {
    /// How one play ended.
    struct Result {
        /// The play's exit status: 0 only if everything tied.
        var status: Int32
        /// What it printed, both streams.
        var output: String
    }

    /// `make test-long` asks for larger counts of the same tests.
    static let isSoak = ProcessInfo.processInfo.environment["SOAK"] == "1"

    /// Where the executables stand: beside the test bundle.
    static var binaries: URL {
        var folder = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
        for _ in 0..<4
        where !FileManager.default.isExecutableFile(atPath: folder.appending(path: "counterfoil-play").path) {
            folder.deleteLastPathComponent()
        }
        return folder
    }

    /// The project's root.
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// Plays once and stops everything that was started.
    /// - Parameters:
    ///   - name: names the folder under `.local/` that keeps the servers' data and the logs.
    ///   - arguments: further arguments of `counterfoil-play`.
    ///   - environment: settings of the services.
    static func play(
        _ name: String, _ arguments: [String], environment: [String: String] = [:]
    ) async throws -> Result {
        let local = root.appending(path: ".local/test/\(name)").path
        var settings = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("TEST_") }
        settings["COUNTERFOIL_LOCAL"] = local
        settings.merge(environment) { _, new in new }
        let servers = root.appending(path: "deploy/local/servers").path
        _ = try await run(servers, ["down"], settings)
        _ = try await run(servers, ["wipe"], settings)
        let started = try await run(servers, ["up"], settings)
        for line in started.output.split(separator: "\n") where line.contains("_URL=") {
            let parts = line.split(separator: "=", maxSplits: 1)
            settings[String(parts[0])] = String(parts[1])
        }
        let result: Result
        do {
            result = try await run(
                binaries.appending(path: "counterfoil-play").path, ["--once"] + arguments, settings)
        } catch {
            _ = try? await run(servers, ["down"], settings)
            throw error
        }
        _ = try await run(servers, ["down"], settings)
        return result
    }

    /// The lines that tell of an order on its way from the webhook to the answer of a call to Xero.
    static let stages: Set<String> = [
        "ingest: webhook stored", "storefront-sync: order read", "transformer: order planned",
        "xero-writer: document claimed for a call", "xero-writer: document sent",
    ]

    /// Reads from the logs of a play which stages tell of each trace.
    /// - Parameter name: the play's.
    /// - Returns: stages by trace id.
    static func traces(_ name: String) throws -> [String: Set<String>] {
        var traces: [String: Set<String>] = [:]
        for service in ["ingest", "storefront-sync", "transformer", "xero-writer"] {
            let log = root.appending(path: ".local/test/\(name)/log/\(service).log")
            for line in try String(contentsOf: log, encoding: .utf8).split(separator: "\n") {
                guard let id = line.firstRange(of: " trace_id=").map({ line[$0.upperBound...].prefix(32) }),
                    let stage = stages.first(where: line.contains)
                else { continue }
                traces[String(id), default: []].insert(stage)
            }
        }
        return traces
    }

    /// What the services sent to Xero in a play and is not as Xero describes its API; nothing if no description is at hand.
    static func requestProblems(_ name: String) throws -> [String] {
        guard let description = APIDescription.xero else { return [] }
        let file = root.appending(path: ".local/test/\(name)/play/xero-requests.json")
        let requests = try JSONValue(parsing: [UInt8](Data(contentsOf: file)))["requests"]?.array ?? []
        let problems = requests.flatMap { request in
            description.problems(
                APIDescription.Request(
                    method: request["method"]?.string ?? "", target: request["target"]?.string ?? "",
                    headers: (request["headers"]?.object ?? [:]).reduce(into: [:]) { $0[$1.0] = $1.1.string },
                    body: Array((request["body"]?.string ?? "").utf8)))
        }
        print("\(name): \(requests.count) requests held against Xero's API description, \(problems.count) problems")
        return requests.isEmpty ? ["no request was recorded"] : problems
    }

    /// Runs a command to its end, collecting what it prints.
    private static func run(
        _ executable: String, _ arguments: [String], _ environment: [String: String]
    ) async throws -> Result {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: executable)
        process.arguments = arguments
        process.environment = environment
        process.currentDirectoryURL = root
        process.standardInput = FileHandle.nullDevice
        // A file, not a pipe: servers that stay behind keep the descriptor, and a pipe would never end.
        let file = FileManager.default.temporaryDirectory.appending(path: "counterfoil-\(UUID().uuidString).log")
        _ = FileManager.default.createFile(atPath: file.path, contents: nil)
        defer { try? FileManager.default.removeItem(at: file) }
        let output = try FileHandle(forWritingTo: file)
        process.standardOutput = output
        process.standardError = output
        let status: Int32 = try await withCheckedThrowingContinuation { continuation in
            process.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
            do { try process.run() } catch {
                process.terminationHandler = nil
                continuation.resume(throwing: error)
            }
        }
        try output.close()
        let text = String(decoding: try Data(contentsOf: file), as: UTF8.self)
        return Result(status: status, output: text)
    }
}
