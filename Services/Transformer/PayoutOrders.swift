import Accounting
import JSON
import Mapping
import Postgres

/// What is known of the orders that a payout names: what waits for a payout, and what was posted otherwise.
struct PayoutOrders {
    private let storeID: String
    private let date: @Sendable (Instant) -> CalendarDate
    private var orders: [String: PayoutOrder] = [:]
    private var numbers: [String: String] = [:]

    /// Reads the orders.
    /// - Parameters:
    ///   - payout: The payout that names them.
    ///   - storeID: The store.
    ///   - date: The day it is in the organisation's time zone.
    ///   - session: A transaction that holds the store's summaries.
    init(
        _ payout: Payout, storeID: String, date: @escaping @Sendable (Instant) -> CalendarDate,
        in session: some PostgresSession
    ) async throws {
        self.storeID = storeID
        self.date = date
        let names = Set(payout.lines.compactMap(\.order)).sorted()
        guard !names.isEmpty else { return }
        try await readSales(names, in: session)
        let ids = orders.keys.sorted()
        try await readOpen(ids, in: session)
        try await readElsewhere(ids, in: session)
        try await readPaidOut(ids, in: session)
        byName = Dictionary(
            names.compactMap { name in
                (numbers[name].flatMap { orders[$0] } ?? orders[name]).map { (name, $0) }
            }, uniquingKeysWith: { first, _ in first })
    }

    /// The orders by the name that the payout gives them: the order's number, else its id.
    private(set) var byName: [String: PayoutOrder] = [:]

    private mutating func readSales(_ names: [String], in session: some PostgresSession) async throws {
        let rows = try await session.query(
            """
            SELECT order_id, order_number, currency, state, reason,
                (extract(epoch FROM coalesce(paid_at, created_at, modified_at)) * 1000000)::bigint AS sold_at
            FROM sale WHERE store_id = \(storeID) AND (order_number = ANY(\(names)) OR order_id = ANY(\(names)))
                AND order_id NOT LIKE 'day:%' AND order_id NOT LIKE 'payout:%'
            ORDER BY created_at
            """)
        for row in rows {
            let id = try row.decode("order_id", as: String.self)
            let number = try row.decode("order_number", as: String.self)
            let soldAt = try row.decode("sold_at", as: Int64?.self).map { Instant(microseconds: $0) }
            orders[id] = PayoutOrder(
                id: id, number: number, soldOn: soldAt.map(date), currency: row["currency"].flatMap { Currency($0) },
                obstacle: Self.obstacle(try row.decode("state"), row["reason"]))
            numbers[number] = id
        }
    }

    /// Why nothing of an order can be paid out, if nothing of it was entered or posted.
    private static func obstacle(_ state: String, _ reason: String?) -> String {
        switch state {
        case "observed": "was read and is not planned yet"
        case "held", "ignored", "dead": "is \(state): \(reason ?? "see counterfoil orders show")"
        default: "has no payment that could be paid out"
        }
    }

    private mutating func readOpen(_ ids: [String], in session: some PostgresSession) async throws {
        let rows = try await session.query(
            """
            SELECT id, order_id, source, happened_on::text AS happened_on, currency, content FROM summary_entry
            WHERE store_id = \(storeID) AND order_id = ANY(\(ids)) AND summary_id IS NULL AND closes IS NULL ORDER BY id
            """)
        for row in rows {
            let open = PayoutOrder.Open(id: try row.decode("id"), entry: try SummaryStore.entry(row))
            orders[try row.decode("order_id")]?.open.append(open)
        }
    }

    /// Money of documents of the orders' own and of days, less what earlier payouts took of it.
    private mutating func readElsewhere(_ ids: [String], in session: some PostgresSession) async throws {
        let rows = try await session.query(
            """
            SELECT order_id, account, is_out, sum(amount)::text AS amount FROM (
                SELECT order_id, desired::json->'Account'->>'Code' AS account, kind = 'refund' AS is_out, total AS amount
                FROM document WHERE store_id = \(storeID) AND order_id = ANY(\(ids)) AND kind IN ('payment', 'refund')
                    AND state NOT IN ('superseded', 'voided') AND NOT desired_void
                UNION ALL
                SELECT e.order_id, m->>'account', (m->>'amount')::numeric < 0, abs((m->>'amount')::numeric)
                FROM summary_entry e, json_array_elements(e.content::json->'money') m
                WHERE e.store_id = \(storeID) AND e.order_id = ANY(\(ids)) AND e.closes IS NOT NULL
                UNION ALL
                SELECT order_id, settled_in, amount < 0, -abs(amount) FROM payout_line
                WHERE store_id = \(storeID) AND order_id = ANY(\(ids)) AND settled_in IS NOT NULL
            ) n GROUP BY order_id, account, is_out HAVING sum(amount) > 0 ORDER BY order_id, account, is_out
            """)
        for row in rows {
            guard let account = row["account"], let amount = row["amount"].flatMap({ ExactDecimal($0) }) else {
                continue
            }
            let isOut = try row.decode("is_out", as: Bool.self)
            orders[try row.decode("order_id")]?.elsewhere.append(
                SummaryEntry.Money(account: account, amount: isOut ? -amount : amount))
        }
    }

    private mutating func readPaidOut(_ ids: [String], in session: some PostgresSession) async throws {
        let rows = try await session.query(
            """
            SELECT order_id, string_agg(DISTINCT payout_id, ', ') AS payouts FROM payout_line
            WHERE store_id = \(storeID) AND order_id = ANY(\(ids)) AND part IS NOT NULL AND kind IN ('charge', 'refund')
            GROUP BY order_id
            """)
        for row in rows {
            let payouts = try row.decode("payouts", as: String.self)
            orders[try row.decode("order_id")]?.obstacle =
                "was paid out already, all that is known of it: payout \(payouts)"
        }
    }
}
