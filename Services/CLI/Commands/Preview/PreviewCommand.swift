import Accounting
import ArgumentParser
import Foundation
import JSON
import Ledger
import Mapping
import Planning
import Postgres
import ServiceKit

/// `counterfoil preview STORE (--order N | --file PAYLOAD | --last N)`
struct PreviewCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "preview", abstract: "Show what orders would become in Xero, and why; nothing is posted.",
        discussion: """
            Each document with its lines, taxes and totals, and the rule, mapping key or default that decided each field; \
            or why the order would be held or left alone. With --config the mapping is taken from a file that need not be \
            applied. Exits 3 if an order would be held.
            """)

    @Argument(help: "The store.")
    var store: String

    @Option(name: .long, help: "One order, by its number or the storefront's id of it.")
    var order: String?

    @Option(
        name: .long,
        help:
            "A payload: an order as a webhook carries it, or {\"order\": ..., \"refunds\": [...]}; - is standard input."
    )
    var file: String?

    @Option(name: .long, help: "The latest so many orders, 1 to 1000.")
    var last: Int?

    @Option(name: .long, help: "A configuration file whose mapping is used instead of the one applied.")
    var config: String?

    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard [order != nil, file != nil, last != nil].filter({ $0 }).count == 1 else {
            throw ValidationError("Say which orders: --order N, --file PAYLOAD or --last N.")
        }
        if let last, !(1...1000).contains(last) { throw ValidationError("--last takes 1 to 1000.") }
    }

    func run() async throws {
        let access = DatabaseAccess()
        let sealing = try access.sealing()
        let yaml = try config.map { try ApplyCommand.text(of: $0) }
        let payload = try file.map { try Self.payload($0) }
        let (store, order, last, config) = (store, order, last ?? 1, config ?? "")
        let previews = try await access.withDatabase { client in
            let source: PreviewSource
            if let yaml {
                let lookup = { try access.environment.optional($0) }
                source = try await .init(store: store, yaml: yaml, file: config, in: client, lookup: lookup)
            } else {
                source = try await .init(store: store, in: client, sealing: sealing)
            }
            if let payload {
                var past = OrderDecision.Past()
                past.rates = try await OrderHistory.rates(of: payload, rules: source.rules, in: client)
                let preview = OrderPreview(payload, past: past, rules: source.rules)
                let baseline = try await AnomalyStore.baseline(of: store, in: client)
                return [try await source.flagged(preview, baseline, in: client)]
            }
            return try await source.previews(order: order, last: last, in: client)
        }
        output.show(.array(previews.map(PreviewJSON.value)), text: PreviewText.lines(previews))
        if previews.contains(where: \.isHeld) { throw CommandOutcome.needsPerson }
    }

    /// What a payload file holds.
    private static func payload(_ file: String) throws -> JSONValue {
        do {
            return try JSONValue(parsing: Array(try ApplyCommand.text(of: file).utf8))
        } catch let error as JSONError {
            throw CommandFailure("\(file) is no JSON: \(error)")
        }
    }
}

/// A store's rules, and its orders.
struct PreviewSource: Sendable {
    let rules: PlanningRules

    /// The rules as applied.
    init(store: String, in session: some PostgresSession, sealing: ConfigurationSealing) async throws {
        try await StoreLookup.require(store, session)
        let snapshot = try await ConfigurationLoader.load(from: session, sealing: sealing)
        guard let record = snapshot.stores[store], let org = snapshot.orgs[record.orgID] else {
            throw CommandFailure(
                "The settings of store \(store) cannot be read. Is COUNTERFOIL_KEY the services' key?")
        }
        try await self.init(record, org, try await ReferenceStore.load(orgID: org.id, in: session), in: session)
    }

    /// The rules as a file would make them.
    init(
        store: String, yaml: String, file: String, in session: some PostgresSession,
        lookup: @escaping (String) throws -> String?
    ) async throws {
        let application = ApplyCommand.Application(yaml: yaml, file: file, actor: "")
        let references = try await ReferenceStore.loadAll(in: session)
        let configuration = try application.configuration(knowing: references, lookup: lookup)
        guard let (record, org) = configuration.records(of: store, knowing: references) else {
            let known = configuration.stores.map(\.id).joined(separator: ", ")
            throw CommandFailure("\(file) has no store \(store). It has: \(known.isEmpty ? "none" : known).")
        }
        try await self.init(record, org, references[org.id], in: session)
    }

    private init(
        _ store: StoreRecord, _ org: OrgRecord, _ reference: ReferenceData?, in session: some PostgresSession
    ) async throws {
        var rules: PlanningRules
        do {
            rules = try PlanningRules(store: store, org: org, reference: reference)
        } catch {
            throw CommandFailure("The mapping of store \(store.id) cannot be used: \(error)")
        }
        if rules.mapping.usesItems { rules.know(try await ReferenceStore.items(of: org.id, in: session)) }
        self.rules = rules
    }

    /// Previews of one order, or of the latest.
    func previews(
        order: String?, last: Int, in session: some PostgresSession
    ) async throws -> [OrderPreview] {
        let store = rules.store.storeID
        let rows = try await session.query(
            """
            SELECT order_id, revision, (extract(epoch FROM created_at) * 1000000)::bigint AS created_at FROM sale
            WHERE store_id = \(store) AND order_id NOT LIKE 'day:%' AND order_id NOT LIKE 'payout:%'
                AND (\(order as String?)::text IS NULL
                OR order_number = \(order as String?) OR order_id = \(order as String?))
            ORDER BY order_number = \(order as String?) DESC, sale.created_at DESC NULLS LAST, order_id DESC
            LIMIT \(last)
            """)
        if rows.isEmpty {
            throw CommandFailure(
                order.map {
                    "Store \(store) has no order \($0) here. 'counterfoil resync \(store) \($0)' reads it from the "
                        + "storefront."
                } ?? "Store \(store) has no orders here yet.")
        }
        let baseline = try await AnomalyStore.baseline(of: store, in: session)
        var previews: [OrderPreview] = []
        for row in rows {
            let id = try row.decode("order_id", as: String.self)
            let revision = try row.decode("revision", as: Int.self)
            let createdAt = try row.decode("created_at", as: Int64?.self).map { Instant(microseconds: $0) }
            previews.append(
                try await flagged(
                    preview(orderID: id, revision: revision, createdAt: createdAt, in: session), baseline, in: session))
        }
        return previews
    }

    /// A preview of one order's snapshot.
    func preview(
        orderID: String, revision: Int, createdAt: Instant?, in session: some PostgresSession
    ) async throws -> OrderPreview {
        let store = rules.store.storeID
        let snapshot = try await OrderHistory.snapshot(
            storeID: store, orderID: orderID, revision: revision, in: session)
        var past = try await OrderHistory.past(
            storeID: store, orderID: orderID, revision: revision, createdAt: createdAt, since: rules.since, in: session)
        past.rates = try await OrderHistory.rates(of: snapshot, past: past, rules: rules, in: session)
        return OrderPreview(snapshot, past: past, rules: rules)
    }

    /// A preview with what looks odd about the order.
    func flagged(
        _ preview: OrderPreview, _ baseline: SaleBaseline, in session: some PostgresSession
    ) async throws -> OrderPreview {
        let policy = rules.mapping.anomalies
        guard let order = preview.order, preview.outcome.isSale, !policy.isOff else { return preview }
        let (store, traits) = (rules.store.storeID, SaleTraits(order))
        let twin = try await AnomalyStore.twin(of: traits, notOf: order.orderID, storeID: store, in: session)
        let accepted = try await AnomalyStore.accepted(storeID: store, orderID: order.orderID, in: session)
        var flagged = preview
        flagged.flag(
            AnomalySearch(traits, policy: policy, order: order.number).anomalies(baseline: baseline, twin: twin),
            accepted: accepted, policy: policy)
        return flagged
    }
}

extension OrderPreview {
    /// Whether a person would have to look at the order.
    var isHeld: Bool {
        if case .held = outcome { return true }
        return false
    }
}
