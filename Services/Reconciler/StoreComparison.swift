import Accounting
import JSON
import Ledger
import Postgres
import Storefronts

/// Compares what a storefront has with what was read of it. What was missed is read at once.
struct StoreComparison: Sendable {
    let database: PostgresClient
    let client: WooCommerceClient
    let store: StoreRecord

    /// An order as the storefront lists it.
    struct Listed: Sendable, Hashable {
        var id: String
        var number: String
        var modifiedAt: Instant
    }

    func run(
        since: Instant, into result: inout ComparisonResult, progress: (String) async throws -> Void
    ) async throws {
        var page = 1
        var compared = 0
        let after = max(since, store.since)
        while true {
            let answer: WooCommerceClient.OrderPage
            do { answer = try await client.orders(modifiedAfter: after, page: page) } catch {
                throw ComparisonError("store \(store.id) cannot be read: \(error)")
            }
            let listed = answer.orders.compactMap(Self.listed)
            let known = try await known(listed.map(\.id))
            let findings = Self.findings(listed, known: known, storeID: store.id)
            try await read(findings.map(\.order))
            result.findings += findings.map(\.finding)
            compared += listed.count
            try await progress("store \(store.id): \(compared) of \(answer.total) orders compared")
            guard page < answer.totalPages else { break }
            page += 1
        }
        result.counts.append(("orders of \(store.id) compared", compared))
    }

    static func listed(_ order: JSONValue) -> Listed? {
        guard let id = order["id"]?.int, let created = instant(order["date_created_gmt"]) else { return nil }
        return Listed(
            id: String(id), number: order["number"]?.string ?? String(id),
            modifiedAt: instant(order["date_modified_gmt"]) ?? created)
    }

    private static func instant(_ value: JSONValue?) -> Instant? { value?.string.flatMap { Instant(utc: $0) } }

    /// What the storefront has and we have not, or not in this version.
    static func findings(
        _ listed: [Listed], known: [String: Instant], storeID: String
    ) -> [(order: String, finding: Finding)] {
        listed.compactMap { order in
            let subject = "\(storeID)/\(order.number)"
            guard let version = known[order.id] else {
                let message = "The storefront has this order, and it was never read; it is read now."
                return (
                    order.id, Finding(kind: .notObserved, subject: subject, message: message, repaired: true)
                )
            }
            guard version < order.modifiedAt else { return nil }
            let message =
                "The storefront changed it at \(order.modifiedAt.rfc3339), the version here is of \(version.rfc3339); "
                + "it is read now."
            return (order.id, Finding(kind: .outdated, subject: subject, message: message, repaired: true))
        }
    }

    private func known(_ ids: [String]) async throws -> [String: Instant] {
        let rows = try await database.query(
            """
            SELECT order_id, (extract(epoch FROM modified_at) * 1000000)::bigint AS modified_at FROM sale
            WHERE store_id = \(store.id) AND order_id = ANY(\(ids)::text[])
            """)
        var known: [String: Instant] = [:]
        for row in rows { known[try row.decode("order_id")] = Instant(microseconds: try row.decode("modified_at")) }
        return known
    }

    private func read(_ ids: [String]) async throws {
        guard !ids.isEmpty else { return }
        try await database.execute(
            """
            INSERT INTO hint (store_id, entity, entity_id, reason)
            SELECT \(store.id), 'order', id, 'reconcile' FROM unnest(\(ids)::text[]) AS id
            ON CONFLICT (store_id, entity, entity_id) DO UPDATE SET generation = hint.generation + 1,
                due_at = least(hint.due_at, now())
            """)
    }
}
