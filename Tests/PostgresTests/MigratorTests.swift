import Logging
import Postgres
import TestSupport
import Testing

@Suite(
    "Migrations",
    .enabled(if: TestServers.areAvailable, "needs the private servers: make test"), .timeLimit(.minutes(5)))
struct MigratorTests {
    private let logger: Logger = {
        var logger = Logger(label: "test")
        logger.logLevel = .error
        return logger
    }()
    private let first = Migration(name: "0001-shop", sql: "CREATE TABLE shop (id int); INSERT INTO shop VALUES (1);")
    private let second = Migration(name: "0002-order", sql: "CREATE TABLE orders (id int);")
    private let third = Migration(name: "0003-broken", sql: "CREATE TABLE item (id int); SELECT nonsense;")

    @Test("what is missing is applied once, in order")
    func applies() async throws {
        try await withTemporaryDatabase { client async throws in
            #expect(try await Migrator.pending(client, [first, second]) == ["0001-shop", "0002-order"])
            #expect(try await Migrator.migrate(client, [first], logger: logger) == ["0001-shop"])
            #expect(try await Migrator.pending(client, [first, second]) == ["0002-order"])
            #expect(try await Migrator.migrate(client, [first, second], logger: logger) == ["0002-order"])
            #expect(try await Migrator.migrate(client, [first, second], logger: logger) == [])
            #expect(try await client.query("SELECT id FROM shop").count == 1)
        }
    }

    @Test("processes that migrate at the same time do it once")
    func concurrently() async throws {
        try await withTemporaryDatabase { client async throws in
            let applied = try await withThrowingTaskGroup(of: [String].self) { group in
                for _ in 0..<4 {
                    group.addTask { try await Migrator.migrate(client, [first, second], logger: logger) }
                }
                return try await group.reduce([]) { $0 + $1 }
            }
            #expect(applied.sorted() == ["0001-shop", "0002-order"])
        }
    }

    @Test("a migration that fails changes nothing and is named")
    func fails() async throws {
        try await withTemporaryDatabase { client async throws in
            let error = await #expect(throws: PostgresError.self) {
                try await Migrator.migrate(client, [first, second, third], logger: logger)
            }
            #expect(error?.message.contains("migration 0003-broken failed") == true)
            #expect(try await Migrator.pending(client, [first, second, third]) == ["0003-broken"])
            let tables = try await client.query("SELECT to_regclass('item') AS item, to_regclass('orders') AS orders")
            #expect(tables.first?["item"] == nil)
            #expect(tables.first?["orders"] == "orders")
        }
    }

    @Test("a changed, a missing and a late migration are refused, with what to do")
    func refuses() async throws {
        try await withTemporaryDatabase(migrations: [first, second]) { client async throws in
            let changed = Migration(name: first.name, sql: first.sql + " ")
            #expect(try await refusal(client, [changed, second]).contains("restore its text") == true)
            #expect(try await refusal(client, [first]).contains("newer version") == true)
            let late = Migration(name: "0001-z-late", sql: "SELECT 1")
            #expect(try await refusal(client, [first, late, second]).contains("sorts after 0002-order") == true)
            #expect(try await refusal(client, [second, first]).contains("ascending order") == true)
        }
    }

    private func refusal(_ client: PostgresClient, _ migrations: [Migration]) async throws -> String {
        let error = await #expect(throws: PostgresError.self) { try await Migrator.pending(client, migrations) }
        let migrating = await #expect(throws: PostgresError.self) {
            try await Migrator.migrate(client, migrations, logger: logger)
        }
        #expect(migrating?.code == .migration)
        #expect(migrating?.message == error?.message)
        return error?.message ?? ""
    }
}
