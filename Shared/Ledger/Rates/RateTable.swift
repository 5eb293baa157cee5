public import Accounting
public import Mapping
public import Postgres

/// The table of daily rates.
public enum RateTable {
    /// What an import did.
    public struct Change: Sendable, Hashable {
        /// Rates that were not there before.
        public var added = 0
        /// Rates that were others before.
        public var changed = 0
        /// Rates that were there already.
        public var unchanged = 0
        /// Held orders and summaries that are planned again.
        public var replanned = 0

        /// What changed; nothing unless given.
        public init(added: Int = 0, changed: Int = 0, unchanged: Int = 0, replanned: Int = 0) {
            self.added = added
            self.changed = changed
            self.unchanged = unchanged
            self.replanned = replanned
        }
    }

    /// A rate as it is kept.
    public struct Row: Sendable, Hashable {
        /// The currency that one unit is of.
        public var base: String
        /// The currency that is counted.
        public var currency: String
        /// The day.
        public var day: String
        /// How many units of the currency one of the base was worth.
        public var rate: String
        /// When it was imported, in UTC.
        public var importedAt: String
        /// By whom.
        public var importedBy: String
    }

    private static let batch = 5000

    /// Keeps the rates of a file; the same file again changes nothing. Orders that are held in its currencies are planned again.
    /// - Parameters:
    ///   - file: the rates.
    ///   - base: the currency that one unit is of.
    ///   - actor: who imports, for the record.
    ///   - session: a transaction.
    /// - Returns: what changed.
    public static func keep(
        _ file: RateFile, base: Currency, by actor: String, in session: some PostgresSession
    ) async throws -> Change {
        var change = Change()
        var currencies: Set<String> = []
        for start in stride(from: 0, to: file.entries.count, by: batch) {
            let entries = file.entries[start..<min(start + batch, file.entries.count)]
            let rows = try await session.query(
                """
                INSERT INTO currency_rate AS r (base, currency, day, rate, imported_by)
                SELECT \(base.code), n.currency, n.day, n.rate, \(actor)
                FROM unnest(\(entries.map(\.currency.code))::text[], \(entries.map(\.day.description))::date[],
                    \(entries.map(\.rate.description))::numeric[]) AS n (currency, day, rate)
                ON CONFLICT (base, currency, day) DO UPDATE SET rate = excluded.rate, imported_at = now(),
                    imported_by = excluded.imported_by
                    WHERE r.rate <> excluded.rate
                RETURNING currency, xmax = 0 AS is_new
                """)
            for row in rows {
                if try row.decode("is_new") { change.added += 1 } else { change.changed += 1 }
                currencies.insert(try row.decode("currency"))
            }
            change.unchanged += entries.count - rows.count
        }
        guard !currencies.isEmpty else { return change }
        try await Audit.add(
            [
                AuditEntry(
                    actor: actor, subject: "rates \(base)", change: "\(change.added) added, \(change.changed) changed",
                    cause: "rates import")
            ], in: session)
        change.replanned = try await session.execute(
            """
            UPDATE sale SET planned_revision = least(planned_revision, revision - 1), attempts = 0, retry_at = NULL
            WHERE state = 'held' AND currency = ANY(\(currencies.sorted())::text[])
            """)
        return change
    }

    /// The rates of a currency between two days.
    /// - Parameters:
    ///   - base: the currency that one unit is of.
    ///   - currency: the currency that is counted.
    ///   - first: the first day.
    ///   - last: the last day.
    ///   - session: where to read.
    /// - Returns: the rates there are.
    public static func load(
        base: Currency, currency: Currency, from first: CalendarDate, through last: CalendarDate,
        in session: some PostgresSession
    ) async throws(PostgresError) -> DailyRates {
        let rows = try await session.query(
            """
            SELECT day::text AS day, rate::text AS rate FROM currency_rate
            WHERE base = \(base.code) AND currency = \(currency.code)
              AND day BETWEEN \(first.description)::date AND \(last.description)::date
            """)
        var rates: [CalendarDate: ExactDecimal] = [:]
        for row in rows {
            guard let day = row["day"].flatMap({ CalendarDate($0) }),
                let rate = row["rate"].flatMap({ ExactDecimal($0) })
            else { continue }
            rates[day] = rate
        }
        return DailyRates(base: base, currency: currency, rates)
    }

    /// The latest rates.
    /// - Parameters:
    ///   - base: of this base only; nil for all.
    ///   - currency: of this currency only; nil for all.
    ///   - limit: at most so many.
    ///   - session: where to read.
    /// - Returns: the newest days first.
    public static func list(
        base: Currency?, currency: Currency?, limit: Int, in session: some PostgresSession
    ) async throws(PostgresError) -> [Row] {
        let rows = try await session.query(
            """
            SELECT base, currency, day::text AS day, rate::text AS rate, imported_by,
                to_char(imported_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI') AS imported
            FROM currency_rate WHERE (\(base?.code as String?)::text IS NULL OR base = \(base?.code as String?))
                AND (\(currency?.code as String?)::text IS NULL OR currency = \(currency?.code as String?))
            ORDER BY day DESC, base, currency LIMIT \(limit)
            """)
        var found: [Row] = []
        for row in rows {
            found.append(
                Row(
                    base: try row.decode("base"), currency: try row.decode("currency"), day: try row.decode("day"),
                    rate: try row.decode("rate"), importedAt: try row.decode("imported"),
                    importedBy: try row.decode("imported_by")))
        }
        return found
    }
}
