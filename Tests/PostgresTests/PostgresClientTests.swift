import Postgres
import TestSupport
import Testing

@Suite(
    "The client against a server",
    .enabled(if: TestServers.areAvailable, "needs the private servers: make test"), .timeLimit(.minutes(5)))
struct PostgresClientTests {
    private static let table = Migration(
        name: "0001-item", sql: "CREATE TABLE item (id bigint PRIMARY KEY, note text NOT NULL DEFAULT '');")

    @Test("five thousand concurrent inserts all happen")
    func concurrentInserts() async throws {
        try await withTemporaryDatabase(migrations: [Self.table]) { client in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for id in 0..<5000 {
                    group.addTask { try await client.execute("INSERT INTO item (id) VALUES (\(id))") }
                }
                try await group.waitForAll()
            }
            #expect(try await count(client) == 5000)
        }
    }

    @Test("a batch happens as a whole, and names the statement that failed")
    func batchIsAtomic() async throws {
        try await withTemporaryDatabase(migrations: [Self.table]) { client in
            let rows = try await client.batch(
                (1...300).map { "INSERT INTO item (id) VALUES (\($0)) RETURNING id" as PostgresQuery })
            #expect(rows.count == 300)
            #expect(try rows[299].first?.decode("id", as: Int.self) == 300)
            let error = await #expect(throws: PostgresError.self) {
                try await client.batch([
                    "INSERT INTO item (id) VALUES (1001)", "INSERT INTO item (id) VALUES (7)",
                    "INSERT INTO item (id) VALUES (1002)",
                ])
            }
            #expect(error?.statementIndex == 1)
            #expect(error?.sqlState == .uniqueViolation)
            #expect(error?.constraint == "item_pkey")
            #expect(try await count(client) == 300)
        }
    }

    @Test("a failing statement does not touch its neighbours in the pipeline")
    func errorIsolation() async throws {
        try await withTemporaryDatabase(migrations: [Self.table]) { client in
            let failures = await withTaskGroup(of: Bool.self) { group in
                for id in 0..<200 {
                    group.addTask {
                        do {
                            if id % 10 == 0 {
                                try await client.execute("INSERT INTO nowhere (id) VALUES (\(id))")
                            } else {
                                try await client.execute("INSERT INTO item (id) VALUES (\(id))")
                            }
                            return false
                        } catch {
                            return (error as? PostgresError)?.sqlState == .undefinedTable
                        }
                    }
                }
                return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(failures == 20)
            let inserted = try await count(client)
            #expect(inserted == 180)
        }
    }

    @Test("a statement that could not be prepared once can be later")
    func prepareAfterFailure() async throws {
        try await withTemporaryDatabase { client in
            let query: PostgresQuery = "SELECT id FROM later"
            for _ in 0..<3 {
                let error = await #expect(throws: PostgresError.self) { try await client.query(query) }
                #expect(error?.sqlState == .undefinedTable)
            }
            try await client.execute("CREATE TABLE later (id int)")
            for _ in 0..<5 { #expect(try await client.query(query).isEmpty) }
        }
    }

    @Test("more statements than the cache holds keep working")
    func statementCacheOverflow() async throws {
        try await withTemporaryDatabase(configure: {
            $0.preparedStatements = 8; $0.connections = 1
        }) { client in
            for round in 0..<3 {
                for n in 0..<40 {
                    let row = try await client.query("SELECT \(unsafeSQL: "\(n)") + \(round)::int AS v").first
                    #expect(try row?.decode("v", as: Int.self) == n + round)
                }
            }
            let prepared = try await client.query("SELECT count(*) AS n FROM pg_prepared_statements").first
            #expect(try #require(prepared).decode("n", as: Int.self) <= 10)
        }
    }

    @Test("a statement that takes too long is cancelled by the server")
    func statementTimeout() async throws {
        try await withTemporaryDatabase(configure: { $0.statementTimeout = .milliseconds(50) }) { client in
            let error = await #expect(throws: PostgresError.self) { try await client.query("SELECT pg_sleep(60)") }
            #expect(error?.sqlState == .queryCanceled)
            let rows = try await client.query("SELECT 1")
            #expect(rows.count == 1)
        }
    }

    @Test("a cancelled task gets its answer at once, and the client goes on")
    func cancellation() async throws {
        try await withTemporaryDatabase(configure: { $0.connections = 1 }) { client in
            let sleeping = Task { try await client.query("SELECT pg_sleep(60), 'cancellation'") }
            try await untilActive(client, "%pg_sleep(60), 'cancellation'%")
            sleeping.cancel()
            let error = await #expect(throws: PostgresError.self) { try await sleeping.value }
            #expect(error?.code == .cancelled)
        }
    }

    @Test("a script of several statements is all or nothing")
    func scripts() async throws {
        try await withTemporaryDatabase { client in
            try await client.executeScript("CREATE TABLE a (id int); CREATE TABLE b (id int); INSERT INTO b VALUES (1)")
            #expect(try await client.query("SELECT id FROM b").count == 1)
            let error = await #expect(throws: PostgresError.self) {
                try await client.executeScript("INSERT INTO a VALUES (1); INSERT INTO nowhere VALUES (1);")
            }
            #expect(error?.sqlState == .undefinedTable)
            #expect(try await client.query("SELECT id FROM a").isEmpty)
        }
    }

    private func count(_ client: PostgresClient) async throws -> Int {
        try #require(await client.query("SELECT count(*) AS n FROM item").first).decode("n")
    }
}

/// Returns when a session of this database runs a statement like `pattern`.
func untilActive(_ client: PostgresClient, _ pattern: String) async throws {
    while true {
        let active = try await client.withTransaction { transaction in
            try await transaction.query(
                """
                SELECT pid FROM pg_stat_activity
                WHERE datname = current_database() AND state = 'active' AND pid <> pg_backend_pid()
                    AND query LIKE \(pattern)
                """
            ).isEmpty == false
        }
        if active { return }
        await Task.yield()
    }
}
