import Accounting
import JSON
import Ledger
import Postgres
import TestSupport
import Testing

@Suite(
    "Applying a configuration", .enabled(if: TestServers.areAvailable, "needs the private servers: make test"),
    .timeLimit(.minutes(5)))
struct ConfigurationApplyTests {
    private static let sealing = sealing(0x55)

    /// Stands in for encryption with a key: what another key sealed cannot be opened.
    private static func sealing(_ key: UInt8) -> ConfigurationSealing {
        struct WrongKey: Error {}
        return ConfigurationSealing(
            seal: { [key] + $0.map { $0 ^ key } },
            open: { sealed in
                guard sealed.first == key else { throw WrongKey() }
                return sealed.dropFirst().map { $0 ^ key }
            })
    }

    private static func apply(
        _ database: PostgresClient, replacing old: String = "", with new: String = "", dryRun: Bool = false,
        sealing: ConfigurationSealing = sealing
    ) async throws -> ConfigurationFile.Applied {
        let example = ConfigurationFileTests.example
        try #require(old.isEmpty || example.contains(old))
        let yaml = old.isEmpty ? example : example.replacing(old, with: new)
        return try await ConfigurationFileTests.parse(yaml)
            .apply(to: database, sealing: sealing, by: "tester", dryRun: dryRun)
    }

    private static func load(_ database: PostgresClient) async throws -> ConfigurationSnapshot {
        try await ConfigurationLoader.load(from: database, sealing: sealing)
    }

    private static func run(_ body: (PostgresClient) async throws -> Void) async throws {
        try await withTemporaryDatabase(migrations: SchemaMigrations.all, body)
    }

    @Test("makes it true: what services load is what the file says, with its secrets opened")
    func applies() async throws {
        try await Self.run { database in
            let applied = try await Self.apply(database)
            #expect(applied.changes.map(\.description) == ["added app books", "added org demo", "added store shop"])
            let snapshot = try await Self.load(database)
            #expect(snapshot.version == applied.version)
            #expect(snapshot.apps["books"]?.clientSecret == "very-secret")
            #expect(snapshot.orgs["demo"]?.dailyCalls == 5000)
            let store = try #require(snapshot.stores["shop"])
            #expect(store.consumerKey == "ck_literal")
            #expect(store.webhookSecret == "hook")
            #expect(store.mapping["accounts"]?["sales"] == "210")
            #expect(store.mapping["accounts"]?["rounding"] == "860")
            #expect(store.mappingVersion == applied.version)
            #expect(snapshot.orgs["demo"]?.localTime.date(of: store.since).description == "2026-07-01")
        }
    }

    @Test("a second time changes nothing and makes no version")
    func idempotent() async throws {
        try await Self.run { database in
            let first = try await Self.apply(database)
            let second = try await Self.apply(database)
            #expect(second.version == nil)
            #expect(second.changes.isEmpty)
            #expect(try await Self.load(database).version == first.version)
        }
    }

    @Test("keeps every version, without a secret in it or in what is told of the change")
    func versions() async throws {
        try await Self.run { database in
            _ = try await Self.apply(database)
            let applied = try await Self.apply(database, replacing: "ck_literal", with: "ck_replaced")
            #expect(applied.changes.map(\.description) == ["changed store shop: consumer_key changed"])
            #expect(try await Self.load(database).stores["shop"]?.consumerKey == "ck_replaced")
            let kept = try await database.query("SELECT document || array_to_string(changes, ' ') FROM configuration")
            #expect(kept.count == 2)
            for row in kept {
                #expect(row[0]?.contains("ck_") == false)
                #expect(row[0]?.contains("very-secret") == false)
            }
            let audit = try await database.query("SELECT change FROM audit WHERE actor = 'tester' AND subject = 'shop'")
            #expect(audit.map { $0[0] } == ["added store shop", "changed store shop: consumer_key changed"])
        }
    }

    @Test("as a dry run tells what would change and writes nothing")
    func dryRun() async throws {
        try await Self.run { database in
            let applied = try await Self.apply(database, dryRun: true)
            #expect(applied.changes.count == 3)
            #expect(applied.version == nil)
            #expect(try await Self.load(database).version == 0)
            #expect(try await database.query("SELECT 1 FROM store").isEmpty)
        }
    }

    @Test("takes what is no longer in the file out of use, and back into use when it is again")
    func removes() async throws {
        try await Self.run { database in
            _ = try await Self.apply(database)
            let example = ConfigurationFileTests.example
            let stores = try #require(example.firstRange(of: "stores:"))
            let without = try ConfigurationFileTests.parse(example[..<stores.lowerBound] + "stores: {}")
            let removed = try await without.apply(to: database, sealing: Self.sealing, by: "tester")
            #expect(removed.changes.map(\.description) == ["removed store shop"])
            #expect(try await Self.load(database).stores.isEmpty)
            #expect(try await without.apply(to: database, sealing: Self.sealing, by: "tester").changes.isEmpty)
            let restored = try await Self.apply(database)
            #expect(restored.changes.map(\.description) == ["restored store shop"])
            #expect(try await Self.load(database).stores["shop"] != nil)
        }
    }

    @Test("gives a store a new mapping version only when something its plans depend on changes, in its org too")
    func mappingVersions() async throws {
        try await Self.run { database in
            let first = try await Self.apply(database).version
            _ = try await Self.apply(database, replacing: "sweep_seconds: 60", with: "sweep_seconds: 61")
            #expect(try await Self.load(database).stores["shop"]?.mappingVersion == first)
            let third = try await Self.apply(database, replacing: "shipping: \"201\"", with: "shipping: \"204\"")
            #expect(third.changes.first?.description == "changed org demo: mapping.accounts.shipping: 201 -> 204")
            let store = try await Self.load(database).stores["shop"]
            #expect(store?.mappingVersion == third.version)
            #expect(store?.mapping["accounts"]?["shipping"] == "204")
        }
    }

    @Test("has held orders planned again when their mapping changes, and ignored ones when the start does")
    func replans() async throws {
        try await Self.run { database in
            _ = try await Self.apply(database)
            try await database.execute(
                """
                INSERT INTO sale (store_id, order_id, order_number, org_id, revision, planned_revision, state, modified_at)
                SELECT 'shop', state, state, 'demo', 1, 1, state, now() FROM unnest(ARRAY['held', 'ignored', 'posted']) AS state
                """)
            try await database.execute("INSERT INTO sweep (store_id, watermark) VALUES ('shop', now())")
            let waiting: PostgresQuery = "SELECT order_id FROM sale WHERE planned_revision < revision ORDER BY 1"
            let remapped = try await Self.apply(database, replacing: "\"10\": OUTPUT", with: "\"10\": OUTPUT2")
            #expect(remapped.replannedOrders == 1)
            #expect(try await database.query(waiting).map { $0[0] } == ["held"])
            let earlier = ConfigurationFileTests.example.replacing("\"10\": OUTPUT", with: "\"10\": OUTPUT2")
                .replacing("since: 2026-07-01", with: "since: 2026-06-01")
            _ = try await ConfigurationFileTests.parse(earlier)
                .apply(to: database, sealing: Self.sealing, by: "tester")
            #expect(try await database.query(waiting).map { $0[0] } == ["held", "ignored"])
            #expect(try await database.query("SELECT 1 FROM sweep WHERE watermark IS NULL").count == 1)
        }
    }

    @Test("refuses to move a store with documents to another org, since its orders would be posted twice")
    func refusesMoves() async throws {
        try await Self.run { database in
            _ = try await Self.apply(database)
            try await database.execute(
                """
                INSERT INTO document (org_id, store_id, kind, source_id, part, key, state, desired)
                VALUES ('demo', 'shop', 'invoice', '1', '1', 'demo/shop/invoice/1/1', 'posted', '{}')
                """)
            let other = """
                other:
                    app: books2
                    mapping: { accounts: { sales: "200" }, payments: { default: "090" } }
                stores:
                """
            let yaml = ConfigurationFileTests.example
                .replacing("org: demo", with: "org: other").replacing("stores:", with: "  " + other)
                .replacing(
                    "orgs:", with: "  books2: { client_id: z, client_secret: y, type: custom_connection }\norgs:")
            let file = try ConfigurationFileTests.parse(yaml)
            do {
                _ = try await file.apply(to: database, sealing: Self.sealing, by: "tester")
                Issue.record("the move was accepted")
            } catch let error as ConfigurationFileError {
                #expect(error.code == .refused)
                #expect(error.description.contains("stores.shop.org: 1 documents of this store are in org 'demo'"))
            }
            #expect(try await Self.load(database).stores["shop"]?.orgID == "demo")
        }
    }

    @Test("with another key seals the secrets anew; without it the entries are named and left out")
    func keys() async throws {
        try await Self.run { database in
            _ = try await Self.apply(database, sealing: Self.sealing(0x11))
            let broken = try await Self.load(database)
            #expect(broken.stores.isEmpty)
            #expect(broken.unreadable.keys.sorted() == ["app books", "store shop"])
            #expect(broken.unreadable["store shop"]?.contains("COUNTERFOIL_KEY") == true)
            let applied = try await Self.apply(database)
            #expect(applied.changes.map(\.id) == ["books", "shop"])
            #expect(try await Self.load(database).stores["shop"]?.webhookSecret == "hook")
        }
    }
}

@Suite("A store's start")
struct StartRuleTests {
    // The first of July in Sydney, ten hours before it is the first in UTC.
    private let since = Instant(utc: "2026-06-30T14:00:00") ?? Instant(seconds: 0)
    private let before = Instant(utc: "2026-06-30T13:59:59") ?? Instant(seconds: 0)
    private let after = Instant(utc: "2026-07-02T00:00:00") ?? Instant(seconds: 0)

    private func verdict(_ history: StartRule.History) -> StartRule.Verdict {
        let sydney = LocalTime(configured: nil, own: "Australia/Sydney")
        return StartRule.verdict(history, since: since) { sydney.date(of: $0) }
    }

    @Test("lets later orders through and ignores earlier ones, naming the rule in the org's own days")
    func ignores() {
        #expect(verdict(.init(createdAt: since, refundedAt: [])) == .applies)
        #expect(
            verdict(.init(createdAt: before, refundedAt: [before]))
                == .ignored(reason: "created 2026-06-30, before the store's start (since 2026-07-01)"))
    }

    @Test("holds earlier orders whose money moves later")
    func holds() {
        for history in [
            StartRule.History(createdAt: before, refundedAt: [after]),
            StartRule.History(createdAt: before, refundedAt: [], amountsChanged: true),
        ] {
            guard case .held(let reason) = verdict(history) else {
                Issue.record("\(history) was not held")
                continue
            }
            #expect(reason.contains("before the store's start (since 2026-07-01)"))
        }
    }

    @Test("does not apply to orders that have documents from an earlier start")
    func documents() {
        let history = StartRule.History(createdAt: before, refundedAt: [after], hasDocuments: true)
        #expect(verdict(history) == .applies)
    }
}
