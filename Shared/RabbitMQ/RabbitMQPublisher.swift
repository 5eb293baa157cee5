import IOThread
public import Logging
public import ServiceLifecycle

/// Publishes messages and waits for the broker's confirms, over one connection that it keeps.
///
/// A publish returns when the broker has taken responsibility for the message (for a quorum queue: written by a majority).
/// At most ``RabbitMQConfiguration/publishWindow`` messages are unconfirmed at once; beyond that, while the broker
/// blocks publishers, and while there is no connection, messages wait in the order they were handed over. Every message
/// gets exactly one outcome, within about twice the confirm time-out.
///
/// A graceful stop refuses new messages, waits for outstanding confirms up to the drain time-out and closes.
public final class RabbitMQPublisher: Service, Sendable {
    private let thread: IOThread<AMQPCommand<PublishBatch>>
    private let parts: ConnectionParts

    /// True while the connection can be used.
    public var isConnected: Bool { parts.status.isConnected }

    /// Makes a publisher; it connects once ``run()`` is called. Messages may be handed over before.
    ///
    /// - Parameters:
    ///   - configuration: the broker and the bounds.
    ///   - topology: declared on every connection; empty unless told.
    ///   - logger: told of connections made and lost.
    public convenience init(configuration: RabbitMQConfiguration, topology: Topology = Topology(), logger: Logger) {
        self.init(configuration: configuration, topology: topology, logger: logger, policy: RecoveryPolicy())
    }

    init(configuration: RabbitMQConfiguration, topology: Topology, logger: Logger, policy: RecoveryPolicy) {
        let parts = ConnectionParts(configuration: configuration, topology: topology, logger: logger, policy: policy)
        self.parts = parts
        let metrics = PublisherMetrics(connection: configuration.connectionName)
        let idPrefix = String(UInt64.random(in: .min ... .max), radix: 16)
        thread = IOThread(name: "amqp-publish") {
            AMQPHandler(
                parts,
                role: PublisherRole(configuration, idPrefix: idPrefix, metrics: metrics, logger: parts.logger))
        }
    }

    /// Connects and keeps connected until a graceful stop or cancellation.
    ///
    /// - Throws: ``RabbitMQError`` with `topologyMismatch` if a queue or exchange exists with other properties, or
    ///   `invalidConfiguration`; everything else is retried.
    public func run() async throws { try await ConnectionSupervisor.run(thread, parts) }

    /// Publishes a message and waits for its confirm.
    ///
    /// - Parameter message: what to publish.
    /// - Throws: `nacked`, `unroutable`, `notConnected`, `closed` or `messageTooLarge` if the message is not stored;
    ///   `unknownOutcome` or `cancelled` if it may be: publish it again with the same message id.
    public func publish(_ message: OutgoingMessage) async throws(RabbitMQError) {
        try await publish([message])[0].get()
    }

    /// Publishes messages, in order, and waits for all their confirms.
    ///
    /// - Parameter messages: what to publish; they share the window with everybody else's.
    /// - Returns: each message's outcome, by position, with the errors that the throwing form names.
    public func publish(_ messages: [OutgoingMessage]) async -> [Result<Void, RabbitMQError>] {
        if messages.isEmpty { return [] }
        let batch = PublishBatch(messages)
        for (index, message) in messages.enumerated() {
            if let error = message.fault(in: parts.configuration) { batch.settle(index, .failure(error)) }
        }
        if !thread.send(.work(batch)) {
            batch.settleRest(.failure(RabbitMQError(.closed, "the publisher has stopped")))
        }
        return await batch.outcomes()
    }
}

extension ConnectionParts {
    init(configuration: RabbitMQConfiguration, topology: Topology, logger: Logger, policy: RecoveryPolicy) {
        var logger = logger
        logger[metadataKey: LogKey.connection] = "\(configuration.connectionName)"
        self.init(
            configuration: configuration, topology: topology, status: ConnectionStatus(), shared: SharedDescriptor(),
            metrics: ConnectionMetrics(connection: configuration.connectionName), logger: logger, policy: policy)
    }
}

extension OutgoingMessage {
    /// What makes the message impossible to send; found before anything is written, since half a message on the wire
    /// costs the connection.
    func fault(in configuration: RabbitMQConfiguration) -> RabbitMQError? {
        if body.count > configuration.messageMaxBytes {
            return RabbitMQError(
                .messageTooLarge, "the body is \(body.count) bytes; the bound is \(configuration.messageMaxBytes)")
        }
        let tooLong =
            Self.tooLong("exchange name", exchange) ?? Self.tooLong("routing key", routingKey)
            ?? Self.tooLong("content type", properties.contentType) ?? Self.tooLong("message id", properties.messageID)
            ?? Self.tooLong("correlation id", properties.correlationID) ?? Self.tooLong("type", properties.type)
            ?? Self.tooLong("app id", properties.appID)
        if let tooLong { return tooLong }
        if properties.headers.isEmpty { return nil }
        if let name = properties.headers.keys.first(where: { $0.utf8.count > 128 }) {
            return RabbitMQError(.messageTooLarge, "a header's name is \(name.utf8.count) bytes; AMQP allows 128")
        }
        let size = FieldValue.table(properties.headers).encodedBytes
        // The other properties take at most 6 short strings and some fixed fields of the same frame.
        let room = configuration.frameMaxBytes - 2048
        if size <= room { return nil }
        return RabbitMQError(.messageTooLarge, "the headers are \(size) bytes; one frame has room for \(room)")
    }

    private static func tooLong(_ name: String, _ text: String?) -> RabbitMQError? {
        guard let text, text.utf8.count > 255 else { return nil }
        return RabbitMQError(.messageTooLarge, "the \(name) is \(text.utf8.count) bytes; AMQP allows 255")
    }
}

extension FieldValue {
    /// How many bytes the value takes in a frame, without its type octet. Source: AMQP 0-9-1 section 4.2.5.
    var encodedBytes: Int {
        switch self {
        case .null: 0
        case .bool: 1
        case .int, .double, .timestamp: 8
        case .string(let text): 4 + text.utf8.count
        case .bytes(let bytes): 4 + bytes.count
        case .array(let elements): elements.reduce(4) { $0 + 1 + $1.encodedBytes }
        case .table(let fields): fields.reduce(4) { $0 + 2 + $1.key.utf8.count + $1.value.encodedBytes }
        }
    }
}
