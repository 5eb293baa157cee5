import Logging
import Postgres
import TestSupport
import Testing

@Suite(
    "Transactions against a server",
    .enabled(if: TestServers.areAvailable, "needs the private servers: make test"), .timeLimit(.minutes(5)))
struct PostgresTransactionTests {
    private struct Stop: Error {}
    private static let table = Migration(
        name: "0001-account", sql: "CREATE TABLE account (id int PRIMARY KEY, amount int NOT NULL);")

    @Test("what returns is committed, what throws is rolled back")
    func commitAndRollback() async throws {
        try await withTemporaryDatabase(migrations: [Self.table]) { client in
            let answer = try await client.withTransaction { transaction in
                try await transaction.execute("INSERT INTO account VALUES (1, 10)")
                #expect(try await client.query("SELECT 1 FROM account").isEmpty)
                return 42
            }
            #expect(answer == 42)
            await #expect(throws: Stop.self) {
                try await client.withTransaction { transaction in
                    try await transaction.execute("INSERT INTO account VALUES (2, 10)")
                    throw Stop()
                }
            }
            #expect(try await client.query("SELECT 1 FROM account").count == 1)
        }
    }

    @Test("a transaction whose failure was ignored is not called committed")
    func ignoredFailure() async throws {
        try await withTemporaryDatabase(migrations: [Self.table]) { client in
            let error = await #expect(throws: PostgresError.self) {
                try await client.withTransaction { transaction in
                    try await transaction.execute("INSERT INTO account VALUES (1, 10)")
                    _ = try? await transaction.execute("INSERT INTO account VALUES (1, 10)")
                }
            }
            #expect(error?.code == .transactionAborted)
            let rows = try await client.query("SELECT 1 FROM account")
            #expect(rows.isEmpty)
        }
    }

    @Test("a transaction cannot be used after its end")
    func useAfterEnd() async throws {
        try await withTemporaryDatabase { client in
            let escaped = try await client.withTransaction { transaction in
                try await transaction.execute("SELECT 1")
                return transaction
            }
            let error = await #expect(throws: PostgresError.self) { try await escaped.query("SELECT 1") }
            #expect(error?.code == .transactionEnded)
        }
    }

    @Test("a batch in a transaction counts its statements from zero, the first one included")
    func batchInTransaction() async throws {
        try await withTemporaryDatabase(migrations: [Self.table]) { client in
            let rows = try await client.withTransaction { transaction in
                try await transaction.batch([
                    "INSERT INTO account VALUES (1, 10) RETURNING id", "SELECT amount FROM account",
                ])
            }
            #expect(rows.map(\.count) == [1, 1])
            let error = await #expect(throws: PostgresError.self) {
                try await client.withTransaction { transaction in
                    _ = try await transaction.batch(["SELECT 1", "INSERT INTO account VALUES (1, 10)"])
                }
            }
            #expect(error?.statementIndex == 1)
        }
    }

    @Test("concurrent serializable transactions all succeed in the end")
    func serializationRetry() async throws {
        try await withTemporaryDatabase(migrations: [Self.table]) { client in
            try await client.execute("INSERT INTO account VALUES (1, 0)")
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<4 {
                    group.addTask {
                        try await client.withTransaction(isolation: .serializable, retryingSerialization: true) {
                            transaction in
                            let row = try await transaction.query("SELECT amount FROM account WHERE id = 1").first
                            let amount = try #require(row).decode("amount", as: Int.self)
                            try await transaction.execute("UPDATE account SET amount = \(amount + 1) WHERE id = 1")
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await client.query("SELECT amount FROM account").first?["amount"] == "4")
        }
    }

    @Test("without retrying, the serialization failure is reported")
    func serializationFailure() async throws {
        try await withTemporaryDatabase(migrations: [Self.table]) { client in
            try await client.execute("INSERT INTO account VALUES (1, 0)")
            let error = await #expect(throws: PostgresError.self) {
                try await client.withTransaction(isolation: .repeatableRead) { transaction in
                    _ = try await transaction.query("SELECT amount FROM account")
                    try await client.execute("UPDATE account SET amount = 5")
                    try await transaction.execute("UPDATE account SET amount = 6")
                }
            }
            #expect(error?.isSerializationFailure == true)
            #expect(error?.isRetryable == true)
        }
    }

    @Test("more transactions than connections wait their turn")
    func moreThanConnections() async throws {
        try await withTemporaryDatabase(migrations: [Self.table], configure: { $0.transactions = 3 }) { client in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for id in 0..<60 {
                    group.addTask {
                        try await client.withTransaction { transaction in
                            try await transaction.execute("INSERT INTO account VALUES (\(id), 1)")
                            _ = try await transaction.query("SELECT count(*) FROM account")
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await client.query("SELECT 1 FROM account").count == 60)
        }
    }

    @Test("waiting for a transaction ends with a sentence when all connections are busy")
    func poolExhausted() async throws {
        try await withTemporaryDatabase { direct in
            var configuration = direct.configuration
            configuration.transactions = 1
            configuration.leaseTimeout = .milliseconds(200)
            try await withRunningClient(PostgresClient(configuration: configuration, logger: Logger(label: "test"))) {
                client in
                // The first connection may take longer than a lease may wait here.
                while (try? await client.withTransaction { try await $0.execute("SELECT 1") }) == nil {}
                try await client.withTransaction { transaction in
                    try await transaction.execute("SELECT 1")
                    let error = await #expect(throws: PostgresError.self) {
                        try await client.withTransaction { try await $0.execute("SELECT 1") }
                    }
                    #expect(error?.code == .poolExhausted)
                    #expect(error?.message.contains("all are busy") == true)
                }
            }
        }
    }

    @Test("a deferred constraint that fails at the commit is the transaction's error")
    func deferredConstraint() async throws {
        try await withTemporaryDatabase { client in
            try await client.executeScript(
                """
                CREATE TABLE parent (id int PRIMARY KEY);
                CREATE TABLE child (id int REFERENCES parent DEFERRABLE INITIALLY DEFERRED);
                """)
            let inTransaction = await #expect(throws: PostgresError.self) {
                try await client.withTransaction { _ = try await $0.execute("INSERT INTO child VALUES (1)") }
            }
            #expect(inTransaction?.sqlState == .foreignKeyViolation)
            let alone = await #expect(throws: PostgresError.self) {
                try await client.execute("INSERT INTO child VALUES (1)")
            }
            #expect(alone?.sqlState == .foreignKeyViolation)
            #expect(try await client.query("SELECT 1 FROM child").isEmpty)
        }
    }
}
