public import Accounting
public import JSON
public import Postgres

/// What was kept of an order before it is planned.
public enum OrderHistory {
    /// One of the order's snapshots; the newest but for the first is what is planned from.
    /// - Parameters:
    ///   - storeID: The store.
    ///   - orderID: The storefront's id of the order.
    ///   - revision: Which snapshot.
    ///   - session: Where to read.
    /// - Returns: `{"order", "refunds"}` as the store worded them.
    /// - Throws: ``MissingSnapshot``; `PostgresError`.
    public static func snapshot(
        storeID: String, orderID: String, revision: Int, in session: some PostgresSession
    ) async throws -> JSONValue {
        let rows = try await session.query(
            """
            SELECT body FROM snapshot WHERE store_id = \(storeID) AND entity = 'order'
                AND entity_id = \(orderID) AND revision = \(revision)
            """)
        guard let text = try rows.first?.decode("body", as: String.self) else {
            throw MissingSnapshot(storeID: storeID, orderID: orderID, revision: revision)
        }
        return try JSONValue(parsing: Array(text.utf8))
    }

    /// What is known of the order besides its newest snapshot.
    /// - Parameters:
    ///   - storeID: The store.
    ///   - orderID: The storefront's id of the order.
    ///   - revision: The newest snapshot.
    ///   - createdAt: When the order was made, if the store says so.
    ///   - since: The store's start.
    ///   - session: Where to read.
    /// - Returns: what is known.
    /// - Throws: ``MissingSnapshot``; `PostgresError`.
    public static func past(
        storeID: String, orderID: String, revision: Int, createdAt: Instant?, since: Instant,
        in session: some PostgresSession
    ) async throws -> OrderDecision.Past {
        let rows = try await session.query(
            """
            SELECT max(document_date) FILTER (WHERE kind = 'invoice')::text AS invoice_date, count(*) > 0 AS has_documents,
                EXISTS (SELECT 1 FROM summary_entry WHERE store_id = \(storeID) AND order_id = \(orderID)) AS is_summarised
            FROM document WHERE store_id = \(storeID) AND order_id = \(orderID) AND state NOT IN ('superseded')
            """)
        var past = OrderDecision.Past()
        if let row = rows.first {
            past.invoiceDate = row["invoice_date"].flatMap { CalendarDate($0) }
            past.hasDocuments = try row.decode("has_documents")
            past.isSummarised = try row.decode("is_summarised")
        }
        if revision > 1, let createdAt, createdAt < since {
            past.firstSnapshot = try await snapshot(storeID: storeID, orderID: orderID, revision: 1, in: session)
        }
        return past
    }
}

/// A row of `sale` names a snapshot that is not there.
public struct MissingSnapshot: Error, Sendable, CustomStringConvertible {
    /// The store.
    public let storeID: String
    /// The storefront's id of the order.
    public let orderID: String
    /// Which snapshot.
    public let revision: Int

    /// In words.
    public var description: String { "version \(revision) of order \(storeID)/\(orderID) is not in the database" }
}
