import Accounting
import JSON
import Mapping
import Postgres

/// An entry that is kept.
struct StoredEntry: Sendable, Hashable {
    var entry: SummaryEntry
    var mappingVersion: Int64
    /// The summary it is in; nil while its day is open.
    var summaryID: String?
}

/// Entries of a day that is over.
struct DueDay: Sendable, Hashable {
    var day: CalendarDate
    var currency: Currency
}

/// The statements of the transformer on `summary_entry`.
///
/// Whoever enters something for a store holds the store's summaries shared, and whoever closes a day or books a payout holds
/// them alone: a day is closed with all that was entered before, and what comes after knows that it is closed.
enum SummaryStore {
    // MARK: Entering

    /// Waits until nobody closes a day of the store, and keeps anybody from it until the end of the transaction.
    static func share(_ storeID: String, in session: some PostgresSession) async throws(PostgresError) {
        try await session.execute(
            "SELECT pg_advisory_xact_lock_shared(hashtextextended(\(lockName(storeID)), 0))")
    }

    private static func lockName(_ storeID: String) -> String { "daily summaries of \(storeID)" }

    /// What was entered of an order.
    static func entries(of order: OrderReference, in session: some PostgresSession) async throws -> [StoredEntry] {
        try await read(
            session.query(
                """
                SELECT source, happened_on::text AS happened_on, currency, content, mapping_version, summary_id
                FROM summary_entry WHERE store_id = \(order.storeID) AND order_id = \(order.orderID) ORDER BY id
                """))
    }

    /// Takes back what was entered of an order and is in no summary yet.
    static func withdraw(_ order: OrderReference, in session: some PostgresSession) async throws(PostgresError) {
        try await session.execute(
            """
            DELETE FROM summary_entry
            WHERE store_id = \(order.storeID) AND order_id = \(order.orderID) AND summary_id IS NULL
            """)
    }

    /// Which of these days were closed already.
    static func closed(
        _ days: Set<DueDay>, storeID: String, in session: some PostgresSession
    ) async throws -> Set<DueDay> {
        let ids = days.map { SummaryID(day: $0.day, currency: $0.currency).text }
        let rows = try await session.query(
            "SELECT order_id FROM sale WHERE store_id = \(storeID) AND order_id = ANY(\(ids)::text[])")
        return Set(
            try rows.compactMap { row in
                SummaryID(try row.decode("order_id")).map { DueDay(day: $0.day, currency: $0.currency) }
            })
    }

    /// Enters what an order adds.
    static func enter(
        _ entries: [(entry: SummaryEntry, place: SummaryBooking.Place)], of order: OrderReference, revision: Int,
        mappingVersion: Int64, at now: Instant, in session: some PostgresSession
    ) async throws(PostgresError) {
        guard !entries.isEmpty else { return }
        let all = entries.map(\.entry)
        try await session.execute(
            """
            INSERT INTO summary_entry (store_id, order_id, source, happened_on, day, closes, currency, total, total_tax,
                content, mapping_version, revision, entered_at)
            SELECT \(order.storeID), \(order.orderID), n.source, n.happened_on, n.day, n.closes, n.currency, n.total, n.tax,
                n.content, \(mappingVersion)::bigint, \(revision)::integer, \(now.rfc3339)::timestamptz
            FROM unnest(\(all.map(\.source))::text[], \(all.map(\.happenedOn.description))::date[],
                \(entries.map(\.place.day.description))::date[], \(entries.map { $0.place.closes?.description })::date[],
                \(all.map(\.currency.code))::text[], \(all.map(\.total.description))::numeric[],
                \(all.map(\.tax.description))::numeric[], \(all.map(\.content.text))::text[])
                WITH ORDINALITY AS n (source, happened_on, day, closes, currency, total, tax, content, position)
            ORDER BY n.position
            """)
    }

    /// Whether all that was entered of an order is in Xero.
    static func isSettled(_ order: OrderReference, in session: some PostgresSession) async throws -> Bool {
        let rows = try await session.query(
            """
            SELECT NOT EXISTS (SELECT 1 FROM summary_entry WHERE store_id = \(order.storeID)
                AND order_id = \(order.orderID) AND NOT settled) AS settled
            """)
        return try rows[0].decode("settled")
    }

    /// Whether a payout was booked that took the order's money for being in the clearing account already.
    static func isSettledElsewhere(_ order: OrderReference, in session: some PostgresSession) async throws -> Bool {
        let rows = try await session.query(
            """
            SELECT EXISTS (SELECT 1 FROM payout_line WHERE store_id = \(order.storeID) AND order_id = \(order.orderID)
                AND settled_in IS NOT NULL) AS settled
            """)
        return try rows[0].decode("settled")
    }

    // MARK: Closing

    /// Stores that have something entered which is in no summary yet.
    static func openStores(in session: some PostgresSession) async throws -> [String] {
        try await session.query(
            """
            SELECT DISTINCT store_id FROM summary_entry WHERE summary_id IS NULL AND closes IS NOT NULL ORDER BY 1
            """
        )
        .map { try $0.decode("store_id") }
    }

    /// Waits for whoever is at the summaries of a store, and holds them alone until the end of the transaction.
    static func holdInTurn(_ storeID: String, in session: some PostgresSession) async throws(PostgresError) {
        try await session.execute("SELECT pg_advisory_xact_lock(hashtextextended(\(lockName(storeID)), 0))")
    }

    /// Holds the summaries of a store alone until the end of the transaction; false if somebody else is at them.
    static func hold(_ storeID: String, in session: some PostgresSession) async throws -> Bool {
        let rows = try await session.query(
            "SELECT pg_try_advisory_xact_lock(hashtextextended(\(lockName(storeID)), 0)) AS held")
        return try rows[0].decode("held")
    }

    /// Days with entries that close on this day or before, and to which nothing was added since a time.
    static func due(
        _ storeID: String, closing last: CalendarDate, quietSince: Instant, in session: some PostgresSession
    ) async throws -> [DueDay] {
        let rows = try await session.query(
            """
            SELECT day::text AS day, currency FROM summary_entry
            WHERE store_id = \(storeID) AND summary_id IS NULL AND closes <= \(last.description)::date
            GROUP BY day, currency HAVING max(entered_at) <= \(quietSince.rfc3339)::timestamptz
            ORDER BY day, currency
            """)
        return try rows.compactMap { row in
            guard let day = CalendarDate(try row.decode("day", as: String.self)),
                let currency = Currency(try row.decode("currency", as: String.self))
            else { return nil }
            return DueDay(day: day, currency: currency)
        }
    }

    /// When the oldest order of a store that waits to be planned was sold.
    static func oldestUnplanned(_ storeID: String, in session: some PostgresSession) async throws -> Instant? {
        let rows = try await session.query(
            """
            SELECT (extract(epoch FROM min(coalesce(paid_at, created_at, modified_at))) * 1000000)::bigint AS oldest
            FROM sale WHERE store_id = \(storeID) AND planned_revision < revision AND order_id NOT LIKE 'day:%'
                AND order_id NOT LIKE 'payout:%'
            """)
        return try rows.first?.decode("oldest", as: Int64?.self).map { Instant(microseconds: $0) }
    }

    /// Puts the entries of a day that close by then into a summary, which is to be planned as an order is.
    /// - Returns: the summary.
    static func close(
        _ day: DueDay, of storeID: String, orgID: String, closing last: CalendarDate, in session: some PostgresSession
    ) async throws -> SummaryID {
        let first = SummaryID(day: day.day, currency: day.currency)
        let rows = try await session.query(
            """
            SELECT count(*)::integer AS n FROM sale
            WHERE store_id = \(storeID) AND (order_id = \(first.text) OR order_id LIKE \(first.text + ":%"))
            """)
        let summary = SummaryID(day: day.day, currency: day.currency, number: try rows[0].decode("n", as: Int.self) + 1)
        // Its stamps are the day's own, so that summaries of days long past wait for those of new ones.
        let noon = "\(day.day)T12:00:00Z"
        try await session.execute(
            """
            WITH taken AS (
                UPDATE summary_entry SET summary_id = \(summary.text)
                WHERE store_id = \(storeID) AND summary_id IS NULL AND day = \(day.day.description)::date
                  AND currency = \(day.currency.code) AND closes <= \(last.description)::date
                RETURNING total, total_tax
            )
            INSERT INTO sale (store_id, order_id, order_number, org_id, revision, store_status, currency, total, total_tax,
                refunded, created_at, modified_at, paid_at)
            SELECT \(storeID), \(summary.text), \(summary.text), \(orgID), 1, 'daily summary', \(day.currency.code),
                coalesce(sum(total) FILTER (WHERE total > 0), 0), coalesce(sum(total_tax) FILTER (WHERE total > 0), 0),
                coalesce(-sum(total) FILTER (WHERE total < 0), 0), \(noon)::timestamptz, \(noon)::timestamptz,
                \(noon)::timestamptz
            FROM taken
            """)
        return summary
    }

    /// What is in a summary.
    static func entries(
        of summary: String, storeID: String, in session: some PostgresSession
    ) async throws -> [SummaryEntry] {
        try await read(
            session.query(
                """
                SELECT source, happened_on::text AS happened_on, currency, content, mapping_version, summary_id
                FROM summary_entry WHERE store_id = \(storeID) AND summary_id = \(summary) ORDER BY id
                """)
        ).map(\.entry)
    }

    // MARK: Settling

    /// Marks as posted the orders whose summaries are in Xero.
    /// - Returns: how many entries were settled.
    static func settle(limit: Int, in session: some PostgresSession) async throws -> Int {
        let rows = try await session.query(
            """
            SELECT s.store_id, s.order_id FROM sale s
            WHERE (s.store_id, s.order_id) IN (
                SELECT e.store_id, e.order_id FROM summary_entry e
                JOIN sale p ON p.store_id = e.store_id AND p.order_id = e.summary_id AND p.state = 'posted'
                WHERE e.summary_id IS NOT NULL AND NOT e.settled LIMIT \(limit))
            ORDER BY s.store_id, s.order_id FOR NO KEY UPDATE SKIP LOCKED
            """)
        let stores = try rows.map { try $0.decode("store_id", as: String.self) }
        let orders = try rows.map { try $0.decode("order_id", as: String.self) }
        guard !orders.isEmpty else { return 0 }
        let settled = try await session.execute(
            """
            UPDATE summary_entry e SET settled = true FROM sale p
            WHERE (e.store_id, e.order_id) IN (SELECT * FROM unnest(\(stores)::text[], \(orders)::text[]))
              AND NOT e.settled AND p.store_id = e.store_id AND p.order_id = e.summary_id AND p.state = 'posted'
            """)
        try await session.execute(
            """
            UPDATE sale s SET state = 'posted'
            WHERE (s.store_id, s.order_id) IN (SELECT * FROM unnest(\(stores)::text[], \(orders)::text[]))
              AND s.state = 'planned' AND s.planned_revision = s.revision
              AND NOT EXISTS (SELECT 1 FROM summary_entry e WHERE e.store_id = s.store_id AND e.order_id = s.order_id
                              AND NOT e.settled)
            """)
        return settled
    }

    private static func read(_ rows: [PostgresRow]) throws -> [StoredEntry] {
        try rows.map { row in
            StoredEntry(
                entry: try entry(row), mappingVersion: try row.decode("mapping_version"), summaryID: row["summary_id"])
        }
    }

    /// Reads `source`, `happened_on`, `currency` and `content`.
    static func entry(_ row: PostgresRow) throws -> SummaryEntry {
        let content = try JSONValue(parsing: Array(try row.decode("content", as: String.self).utf8))
        guard let day = CalendarDate(try row.decode("happened_on", as: String.self)),
            let currency = Currency(try row.decode("currency", as: String.self)),
            let entry = SummaryEntry(
                source: try row.decode("source"), happenedOn: day, currency: currency, content: content)
        else { throw UnreadableEntry() }
        return entry
    }
}

/// A row of `summary_entry` holds something else than lines and money.
struct UnreadableEntry: Error, CustomStringConvertible {
    var description: String { "what was entered for the daily summary cannot be read" }
}
