import Logging
import NIOConcurrencyHelpers
import Postgres
import TestSupport
import Testing

@Suite(
    "Cancelling", .enabled(if: TestServers.areAvailable, "needs the private servers: make test"),
    .timeLimit(.minutes(5)))
struct PostgresCancelTests {
    private static let table = Migration(name: "0001-item", sql: "CREATE TABLE item (id bigint PRIMARY KEY);")

    private func withOneConnection(_ body: (PostgresClient) async throws -> Void) async throws {
        try await withTemporaryDatabase(migrations: [Self.table], configure: { $0.connections = 1 }, body)
    }

    @Test("a cancelled task's statement is stopped at the server, and those behind it are carried out")
    func statement() async throws {
        try await withOneConnection { client in
            let sleeping = Task { try await client.query("SELECT pg_sleep(300)") }
            try await untilRunning("pg_sleep(300)", client)
            let inserting = Task {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for id in 1...20 {
                        group.addTask { try await client.execute("INSERT INTO item VALUES (\(id))") }
                    }
                    try await group.waitForAll()
                }
            }
            sleeping.cancel()
            let error = await #expect(throws: PostgresError.self) { try await sleeping.value }
            #expect(error?.code == .cancelled)
            // Without the request to the server these would wait for five minutes.
            try await inserting.value
            let rows = try await client.query("SELECT count(*) FROM item")
            #expect(try rows.first?.decode(0, as: Int.self) == 20)
        }
    }

    @Test("requests to cancel never hit another caller's statement")
    func bystanders() async throws {
        try await withOneConnection { client in
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    for _ in 1...15 {
                        // Ends by itself about when the request to stop it arrives.
                        let victim = Task { try await client.query("SELECT pg_sleep(0.022)") }
                        await Task.yield()
                        victim.cancel()
                        _ = try? await victim.value
                    }
                }
                for lane in 0..<4 {
                    group.addTask {
                        for number in 0..<50 {
                            try await client.execute(
                                "INSERT INTO item SELECT \(lane * 50 + number) FROM pg_sleep(0.002)")
                        }
                    }
                }
                try await group.waitForAll()
            }
            let rows = try await client.query("SELECT count(*) FROM item")
            #expect(try rows.first?.decode(0, as: Int.self) == 200)
        }
    }

    @Test("a cancelled transaction is rolled back at once, and its connection serves the next one")
    func transaction() async throws {
        try await withTemporaryDatabase(migrations: [Self.table], configure: { $0.transactions = 2 }) { client in
            let working = Task {
                try await client.withTransaction { transaction in
                    try await transaction.execute("INSERT INTO item VALUES (1)")
                    _ = try await transaction.query("SELECT pg_sleep(301)")
                }
            }
            try await untilRunning("pg_sleep(301)", client)
            working.cancel()
            let error = await #expect(throws: PostgresError.self) { try await working.value }
            #expect(error?.code == .cancelled)
            try await untilStopped("pg_sleep(301)", client)
            // The row's lock is free, and both connections can be had.
            try await client.withTransaction { outer in
                _ = try await outer.execute("INSERT INTO item VALUES (1)")
                try await client.withTransaction { _ = try await $0.execute("INSERT INTO item VALUES (2)") }
            }
            let rows = try await client.query("SELECT count(*) FROM item")
            #expect(try rows.first?.decode(0, as: Int.self) == 2)
        }
    }

    @Test("a cancelled script is stopped")
    func script() async throws {
        try await withOneConnection { client in
            let working = Task { try await client.executeScript("SELECT 1; SELECT pg_sleep(302);") }
            try await untilRunning("pg_sleep(302)", client)
            working.cancel()
            await #expect(throws: PostgresError.self) { try await working.value }
            try await untilStopped("pg_sleep(302)", client)
        }
    }

    @Test("the server's warnings reach the log as warnings, its notices do not")
    func notices() async throws {
        try await withTemporaryDatabase { direct in
            let lines = NIOLockedValueBox<[(level: Logger.Level, metadata: String)]>([])
            let logger = Logger(label: "test", factory: { _ in LineCollector(lines: lines) })
            let client = PostgresClient(configuration: direct.configuration, logger: logger)
            try await withRunningClient(client) { client in
                _ = try await client.execute("DO $$ BEGIN RAISE NOTICE 'by the way'; RAISE WARNING 'careful'; END $$")
            }
            let notices = lines.withLockedValue { $0 }
            #expect(notices.contains { $0.level == .warning && $0.metadata.contains("careful") })
            #expect(notices.contains { $0.level == .debug && $0.metadata.contains("by the way") })
        }
    }
}

/// Keeps what is logged.
private struct LineCollector: LogHandler {
    let lines: NIOLockedValueBox<[(level: Logger.Level, metadata: String)]>
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.debug

    init(lines: NIOLockedValueBox<[(level: Logger.Level, metadata: String)]>) { self.lines = lines }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let text = (event.metadata ?? [:]).map { "\($0): \($1)" }.joined(separator: ", ")
        lines.withLockedValue { $0.append((event.level, text)) }
    }
}
