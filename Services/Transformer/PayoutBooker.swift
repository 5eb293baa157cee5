import Accounting
import JSON
import Ledger
import Logging
import Mapping
import Planning
import Postgres

/// Books payouts: what was imported and ties with its orders becomes documents, which are planned as an order's are. What does
/// not tie is held, and looked at again in every round: an order may be read or mapped meanwhile.
struct PayoutBooker: Sendable {
    let database: PostgresClient
    let rules: StoreRules
    let planning: OrderPlanning
    let logger: Logger

    /// How many payouts are looked at in one round.
    private static let batch = 500

    /// Books what can be booked, and plans it: what was just imported first; held ones take turns by chance, so that many of
    /// them keep nothing from being booked.
    /// - Returns: the documents' orders that were made.
    @discardableResult
    func round() async throws -> [OrderReference] {
        let rows = try await database.query(
            """
            SELECT store_id, payout_id FROM payout WHERE state <> 'booked'
            ORDER BY state = 'held', CASE WHEN state = 'held' THEN random() END, imported_at LIMIT \(Self.batch)
            """)
        var made: [OrderReference] = []
        for row in rows {
            let storeID = try row.decode("store_id", as: String.self)
            do {
                made += try await book(row.decode("payout_id"), storeID, try await rules.rules(of: storeID))
            } catch let error as NoRules {
                logger.warning("payout not booked", metadata: ["store": "\(storeID)", "error": "\(error)"])
            }
        }
        for part in made { await planning.plan(part) }
        return made
    }

    /// One transaction: killed in it, nothing has happened; killed after it, the documents are found to be planned.
    private func book(_ payoutID: String, _ storeID: String, _ rules: PlanningRules) async throws -> [OrderReference] {
        try await database.withTransaction(retryingSerialization: true) { session in
            try await SummaryStore.holdInTurn(storeID, in: session)
            guard let kept = try await PayoutStore.load(payoutID, storeID: storeID, locking: true, in: session),
                !kept.isBooked
            else { return [] }
            let orders = try await PayoutOrders(kept.payout, storeID: storeID, date: rules.org.date, in: session)
            let outcome = PayoutBooking.book(
                kept.payout, orders: orders.byName, settings: rules.mapping.payoutSettings(of: kept.payout.provider),
                reference: rules.org.reference)
            switch outcome {
            case .held(let reason, let findings):
                try await hold(kept, storeID, reason, findings, in: session)
                return []
            case .booked(let booking):
                return try await store(booking, of: kept.payout, storeID, orgID: rules.org.orgID, in: session)
            }
        }
    }

    private func hold(
        _ kept: PayoutStore.Kept, _ storeID: String, _ reason: String, _ findings: [String],
        in session: some PostgresSession
    ) async throws(PostgresError) {
        let text = JSONValue.array(findings.map { .string($0) }).text
        let changed = try await session.execute(
            """
            UPDATE payout SET state = 'held', reason = \(reason), findings = \(text)::jsonb
            WHERE store_id = \(storeID) AND payout_id = \(kept.payout.id)
                AND (state, reason, findings) IS DISTINCT FROM ('held', \(reason), \(text)::jsonb)
            """)
        if changed > 0 {
            logger.info(
                "payout held", metadata: ["payout": "\(storeID)/\(kept.payout.id)", "reason": "\(reason)"])
        }
    }

    private func store(
        _ booking: PayoutBooking, of payout: Payout, _ storeID: String, orgID: String, in session: some PostgresSession
    ) async throws -> [OrderReference] {
        let places = booking.places
        try await session.execute(
            """
            UPDATE payout_line l SET order_id = n.order_id, part = n.part, part_date = n.part_date, settled_in = n.settled_in
            FROM unnest(\(places.map(\.orderID))::text[], \(places.map(\.part.text))::text[],
                \(places.map { booking.date(of: $0.part, paidOn: payout.paidOn).description })::date[],
                \(places.map(\.settledIn))::text[])
                WITH ORDINALITY AS n (order_id, part, part_date, settled_in, position)
            WHERE l.store_id = \(storeID) AND l.payout_id = \(payout.id) AND l.position = n.position
            """)
        let entries = booking.entries.sorted { $0.key < $1.key }
        try await session.execute(
            """
            UPDATE summary_entry e SET summary_id = n.part, day = n.day
            FROM unnest(\(entries.map(\.key))::bigint[], \(entries.map(\.value.text))::text[],
                \(entries.map { booking.date(of: $0.value, paidOn: payout.paidOn).description })::date[])
                AS n (id, part, day)
            WHERE e.id = n.id AND e.summary_id IS NULL
            """)
        for part in booking.parts {
            try await addSale(
                part, on: booking.date(of: part, paidOn: payout.paidOn), of: payout, storeID, orgID, in: session)
        }
        try await session.execute(
            """
            UPDATE payout SET state = 'booked', reason = NULL, findings = NULL, booked_at = now()
            WHERE store_id = \(storeID) AND payout_id = \(payout.id)
            """)
        let made = booking.parts.map { OrderReference(storeID: storeID, orderID: $0.text) }
        try await Audit.add(
            made.map {
                AuditEntry(
                    actor: OrderPlanning.origin, subject: $0.text, change: "imported -> booked",
                    cause: "\(payout.arithmetic) = \(payout.net.fixed(2))")
            }, in: session)
        return made
    }

    /// The row that the part's documents belong to; its stamps are the documents' day.
    private func addSale(
        _ part: PayoutPart, on date: CalendarDate, of payout: Payout, _ storeID: String, _ orgID: String,
        in session: some PostgresSession
    ) async throws(PostgresError) {
        let noon = "\(date)T12:00:00Z"
        try await session.execute(
            """
            INSERT INTO sale (store_id, order_id, order_number, org_id, revision, store_status, currency, total, total_tax,
                refunded, created_at, modified_at, paid_at)
            SELECT \(storeID), \(part.text), \(part.text), \(orgID), 1, 'payout', \(payout.currency.code),
                coalesce(sum(total) FILTER (WHERE total > 0), 0), coalesce(sum(total_tax) FILTER (WHERE total > 0), 0),
                coalesce(-sum(total) FILTER (WHERE total < 0), 0), \(noon)::timestamptz, \(noon)::timestamptz,
                \(noon)::timestamptz
            FROM summary_entry WHERE store_id = \(storeID) AND summary_id = \(part.text)
            """)
    }
}
