import Accounting
import JSON
import Ledger
import Postgres
import TestSupport
import Testing

@testable import CLI

@Suite("A file of rates")
struct RateFileTests {
    private static func entries(_ text: String) throws -> [String] {
        try RateFile(text, base: #require(Currency("AUD"))).entries.map { "\($0.day) \($0.currency) \($0.rate)" }
    }

    @Test("may have names, remarks, blanks, quotation marks and any line ends")
    func reads() throws {
        let text =
            "\u{FEFF}Date,Currency,Rate\r\n# of the bank\r\n\r\n 2026-11-20 , usd , 0.6512 \r\n\"2026-11-20\",JPY,\"98.7\"\n"
        #expect(try Self.entries(text) == ["2026-11-20 USD 0.6512", "2026-11-20 JPY 98.7"])
        #expect(try Self.entries("2026-11-20,USD,0.65123456789") == ["2026-11-20 USD 0.651235"])
        #expect(try Self.entries("2026-11-20,USD,0.65\n2026-11-20,USD,0.650") == ["2026-11-20 USD 0.65"])
    }

    @Test(
        "with a mistake is refused, by line",
        arguments: [
            ("2026-11-20,USD", "three values are wanted"), ("2026-11-20;USD;0.65", "three values are wanted"),
            ("2026-11-31,USD,0.65", "'2026-11-31' is no date"), ("20.11.2026,USD,0.65", "is no date"),
            ("2026-11-20,USQ,0.65", "'USQ' is no currency"), ("2026-11-20,AUD,1", "AUD is the base itself"),
            ("2026-11-20,USD,abc", "'abc' is no rate"), ("2026-11-20,USD,0", "is too small"),
            ("2026-11-20,USD,-0.65", "is too small"), ("2026-11-20,USD,0.0000001", "is too small"),
            ("2026-11-20,USD,1e15", "'1e15' is no rate"), ("", "the file has no rates"),
        ])
    func refuses(_ line: String, _ words: String) throws {
        let error = #expect(throws: RateFile.Malformed.self) { try Self.entries(line) }
        #expect(error?.mistakes.map(\.line) == [1])
        #expect(error?.mistakes.first?.message.contains(words) == true)
    }

    @Test("that says two rates of one day is refused")
    func contradicts() throws {
        let error = #expect(throws: RateFile.Malformed.self) {
            try Self.entries("2026-11-20,USD,0.65\n2026-11-21,USD,0.65\n2026-11-20,USD,0.66")
        }
        #expect(error?.mistakes.map(\.description) == ["3: 2026-11-20 USD was 0.65 in line 1; which is it?"])
    }
}

@Suite(
    "The table of rates", .enabled(if: TestServers.areAvailable, "needs the private servers: make test"),
    .timeLimit(.minutes(5)))
struct RatesTests {
    private static let file = "2026-11-20,USD,0.6512\n2026-11-19,USD,0.6498\n2026-11-20,EUR,0.57\n"

    private static func know(_ org: String, _ base: String, in database: PostgresClient) async throws {
        try await database.execute(
            """
            INSERT INTO configuration (applied_by, document, changes) VALUES ('test', '', '{}')
            """)
        try await database.execute(
            "INSERT INTO app (id, client_id, type, tier, secrets, version) VALUES ('app', 'x', 'web', 'core', '', 1) ON CONFLICT DO NOTHING"
        )
        try await database.execute("INSERT INTO org (id, app_id, settings, version) VALUES (\(org), 'app', '{}', 1)")
        try await database.withTransaction { session in
            _ = try await ReferenceStore.keep(
                ["Organisations": [["BaseCurrency": .string(base)]]], as: .organisation, of: org, time: .database,
                in: session)
        }
    }

    private static func failure(_ body: () async throws -> Void) async -> String {
        do {
            try await body()
            return "no failure"
        } catch let failure as CommandFailure {
            return failure.message
        } catch {
            return "\(error)"
        }
    }

    @Test("is against the currency that all orgs have, and asks where they have several or none")
    func bases() async throws {
        try await withTemporaryDatabase(migrations: SchemaMigrations.all) { database in
            func keep(_ text: String = Self.file, base: Currency? = nil) async throws -> RateTable.Change {
                try await RatesCommand.Import.keep(text, called: "r.csv", base: base, by: "test", in: database).change
            }
            #expect(await Self.failure { _ = try await keep() }.contains("Say it: --base AUD"))
            try await Self.know("acme", "AUD", in: database)
            #expect(try await keep().added == 3)
            try await Self.know("kiwi", "NZD", in: database)
            #expect(await Self.failure { _ = try await keep() }.contains("AUD, NZD"))
            let change = try await keep("2026-11-20,USD,0.652\n2026-11-21,USD,0.6", base: Currency("AUD"))
            #expect(change == RateTable.Change(added: 1, changed: 1))
            let rows = try await RateTable.list(base: nil, currency: Currency("USD"), limit: 50, in: database)
            #expect(rows.map { "\($0.day) \($0.rate)" } == ["2026-11-21 0.6", "2026-11-20 0.652", "2026-11-19 0.6498"])
            #expect(RatesCommand.List.text(rows)[1].hasPrefix("2026-11-21  1 AUD = 0.6 USD"))
        }
    }

    @Test("takes nothing of a file with mistakes, and says every one of them with its line")
    func mistakes() async throws {
        try await withTemporaryDatabase(migrations: SchemaMigrations.all) { database in
            let message = await Self.failure {
                _ = try await RatesCommand.Import.keep(
                    Self.file + "2026-11-20,USQ,1\nhello\n", called: "r.csv", base: Currency("AUD"), by: "test",
                    in: database)
            }
            #expect(
                message == """
                    r.csv has 2 mistakes; nothing was imported.
                    r.csv:4: 'USQ' is no currency of ISO 4217, such as USD
                    r.csv:5: three values are wanted, date,currency,rate, such as 2026-11-20,USD,0.6512
                    """)
            let rows = try await RateTable.list(base: nil, currency: nil, limit: 50, in: database)
            #expect(rows.isEmpty)
        }
    }
}
