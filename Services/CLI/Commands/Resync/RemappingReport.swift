import Accounting
import JSON
import Ledger
import Mapping
import Planning
import Postgres

/// What a store's new mapping changes of the orders that were planned with an earlier one.
struct RemappingReport: Sendable {
    /// One order that the new mapping changes.
    struct Order: Sendable {
        var id: String
        var number: String
        var remapping: Remapping
    }

    let storeID: String
    private let mappingVersion: Int64
    /// The orders that change.
    private(set) var orders: [Order] = []
    /// Orders that were planned with an earlier mapping and do not change.
    private(set) var unchanged: [String] = []
    /// How many are planned again; nil if that was not asked for.
    private(set) var replanned: Int?

    /// Compares every order that was planned with an earlier mapping. What was entered for a daily summary stays as it is.
    init(
        _ source: PreviewSource, in session: some PostgresSession, now: Instant = Instant.now()
    ) async throws {
        storeID = source.rules.store.storeID
        mappingVersion = source.rules.mappingVersion
        let consent = Correction(day: source.rules.org.date(now), lockDate: source.rules.lockDate)
        var after = ""
        while true {
            let rows = try await session.query(
                """
                SELECT order_id, order_number, revision, (extract(epoch FROM created_at) * 1000000)::bigint AS created_at
                FROM sale WHERE store_id = \(storeID) AND order_id > \(after) AND state IN ('planned', 'posted')
                    AND planned_revision = revision AND mapping_version < \(source.rules.mappingVersion)
                    AND voided_by IS NULL AND order_id NOT LIKE 'day:%' AND order_id NOT LIKE 'payout:%'
                    AND NOT EXISTS (SELECT 1 FROM summary_entry e
                        WHERE e.store_id = sale.store_id AND e.order_id = sale.order_id)
                ORDER BY order_id LIMIT 500
                """)
            for row in rows { try await add(row, source, consent, in: session) }
            guard let last = rows.last else { return }
            after = try last.decode("order_id")
        }
    }

    private mutating func add(
        _ row: PostgresRow, _ source: PreviewSource, _ consent: Correction,
        in session: some PostgresSession
    ) async throws {
        let id = try row.decode("order_id", as: String.self)
        let preview = try await source.preview(
            orderID: id, revision: row.decode("revision"),
            createdAt: row.decode("created_at", as: Int64?.self).map { Instant(microseconds: $0) }, in: session)
        let kept = try await Self.kept(storeID: storeID, orderID: id, in: session)
        let key = DocumentKey(
            orgID: source.rules.org.orgID, storeID: storeID, kind: .invoice, sourceID: id, part: "1")
        let remapping = Remapping(preview, kept: kept, order: key, correction: consent)
        if remapping.changes.isEmpty, remapping.refusal == nil {
            unchanged.append(id)
        } else {
            orders.append(Order(id: id, number: try row.decode("order_number"), remapping: remapping))
        }
    }

    private static func kept(
        storeID: String, orderID: String, in session: some PostgresSession
    ) async throws -> [StandingDocument] {
        let rows = try await session.query(
            """
            SELECT key, number, coalesce(planned, desired) AS desired, total::text AS total,
                state = 'voided' OR desired_void AND state IN ('sending', 'uncertain') AS gone,
                xero_id IS NOT NULL OR state IN ('sending', 'uncertain') OR lookup_first AS in_xero
            FROM document WHERE store_id = \(storeID) AND order_id = \(orderID) AND state <> 'superseded' ORDER BY id
            """)
        return try rows.compactMap { row in
            guard let key = DocumentKey(try row.decode("key", as: String.self)) else { return nil }
            let kind = key.kind.rawValue.replacing("_", with: " ")
            let (isGone, isInXero) = (
                try row.decode("gone", as: Bool.self), try row.decode("in_xero", as: Bool.self)
            )
            return StandingDocument(
                key.reference, standing: isGone ? .gone : isInXero ? .inXero : .unsent,
                title: "\(kind) \(row["number"] ?? "of \(key.sourceID)")",
                desired: try JSONValue(parsing: row.decode("desired", as: String.self)),
                total: row["total"].flatMap { ExactDecimal($0) } ?? .zero)
        }
    }

    /// Has every order planned again of which something changes, with the consent to change what is settled.
    mutating func carryOut(by actor: String, in database: PostgresClient) async throws {
        let wanted = orders.filter(\.remapping.canBeDone).map(\.id) + unchanged
        let (storeID, mappingVersion) = (storeID, mappingVersion)
        try await database.withTransaction { transaction in
            try await transaction.execute(
                """
                UPDATE sale SET planned_revision = revision - 1, attempts = 0, retry_at = NULL,
                    remap_version = \(mappingVersion), remap_at = now()
                WHERE store_id = \(storeID) AND order_id = ANY(\(wanted)) AND planned_revision = revision
                """)
            try await transaction.execute(
                """
                INSERT INTO audit (actor, subject, change, cause)
                SELECT \(actor), \(storeID) || '/' || id, 'planned again', 'the mapping changed'
                FROM unnest(\(wanted)::text[]) AS id
                """)
        }
        replanned = orders.count { $0.remapping.canBeDone }
    }

    // MARK: Words

    /// Whether something cannot be done.
    var needsPerson: Bool { orders.contains { !$0.remapping.canBeDone } }

    var json: JSONValue {
        [
            "store": .string(storeID),
            "orders": .array(
                orders.map { order in
                    [
                        "order": .string(order.number), "can_be_done": .bool(order.remapping.canBeDone),
                        "refusal": order.remapping.refusal.map { .string($0) } ?? .null,
                        "changes": .array(
                            order.remapping.changes.map { change in
                                [
                                    "document": .string(change.document), "way": .string(change.way.rawValue),
                                    "details": .array(change.details.map { .string($0) }),
                                ]
                            }),
                    ]
                }),
            "unchanged": .number(JSONNumber(unchanged.count)),
            "replanned": replanned.map { .number(JSONNumber($0)) } ?? .null,
        ]
    }

    var text: [String] {
        guard !orders.isEmpty else {
            return [
                "The mapping of \(storeID) changes nothing of the \(unchanged.count) orders made with an earlier one."
            ]
        }
        var lines = orders.flatMap { order -> [String] in
            ["Order \(order.number)"] + (order.remapping.refusal.map { ["  \($0)"] } ?? [])
                + order.remapping.changes.flatMap { change in
                    ["  \(change.document) \(change.way.rawValue)"] + change.details.map { "    \($0)" }
                }
        }
        let doable = orders.count { $0.remapping.canBeDone }
        lines += [
            "", "Orders made with an earlier mapping: \(orders.count) differ, \(unchanged.count) do not.",
            "Changes that can be made: of \(doable) orders. As they are stay: \(orders.count - doable).",
        ]
        if let replanned {
            lines.append("\(replanned) are planned again now: counterfoil status shows how far they are.")
        } else if doable > 0 {
            lines.append("Nothing was done. 'counterfoil resync \(storeID) --mapping-changed --yes' does it.")
        }
        return lines
    }
}
