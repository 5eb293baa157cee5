import Accounting
import Ledger
import Postgres

/// A sweep as it was claimed.
struct ClaimedSweep: Sendable, Equatable {
    let storeID: String
    /// Everything modified before it has been read; nil before the first sweep.
    let watermark: Instant?
    /// Failures in a row so far.
    let failures: Int
}

/// The sweeps waiting to be made, in the database: one claimer a store at a time.
struct SweepQueue: Sendable {
    let database: PostgresClient
    /// Who claims.
    let holder: String
    /// How long a claim lasts without being renewed.
    var leaseSeconds = 60

    /// Makes sure that every store has a row.
    func prepare() async throws(PostgresError) {
        try await database.execute(
            """
            INSERT INTO sweep (store_id) SELECT id FROM store WHERE removed_at IS NULL ON CONFLICT (store_id) DO NOTHING
            """)
    }

    /// Claims sweeps that are due among these stores.
    func claim(_ stores: [String]) async throws(PostgresError) -> [ClaimedSweep] {
        guard !stores.isEmpty else { return [] }
        let rows = try await database.query(
            """
            UPDATE sweep SET claimed_by = \(holder), claimed_until = now() + make_interval(secs => \(leaseSeconds)),
                   last_started = now()
            WHERE store_id IN (
                SELECT store_id FROM sweep
                WHERE store_id = ANY(\(stores)::text[]) AND due_at <= now()
                  AND (claimed_until IS NULL OR claimed_until < now())
                FOR UPDATE SKIP LOCKED
            )
            RETURNING store_id, (extract(epoch FROM watermark) * 1000000)::bigint AS watermark, failures
            """)
        var claimed: [ClaimedSweep] = []
        for row in rows {
            claimed.append(
                ClaimedSweep(
                    storeID: try row.decode("store_id"),
                    watermark: try row.decode("watermark", as: Int64?.self).map { Instant(microseconds: $0) },
                    failures: try row.decode("failures")))
        }
        return claimed
    }

    /// Keeps a claim; false if it was lost.
    func renew(_ sweep: ClaimedSweep) async throws(PostgresError) -> Bool {
        let kept = try await database.execute(
            """
            UPDATE sweep SET claimed_until = now() + make_interval(secs => \(leaseSeconds))
            WHERE store_id = \(sweep.storeID) AND claimed_by = \(holder)
            """)
        return kept == 1
    }

    /// Ends a sweep that saw all pages.
    /// - Parameter watermark: where the next one begins; nil to leave it where it was.
    func finish(
        _ sweep: ClaimedSweep, watermark: Instant?, found: Int, nextIn delay: Duration
    ) async throws(PostgresError) {
        // A watermark that was taken back meanwhile (an earlier start) stays taken back.
        try await database.execute(
            """
            UPDATE sweep SET
                watermark = CASE WHEN watermark IS NOT DISTINCT FROM \(sweep.watermark?.rfc3339 as String?)::timestamptz
                                 THEN coalesce(\(watermark?.rfc3339 as String?)::timestamptz, watermark) ELSE watermark END,
                due_at = now() + make_interval(secs => \(delay.wholeSeconds)), claimed_by = NULL, claimed_until = NULL,
                last_finished = now(), last_found = \(found), failures = 0, last_error = NULL
            WHERE store_id = \(sweep.storeID) AND claimed_by = \(holder)
            """)
    }

    /// Ends a sweep that failed; it begins again from the same watermark.
    func fail(_ sweep: ClaimedSweep, error: String, nextIn delay: Duration) async throws(PostgresError) {
        try await database.execute(
            """
            UPDATE sweep SET due_at = now() + make_interval(secs => \(delay.wholeSeconds)), claimed_by = NULL,
                claimed_until = NULL, failures = failures + 1, last_error = \(String(error.prefix(500)))
            WHERE store_id = \(sweep.storeID) AND claimed_by = \(holder)
            """)
    }

    /// The newest known version of some orders: its stamp and content hash by order id.
    func known(
        _ orderIDs: [String], of storeID: String
    ) async throws(PostgresError) -> [String: (modifiedAt: Instant, contentHash: [UInt8])] {
        let rows = try await database.query(
            """
            SELECT DISTINCT ON (entity_id) entity_id, content_hash,
                   (extract(epoch FROM modified_at) * 1000000)::bigint AS modified_at
            FROM snapshot
            WHERE store_id = \(storeID) AND entity = 'order' AND entity_id = ANY(\(orderIDs)::text[])
            ORDER BY entity_id, revision DESC
            """)
        var known: [String: (modifiedAt: Instant, contentHash: [UInt8])] = [:]
        for row in rows {
            known[try row.decode("entity_id")] = (
                Instant(microseconds: try row.decode("modified_at")), try row.decode("content_hash")
            )
        }
        return known
    }
}
