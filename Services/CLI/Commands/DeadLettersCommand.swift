import ArgumentParser
import JSON
import Ledger
import Postgres

/// `counterfoil dead-letters`
struct DeadLettersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dead-letters", abstract: "What failed for good, why, and trying it again.",
        subcommands: [List.self, Show.self, Retry.self])

    /// `counterfoil dead-letters list [--state STATE] [--class CLASS]`
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List dead letters, grouped by what is wrong.")

        @Option(name: .long, help: "open (the default), retrying, resolved, discarded, held or all.")
        var state = "open"

        @Option(name: .long, help: "Only of this class, e.g. mapping.account.")
        var `class`: String?

        @OptionGroup var output: OutputOptions

        func validate() throws {
            guard ["open", "retrying", "resolved", "discarded", "held", "all"].contains(state) else {
                throw ValidationError("--state takes open, retrying, resolved, discarded, held or all.")
            }
        }

        func run() async throws {
            let (state, errorClass) = (state, `class`)
            let rows = try await DatabaseAccess().withDatabase { client in
                try await client.json(
                    """
                    SELECT coalesce(json_agg(t), '[]') FROM (
                        SELECT l.id, l.state, l.class, l.org_id AS org, coalesce(d.store_id, l.store_id) AS store,
                            coalesce(d.order_id, l.order_id) AS order, d.kind, d.number, l.message, l.suggestion,
                            l.occurrences, l.group_key, extract(epoch FROM now() - l.created_at)::bigint AS age_seconds
                        FROM dead_letter l LEFT JOIN document d ON d.id = l.document_id
                        WHERE (\(state) = 'all' OR l.state = \(state))
                            AND (\(errorClass as String?)::text IS NULL OR l.class = \(errorClass as String?))
                        ORDER BY l.group_key, l.id LIMIT 1000
                    ) t
                    """)
            }
            output.show(rows, text: Self.text(rows.array ?? []))
            if rows.array?.contains(where: { $0.cell("state") == "open" }) == true { throw CommandOutcome.needsPerson }
        }

        /// One heading a group, with what to do about it, and a line a letter.
        static func text(_ rows: [JSONValue]) -> [String] {
            guard !rows.isEmpty else { return ["No dead letters."] }
            var lines: [String] = []
            var group: String?
            for row in rows {
                if row.cell("group_key") != group {
                    group = row.cell("group_key")
                    let count = rows.filter { $0.cell("group_key") == group }.count
                    if !lines.isEmpty { lines.append("") }
                    lines.append("\(row.cell("class")): \(count == 1 ? "1 letter" : "\(count) letters")")
                    lines.append("  \(row.cell("suggestion"))")
                }
                let subject = [row.cell("store"), row.cell("order"), row.cell("number")].filter { !$0.isEmpty }
                lines.append(
                    "  #\(row.cell("id"))  \(row.cell("state"))  \(row.cell("kind")) \(subject.joined(separator: " "))  "
                        + "\(ageText(seconds: row.count("age_seconds")))  \(oneLine(row.cell("message")))")
            }
            lines += ["", "Mend the cause, then: counterfoil dead-letters retry ID"]
            return lines
        }
    }

    /// `counterfoil dead-letters show ID`
    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "One dead letter with everything known of it.")

        @Argument(help: "The letter's number.")
        var id: Int64

        @OptionGroup var output: OutputOptions

        func run() async throws {
            let id = id
            let row = try await DatabaseAccess().withDatabase { client in
                try await client.json(
                    """
                    SELECT to_json(t) FROM (
                        SELECT l.*, d.key AS document, d.state AS document_state, d.desired, d.attempts AS document_attempts,
                            d.order_id AS document_order, d.store_id AS document_store,
                            c.method, c.path, c.status, c.response, c.started_at AS called_at
                        FROM dead_letter l LEFT JOIN document d ON d.id = l.document_id
                            LEFT JOIN call c ON c.id = l.call_id
                        WHERE l.id = \(id)
                    ) t
                    """)
            }
            guard row != .null else { throw CommandFailure("There is no dead letter \(id).") }
            output.show(row, text: Self.text(row))
        }

        static func text(_ row: JSONValue) -> [String] {
            var lines = [
                "Dead letter #\(row.cell("id")): \(row.cell("state")), \(row.cell("class")), given up by \(row.cell("service"))",
                "  since \(row.cell("created_at").prefix(19)), \(row.cell("occurrences")) times",
                "", "It says", "  \(row.cell("message"))", "", "What to do", "  \(row.cell("suggestion"))",
            ]
            if !row.cell("document").isEmpty {
                lines += [
                    "", "Document", "  \(row.cell("document")): \(row.cell("document_state"))",
                    "  \(row.cell("desired"))",
                ]
            }
            if !row.cell("method").isEmpty {
                lines += [
                    "", "Call",
                    "  \(row.cell("method")) \(row.cell("path")) -> \(row.cell("status")) at "
                        + "\(row.cell("called_at").prefix(19))",
                    "  \(oneLine(row.cell("response"), limit: 2000))",
                ]
            }
            if !row.cell("detail").isEmpty { lines += ["", "Detail", "  \(row.cell("detail"))"] }
            let order = row.cell("document_order").isEmpty ? row.cell("order_id") : row.cell("document_order")
            let store = row.cell("document_store").isEmpty ? row.cell("store_id") : row.cell("document_store")
            if !order.isEmpty { lines += ["", "The order: counterfoil orders show \(store) \(order)"] }
            return lines + ["Again: counterfoil dead-letters retry \(row.cell("id"))"]
        }
    }

    /// `counterfoil dead-letters retry ID...`
    struct Retry: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Try again: always safe, since what may have reached Xero is looked up first.")

        @Argument(help: "The letters' numbers.")
        var ids: [Int64] = []

        @Flag(name: .long, help: "All open letters.")
        var all = false

        @Option(name: .long, help: "All open letters of this class.")
        var `class`: String?

        @OptionGroup var output: OutputOptions

        func validate() throws {
            guard !ids.isEmpty || all || `class` != nil else {
                throw ValidationError("Name letters by number, or use --class CLASS or --all.")
            }
        }

        func run() async throws {
            let access = DatabaseAccess()
            let (given, all, errorClass, actor) = (ids, all, `class`, access.actor)
            let results = try await access.withDatabase { client in
                var ids = given
                if all || errorClass != nil {
                    let rows = try await client.query(
                        """
                        SELECT id FROM dead_letter WHERE state = 'open'
                            AND (\(errorClass as String?)::text IS NULL OR class = \(errorClass as String?)) ORDER BY id
                        """)
                    ids = try rows.map { try $0.decode("id", as: Int64.self) }
                }
                var results: [(Int64, DeadLetterRetry.Result)] = []
                for id in ids {
                    let result = try await client.withTransaction { transaction in
                        try await DeadLetterRetry.retry(id: id, by: actor, in: transaction)
                    }
                    results.append((id, result))
                }
                return results
            }
            output.show(.array(results.map { Self.json($0, $1) }), text: results.map { Self.line($0, $1) })
            if results.contains(where: { $0.1 == .unknown }) { throw CommandOutcome.failed }
        }

        private static func json(_ id: Int64, _ result: DeadLetterRetry.Result) -> JSONValue {
            ["id": .number(JSONNumber(Int(id))), "result": .string(words(result))]
        }

        private static func line(_ id: Int64, _ result: DeadLetterRetry.Result) -> String { "#\(id)  \(words(result))" }

        private static func words(_ result: DeadLetterRetry.Result) -> String {
            switch result {
            case .retrying: "retrying"
            case .nothingToDo(let reason): "nothing to do: \(reason)"
            case .unknown: "there is no such letter"
            }
        }
    }
}
