import JSON
import Ledger
import Postgres

/// A hint as it was claimed: "something about this order changed".
struct ClaimedHint: Sendable, Equatable {
    let storeID: String
    let orderID: String
    /// What was claimed: a hint that came since has a higher one.
    let generation: Int64
    let reason: String
    let attempts: Int
    /// The W3C trace of what hinted; nil if nothing said.
    var traceparent: String?

    /// The reason of a further read after two different contents with one stamp.
    static let tieReason = "reread after a tie"
}

/// The hints waiting to be worked, in the database.
struct HintQueue: Sendable {
    let database: PostgresClient
    /// Who claims.
    let holder: String
    /// How long a claim lasts: should this process die, the hint is taken up again after that.
    var leaseSeconds = 30

    /// Claims hints that are due, at most so many of each store; their attempts are counted with the claim.
    func claim(_ room: [String: Int]) async throws(PostgresError) -> [ClaimedHint] {
        let stores = room.keys.sorted()
        guard !stores.isEmpty else { return [] }
        let rows = try await database.query(
            """
            UPDATE hint SET claimed_by = \(holder), claimed_until = now() + make_interval(secs => \(leaseSeconds)),
                   attempts = hint.attempts + 1
            FROM (
                SELECT due.store_id, due.entity, due.entity_id
                FROM unnest(\(stores)::text[], \(stores.map { room[$0] ?? 0 })::bigint[]) AS wanted (store, room)
                CROSS JOIN LATERAL (
                    SELECT store_id, entity, entity_id FROM hint
                    WHERE store_id = wanted.store AND entity = 'order' AND due_at <= now()
                      AND (claimed_until IS NULL OR claimed_until < now())
                    ORDER BY due_at LIMIT wanted.room FOR UPDATE SKIP LOCKED
                ) AS due
            ) AS chosen
            WHERE hint.store_id = chosen.store_id AND hint.entity = chosen.entity AND hint.entity_id = chosen.entity_id
            RETURNING hint.store_id, hint.entity_id, hint.generation, hint.reason, hint.attempts, hint.traceparent
            """)
        var claimed: [ClaimedHint] = []
        for row in rows {
            claimed.append(
                ClaimedHint(
                    storeID: try row.decode("store_id"), orderID: try row.decode("entity_id"),
                    generation: try row.decode("generation"), reason: try row.decode("reason"),
                    attempts: try row.decode("attempts"), traceparent: row["traceparent"]))
        }
        return claimed
    }

    /// Puts a claimed hint off, with the reason.
    func putOff(_ hint: ClaimedHint, by delay: Duration, error: String) async throws(PostgresError) {
        try await database.execute(
            """
            UPDATE hint SET claimed_by = NULL, claimed_until = NULL, last_error = \(String(error.prefix(500))),
                   due_at = greatest(due_at, now() + make_interval(secs => \(delay.wholeSeconds)))
            WHERE store_id = \(hint.storeID) AND entity = 'order' AND entity_id = \(hint.orderID)
              AND claimed_by = \(holder)
            """)
    }

    /// Writes hints for orders that were found changed; a hint that already waits is only renewed.
    static func add(
        _ orderIDs: [String], of storeID: String, reason: String, to session: some PostgresSession
    ) async throws(PostgresError) {
        guard !orderIDs.isEmpty else { return }
        try await session.execute(
            """
            INSERT INTO hint (store_id, entity, entity_id, reason)
            SELECT \(storeID), 'order', id, \(reason) FROM unnest(\(orderIDs)::text[]) AS id
            ON CONFLICT (store_id, entity, entity_id) DO UPDATE SET
                generation = hint.generation + 1, hinted_at = now(), due_at = least(hint.due_at, excluded.due_at)
            """)
    }

    /// Ends a worked hint in its transaction: deleted, or due again for its next planned read, or left for the hint that came
    /// meanwhile.
    /// - Parameter readAgain: whether one more read is needed beyond those planned.
    static func finish(
        _ hint: ClaimedHint, readAgain: Bool, in session: some PostgresSession
    ) async throws(PostgresError) {
        let rows = try await session.query(
            """
            SELECT generation, cardinality(again_at) AS planned FROM hint
            WHERE store_id = \(hint.storeID) AND entity = 'order' AND entity_id = \(hint.orderID) FOR UPDATE
            """)
        guard let row = rows.first else { return }
        if try row.decode("generation", as: Int64.self) != hint.generation {
            try await update(hint, "claimed_by = NULL, claimed_until = NULL, attempts = 0", in: session)
        } else if try row.decode("planned", as: Int.self) > 0 {
            try await update(
                hint,
                """
                claimed_by = NULL, claimed_until = NULL, attempts = 0, last_error = NULL, reason = 'reread',
                due_at = again_at[1], again_at = again_at[2:]
                """, in: session)
        } else if readAgain {
            try await update(
                hint,
                """
                claimed_by = NULL, claimed_until = NULL, attempts = 0, last_error = NULL,
                reason = '\(ClaimedHint.tieReason)', due_at = now() + interval '2 seconds'
                """, in: session)
        } else {
            try await session.execute(
                """
                DELETE FROM hint WHERE store_id = \(hint.storeID) AND entity = 'order' AND entity_id = \(hint.orderID)
                """)
        }
    }

    private static func update(
        _ hint: ClaimedHint, _ assignments: String, in session: some PostgresSession
    ) async throws(PostgresError) {
        try await session.execute(
            """
            UPDATE hint SET \(unsafeSQL: assignments)
            WHERE store_id = \(hint.storeID) AND entity = 'order' AND entity_id = \(hint.orderID)
            """)
    }
}

extension Duration {
    /// Whole seconds, rounded up.
    var wholeSeconds: Int { Int(components.seconds) + (components.attoseconds > 0 ? 1 : 0) }
}
