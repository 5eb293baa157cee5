import AsyncHTTPClient
import Foundation
import Logging
import NIOCore
import Postgres
import RabbitMQ

/// Why something could not be measured.
struct BenchError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

/// What every measurement needs: servers, folders, the number of rounds.
struct Bench: Sendable {
    let rounds: Int
    /// Where logs go.
    let folder: String
    /// Where the executables are: beside this one.
    let binaries: String
    let databaseURL: String
    let amqpURL: String

    init(rounds: Int, folder: String) throws {
        let environment = ProcessInfo.processInfo.environment
        guard let databaseURL = environment["DATABASE_URL"], let amqpURL = environment["AMQP_URL"] else {
            throw BenchError("DATABASE_URL and AMQP_URL are needed; `make bench` starts servers and sets both")
        }
        self.rounds = rounds
        self.databaseURL = databaseURL
        self.amqpURL = amqpURL
        self.folder = URL(fileURLWithPath: folder).path
        let executable = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        binaries = URL(fileURLWithPath: executable).deletingLastPathComponent().path
        try FileManager.default.createDirectory(atPath: self.folder, withIntermediateDirectories: true)
    }

    /// Progress, apart from the table.
    func say(_ text: String) {
        FileHandle.standardError.write(Data((text + "\n").utf8))
    }

    /// What it was measured on, and how busy that was.
    var machine: String {
        func first(_ path: String, _ prefix: String) -> String {
            let text = FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) } ?? ""
            let line = text.split(separator: "\n").first { $0.hasPrefix(prefix) } ?? ""
            return line.split(separator: ":").last.map { $0.trimmingCharacters(in: .whitespaces) } ?? "?"
        }
        let load =
            FileManager.default.contents(atPath: "/proc/loadavg").map { String(decoding: $0, as: UTF8.self) } ?? ""
        return "\(ProcessInfo.processInfo.activeProcessorCount) cores (\(first("/proc/cpuinfo", "model name"))), "
            + "broker and database on the same machine; \(rounds) rounds, median (lowest-highest); "
            + "load average at the end \(load.split(separator: " ").prefix(3).joined(separator: " "))"
    }

    // MARK: Databases

    /// Makes a database, hands its address over and drops it afterwards.
    func withDatabase<Result: Sendable>(
        _ name: String, _ body: (String) async throws -> Result
    ) async throws -> Result {
        let full = "bench_\(name)_\(ProcessInfo.processInfo.processIdentifier)"
        try await withClient(databaseURL) { client in
            try await client.executeScript("DROP DATABASE IF EXISTS \(full) WITH (FORCE)")
            try await client.executeScript("CREATE DATABASE \(full)")
        }
        let result: Swift.Result<Result, any Error>
        do { result = .success(try await body(Self.replacingDatabase(of: databaseURL, by: full))) } catch {
            result = .failure(error)
        }
        try? await withClient(databaseURL) { client in
            try await client.executeScript("DROP DATABASE IF EXISTS \(full) WITH (FORCE)")
        }
        return try result.get()
    }

    private static func replacingDatabase(of url: String, by name: String) -> String {
        let query = url.firstIndex(of: "?").map { String(url[$0...]) } ?? ""
        let base = url.prefix { $0 != "?" }
        guard let slash = base.lastIndex(of: "/") else { return url }
        return base[...slash] + name + query
    }

    /// Connects while `body` runs.
    func withClient<Result: Sendable>(
        _ url: String, connections: Int = 1, _ body: (PostgresClient) async throws -> Result
    ) async throws -> Result {
        var configuration = try PostgresConfiguration(url: url)
        configuration.connections = connections
        configuration.statementTimeout = .seconds(600)
        let client = PostgresClient(configuration: configuration, logger: Logger(label: "bench"))
        let running = Task { try await client.run() }
        defer { running.cancel() }
        return try await body(client)
    }

    /// Has a loop in C run on a thread of its own.
    func onThread<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
        await withCheckedContinuation { continuation in
            let thread = Thread { continuation.resume(returning: body()) }
            thread.name = "raw loop"
            thread.stackSize = 4 << 20
            thread.start()
        }
    }
}
