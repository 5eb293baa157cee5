import Logging
import Postgres
import TestSupport
import Testing

@Suite(
    "TLS to the database", .enabled(if: TestAuthority.isAvailable, "needs openssl and the servers' packages"),
    .timeLimit(.minutes(3)))
struct PostgresTLSTests {
    private let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })

    /// Why a server is refused, in words.
    private func refusal(_ url: String) async throws -> String {
        let configuration = try PostgresConfiguration(url: url)
        let error = await #expect(throws: PostgresError.self) {
            try await PostgresClient.probe(configuration, logger: logger)
        }
        #expect(error?.description.contains("counterfoil:counterfoil") == false)
        return error?.message ?? ""
    }

    @Test("a server of a private authority is used, and one that cannot prove itself refused with what to do")
    func privateAuthority() async throws {
        let authority = try await TestAuthority.make()
        defer { authority.remove() }
        try await PrivateServer.with("postgres", certificates: "\(authority.folder)/good") { server in
            let numeric = try #require(server.environment["DATABASE_URL"])
            let base = numeric.replacing("127.0.0.1", with: "localhost")
            let verified = "?sslmode=verify-full&sslrootcert=\(authority.folder)/ca.pem"
            try await read("\(base)\(verified)")

            let unknown = try await refusal(
                "\(base)?sslmode=verify-full&sslrootcert=\(authority.folder)/other.pem")
            #expect(unknown.contains("signed by an authority that \(authority.folder)/other.pem does not hold"))
            #expect(unknown.contains("by sslrootcert in DATABASE_URL"))

            let name = try await refusal("\(numeric)\(verified)")
            #expect(name.contains("does not match host name \"127.0.0.1\""))
            #expect(name.contains("use a host name in DATABASE_URL that the certificate is for"))

            let plain = try await refusal("\(base)?sslmode=disable")
            #expect(plain.contains("the server takes this user only over TLS"))

            let nowhere = try await refusal("\(base)?sslmode=verify-full&sslrootcert=/nowhere.pem")
            #expect(nowhere.contains("name the authority's certificate by sslrootcert"))
            #expect(!nowhere.contains("disable"))

            try await server.restart(certificates: "\(authority.folder)/expired")
            let expired = try await refusal("\(base)\(verified)")
            #expect(expired.contains("the certificate of CN = localhost expired on "))
        }
    }

    private func read(_ url: String) async throws {
        let configuration = try PostgresConfiguration(url: url)
        #expect(configuration.verifiesServer)
        try await withRunningClient(PostgresClient(configuration: configuration, logger: logger)) { client in
            let rows = try await client.query("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
            #expect(try rows.first?.decode(0, as: Bool.self) == true)
            // A request to cancel goes another way than the statements, and has to work as well.
            let sleeping = Task { try await client.query("SELECT pg_sleep(60)") }
            try await untilRunning("pg_sleep(60)", client)
            sleeping.cancel()
            await #expect(throws: PostgresError.self) { try await sleeping.value }
            try await untilStopped("pg_sleep(60)", client)
        }
    }

    @Test(
        "a server without TLS is refused when the URL wants it, with what to do",
        .enabled(if: TestServers.areAvailable, "needs the private servers: make test"))
    func serverWithoutTLS() async throws {
        let words = try await refusal("\(TestServers.databaseURL)?sslmode=require")
        #expect(words.contains("turn TLS on at the server"))
    }
}

/// Returns once the server works on a statement that contains the text.
func untilRunning(_ text: String, _ client: PostgresClient) async throws {
    while try await sessions(running: text, client) == 0 { await Task.yield() }
}

/// Returns once the server does not work on a statement any more that contains the text.
func untilStopped(_ text: String, _ client: PostgresClient) async throws {
    while try await sessions(running: text, client) > 0 { await Task.yield() }
}

/// In a transaction, so that it does not wait behind a statement that is looked for.
private func sessions(running text: String, _ client: PostgresClient) async throws -> Int {
    try await client.withTransaction { transaction in
        let rows = try await transaction.query(
            """
            SELECT count(*) FROM pg_stat_activity
            WHERE datname = current_database() AND state = 'active' AND pid <> pg_backend_pid()
                AND position(\(text) IN query) > 0
            """)
        return try rows.first?.decode(0, as: Int.self) ?? 0
    }
}
