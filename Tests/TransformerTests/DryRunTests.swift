import Accounting
import JSON
import Ledger
import Logging
import Mapping
import Postgres
import TestSupport
import Testing

@testable import Transformer

@Suite(
    "A store that is set to dry_run", .enabled(if: TestServers.areAvailable, "needs the private servers: make test"),
    .timeLimit(.minutes(5)))
struct DryRunTests {
    private static let sealing = ConfigurationSealing(seal: { $0 }, open: { $0 })

    private static func apply(isDryRun: Bool, sales: String = "200", to database: PostgresClient) async throws {
        let yaml = ShopConfiguration.yaml(sales: sales, isDryRun: isDryRun)
        _ = try await ConfigurationFile(yaml: yaml) { _ in nil }.apply(to: database, sealing: sealing, by: "test")
    }

    private static func observe(_ database: PostgresClient) async throws {
        let body = Shop.snapshot(Shop.order()).text
        try await database.execute(
            """
            INSERT INTO snapshot (store_id, entity, entity_id, revision, modified_at, read_started_at, content_hash,
                source, body)
            VALUES ('shop', 'order', '12', 1, now(), now(), '\\x00', 'read', \(body))
            """)
        try await database.execute(
            """
            INSERT INTO sale (store_id, order_id, order_number, org_id, revision, modified_at)
            VALUES ('shop', '12', '1012', 'acme', 1, now())
            """)
    }

    /// Plans what is to be planned, as the service does.
    private static func plan(_ database: PostgresClient) async throws -> Int {
        try await database.execute("UPDATE sale SET retry_at = NULL")
        let rules = StoreRules { _ in try await ConfigurationLoader.load(from: database, sealing: sealing) }
        let planning = OrderPlanning(
            database: database, rules: rules, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            announced: {})
        return try await planning.planDue(limit: 10, concurrency: 1)
    }

    private static func states(_ database: PostgresClient) async throws -> [String] {
        try await database.query("SELECT kind || ' ' || state AS state FROM document ORDER BY id")
            .compactMap { $0["state"] }
    }

    /// What a writer would take now.
    private static func claimed(_ database: PostgresClient) async throws -> [DocumentKind] {
        let candidates = try await DocumentClaims.candidates(
            orgID: "acme", limit: 50, maximumLane: 9, time: .database, in: database)
        var taken: [DocumentKind] = []
        for shape in BatchShape.all {
            let documents = try await DocumentClaims.take(
                shape, orgID: "acme", limit: 50, isByAge: false, maximumLane: 9, time: .database, in: database)
            taken += documents.map(\.key.kind)
        }
        #expect(candidates.map(\.shape.kind) == taken)
        return taken
    }

    @Test("has its orders planned to the last document, of which a writer takes none; without dry_run they are sent")
    func sendsNothing() async throws {
        try await withTemporaryDatabase(migrations: SchemaMigrations.all) { database in
            try await Self.apply(isDryRun: true, to: database)
            try await Self.observe(database)
            let planned = try await Self.plan(database)
            #expect(planned == 1)
            let states = try await Self.states(database)
            #expect(states == ["contact planned", "invoice planned", "payment planned"])
            // Whatever else may make a document ready, it is not taken.
            try await database.execute("UPDATE document SET state = 'ready'")
            let claimed = try await Self.claimed(database)
            #expect(claimed.isEmpty)
            try await database.execute("UPDATE document SET state = 'planned'")

            try await Self.apply(isDryRun: false, to: database)
            let again = try await Self.plan(database)
            #expect(again == 1)
            let sent = try await Self.states(database)
            #expect(sent == ["contact ready", "invoice waiting", "payment waiting"])
            let taken = try await Self.claimed(database)
            #expect(taken == [.contact])
        }
    }

    @Test("shows what a changed mapping makes of orders that are planned")
    func plansAgain() async throws {
        try await withTemporaryDatabase(migrations: SchemaMigrations.all) { database in
            try await Self.apply(isDryRun: true, to: database)
            try await Self.observe(database)
            _ = try await Self.plan(database)
            try await Self.apply(isDryRun: true, sales: "205", to: database)
            _ = try await Self.plan(database)
            let rows = try await database.query("SELECT desired, decisions FROM document WHERE kind = 'invoice'")
            #expect(rows.first?["desired"]?.contains("\"AccountCode\":\"205\"") == true)
            #expect(rows.first?["decisions"]?.contains("\"0.account\":\"mapping.accounts.sales\"") == true)
        }
    }

    @Test("takes back what waits to be sent when it is switched on")
    func switchedOn() async throws {
        try await withTemporaryDatabase(migrations: SchemaMigrations.all) { database in
            try await Self.apply(isDryRun: false, to: database)
            try await Self.observe(database)
            _ = try await Self.plan(database)
            try await Self.apply(isDryRun: true, to: database)
            let states = try await Self.states(database)
            #expect(states == ["contact planned", "invoice planned", "payment planned"])
            let claimed = try await Self.claimed(database)
            #expect(claimed.isEmpty)
        }
    }
}
