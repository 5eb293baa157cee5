import Accounting
import ArgumentParser
import JSON
import Ledger
import Mapping
import Planning
import Postgres

/// `counterfoil orders accept STORE ORDER...`
struct AcceptCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "accept", abstract: "Accept orders that look odd: they are as they should be.",
        discussion: """
            An order that is held for it is planned again and posted; it is not flagged for the same again. For anything else \
            that it is held for, it stays held.
            """)

    @Argument(help: "The store.")
    var store: String

    @Argument(help: "The orders' numbers, or the storefront's ids of them.")
    var orders: [String]

    @OptionGroup var output: OutputOptions

    func run() async throws {
        let access = DatabaseAccess()
        let (store, orders, actor) = (store, orders, access.actor)
        let accepted = try await access.withDatabase { client in
            try await client.withTransaction { transaction in
                var accepted: [(order: String, findings: [String])] = []
                for order in orders {
                    let found = try await AnomalyStore.accept(
                        storeID: store, order: order, by: actor, in: transaction)
                    guard let (id, anomalies) = found else {
                        throw CommandFailure("Store \(store) has no order \(order) here; nothing was changed.")
                    }
                    try await Audit.add(
                        anomalies.map {
                            AuditEntry(
                                actor: actor, subject: "\(store)/\(id)", change: "accepted: \($0.kind.rawValue)",
                                cause: $0.message)
                        }, in: transaction)
                    accepted.append((order, anomalies.map(\.message)))
                }
                return accepted
            }
        }
        output.show(
            .array(
                accepted.map { ["order": .string($0.order), "accepted": .array($0.findings.map { .string($0) })] }),
            text: accepted.flatMap { order, findings in
                findings.isEmpty
                    ? ["Order \(order) has nothing to accept."]
                    : ["Order \(order) is accepted:"] + findings.map { "  \($0)" }
            })
    }
}
