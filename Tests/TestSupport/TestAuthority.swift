import Foundation

/// A certificate authority of a test's own, made with the `openssl` command in a temporary folder.
///
/// The folder holds `ca.pem` (the authority), `other.pem` (another one, of the same kind), `good/` and `expired/`, each with
/// `ca.pem`, `server.pem` and `server.key` for the host `localhost`.
public struct TestAuthority: Sendable {
    /// Where everything is.
    public let folder: String

    /// Whether authorities and private servers can be made here.
    public static let isAvailable = openssl != nil && PrivateServer.areInstalled

    private static let openssl = ["/usr/bin/openssl", "/usr/local/bin/openssl"].first {
        FileManager.default.isExecutableFile(atPath: $0)
    }

    /// Makes one.
    public static func make() async throws -> TestAuthority {
        let folder = FileManager.default.temporaryDirectory.appending(path: "counterfoil-tls-\(UUID().uuidString)").path
        let script = """
            set -e
            mkdir -p "$1/good" "$1/expired"; cd "$1"
            new() { openssl req -x509 -newkey rsa:2048 -nodes -keyout $1.key -out $1.pem -days 2 -subj "/CN=$2"; }
            new ca "Test authority"; new other "Another authority"
            openssl req -newkey rsa:2048 -nodes -keyout good/server.key -out request -subj "/CN=localhost"
            printf 'subjectAltName=DNS:localhost\\n' >names
            sign() {
                openssl x509 -req -in request -CA ca.pem -CAkey ca.key -CAcreateserial -extfile names -days $2 -out $1/server.pem
            }
            sign good 2; sign expired -1
            cp good/server.key expired/; cp ca.pem good/; cp ca.pem expired/
            """
        _ = try await TestProcess.run("/bin/bash", ["-c", script, "bash", folder])
        return TestAuthority(folder: folder)
    }

    /// Removes the folder.
    public func remove() { try? FileManager.default.removeItem(atPath: folder) }

    /// A server that does a TLS handshake with the certificate of one of the folders, and nothing more.
    /// - Parameters:
    ///   - certificate: `good` or `expired`.
    ///   - body: gets the port, on `localhost`.
    public func withHandshakes<R: Sendable>(
        as certificate: String, _ body: @Sendable (Int) async throws -> R
    ) async throws -> R {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: Self.openssl ?? "")
        process.arguments = [
            "s_server", "-accept", "127.0.0.1:0", "-cert", "\(folder)/\(certificate)/server.pem", "-key",
            "\(folder)/\(certificate)/server.key",
        ]
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        process.standardInput = Pipe()
        try process.run()
        defer { process.terminate() }
        let (chunks, chunk) = AsyncStream<Data>.makeStream()
        output.fileHandleForReading.readabilityHandler = { handle in
            let data = handle.availableData
            if data.isEmpty { chunk.finish() } else { chunk.yield(data) }
        }
        defer { output.fileHandleForReading.readabilityHandler = nil }
        var text = ""
        for await data in chunks {
            text += String(decoding: data, as: UTF8.self)
            // "ACCEPT 127.0.0.1:34567", and the end of the line.
            let line = text.split(separator: "\n", omittingEmptySubsequences: false).dropLast().first {
                $0.hasPrefix("ACCEPT")
            }
            if let port = line?.split(separator: ":").last.flatMap({ Int($0) }) { return try await body(port) }
        }
        throw TestProcessError(output: text)
    }
}

/// A RabbitMQ or PostgreSQL of a test's own, with TLS, started by `deploy/local/servers`.
public struct PrivateServer: Sendable {
    /// What `servers env` prints: `AMQP_URL`, `AMQPS_URL`, `DATABASE_URL`.
    public let environment: [String: String]
    private let name: String
    private let local: String

    static let areInstalled =
        FileManager.default.isExecutableFile(atPath: "/usr/lib/rabbitmq/bin/rabbitmq-server")
        && FileManager.default.fileExists(atPath: "/usr/lib/postgresql")

    private static let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "deploy/local/servers").path

    /// Starts one, runs `body`, stops it and removes everything of it.
    /// - Parameters:
    ///   - name: `rabbitmq` or `postgres`.
    ///   - certificates: a folder with `ca.pem`, `server.pem` and `server.key`.
    ///   - body: the test.
    public static func with<R: Sendable>(
        _ name: String, certificates: String, _ body: (PrivateServer) async throws -> R
    ) async throws -> R {
        let local = FileManager.default.temporaryDirectory.appending(path: "counterfoil-\(UUID().uuidString)").path
        let settings = ["COUNTERFOIL_LOCAL": local, "SERVERS_TLS": certificates]
        let result: Result<R, any Error>
        do {
            _ = try await TestProcess.run(script, ["start", name], settings)
            let printed = try await TestProcess.run(script, ["env"], settings)
            let pairs = printed.split(separator: "\n").map { $0.split(separator: "=", maxSplits: 1).map(String.init) }
            let environment = Dictionary(uniqueKeysWithValues: pairs.filter { $0.count == 2 }.map { ($0[0], $0[1]) })
            result = .success(try await body(PrivateServer(environment: environment, name: name, local: local)))
        } catch {
            result = .failure(error)
        }
        // A test that was cancelled has to clean up as well.
        await Task {
            _ = try? await TestProcess.run(script, ["down"], settings)
            _ = try? await TestProcess.run(script, ["wipe"], settings)
        }.value
        try? FileManager.default.removeItem(atPath: local)
        return try result.get()
    }

    /// Starts it again with other certificates, on the same port.
    public func restart(certificates: String) async throws {
        _ = try await TestProcess.run(
            Self.script, ["restart", name], ["COUNTERFOIL_LOCAL": local, "SERVERS_TLS": certificates])
    }
}

/// A command failed.
public struct TestProcessError: Error, CustomStringConvertible {
    /// What it printed.
    public let output: String
    /// What it printed.
    public var description: String { output }
}

/// Runs commands to their end.
public enum TestProcess {
    /// Runs a command.
    /// - Returns: what it printed on standard output.
    /// - Throws: ``TestProcessError`` when it does not exit with 0.
    public static func run(
        _ executable: String, _ arguments: [String], _ settings: [String: String] = [:]
    ) async throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: executable)
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(settings) { _, new in new }
        process.standardInput = FileHandle.nullDevice
        // Files, not pipes: servers that stay behind keep the descriptors, and a pipe would never end.
        let file = FileManager.default.temporaryDirectory.appending(path: "counterfoil-\(UUID().uuidString).log")
        _ = FileManager.default.createFile(atPath: file.path, contents: nil)
        defer { try? FileManager.default.removeItem(at: file) }
        let output = try FileHandle(forWritingTo: file)
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        let status: Int32 = try await withCheckedThrowingContinuation { continuation in
            process.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
            do { try process.run() } catch {
                process.terminationHandler = nil
                continuation.resume(throwing: error)
            }
        }
        try output.close()
        let text = String(decoding: try Data(contentsOf: file), as: UTF8.self)
        guard status == 0 else { throw TestProcessError(output: "\(executable) \(arguments): \(status) \(text)") }
        return text
    }
}
