import Accounting
import ArgumentParser
import Foundation
import JSON
import Ledger
import Mapping
import Postgres

/// `counterfoil payouts`
struct PayoutsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "payouts", abstract: "Take in what payment providers paid out, and see what became of it.",
        subcommands: [Import.self, List.self, Show.self])

    /// `counterfoil payouts import STORE FILE...`
    struct Import: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Take in payouts from CSV or JSON files.",
            discussion: """
                A CSV file has a row for each line of a payout and these columns: \
                \(PayoutFile.columns.joined(separator: ", ")). A file with a mistake is refused as a whole, each mistake \
                with its line. Importing a payout again changes nothing.
                """)

        @Argument(help: "The store whose orders were paid out.")
        var store: String

        @Argument(help: "The files.")
        var files: [String]

        @OptionGroup var output: OutputOptions

        func run() async throws {
            var payouts: [Payout] = []
            for file in files { payouts += try Self.read(file) }
            let access = DatabaseAccess()
            let (store, actor, given) = (store, access.actor, payouts)
            let results = try await access.withDatabase { client in
                try await StoreLookup.require(store, client)
                return try await client.withTransaction { session in
                    var results: [PayoutStore.Import] = []
                    for payout in given {
                        results.append(try await PayoutStore.add(payout, storeID: store, actor: actor, in: session))
                    }
                    return results
                }
            }
            output.show(Self.json(given, results), text: Self.text(store, given, results))
            if results.contains(.differs) { throw CommandOutcome.needsPerson }
        }

        private static func read(_ file: String) throws -> [Payout] {
            guard let data = FileManager.default.contents(atPath: file) else {
                throw CommandFailure("\(file) cannot be read.")
            }
            do {
                return try PayoutFile.read(Array(data))
            } catch {
                let lines = error.problems.map { "\(file): \($0)" }
                throw CommandFailure((lines + ["Nothing was imported."]).joined(separator: "\n"))
            }
        }

        static func json(_ payouts: [Payout], _ results: [PayoutStore.Import]) -> JSONValue {
            .array(
                zip(payouts, results).map { payout, result in
                    [
                        "payout": .string(payout.id), "provider": .string(payout.provider),
                        "currency": .string(payout.currency.code), "net": .string(payout.net.fixed(2)),
                        "lines": .number(JSONNumber(payout.lines.count)), "result": .string(result.rawValue),
                    ]
                })
        }

        static func text(_ store: String, _ payouts: [Payout], _ results: [PayoutStore.Import]) -> [String] {
            var table = TextTable(
                ["payout", "provider", "paid on", "lines", "net", "", "result"], right: ["lines", "net"])
            for (payout, result) in zip(payouts, results) {
                let words =
                    switch result {
                    case .added: "imported"
                    case .replaced: "replaces what was imported before"
                    case .unchanged: "known already"
                    case .differs: "booked already and different now: nothing was changed"
                    }
                table.add([
                    payout.id, payout.provider, payout.paidOn.description, "\(payout.lines.count)", payout.net.fixed(2),
                    payout.currency.code, words,
                ])
            }
            if table.isEmpty { return ["The file has no payouts."] }
            let waits = results.contains { $0 == .added || $0 == .replaced }
            return table.lines
                + (waits ? ["", "They are booked within seconds: counterfoil payouts list \(store)"] : [])
        }
    }

    /// `counterfoil payouts list [STORE]`
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List payouts, the latest first, and what was sold and is not paid out yet.",
            discussion: "Exits 3 if a payout is held or refused.")

        @Argument(help: "Only this store's.")
        var store: String?

        @Option(name: .long, help: "At most so many.")
        var limit = 50

        @Flag(name: .long, help: "Each order that is not paid out yet.")
        var unpaid = false

        @OptionGroup var output: OutputOptions

        func validate() throws {
            guard (1...10_000).contains(limit) else { throw ValidationError("--limit takes 1 to 10000.") }
        }

        func run() async throws {
            let (store, limit, unpaid) = (store, limit, unpaid)
            let found = try await DatabaseAccess().withDatabase { client -> JSONValue in
                if let store { try await StoreLookup.require(store, client) }
                return try await PayoutQueries.list(store: store, limit: limit, unpaid: unpaid, client)
            }
            output.show(found, text: PayoutText.list(found))
            if found.list("payouts").contains(where: { ["held", "dead"].contains($0.cell("state")) }) {
                throw CommandOutcome.needsPerson
            }
        }
    }

    /// `counterfoil payouts show STORE ID`
    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "One payout: its arithmetic, its documents, and the order behind each line.")

        @Argument(help: "The store.")
        var store: String

        @Argument(help: "The provider's id of the payout.")
        var payout: String

        @OptionGroup var output: OutputOptions

        func run() async throws {
            let (store, payout) = (store, payout)
            let found = try await DatabaseAccess().withDatabase { client in
                try await PayoutQueries.read(store: store, payout: payout, client)
            }
            guard let found else {
                throw CommandFailure(
                    "Store \(store) has no payout \(payout) here. 'counterfoil payouts import \(store) FILE' takes it in."
                )
            }
            output.show(found, text: PayoutText.show(found))
            if ["held", "dead"].contains(found["payout"]?.cell("state")) { throw CommandOutcome.needsPerson }
        }
    }
}
