import Accounting
import ArgumentParser
import JSON
import Ledger
import Mapping
import Postgres

/// `counterfoil rates`
struct RatesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rates",
        abstract: "The table of daily rates, for mappings with currency_rates: { source: table }.",
        subcommands: [Import.self, List.self])

    /// `counterfoil rates import FILE [--base CODE]`
    struct Import: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "import", abstract: "Add the rates of a file to the table.",
            discussion: """
                Lines of date,currency,rate, such as 2026-11-20,USD,0.6512: how many of the currency one unit of the \
                organisation's own was worth. Importing a file again changes nothing. Held orders in its currencies are \
                planned again.
                """)

        @Argument(help: "The file (CSV); - is standard input.")
        var file: String

        @Option(name: .long, help: "The organisation's own currency; needed where orgs have different ones.")
        var base: String?

        @OptionGroup var output: OutputOptions

        func validate() throws {
            if let base, Currency(base) == nil { throw ValidationError("--base takes a currency such as AUD.") }
        }

        func run() async throws {
            let text = try ApplyCommand.text(of: file)
            let access = DatabaseAccess()
            let (name, actor) = (file == "-" ? "standard input" : file, access.actor)
            let wanted = base.flatMap { Currency($0) }
            let (base, change) = try await access.withDatabase { client in
                try await Self.keep(text, called: name, base: wanted, by: actor, in: client)
            }
            output.show(Self.json(base, change), text: Self.text(base, change))
        }

        /// Reads a file and keeps what it says.
        static func keep(
            _ text: String, called name: String, base wanted: Currency?, by actor: String, in database: PostgresClient
        ) async throws -> (base: Currency, change: RateTable.Change) {
            let base: Currency
            if let wanted { base = wanted } else { base = try await onlyBase(in: database) }
            let file: RateFile
            do {
                file = try RateFile(text, base: base)
            } catch {
                let count = error.mistakes.count
                let lines = error.mistakes.map { "\(name):\($0)" }
                let most = count == RateFile.mostMistakes ? ["there may be more"] : []
                let refusal = "\(name) has \(count == 1 ? "1 mistake" : "\(count) mistakes"); nothing was imported."
                throw CommandFailure(([refusal] + lines + most).joined(separator: "\n"))
            }
            return (
                base,
                try await database.withTransaction { try await RateTable.keep(file, base: base, by: actor, in: $0) }
            )
        }

        /// The currency that all orgs keep their books in.
        private static func onlyBase(in database: PostgresClient) async throws -> Currency {
            let bases = Set(try await ReferenceStore.loadAll(in: database).values.compactMap(\.baseCurrency))
            if bases.count == 1, let base = bases.first { return base }
            throw CommandFailure(
                bases.isEmpty
                    ? "No org's own currency has been read from Xero yet. Say it: --base AUD"
                    : "The orgs keep their books in \(bases.map(\.code).sorted().joined(separator: ", ")). "
                        + "Say which one the rates are against: --base CODE")
        }

        static func text(_ base: Currency, _ change: RateTable.Change) -> [String] {
            var lines = [
                "Rates against \(base): \(change.added) added, \(change.changed) changed, \(change.unchanged) known already."
            ]
            if change.replanned > 0 { lines.append("\(change.replanned) held orders are planned again now.") }
            if change.changed > 0 { lines.append("What was planned with a rate that changed keeps it.") }
            return lines
        }

        private static func json(_ base: Currency, _ change: RateTable.Change) -> JSONValue {
            [
                "base": .string(base.code), "added": .number(JSONNumber(change.added)),
                "changed": .number(JSONNumber(change.changed)), "unchanged": .number(JSONNumber(change.unchanged)),
                "replanned": .number(JSONNumber(change.replanned)),
            ]
        }
    }

    /// `counterfoil rates list [--base CODE] [--currency CODE]`
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the rates, the newest days first.")

        @Option(name: .long, help: "Only those against this currency.")
        var base: String?

        @Option(name: .long, help: "Only those of this currency.")
        var currency: String?

        @Option(name: .long, help: "At most so many.")
        var limit = 50

        @OptionGroup var output: OutputOptions

        func validate() throws {
            for code in [base, currency].compactMap(\.self) where Currency(code) == nil {
                throw ValidationError("'\(code)' is no currency; write one like USD.")
            }
            guard (1...10_000).contains(limit) else { throw ValidationError("--limit takes 1 to 10000.") }
        }

        func run() async throws {
            let (base, currency, limit) = (base.flatMap { Currency($0) }, currency.flatMap { Currency($0) }, limit)
            let rows = try await DatabaseAccess().withDatabase { client in
                try await RateTable.list(base: base, currency: currency, limit: limit, in: client)
            }
            output.show(
                .array(
                    rows.map { row in
                        [
                            "base": .string(row.base), "currency": .string(row.currency), "day": .string(row.day),
                            "rate": .string(row.rate), "imported_at": .string(row.importedAt),
                            "imported_by": .string(row.importedBy),
                        ]
                    }), text: Self.text(rows))
        }

        static func text(_ rows: [RateTable.Row]) -> [String] {
            guard !rows.isEmpty else { return ["No such rates. 'counterfoil rates import FILE' adds some."] }
            var table = TextTable(["day", "rate", "imported (UTC)", "by"])
            for row in rows {
                table.add([row.day, "1 \(row.base) = \(row.rate) \(row.currency)", row.importedAt, row.importedBy])
            }
            return table.lines
        }
    }
}
