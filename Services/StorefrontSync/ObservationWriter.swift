import Accounting
import JSON
import Ledger
import Messaging
import Observability
import Postgres

/// Keeps readings: a newer version of an order becomes its next snapshot, and is announced, in one transaction. What follows
/// from it goes on in the trace of the reading.
struct ObservationWriter: Sendable {
    /// The service's name: what announces.
    static let origin = "storefront-sync"

    let database: PostgresClient
    /// Makes the messages' ids.
    let identifiers: UUIDv7Generator
    /// Told after a commit that has something to announce.
    let announced: @Sendable () -> Void

    /// Keeps a reading, and ends the hint it was made for.
    /// - Parameters:
    ///   - reading: the order as read.
    ///   - store: the store it is of.
    ///   - hint: the hint that is worked, if one is.
    /// - Returns: what was done.
    @discardableResult
    func keep(
        _ reading: ObservedOrder, of store: StoreRecord, for hint: ClaimedHint? = nil
    ) async throws -> SnapshotDecision {
        let decision = try await database.withTransaction { transaction in
            let decision = try await keep(reading, of: store, in: transaction)
            let tied = decision == .acceptAndReadAgain || decision == .readAgain
            if let hint {
                let readAgain = tied && hint.reason != ClaimedHint.tieReason
                try await HintQueue.finish(hint, readAgain: readAgain, in: transaction)
            } else if tied {
                try await HintQueue.add(
                    [reading.orderID], of: store.id, reason: ClaimedHint.tieReason, to: transaction)
            }
            return decision
        }
        if decision == .accept || decision == .acceptAndReadAgain { announced() }
        return decision
    }

    /// Notes that the store no longer knows an order, and drops the hint.
    func noteGone(_ hint: ClaimedHint) async throws {
        try await database.withTransaction { transaction in
            try await transaction.execute(
                """
                UPDATE sale SET reason = 'the store no longer has this order (it answered 404 Not Found); '
                    || 'what is in Xero stays as it is'
                WHERE store_id = \(hint.storeID) AND order_id = \(hint.orderID) AND state <> 'held'
                  AND voided_by IS NULL
                """)
            try await transaction.execute(
                """
                INSERT INTO audit (actor, subject, change, cause)
                VALUES (\(Self.origin), \("\(hint.storeID)/\(hint.orderID)"), 'gone from the store', \(hint.reason))
                """)
            try await transaction.execute(
                """
                DELETE FROM hint WHERE store_id = \(hint.storeID) AND entity = 'order' AND entity_id = \(hint.orderID)
                  AND generation = \(hint.generation)
                """)
        }
    }

    private func keep(
        _ reading: ObservedOrder, of store: StoreRecord, in session: some PostgresSession
    ) async throws -> SnapshotDecision {
        // Two readings of one order are kept one after the other, whoever made them.
        _ = try await session.query(
            """
            SELECT pg_advisory_xact_lock(hashtextextended(\("order \(store.id)/\(reading.orderID)"), 0))::text AS locked
            """)
        let known = try await newest(reading, in: session)
        let decision = SnapshotDecision.decide(
            SnapshotDecision.Version(
                modifiedAt: reading.modifiedAt, readStartedAt: reading.readStartedAt,
                contentHash: reading.contentHash),
            known: known?.version)
        guard decision == .accept || decision == .acceptAndReadAgain else { return decision }
        let revision = (known?.revision ?? 0) + 1
        try await insert(reading, revision: revision, in: session)
        try await upsertSale(reading, of: store, revision: revision, in: session)
        try await announce(reading, of: store, revision: revision, in: session)
        return decision
    }

    private func newest(
        _ reading: ObservedOrder, in session: some PostgresSession
    ) async throws(PostgresError) -> (revision: Int, version: SnapshotDecision.Version)? {
        let rows = try await session.query(
            """
            SELECT revision, (extract(epoch FROM modified_at) * 1000000)::bigint AS modified_at,
                   (extract(epoch FROM read_started_at) * 1000000)::bigint AS read_started_at, content_hash, source
            FROM snapshot WHERE store_id = \(reading.storeID) AND entity = 'order' AND entity_id = \(reading.orderID)
            ORDER BY revision DESC LIMIT 1
            """)
        guard let row = rows.first else { return nil }
        let version = SnapshotDecision.Version(
            modifiedAt: Instant(microseconds: try row.decode("modified_at")),
            readStartedAt: Instant(microseconds: try row.decode("read_started_at")),
            contentHash: try row.decode("content_hash"),
            isWebhook: try row.decode("source", as: String.self) == "webhook")
        return (try row.decode("revision", as: Int.self), version)
    }

    private func insert(
        _ reading: ObservedOrder, revision: Int, in session: some PostgresSession
    ) async throws(PostgresError) {
        try await session.execute(
            """
            INSERT INTO snapshot (store_id, entity, entity_id, revision, modified_at, read_started_at, content_hash, source, body)
            VALUES (\(reading.storeID), 'order', \(reading.orderID), \(revision), \(reading.modifiedAt.rfc3339),
                    \(reading.readStartedAt.rfc3339), \(reading.contentHash), \(reading.source.rawValue),
                    \(reading.body.text))
            """)
    }

    private func upsertSale(
        _ reading: ObservedOrder, of store: StoreRecord, revision: Int, in session: some PostgresSession
    ) async throws(PostgresError) {
        // An order from before the store's start is recorded and done with; what happens to it later is for the transformer.
        var ignoredReason: String?
        if revision == 1, let createdAt = reading.createdAt {
            let history = StartRule.History(createdAt: createdAt, refundedAt: reading.refundedAt)
            let verdict = StartRule.verdict(history, since: store.since) { store.localTime.date(of: $0) }
            if case .ignored(let reason) = verdict { ignoredReason = reason }
        }
        let planned = ignoredReason == nil ? 0 : revision
        let state = ignoredReason == nil ? "observed" : "ignored"
        try await session.execute(
            """
            INSERT INTO sale (store_id, order_id, order_number, org_id, revision, planned_revision, state, reason,
                              store_status, currency, total, total_tax, refunded, created_at, modified_at, paid_at, traceparent)
            VALUES (\(store.id), \(reading.orderID), \(reading.number), \(store.orgID), \(revision), \(planned), \(state),
                    \(ignoredReason as String?), \(reading.status), \(reading.currency as String?),
                    \(reading.total?.description as String?), \(reading.totalTax?.description as String?),
                    \(reading.refunded.description), \(reading.createdAt?.rfc3339 as String?), \(reading.modifiedAt.rfc3339),
                    \(reading.paidAt?.rfc3339 as String?), \(TraceParent.current?.description as String?))
            ON CONFLICT (store_id, order_id) DO UPDATE SET
                order_number = excluded.order_number, org_id = excluded.org_id, revision = excluded.revision,
                store_status = excluded.store_status, currency = excluded.currency, total = excluded.total,
                total_tax = excluded.total_tax, refunded = excluded.refunded, created_at = excluded.created_at,
                modified_at = excluded.modified_at, paid_at = excluded.paid_at, attempts = 0, retry_at = NULL,
                traceparent = excluded.traceparent
            """)
    }

    private func announce(
        _ reading: ObservedOrder, of store: StoreRecord, revision: Int, in session: some PostgresSession
    ) async throws {
        let message = OutboxMessage(
            exchange: PipelineTopology.commerceEvents,
            routingKey: PipelineTopology.observedKey(platform: store.platform, store: store.id, entity: "order"),
            envelope: Envelope(
                id: identifiers.next().description, type: MessageType.observed, source: Self.origin,
                subject: "\(store.id)/order/\(reading.orderID)", time: Instant.now(),
                traceparent: TraceParent.current?.description),
            body: [
                "store": .string(store.id), "entity": "order", "id": .string(reading.orderID),
                "revision": .number(JSONNumber(revision)),
            ])
        try await Outbox.add([message], origin: Self.origin, to: session)
    }
}
