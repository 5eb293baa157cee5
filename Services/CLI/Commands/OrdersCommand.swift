import ArgumentParser
import JSON
import Postgres

/// `counterfoil orders`
struct OrdersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "orders", abstract: "Look at orders and what became of them, accept, void and restore them.",
        subcommands: [List.self, Show.self, AcceptCommand.self, VoidOrderCommand.self, RestoreOrderCommand.self])

    /// `counterfoil orders list [STORE] [--state STATE]`
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List orders, the latest changed first.")

        @Argument(help: "Only this store's.")
        var store: String?

        @Option(name: .long, help: "Only those in this state: observed, ignored, held, planned, posted, dead, voided.")
        var state: OrderState?

        @Flag(name: .long, help: "Daily summaries and payouts instead of orders.")
        var summaries = false

        @Flag(name: .long, help: "Only those that look odd, which nobody accepted yet.")
        var flagged = false

        @Option(name: .long, help: "At most so many.")
        var limit = 50

        @OptionGroup var output: OutputOptions

        func validate() throws {
            guard (1...10_000).contains(limit) else { throw ValidationError("--limit takes 1 to 10000.") }
        }

        func run() async throws {
            let (store, state, limit, summaries, flagged) = (store, state?.rawValue, limit, summaries, flagged)
            let rows = try await DatabaseAccess().withDatabase { client in
                try await client.json(
                    """
                    SELECT coalesce(json_agg(t), '[]') FROM (
                        SELECT store_id AS store, order_id AS order, order_number AS number, state,
                            store_status AS status, currency, total::text, to_char(modified_at AT TIME ZONE 'UTC',
                            'YYYY-MM-DD HH24:MI') AS modified, reason,
                            (SELECT json_agg(kind ORDER BY kind) FROM anomaly a WHERE a.store_id = sale.store_id
                                AND a.order_id = sale.order_id AND a.accepted_at IS NULL) AS flags
                        FROM sale WHERE (\(store as String?)::text IS NULL OR store_id = \(store as String?))
                            AND (\(state as String?)::text IS NULL OR state = \(state as String?))
                            AND (order_id LIKE 'day:%' OR order_id LIKE 'payout:%') = \(summaries)
                            AND (NOT \(flagged) OR (store_id, order_id) IN (
                                SELECT store_id, order_id FROM anomaly WHERE accepted_at IS NULL))
                        ORDER BY modified_at DESC, order_id LIMIT \(limit)
                    ) t
                    """)
            }
            output.show(rows, text: Self.text(rows.array ?? []))
        }

        static func text(_ rows: [JSONValue]) -> [String] {
            guard !rows.isEmpty else { return ["No such orders."] }
            var table = TextTable(
                ["store", "order", "state", "status", "total", "", "modified (UTC)", "flags", "reason"],
                right: ["total"])
            for row in rows {
                table.add([
                    row.cell("store"), row.cell("number"), row.cell("state"), row.cell("status"), row.cell("total"),
                    row.cell("currency"), row.cell("modified"),
                    row.list("flags").compactMap(\.string).joined(separator: ", "),
                    oneLine(row.cell("reason"), limit: 90),
                ])
            }
            return table.lines
        }
    }

    /// `counterfoil orders show STORE ORDER`
    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "One order: what the store said, what was planned, what Xero has, and every step between.")

        @Argument(help: "The store.")
        var store: String

        @Argument(help: "The order's number, or the storefront's id of it.")
        var order: String

        @OptionGroup var output: OutputOptions

        func run() async throws {
            let (store, order) = (store, order)
            let found = try await DatabaseAccess().withDatabase { client in
                try await OrderQueries.read(store: store, order: order, client)
            }
            guard let found else {
                throw CommandFailure(
                    "Store \(store) has no order \(order) here. "
                        + "'counterfoil resync \(store) \(order)' reads it from the storefront.")
            }
            output.show(found, text: OrderText(found).lines)
            if ["held", "dead"].contains(found["order"]?.cell("state")) { throw CommandOutcome.needsPerson }
        }
    }
}

/// The states of an order.
enum OrderState: String, ExpressibleByArgument, CaseIterable {
    case observed
    case ignored
    case held
    case planned
    case posted
    case dead
    case voided
}
