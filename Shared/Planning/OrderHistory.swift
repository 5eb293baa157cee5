public import Accounting
public import JSON
import Ledger
public import Mapping
public import Postgres
import Storefronts

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
            SELECT min(document_date) FILTER (WHERE kind = 'invoice' AND state <> 'voided')::text AS invoice_date,
                count(*) > 0 AS has_documents,
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

    /// The imported rates that an order's documents may need; nil if its store's mapping takes none, or it needs none.
    /// - Parameters:
    ///   - snapshot: `{"order", "refunds"}` as the store worded them.
    ///   - past: What is known of the order besides.
    ///   - rules: The store's.
    ///   - session: Where to read.
    public static func rates(
        of snapshot: JSONValue, past: OrderDecision.Past = .init(), rules: PlanningRules,
        in session: some PostgresSession
    ) async throws -> DailyRates? {
        guard rules.mapping.currencyRates.source == .table,
            let order = try? StorefrontOrders.order(from: snapshot, platform: rules.platform, reading: rules.reading)
        else { return nil }
        let moments = [order.createdAt, order.paidAt, order.modifiedAt].compactMap(\.self)
        let days =
            (moments + order.refunds.map(\.createdAt)).map(rules.org.date) + [past.invoiceDate].compactMap(\.self)
        return try await rates(of: order.currency, days: days, rules: rules, in: session)
    }

    /// The imported rates that a daily summary may need; nil if its store's mapping takes none, or it needs none.
    public static func rates(
        of summary: SummaryID, rules: PlanningRules, in session: some PostgresSession
    ) async throws -> DailyRates? {
        guard rules.mapping.currencyRates.source == .table else { return nil }
        return try await rates(of: summary.currency, days: [summary.day], rules: rules, in: session)
    }

    /// The imported rates that a payout's documents may need; nil if its store's mapping takes none, or they need none.
    public static func rates(
        of payout: Payout, on date: CalendarDate, rules: PlanningRules, in session: some PostgresSession
    ) async throws -> DailyRates? {
        guard rules.mapping.currencyRates.source == .table else { return nil }
        return try await rates(of: payout.currency, days: [date, payout.paidOn], rules: rules, in: session)
    }

    private static func rates(
        of currency: Currency, days: [CalendarDate], rules: PlanningRules, in session: some PostgresSession
    ) async throws -> DailyRates? {
        guard let base = rules.org.baseCurrency, base != currency, let first = days.min(), let last = days.max() else {
            return nil
        }
        return try await RateTable.load(
            base: base, currency: currency, from: first.adding(days: -rules.mapping.currencyRates.maxAgeDays),
            through: last, in: session)
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
