public import JSON
public import Postgres

/// A message to be published once the transaction that announces it has committed.
public struct OutboxMessage: Sendable, Hashable {
    /// Where to, one of ``PipelineTopology``.
    public var exchange: String
    /// The routing key.
    public var routingKey: String
    /// Id, type, subject and trace. Source and time are the relay's: the origin, and the moment of the commit's row.
    public var envelope: Envelope
    /// The body: identifiers and a version, never payloads.
    public var body: JSONValue

    /// Makes a message.
    public init(exchange: String, routingKey: String, envelope: Envelope, body: JSONValue) {
        self.exchange = exchange
        self.routingKey = routingKey
        self.envelope = envelope
        self.body = body
    }
}

/// The table of messages that are committed and not yet confirmed by the broker.
public enum Outbox {
    /// Writes messages in the order given.
    ///
    /// - Parameters:
    ///   - messages: what to publish; nothing is written when empty.
    ///   - origin: the service whose relay publishes them, e.g. `ingest`.
    ///   - session: the transaction of the state that is announced. Wake the relay after its commit.
    public static func add(
        _ messages: [OutboxMessage], origin: String, to session: some PostgresSession
    ) async throws(PostgresError) {
        guard let statement = statement(adding: messages, origin: origin) else { return }
        try await session.execute(statement)
    }

    /// The statement of ``add(_:origin:to:)``, to be sent in a batch with others; nil when there is nothing to write.
    public static func statement(adding messages: [OutboxMessage], origin: String) -> PostgresQuery? {
        guard !messages.isEmpty else { return nil }
        return """
            INSERT INTO outbox (origin, exchange, routing_key, message_id, type, subject, traceparent, body)
            SELECT \(origin), m.exchange, m.routing_key, m.message_id, m.type, m.subject, m.traceparent, m.body
            FROM unnest(
                \(messages.map(\.exchange))::text[], \(messages.map(\.routingKey))::text[],
                \(messages.map(\.envelope.id))::uuid[], \(messages.map(\.envelope.type))::text[],
                \(messages.map(\.envelope.subject))::text[], \(messages.map(\.envelope.traceparent))::text[],
                \(messages.map(\.body.text))::text[]
            ) WITH ORDINALITY AS m (exchange, routing_key, message_id, type, subject, traceparent, body, position)
            ORDER BY m.position
            """
    }
}
