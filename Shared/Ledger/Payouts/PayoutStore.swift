public import Accounting
public import Mapping
public import Postgres

/// Payouts as they are kept: what was imported, and what became of it.
public enum PayoutStore {
    /// What became of a payout that was given.
    public enum Import: String, Sendable, Hashable {
        /// It is new.
        case added
        /// It was not booked yet, and is now what was given.
        case replaced
        /// It was known already, as it was given.
        case unchanged
        /// It is booked already, and was given otherwise: nothing was changed.
        case differs
    }

    /// Takes a payout, however often it is given.
    /// - Parameters:
    ///   - payout: the payout.
    ///   - storeID: our id of the store.
    ///   - actor: who gives it.
    ///   - session: a transaction.
    /// - Returns: what became of it.
    public static func add(
        _ payout: Payout, storeID: String, actor: String, in session: some PostgresSession
    ) async throws -> Import {
        let inserted = try await session.execute(
            """
            INSERT INTO payout (store_id, payout_id, provider, currency, paid_on, net, imported_by)
            VALUES (\(storeID), \(payout.id), \(payout.provider), \(payout.currency.code),
                \(payout.paidOn.description)::date, \(payout.net.description)::numeric, \(actor))
            ON CONFLICT DO NOTHING
            """)
        if inserted == 0 {
            guard let known = try await load(payout.id, storeID: storeID, locking: true, in: session) else {
                throw UnreadablePayout(payoutID: payout.id)
            }
            if known.payout == payout { return .unchanged }
            if known.isBooked { return .differs }
            try await session.execute(
                "DELETE FROM payout_line WHERE store_id = \(storeID) AND payout_id = \(payout.id)")
            try await session.execute(
                """
                UPDATE payout SET provider = \(payout.provider), currency = \(payout.currency.code),
                    paid_on = \(payout.paidOn.description)::date, net = \(payout.net.description)::numeric,
                    state = 'waiting', reason = NULL, findings = NULL, imported_at = now(), imported_by = \(actor)
                WHERE store_id = \(storeID) AND payout_id = \(payout.id)
                """)
        }
        try await add(lines: payout.lines, of: payout.id, storeID: storeID, in: session)
        return inserted == 0 ? .replaced : .added
    }

    private static func add(
        lines: [PayoutLine], of payoutID: String, storeID: String, in session: some PostgresSession
    ) async throws(PostgresError) {
        try await session.execute(
            """
            INSERT INTO payout_line (store_id, payout_id, position, kind, order_name, amount, fee, fee_tax, happened_on,
                description)
            SELECT \(storeID), \(payoutID), n.position, n.kind, n.order_name, n.amount, n.fee, n.fee_tax, n.happened_on,
                n.description
            FROM unnest(\(lines.map(\.kind.rawValue))::text[], \(lines.map(\.order))::text[],
                \(lines.map(\.amount.description))::numeric[], \(lines.map(\.fee.description))::numeric[],
                \(lines.map { $0.feeTax?.description })::numeric[], \(lines.map { $0.date?.description })::date[],
                \(lines.map(\.text))::text[])
                WITH ORDINALITY AS n (kind, order_name, amount, fee, fee_tax, happened_on, description, position)
            """)
    }

    /// A payout that is kept.
    public struct Kept: Sendable, Hashable {
        /// The payout as it was given.
        public var payout: Payout
        /// Whether its documents were made.
        public var isBooked: Bool
        /// Why it is held, if it is.
        public var reason: String?
    }

    /// Reads a payout.
    /// - Parameters:
    ///   - payoutID: the provider's id of it.
    ///   - storeID: our id of the store.
    ///   - locking: whether nobody else may change it until the end of the transaction.
    ///   - session: where to read.
    /// - Returns: the payout; nil if there is none.
    public static func load(
        _ payoutID: String, storeID: String, locking: Bool = false, in session: some PostgresSession
    ) async throws -> Kept? {
        let rows = try await session.query(
            """
            SELECT provider, currency, paid_on::text AS paid_on, net::text AS net, state, reason FROM payout
            WHERE store_id = \(storeID) AND payout_id = \(payoutID) \(unsafeSQL: locking ? "FOR UPDATE" : "")
            """)
        guard let row = rows.first else { return nil }
        guard let currency = Currency(try row.decode("currency", as: String.self)),
            let paidOn = CalendarDate(try row.decode("paid_on", as: String.self)),
            let net = ExactDecimal(try row.decode("net", as: String.self))
        else { throw UnreadablePayout(payoutID: payoutID) }
        let payout = Payout(
            id: payoutID, provider: try row.decode("provider"), currency: currency, paidOn: paidOn, net: net,
            lines: try await lines(of: payoutID, storeID: storeID, in: session))
        return Kept(
            payout: payout, isBooked: try row.decode("state", as: String.self) == "booked", reason: row["reason"])
    }

    private static func lines(
        of payoutID: String, storeID: String, in session: some PostgresSession
    ) async throws -> [PayoutLine] {
        try await session.query(
            """
            SELECT kind, order_name, amount::text AS amount, fee::text AS fee, fee_tax::text AS fee_tax,
                happened_on::text AS happened_on, description, settled_in
            FROM payout_line WHERE store_id = \(storeID) AND payout_id = \(payoutID) ORDER BY position
            """
        ).map { try line($0, of: payoutID).line }
    }

    /// The lines in one part of a payout that is booked.
    /// - Returns: the lines, and the date of the part's documents.
    public static func lines(
        in part: PayoutPart, storeID: String, in session: some PostgresSession
    ) async throws -> (lines: [PayoutDraft.Line], date: CalendarDate?) {
        let rows = try await session.query(
            """
            SELECT kind, order_name, amount::text AS amount, fee::text AS fee, fee_tax::text AS fee_tax,
                happened_on::text AS happened_on, description, settled_in
            FROM payout_line WHERE store_id = \(storeID) AND part = \(part.text) ORDER BY position
            """)
        let dates = try await session.query(
            "SELECT part_date::text AS date FROM payout_line WHERE store_id = \(storeID) AND part = \(part.text) LIMIT 1"
        )
        return (
            try rows.map { try line($0, of: part.payoutID) }, dates.first?["date"].flatMap { CalendarDate($0) }
        )
    }

    private static func line(_ row: PostgresRow, of payoutID: String) throws -> PayoutDraft.Line {
        guard let kind = PayoutLine.Kind(rawValue: try row.decode("kind", as: String.self)),
            let amount = ExactDecimal(try row.decode("amount", as: String.self)),
            let fee = ExactDecimal(try row.decode("fee", as: String.self))
        else { throw UnreadablePayout(payoutID: payoutID) }
        let line = PayoutLine(
            kind, order: row["order_name"], amount: amount, fee: fee,
            feeTax: row["fee_tax"].flatMap { ExactDecimal($0) },
            date: row["happened_on"].flatMap { CalendarDate($0) }, text: try row.decode("description"))
        return PayoutDraft.Line(line, settledIn: row["settled_in"])
    }
}

/// A row of `payout` holds something else than a payout.
public struct UnreadablePayout: Error, Sendable, Hashable, CustomStringConvertible {
    /// The provider's id of it.
    public let payoutID: String

    /// Names the payout.
    public init(payoutID: String) { self.payoutID = payoutID }

    /// In words.
    public var description: String { "payout \(payoutID) cannot be read" }
}
