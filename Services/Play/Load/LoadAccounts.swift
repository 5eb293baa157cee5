import Postgres

/// Every delivery of a load, looked up in table `event` by the number it carried.
struct LoadAccounts: Sendable {
    /// Answered 200 and not there.
    var missing = 0
    /// There more often than sent.
    var doubled = 0
    /// There with an outcome that no delivery of a load should have.
    var misjudged = 0
    /// There although something else than 200 was answered, or nothing: sent again by nobody here, and worked all the same.
    var storedUnanswered = 0
    /// Rows of the load.
    var rows = 0
    /// Of these, repetitions of a delivery that was there already.
    var duplicates = 0
    /// Of these, rightly ignored.
    var ignored = 0

    /// Whether everything answered is there once.
    var areBalanced: Bool { missing == 0 && doubled == 0 && misjudged == 0 }

    /// Reads the table page by page.
    init(_ log: DeliveryLog.Snapshot, database: PostgresClient) async throws {
        var seen = [UInt8](repeating: 0, count: log.sent)
        var (time, id) = ("-infinity", "00000000-0000-0000-0000-000000000000")
        while true {
            let page = try await database.query(
                """
                SELECT received_at::text AS at, id::text AS id, outcome, headers->>'x-wc-webhook-delivery-id' AS delivery
                FROM event WHERE (received_at, id) > (\(time)::timestamptz, \(id)::uuid)
                ORDER BY received_at, id LIMIT 20000
                """)
            for row in page { try count(row, log.drafts, &seen) }
            guard let last = page.last else { break }
            (time, id) = (try last.decode("at"), try last.decode("id"))
        }
        for (number, status) in log.statuses.enumerated() {
            if status == 200, seen[number] == 0 { missing += 1 }
            if status != 200, seen[number] > 0 { storedUnanswered += 1 }
            if seen[number] > 1 { doubled += 1 }
        }
    }

    private mutating func count(_ row: PostgresRow, _ drafts: Set<Int>, _ seen: inout [UInt8]) throws {
        guard let delivery = try row.decode("delivery", as: String?.self), delivery.hasPrefix(LoadGenerator.idPrefix),
            let number = Int(delivery.dropFirst(LoadGenerator.idPrefix.count)), seen.indices.contains(number)
        else { return }
        rows += 1
        seen[number] = seen[number] == 255 ? 255 : seen[number] + 1
        switch try row.decode("outcome", as: String.self) {
        case "accepted" where !drafts.contains(number): break
        case "duplicate" where !drafts.contains(number): duplicates += 1
        case "ignored" where drafts.contains(number): ignored += 1
        default: misjudged += 1
        }
    }

    /// Milliseconds from an order's first webhook to the first call to Xero that carried its invoice, or the contact the
    /// invoice waited for.
    /// - Parameter orders: those that were to be posted from their first webhook on.
    static func millisecondsToFirstCall(
        of orders: Set<SaleKey>, _ database: PostgresClient
    ) async throws -> [Double] {
        let rows = try await database.query(
            """
            WITH told AS (
                SELECT store_id, entity_id, min(received_at) AS at FROM event WHERE entity = 'order' GROUP BY 1, 2
            ), carried AS (
                SELECT invoice.store_id, invoice.order_id, call.started_at
                FROM (SELECT store_id, order_id, id AS sent FROM document WHERE kind = 'invoice'
                      UNION ALL
                      SELECT store_id, order_id, depends_on FROM document
                      JOIN document_dependency ON document_id = document.id WHERE kind = 'invoice') AS invoice
                JOIN call_element ON call_element.document_id = invoice.sent
                JOIN call ON call.id = call_element.call_id
            )
            SELECT told.store_id, told.entity_id,
                   (extract(epoch FROM min(carried.started_at) - told.at) * 1000)::float8 AS milliseconds
            FROM told JOIN carried ON carried.store_id = told.store_id AND carried.order_id = told.entity_id
                AND carried.started_at >= told.at
            GROUP BY told.store_id, told.entity_id, told.at
            """)
        return try rows.compactMap { row in
            let key = SaleKey(store: try row.decode("store_id"), orderID: try row.decode("entity_id"))
            return orders.contains(key) ? try row.decode("milliseconds") : nil
        }
    }
}
