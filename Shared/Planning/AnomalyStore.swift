public import Accounting
public import Mapping
public import Postgres

/// What is kept of orders to compare others with, and of what looked odd.
///
/// An order is looked at when it is planned first, and when what it sells changes: however often it is delivered or planned
/// again, it is not compared with itself, nor later with what became usual since.
public enum AnomalyStore {
    /// Another order that sold the same to the same customer.
    public struct Twin: Sendable, Hashable {
        /// Its number.
        public var number: String
        /// The storefront's id of it.
        public var orderID: String
        /// When it was made.
        public var createdAt: Instant
    }

    // MARK: Traits

    /// Keeps an order's traits.
    /// - Parameters:
    ///   - traits: The order's.
    ///   - storeID: The store.
    ///   - orderID: The storefront's id of the order.
    ///   - session: The transaction that plans it.
    /// - Returns: Whether they are new or differ from before, and the order that had the same likeness before.
    public static func keep(
        _ traits: SaleTraits, storeID: String, orderID: String, in session: some PostgresSession
    ) async throws(PostgresError) -> (isNew: Bool, twinID: String?) {
        let created = traits.createdAt.microseconds
        let rows = try await session.query(
            """
            WITH trait AS (
                INSERT INTO sale_trait AS t (store_id, order_id, created_at, currency, total, country, rates, likeness)
                VALUES (\(storeID), \(orderID), to_timestamp(\(created)::numeric / 1000000),
                    \(traits.currency.code), \(traits.total.description)::numeric, \(traits.country),
                    \(traits.rates)::text[], sha256(convert_to(\(traits.likeness as String?), 'UTF8')))
                ON CONFLICT (store_id, order_id) DO UPDATE SET currency = excluded.currency, total = excluded.total,
                    country = excluded.country, rates = excluded.rates, likeness = excluded.likeness
                WHERE (t.currency, t.total, t.country, t.rates, t.likeness) IS DISTINCT FROM
                    (excluded.currency, excluded.total, excluded.country, excluded.rates, excluded.likeness)
                RETURNING store_id, order_id, likeness
            ), alike AS (
                INSERT INTO sale_likeness AS l (store_id, likeness, order_id)
                SELECT store_id, likeness, order_id FROM trait WHERE likeness IS NOT NULL
                ON CONFLICT (store_id, likeness) DO UPDATE SET order_id = excluded.order_id,
                    former_order_id = CASE WHEN l.order_id = excluded.order_id THEN l.former_order_id ELSE l.order_id END
                RETURNING former_order_id
            )
            SELECT EXISTS (SELECT 1 FROM trait) AS is_new, (SELECT former_order_id FROM alike) AS twin
            """)
        guard let row = rows.first else { return (false, nil) }
        return (try row.decode("is_new"), row["twin"])
    }

    /// Forgets an order that is not posted any more: no other one is its duplicate.
    public static func forget(
        storeID: String, orderID: String, in session: some PostgresSession
    ) async throws(PostgresError) {
        try await session.execute(
            "DELETE FROM sale_trait WHERE store_id = \(storeID) AND order_id = \(orderID)")
    }

    /// The order with an id, if it is posted or would be, and still has the likeness of these traits.
    public static func twin(
        _ orderID: String, of traits: SaleTraits, storeID: String, in session: some PostgresSession
    ) async throws(PostgresError) -> Twin? {
        let rows = try await session.query(
            """
            SELECT t.order_id, s.order_number, (extract(epoch FROM t.created_at) * 1000000)::bigint AS created_at
            FROM sale_trait t JOIN sale s ON s.store_id = t.store_id AND s.order_id = t.order_id
            WHERE t.store_id = \(storeID) AND t.order_id = \(orderID) AND s.voided_by IS NULL
                AND t.likeness = sha256(convert_to(\(traits.likeness as String?), 'UTF8'))
            """)
        guard let row = rows.first else { return nil }
        return Twin(
            number: try row.decode("order_number"), orderID: try row.decode("order_id"),
            createdAt: Instant(microseconds: try row.decode("created_at")))
    }

    /// The other order of the same likeness, without keeping anything.
    public static func twin(
        of traits: SaleTraits, notOf orderID: String, storeID: String, in session: some PostgresSession
    ) async throws(PostgresError) -> Twin? {
        let rows = try await session.query(
            """
            SELECT CASE WHEN order_id = \(orderID) THEN former_order_id ELSE order_id END AS twin FROM sale_likeness
            WHERE store_id = \(storeID) AND likeness = sha256(convert_to(\(traits.likeness as String?), 'UTF8'))
            """)
        guard let other = rows.first?["twin"] else { return nil }
        return try await twin(other, of: traits, storeID: storeID, in: session)
    }

    // MARK: What is usual

    /// What is usual for a store now.
    public static func baseline(
        of storeID: String, in session: some PostgresSession
    ) async throws(PostgresError) -> SaleBaseline {
        let rows = try await session.query(
            """
            SELECT currency, total::text AS total, country, array_to_string(rates, ' ') AS rates,
                (extract(epoch FROM created_at) * 1000000)::bigint AS created_at
            FROM sale_trait WHERE store_id = \(storeID) ORDER BY created_at DESC LIMIT \(SaleBaseline.most)
            """)
        var sales: [SaleTraits] = []
        for row in rows {
            guard let currency = Currency(try row.decode("currency", as: String.self)),
                let total = ExactDecimal(try row.decode("total", as: String.self))
            else { continue }
            sales.append(
                SaleTraits(
                    currency: currency, total: total, country: try row.decode("country"),
                    rates: try row.decode("rates", as: String.self).split(separator: " ").map(String.init),
                    createdAt: Instant(microseconds: try row.decode("created_at"))))
        }
        return SaleBaseline(of: sales)
    }

    // MARK: What was found

    /// Makes what looks odd about an order exactly this; what was accepted stays so.
    /// - Returns: What was not there before.
    public static func store(
        _ anomalies: [Anomaly], storeID: String, orderID: String, in session: some PostgresSession
    ) async throws(PostgresError) -> [Anomaly] {
        let kinds = anomalies.map(\.kind.rawValue)
        let subjects = anomalies.map(\.subject)
        let rows = try await session.query(
            """
            WITH gone AS (
                DELETE FROM anomaly WHERE store_id = \(storeID) AND order_id = \(orderID) AND accepted_at IS NULL
                    AND (kind, subject) NOT IN (SELECT * FROM unnest(\(kinds)::text[], \(subjects)::text[])))
            INSERT INTO anomaly (store_id, order_id, kind, subject, message)
            SELECT \(storeID), \(orderID), n.kind, n.subject, n.message
            FROM unnest(\(kinds)::text[], \(subjects)::text[], \(anomalies.map(\.message))::text[])
                AS n (kind, subject, message)
            ON CONFLICT DO NOTHING RETURNING kind, subject
            """)
        var new: [Anomaly] = []
        for row in rows {
            let (kind, subject) = (try row.decode("kind", as: String.self), try row.decode("subject", as: String.self))
            new += anomalies.filter { $0.kind.rawValue == kind && $0.subject == subject }
        }
        return new
    }

    /// What looks odd about an order and nobody accepted.
    public static func open(
        storeID: String, orderID: String, in session: some PostgresSession
    ) async throws(PostgresError) -> [Anomaly] {
        try await read(
            session.query(
                """
                SELECT kind, subject, message FROM anomaly
                WHERE store_id = \(storeID) AND order_id = \(orderID) AND accepted_at IS NULL ORDER BY kind, subject
                """))
    }

    /// What a person accepted of an order.
    public static func accepted(
        storeID: String, orderID: String, in session: some PostgresSession
    ) async throws(PostgresError) -> [Anomaly] {
        try await read(
            session.query(
                """
                SELECT kind, subject, message FROM anomaly
                WHERE store_id = \(storeID) AND order_id = \(orderID) AND accepted_at IS NOT NULL ORDER BY kind, subject
                """))
    }

    private static func read(_ rows: [PostgresRow]) throws(PostgresError) -> [Anomaly] {
        var found: [Anomaly] = []
        for row in rows {
            guard let kind = Anomaly.Kind(rawValue: try row.decode("kind", as: String.self)) else { continue }
            found.append(
                Anomaly(kind, subject: try row.decode("subject"), message: try row.decode("message")))
        }
        return found
    }

    /// Accepts what looks odd about an order: it is not flagged for the same again, and planned if it was held.
    /// - Returns: What was accepted; `nil` if there is no such order.
    public static func accept(
        storeID: String, order: String, by actor: String, in session: some PostgresSession
    ) async throws(PostgresError) -> (orderID: String, anomalies: [Anomaly])? {
        let orders = try await session.query(
            """
            SELECT order_id FROM sale WHERE store_id = \(storeID) AND (order_number = \(order) OR order_id = \(order))
            ORDER BY order_number = \(order) DESC LIMIT 1 FOR NO KEY UPDATE
            """)
        guard let orderID = try orders.first?.decode("order_id", as: String.self) else { return nil }
        let accepted = try await read(
            session.query(
                """
                UPDATE anomaly SET accepted_at = now(), accepted_by = \(actor)
                WHERE store_id = \(storeID) AND order_id = \(orderID) AND accepted_at IS NULL
                RETURNING kind, subject, message
                """))
        guard !accepted.isEmpty else { return (orderID, []) }
        try await session.execute(
            """
            UPDATE sale SET planned_revision = least(planned_revision, revision - 1), attempts = 0, retry_at = NULL
            WHERE store_id = \(storeID) AND order_id = \(orderID) AND state = 'held'
            """)
        return (orderID, accepted)
    }
}
