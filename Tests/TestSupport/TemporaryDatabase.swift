import Glibc
import Logging
public import Postgres

/// The databases tests make for themselves on the server that TEST_DATABASE_URL names.
public enum TemporaryDatabase {
    /// The server's address, if the environment names one.
    public static var serverURL: String? {
        getenv("TEST_DATABASE_URL").map { String(cString: $0) }
    }

    /// A configuration for a temporary database on the server, or nil without a server.
    /// - Parameters:
    ///   - server: the server's address.
    ///   - name: the database's name.
    public static func configuration(_ server: String, name: String) throws -> PostgresConfiguration {
        // Scheme, credentials, host and port stay; only the path is another database.
        let parts = server.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count == 4, parts[0].hasSuffix(":"), parts[1].isEmpty else {
            throw TemporaryDatabaseError(message: "TEST_DATABASE_URL must look like postgresql://host/database")
        }
        let query = parts[3].firstIndex(of: "?").map { String(parts[3][$0...]) } ?? ""
        return try PostgresConfiguration(url: "\(parts[0])//\(parts[2])/\(name)\(query)")
    }
}

/// A temporary database could not be made.
public struct TemporaryDatabaseError: Error, CustomStringConvertible {
    let message: String
    /// Why.
    public var description: String { message }
}

/// Makes a database, migrates it, runs a client on it while `body` runs, and drops it afterwards.
/// - Parameters:
///   - migrations: applied before `body` runs.
///   - configure: changes the client's configuration.
///   - body: the test.
public func withTemporaryDatabase<R: Sendable>(
    migrations: [Migration] = [],
    configure: (inout PostgresConfiguration) -> Void = { _ in },
    _ body: (PostgresClient) async throws -> R
) async throws -> R {
    guard let server = TemporaryDatabase.serverURL else {
        throw TemporaryDatabaseError(message: "set TEST_DATABASE_URL to the address of a PostgreSQL server")
    }
    return try await temporaryDatabases.withSlot {
        try await withTemporaryDatabase(on: server, migrations: migrations, configure: configure, body)
    }
}

/// Each has a dozen connections, and the server has some hundred.
private let temporaryDatabases = TestSlots(12)

private func withTemporaryDatabase<R: Sendable>(
    on server: String, migrations: [Migration], configure: (inout PostgresConfiguration) -> Void,
    _ body: (PostgresClient) async throws -> R
) async throws -> R {
    let name = "test_\(UInt64.random(in: 0...UInt64.max))"
    var admin = try PostgresConfiguration(url: server)
    admin.connections = 1
    // Beside tests that keep every core busy a connection may take its time.
    admin.leaseTimeout = .seconds(60)
    let logger = quietLogger()
    return try await withRunningClient(PostgresClient(configuration: admin, logger: logger)) { admin in
        try await admin.execute("CREATE DATABASE \(unsafeSQL: name) TEMPLATE template0")
        // Nobody will miss it after a crash, so commits need not wait for the disk.
        try await admin.execute("ALTER DATABASE \(unsafeSQL: name) SET synchronous_commit TO off")
        let result: Result<R, any Error>
        do {
            var configuration = try TemporaryDatabase.configuration(server, name: name)
            configuration.leaseTimeout = .seconds(60)
            configure(&configuration)
            let client = PostgresClient(configuration: configuration, logger: logger)
            result = .success(
                try await withRunningClient(client) { client in
                    _ = try await Migrator.migrate(client, migrations, logger: logger)
                    return try await body(client)
                })
        } catch {
            result = .failure(error)
        }
        // A test that was cancelled has to clean up as well.
        _ = await Task { try? await admin.execute("DROP DATABASE IF EXISTS \(unsafeSQL: name) WITH (FORCE)") }.value
        return try result.get()
    }
}

/// Runs a client while `body` runs.
/// - Parameters:
///   - client: a client that is not running yet.
///   - body: gets the client.
public func withRunningClient<R: Sendable>(
    _ client: PostgresClient, _ body: (PostgresClient) async throws -> R
) async throws -> R {
    let running = Task { try await client.run() }
    defer { running.cancel() }
    return try await body(client)
}

private func quietLogger() -> Logger {
    var logger = Logger(label: "test")
    logger.logLevel = getenv("TEST_LOG_LEVEL").flatMap { Logger.Level(rawValue: String(cString: $0)) } ?? .error
    return logger
}
