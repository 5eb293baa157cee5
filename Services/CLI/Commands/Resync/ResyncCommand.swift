import ArgumentParser
import JSON
import Postgres

/// `counterfoil resync STORE (ORDER | --mapping-changed [--yes])`
struct ResyncCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resync",
        abstract: "Read an order from its storefront now, and plan it again; or plan again what a new mapping changes.",
        discussion: """
            With --mapping-changed: lists what the store's mapping, as applied now, changes of orders that were planned \
            with an earlier one, and what Xero allows of it. Nothing is done without --yes.
            """)

    @Argument(help: "The store.")
    var store: String

    @Argument(help: "The storefront's id of the order, or its number if it is known here.")
    var order: String?

    @Flag(name: .long, help: "All orders that were planned with an earlier mapping.")
    var mappingChanged = false

    @Flag(name: .long, help: "With --mapping-changed: do it.")
    var yes = false

    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard (order != nil) != mappingChanged else {
            throw ValidationError("Say which: an order, or --mapping-changed.")
        }
        if yes, !mappingChanged { throw ValidationError("--yes goes with --mapping-changed.") }
    }

    func run() async throws {
        if let order { try await resync(order) } else { try await remap() }
    }

    private func resync(_ order: String) async throws {
        let store = store
        let id = try await DatabaseAccess().withDatabase { client in
            try await StoreLookup.require(store, client)
            let known = try await client.query(
                "SELECT order_id FROM sale WHERE store_id = \(store) AND (order_number = \(order) OR order_id = \(order)) LIMIT 1"
            )
            let id = try known.first?.decode("order_id", as: String.self) ?? order
            try await client.execute(
                """
                INSERT INTO hint (store_id, entity, entity_id, reason) VALUES (\(store), 'order', \(id), 'resync')
                ON CONFLICT (store_id, entity, entity_id) DO UPDATE SET generation = hint.generation + 1,
                    due_at = now(), hinted_at = now(), attempts = 0, last_error = NULL, reason = 'resync'
                """)
            try await client.execute(
                """
                UPDATE sale SET planned_revision = least(planned_revision, revision - 1), attempts = 0, retry_at = NULL
                WHERE store_id = \(store) AND order_id = \(id) AND state IN ('held', 'dead', 'ignored')
                """)
            return id
        }
        output.show(
            ["store": .string(store), "order": .string(id)],
            text: ["Order \(id) of \(store) is read again now: counterfoil orders show \(store) \(order)"])
    }

    private func remap() async throws {
        let access = DatabaseAccess()
        let sealing = try access.sealing()
        let (store, yes, actor) = (store, yes, access.actor)
        let report = try await access.withDatabase { client in
            let source = try await PreviewSource(store: store, in: client, sealing: sealing)
            var report = try await RemappingReport(source, in: client)
            if yes { try await report.carryOut(by: actor, in: client) }
            return report
        }
        output.show(report.json, text: report.text)
        if report.needsPerson { throw CommandOutcome.needsPerson }
    }
}
