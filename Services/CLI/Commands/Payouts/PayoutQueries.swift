import JSON
import Postgres

/// The statements behind `payouts` and what `status` and `orders show` say of payouts.
enum PayoutQueries {
    /// Payouts with where they stand: as imported, or as far as their documents have come.
    private static let payouts = """
        SELECT p.store_id AS store, p.payout_id AS payout, p.provider, p.paid_on, p.currency, p.net::text,
            CASE WHEN p.state <> 'booked' THEN p.state WHEN s.is_dead THEN 'dead' WHEN s.is_held THEN 'held'
                 WHEN s.is_posted THEN 'posted' ELSE 'planned' END AS state,
            coalesce(p.reason, s.reason) AS reason, p.findings, p.imported_at, p.imported_by, p.booked_at, l.lines,
            l.charges::text, l.refunds::text, l.fees::text, l.adjustments::text
        FROM payout p
        CROSS JOIN LATERAL (
            SELECT count(*) AS lines, coalesce(sum(amount) FILTER (WHERE kind = 'charge'), 0) AS charges,
                coalesce(sum(amount) FILTER (WHERE kind = 'refund'), 0) AS refunds,
                coalesce(sum(CASE WHEN kind = 'fee' THEN fee - amount ELSE fee END), 0) AS fees,
                coalesce(sum(amount) FILTER (WHERE kind = 'adjustment'), 0) AS adjustments
            FROM payout_line x WHERE x.store_id = p.store_id AND x.payout_id = p.payout_id) l
        CROSS JOIN LATERAL (
            SELECT bool_or(o.state = 'dead') AS is_dead, bool_or(o.state = 'held') AS is_held,
                bool_and(o.state = 'posted') AS is_posted, min(o.reason) FILTER (WHERE o.state IN ('dead', 'held')) AS reason
            FROM sale o WHERE o.store_id = p.store_id AND o.order_id IN (
                SELECT part FROM payout_line x WHERE x.store_id = p.store_id AND x.payout_id = p.payout_id)) s
        """

    static func list(
        store: String?, limit: Int, unpaid: Bool, _ session: some PostgresSession
    ) async throws -> JSONValue {
        var found: JSONObject = [
            "payouts": try await session.json(
                """
                SELECT coalesce(json_agg(t), '[]') FROM (
                    \(unsafeSQL: payouts) WHERE \(store as String?)::text IS NULL OR p.store_id = \(store as String?)
                    ORDER BY p.paid_on DESC, p.imported_at DESC, p.payout_id LIMIT \(limit)
                ) t
                """),
            "unpaid": try await session.json(unpaidSums(store: store)),
        ]
        if unpaid { found["orders"] = try await session.json(unpaidOrders(store: store)) }
        return .object(found)
    }

    /// What was entered for payouts and is in none yet, by store and currency.
    static func unpaidSums(store: String?) -> PostgresQuery {
        """
        SELECT coalesce(json_agg(t), '[]') FROM (
            SELECT store_id AS store, currency, count(DISTINCT order_id) AS orders,
                coalesce(sum(total) FILTER (WHERE total > 0), 0)::text AS sold,
                coalesce(-sum(total) FILTER (WHERE total < 0), 0)::text AS refunded, min(happened_on) AS oldest
            FROM summary_entry WHERE summary_id IS NULL AND closes IS NULL
                AND (\(store as String?)::text IS NULL OR store_id = \(store as String?))
            GROUP BY store_id, currency ORDER BY store_id, currency
        ) t
        """
    }

    private static func unpaidOrders(store: String?) -> PostgresQuery {
        """
        SELECT coalesce(json_agg(t), '[]') FROM (
            SELECT e.store_id AS store, o.order_number AS number, e.source, e.happened_on, e.total::text, e.currency
            FROM summary_entry e LEFT JOIN sale o ON o.store_id = e.store_id AND o.order_id = e.order_id
            WHERE e.summary_id IS NULL AND e.closes IS NULL
                AND (\(store as String?)::text IS NULL OR e.store_id = \(store as String?))
            ORDER BY e.store_id, e.happened_on, e.id
        ) t
        """
    }

    /// Held payouts by store, for `status`.
    static let held: PostgresQuery = """
        SELECT coalesce(json_agg(t), '[]') FROM (
            SELECT store_id AS store, count(*) AS payouts, min(reason) AS reason FROM payout WHERE state = 'held'
            GROUP BY store_id ORDER BY store_id
        ) t
        """

    static func read(store: String, payout: String, _ session: some PostgresSession) async throws -> JSONValue? {
        let head = try await session.json(
            """
            SELECT to_json(t) FROM (
                \(unsafeSQL: payouts) WHERE p.store_id = \(store) AND p.payout_id = \(payout)
            ) t
            """)
        guard head != .null else { return nil }
        return [
            "payout": head,
            "documents": try await session.json(
                """
                SELECT coalesce(json_agg(t), '[]') FROM (
                    SELECT d.order_id AS part, d.kind, d.number, d.state, d.state_reason AS reason, d.total::text,
                        d.total_tax::text AS tax, d.document_date AS date, d.xero_id,
                        d.desired::json->'Account'->>'Code' AS account
                    FROM document d WHERE d.store_id = \(store) AND d.order_id IN (
                        SELECT part FROM payout_line WHERE store_id = \(store) AND payout_id = \(payout))
                    ORDER BY d.order_id, d.id
                ) t
                """),
            "lines": try await session.json(
                """
                SELECT coalesce(json_agg(t), '[]') FROM (
                    SELECT l.position, l.kind, l.order_name, coalesce(o.order_number, l.order_name) AS number,
                        l.order_id AS order, o.state AS order_state, l.amount::text, l.fee::text, l.fee_tax::text,
                        l.happened_on, l.description, l.part, l.settled_in
                    FROM payout_line l LEFT JOIN sale o ON o.store_id = l.store_id AND o.order_id = l.order_id
                    WHERE l.store_id = \(store) AND l.payout_id = \(payout) ORDER BY l.position
                ) t
                """),
        ]
    }

    /// The payouts that an order is in.
    static func of(order id: String, store: String) -> PostgresQuery {
        """
        SELECT coalesce(json_agg(t), '[]') FROM (
            SELECT l.payout_id AS payout, p.provider, p.paid_on, l.kind, l.amount::text, l.fee::text, l.settled_in, l.part
            FROM payout_line l JOIN payout p USING (store_id, payout_id)
            WHERE l.store_id = \(store) AND l.order_id = \(id) ORDER BY p.paid_on, l.position
        ) t
        """
    }
}
