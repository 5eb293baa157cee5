import Accounting
import JSON
import Messaging
import Observability
import Postgres

/// Writes deliveries and all that follows from them: one transaction, one round trip, however many they are.
struct DeliveryWriter: Sendable {
    /// Whose relay publishes the messages.
    static let origin = "ingest"

    let database: PostgresClient
    let identifiers: UUIDv7Generator

    func write(_ records: [DeliveryRecord]) async throws {
        _ = try await database.batch(statements(for: records))
    }

    /// Whether another transaction, with fewer records, may succeed.
    static func mayBeOneMembersFault(_ error: any Error) -> Bool {
        guard let error = error as? PostgresError else { return false }
        return (error.code == .server && !error.isConnectionLoss) || error.code == .encoding
    }

    func statements(for records: [DeliveryRecord]) -> [PostgresQuery] {
        var statements = [events(records)]
        let hints = HintedOrder.merged(from: records)
        if !hints.isEmpty {
            statements.append(upsert(hints))
            if let outbox = Outbox.statement(adding: hints.map(message), origin: Self.origin) {
                statements.append(outbox)
            }
        }
        let swept = Set(records.lazy.filter(\.sweeps).map(\.storeID)).sorted()
        if !swept.isEmpty { statements.append(dueSweeps(swept)) }
        return statements
    }

    /// Raw events; of those accepted, the ones that repeat an earlier delivery become duplicates.
    ///
    /// All keys travel as one binary value and all bodies as another, and the database cuts them apart: in arrays they would
    /// be spelled out in hexadecimal digits, which costs both sides more than all the rest.
    private func events(_ records: [DeliveryRecord]) -> PostgresQuery {
        let keys = PackedBytes(records.map { $0.deliveryKey ?? [] })
        let bodies = PackedBytes(records.map(\.body))
        return """
            WITH incoming AS (
                SELECT i.*, substring(keys.bytes FROM i.key_start FOR i.key_bytes) AS delivery_key
                FROM unnest(
                    \(records.map(\.id))::uuid[], \(records.map(\.storeID))::text[], \(records.map(\.outcome.rawValue))::text[],
                    \(records.map(\.reason))::text[], \(records.map(\.status))::smallint[], \(records.map(\.topic))::text[],
                    \(records.map(\.entity))::text[], \(records.map(\.entityID))::text[],
                    \(records.map(\.headers.text))::text[], \(records.map(\.bodyBytes))::integer[],
                    \(records.map(\.source))::text[], \(keys.starts)::integer[], \(keys.counts)::integer[],
                    \(bodies.starts)::integer[], \(bodies.counts)::integer[]
                ) WITH ORDINALITY AS i (id, store_id, outcome, reason, status, topic, entity, entity_id, headers, body_bytes,
                                        source, key_start, key_bytes, body_start, kept_bytes, position),
                (SELECT \(keys.bytes)::bytea AS bytes) AS keys
            ), seen AS (
                INSERT INTO delivery (store_id, delivery_key, event_id, times)
                SELECT DISTINCT ON (store_id, delivery_key) store_id, delivery_key, id,
                       count(*) OVER (PARTITION BY store_id, delivery_key)
                FROM incoming WHERE outcome = 'accepted' ORDER BY store_id, delivery_key, position
                ON CONFLICT (store_id, delivery_key)
                    DO UPDATE SET seen_at = now(), times = delivery.times + excluded.times
                RETURNING store_id, delivery_key, event_id
            )
            INSERT INTO event (id, store_id, outcome, reason, status, topic, entity, entity_id, delivery_key, headers, body,
                               body_bytes, source)
            SELECT i.id, i.store_id, CASE WHEN seen.event_id <> i.id THEN 'duplicate' ELSE i.outcome END, i.reason, i.status,
                   i.topic, i.entity, i.entity_id, nullif(i.delivery_key, ''), i.headers::jsonb,
                   substring(bodies.bytes FROM i.body_start FOR i.kept_bytes), i.body_bytes, i.source
            FROM (SELECT \(bodies.bytes)::bytea AS bytes) AS bodies, incoming i LEFT JOIN seen
                ON i.outcome = 'accepted' AND seen.store_id = i.store_id AND seen.delivery_key = i.delivery_key
            ORDER BY i.position
            """
    }

    /// Orders to be read now, and again later; one that still waits is renewed. Rows are taken in the order of their keys, so
    /// that writers never wait for each other in a circle.
    private func upsert(_ hints: [HintedOrder]) -> PostgresQuery {
        """
        INSERT INTO hint (store_id, entity, entity_id, generation, again_at, event_id, reason, traceparent)
        SELECT h.store_id, 'order', h.entity_id, h.times,
               ARRAY(SELECT now() + make_interval(secs => s) FROM unnest(string_to_array(h.again, ',')::float8[]) s ORDER BY s),
               h.event_id, 'webhook', h.traceparent
        FROM unnest(\(hints.map(\.storeID))::text[], \(hints.map(\.orderID))::text[], \(hints.map(\.times))::bigint[],
                    \(hints.map(\.again))::text[], \(hints.map(\.eventID))::uuid[],
                    \(hints.map(\.traceparent))::text[])
            AS h (store_id, entity_id, times, again, event_id, traceparent)
        ORDER BY h.store_id, h.entity_id
        ON CONFLICT (store_id, entity, entity_id) DO UPDATE SET
            generation = hint.generation + excluded.generation, due_at = least(hint.due_at, now()),
            again_at = excluded.again_at, hinted_at = now(), event_id = excluded.event_id, reason = excluded.reason,
            traceparent = excluded.traceparent
        """
    }

    private func dueSweeps(_ stores: [String]) -> PostgresQuery {
        """
        UPDATE sweep SET due_at = now()
        FROM (SELECT store_id FROM sweep WHERE store_id = ANY (\(stores)::text[]) AND due_at > now()
              ORDER BY store_id FOR UPDATE) AS swept
        WHERE sweep.store_id = swept.store_id
        """
    }

    private func message(_ hint: HintedOrder) -> OutboxMessage {
        OutboxMessage(
            exchange: PipelineTopology.commerceEvents,
            routingKey: PipelineTopology.hintedKey(platform: hint.platform, store: hint.storeID, entity: "order"),
            envelope: Envelope(
                id: identifiers.next().description, type: MessageType.hinted, source: "counterfoil/\(Self.origin)",
                subject: "\(hint.storeID)/order/\(hint.orderID)", time: Instant.now(), traceparent: hint.traceparent),
            body: [
                "store": .string(hint.storeID), "entity": "order", "id": .string(hint.orderID),
                "event": .string(hint.eventID),
            ])
    }
}

/// One order that a batch hints at, however often.
struct HintedOrder: Sendable, Hashable {
    let storeID: String
    let orderID: String
    let platform: String
    /// The last delivery that hinted.
    let eventID: String
    /// The last delivery's trace: the earlier ones end here.
    let traceparent: String
    let rereadSeconds: [Double]
    /// How many deliveries hinted.
    let times: Int

    /// The further reads as a comma-separated list of seconds.
    var again: String { rereadSeconds.map { "\($0)" }.joined(separator: ",") }

    /// The hints of a batch, one an order, by store and order.
    static func merged(from records: [DeliveryRecord]) -> [HintedOrder] {
        struct Key: Hashable {
            let storeID: String
            let orderID: String
        }
        var merged: [Key: HintedOrder] = [:]
        for record in records {
            guard let hint = record.hint else { continue }
            let key = Key(storeID: record.storeID, orderID: hint.orderID)
            merged[key] = HintedOrder(
                storeID: record.storeID, orderID: hint.orderID, platform: hint.platform, eventID: record.id,
                traceparent: record.span.context.description, rereadSeconds: hint.rereadSeconds,
                times: (merged[key]?.times ?? 0) + 1)
        }
        return merged.values.sorted { ($0.storeID, $0.orderID) < ($1.storeID, $1.orderID) }
    }
}

/// Several byte strings in one, and where each lies, as SQL counts: from 1.
private struct PackedBytes {
    private(set) var bytes: [UInt8] = []
    private(set) var starts: [Int] = []
    private(set) var counts: [Int] = []

    init(_ parts: [[UInt8]]) {
        bytes.reserveCapacity(parts.reduce(0) { $0 + $1.count })
        for part in parts {
            starts.append(bytes.count + 1)
            counts.append(part.count)
            bytes.append(contentsOf: part)
        }
    }
}
