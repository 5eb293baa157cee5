import Accounting
import ArgumentParser
import JSON
import Postgres

/// `counterfoil backfill STORE --since DATE [--until DATE]`
struct BackfillCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backfill", abstract: "Have a store swept again from a date.",
        discussion: "Orders created before the store's 'since' stay ignored, whatever the date.")

    @Argument(help: "The store.")
    var store: String

    @Option(name: .long, help: "The first day, as 2026-07-01 (UTC).")
    var since: String

    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard CalendarDate(since) != nil else { throw ValidationError("--since takes a date such as 2026-07-01.") }
    }

    func run() async throws {
        let (store, since) = (store, since)
        try await DatabaseAccess().withDatabase { client in
            try await StoreLookup.require(store, client)
            try await client.execute(
                """
                INSERT INTO sweep (store_id, watermark) VALUES (\(store), (\(since) || 'T00:00:00Z')::timestamptz)
                ON CONFLICT (store_id) DO UPDATE SET due_at = now(),
                    watermark = least(sweep.watermark, excluded.watermark)
                """)
        }
        output.show(
            ["store": .string(store), "since": .string(since)],
            text: ["\(store) is swept from \(since) now: counterfoil status shows how far it is."])
    }
}

/// Whether a store is configured.
enum StoreLookup {
    /// - Throws: `CommandFailure` naming the stores there are.
    static func require(_ store: String, _ session: some PostgresSession) async throws {
        let rows = try await session.query("SELECT id FROM store WHERE removed_at IS NULL ORDER BY id")
        let stores = try rows.map { try $0.decode("id", as: String.self) }
        guard !stores.contains(store) else { return }
        throw CommandFailure(
            "There is no store \(store). "
                + (stores.isEmpty
                    ? "None is configured yet: counterfoil apply -f FILE"
                    : "There are: \(stores.joined(separator: ", ")).")
        )
    }
}
