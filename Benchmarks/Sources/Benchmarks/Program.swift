import AsyncHTTPClient
import Foundation
import Glibc
import NIOCore
import NIOHTTP1

/// One of our executables, running beside the benchmark.
final class Program: Sendable {
    let name: String
    private let process: Process
    let logPath: String

    /// Starts a program whose output goes to a log.
    init(_ bench: Bench, _ name: String, _ arguments: [String] = [], environment: [String: String] = [:]) throws {
        self.name = name
        logPath = "\(bench.folder)/\(name).log"
        _ = FileManager.default.createFile(atPath: logPath, contents: nil)
        guard let log = FileHandle(forWritingAtPath: logPath) else { throw BenchError("\(logPath) cannot be written") }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "\(bench.binaries)/\(name)")
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardOutput = log
        process.standardError = log
        process.standardInput = FileHandle.nullDevice
        try process.run()
        self.process = process
    }

    /// Runs a program to its end.
    /// - Throws: with the end of its log if it fails.
    static func run(
        _ bench: Bench, _ name: String, _ arguments: [String], environment: [String: String]
    ) async throws {
        let program = try Program(bench, name, arguments, environment: environment)
        await program.wait(bench)
        guard program.process.terminationStatus == 0 else {
            throw BenchError("\(name) \(arguments.joined(separator: " ")) failed:\n\(program.tail)")
        }
    }

    /// The end of its log.
    var tail: String {
        let text = FileManager.default.contents(atPath: logPath).map { String(decoding: $0, as: UTF8.self) } ?? ""
        return text.split(separator: "\n").suffix(15).joined(separator: "\n")
    }

    /// Waits until a GET is answered with 200.
    func waitUntilReady(_ url: String) async throws {
        for _ in 0..<600 {
            guard process.isRunning else { throw BenchError("\(name) ended:\n\(tail)") }
            let response = try? await HTTPClient.shared.execute(HTTPClientRequest(url: url), timeout: .seconds(2))
            _ = try? await response?.body.collect(upTo: 1 << 20)
            if response?.status.code == 200 { return }
            try await Task.sleep(for: .milliseconds(50))
        }
        throw BenchError("\(name) was not ready within 30 s:\n\(tail)")
    }

    /// Waits for its end.
    func wait(_ bench: Bench) async {
        await bench.onThread { [self] in process.waitUntilExit() }
    }

    /// Ends it.
    func stop(_ bench: Bench) async {
        process.terminate()
        await wait(bench)
    }

    /// Processor time used so far, in seconds.
    var cpuSeconds: Double {
        let text =
            FileManager.default.contents(atPath: "/proc/\(process.processIdentifier)/stat")
            .map { String(decoding: $0, as: UTF8.self) } ?? ""
        let fields = text.split(separator: ")").last.map { $0.split(separator: " ") } ?? []
        guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12]) else { return 0 }
        return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    /// A free port on the loopback interface, as the kernel gives it.
    static func freePort() throws -> Int {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                bind(descriptor, generic, length) == 0 ? getsockname(descriptor, generic, &length) : -1
            }
        }
        guard status == 0 else { throw BenchError("no free port (errno \(errno))") }
        return Int(UInt16(bigEndian: address.sin_port))
    }
}
