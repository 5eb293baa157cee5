import Accounting
import Postgres
import RabbitMQ

/// One row a relay has claimed.
struct ClaimedMessage: Sendable, Hashable {
    let id: Int64
    let exchange: String
    let routingKey: String
    let envelope: Envelope
    let body: String
    /// How often it has been claimed, this time included.
    let attempts: Int

    /// As it is published.
    var outgoing: OutgoingMessage {
        OutgoingMessage(
            exchange: exchange, routingKey: routingKey, properties: envelope.properties, body: Array(body.utf8),
            mandatory: PipelineTopology.isMandatory(exchange))
    }
}

/// What a relay does to the outbox, apart from PostgreSQL.
protocol OutboxStore: Sendable {
    /// Claims the oldest unclaimed messages for `lease`, oldest first.
    func claim(limit: Int, lease: Duration) async throws -> [ClaimedMessage]

    /// Removes what was confirmed.
    func delete(_ ids: [Int64]) async throws

    /// Gives up claims: each message may be claimed again after its delay.
    func release(_ delays: [Int64: Duration]) async throws
}

/// The outbox in PostgreSQL, for the rows of one origin.
struct PostgresOutboxStore: OutboxStore {
    let database: PostgresClient
    let origin: String

    func claim(limit: Int, lease: Duration) async throws -> [ClaimedMessage] {
        let rows = try await database.query(
            """
            UPDATE outbox SET claimed_until = now() + make_interval(secs => \(lease.inSeconds)::float8), attempts = attempts + 1
            WHERE id = ANY (ARRAY(
                SELECT id FROM outbox
                WHERE origin = \(origin) AND (claimed_until IS NULL OR claimed_until <= now())
                ORDER BY id LIMIT \(limit)::bigint FOR UPDATE SKIP LOCKED))
            RETURNING id, exchange, routing_key, message_id, type, subject, traceparent, body, attempts,
                (extract(epoch FROM created_at) * 1000000)::bigint AS created_microseconds
            """)
        return try rows.map(message).sorted { $0.id < $1.id }
    }

    private func message(_ row: PostgresRow) throws -> ClaimedMessage {
        ClaimedMessage(
            id: try row.decode("id"), exchange: try row.decode("exchange"), routingKey: try row.decode("routing_key"),
            envelope: Envelope(
                id: try row.decode("message_id"), type: try row.decode("type"), source: "counterfoil/\(origin)",
                subject: try row.decode("subject"),
                time: Instant(microseconds: try row.decode("created_microseconds")),
                traceparent: try row.decode("traceparent")),
            body: try row.decode("body"), attempts: try row.decode("attempts"))
    }

    func delete(_ ids: [Int64]) async throws {
        try await database.execute("DELETE FROM outbox WHERE id = ANY (\(ids)::bigint[])")
    }

    func release(_ delays: [Int64: Duration]) async throws {
        let ordered = delays.sorted { $0.key < $1.key }
        try await database.execute(
            """
            UPDATE outbox SET claimed_until = now() + make_interval(secs => r.seconds)
            FROM unnest(\(ordered.map(\.key))::bigint[], \(ordered.map { "\($0.value.inSeconds)" })::float8[]) AS r (id, seconds)
            WHERE outbox.id = r.id
            """)
    }
}

extension Duration {
    /// As a number of seconds, for intervals: never for money.
    var inSeconds: Double { self / .seconds(1) }
}
