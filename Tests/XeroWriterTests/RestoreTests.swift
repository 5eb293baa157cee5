import Accounting
import JSON
import Ledger
import Logging
import Mapping
import Postgres
import TestSupport
import Testing

@testable import XeroWriter

@Suite(
    "A database restored from an old backup",
    .enabled(if: TestServers.areAvailable, "needs the private servers: make test"))
struct RestoreTests {
    @Test("after the orders are read again nothing is double and the books tie", .timeLimit(.minutes(5)))
    func restored() async throws {
        try await withTemporaryDatabase { admin in
            let live = TestServers.uniqueName("live")
            let backup = TestServers.uniqueName("backup")
            try await admin.execute("CREATE DATABASE \(unsafeSQL: live) TEMPLATE template0")
            let before = (1...12).map { SampleOrder(number: $0, customer: $0 % 5, kind: Self.kind($0, isLater: false)) }
            let harness = try await Self.with(live) { database in
                _ = try await Migrator.migrate(database, SchemaMigrations.all, logger: Logger(label: "test"))
                try await WriterHarness.prepare(database)
                let harness = try await WriterHarness(database: database)
                try await harness.plan(before)
                try await harness.write()
                #expect(harness.discrepancies(before) == [])
                return harness
            }
            try await admin.execute("CREATE DATABASE \(unsafeSQL: backup) TEMPLATE \(unsafeSQL: live)")
            // An hour goes by: older orders change, new ones come.
            let after = (1...24).map { SampleOrder(number: $0, customer: $0 % 8, kind: Self.kind($0, isLater: true)) }
                .map { order in
                    var order = order
                    if order.number <= 12 { order.customer = order.number % 5 }
                    return order
                }
            harness.clock.advance(seconds: 3600, harness.simulator)
            try await Self.with(live) { database in
                let harness = harness.on(database)
                try await harness.plan(after, revision: 2)
                try await harness.write()
                #expect(harness.discrepancies(after) == [])
            }
            // The backup takes the database's place, and every order is read again; deposits have been completed since.
            let last = after.map { order in
                var order = order
                if order.kind == .deposit { order.kind = .split }
                return order
            }
            try await Self.with(backup) { database in
                let harness = harness.on(database)
                let calls = harness.calls["calls"]?.int ?? 0
                try await harness.plan(last, revision: 3)
                try await harness.write()
                #expect(harness.discrepancies(last) == [])
                #expect(try await harness.count("state NOT IN ('posted', 'voided', 'superseded')") == 0)
                #expect(try await harness.value("SELECT count(*) FROM audit WHERE change LIKE 'restored%'") == "1")
                print(
                    "restored backup: \((harness.calls["calls"]?.int ?? 0) - calls) calls to find \(last.count) orders again"
                )
            }
            for name in [live, backup] { try await admin.execute("DROP DATABASE \(unsafeSQL: name) WITH (FORCE)") }
        }
    }

    /// What an order is when the backup is made, and an hour later.
    private static func kind(_ number: Int, isLater: Bool) -> SampleOrder.Kind {
        switch number % 6 {
        case 0: isLater ? .refunded : .paid
        case 1: isLater ? .reduced : .unpaid
        case 2: number > 12 ? .paid : isLater ? .cancelled : .unpaid
        case 3: isLater ? .deposit : .unpaid
        case 4: isLater ? .paid : .unpaid
        default: .paid
        }
    }

    /// Runs a client on a database for as long as the body runs; nobody is connected to it afterwards.
    private static func with<R: Sendable>(
        _ name: String, _ body: @escaping @Sendable (PostgresClient) async throws -> R
    ) async throws -> R {
        let client = PostgresClient(
            configuration: try TemporaryDatabase.configuration(TestServers.databaseURL, name: name),
            logger: Logger(label: "test"))
        return try await withThrowingTaskGroup(of: R?.self) { group in
            group.addTask {
                try? await client.run()
                return nil
            }
            group.addTask { try await body(client) }
            var result: R?
            while result == nil, let ended = try await group.next() { result = ended }
            group.cancelAll()
            try await group.waitForAll()
            guard let result else { throw CellFailure("the database went away") }
            return result
        }
    }
}
