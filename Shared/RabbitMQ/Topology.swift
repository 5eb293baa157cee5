/// The exchanges, queues and bindings a program relies on: one value, declared again on every connection.
///
/// Declaring is idempotent. What exists with other properties is never changed: the publisher or consumer that finds it
/// ends with `topologyMismatch`. What is no longer in the value is not deleted.
public struct Topology: Sendable, Hashable {
    /// Exchanges, declared first, in order.
    public var exchanges: [Exchange]
    /// Queues, declared after the exchanges, in order.
    public var queues: [Queue]
    /// Bindings, made last, in order.
    public var bindings: [Binding]

    /// Makes a topology; empty unless told.
    public init(exchanges: [Exchange] = [], queues: [Queue] = [], bindings: [Binding] = []) {
        self.exchanges = exchanges
        self.queues = queues
        self.bindings = bindings
    }
}

/// An exchange to declare.
public struct Exchange: Sendable, Hashable {
    /// How an exchange chooses queues.
    public enum Kind: String, Sendable, Hashable {
        /// By equal routing key.
        case direct
        /// By pattern over the routing key's words.
        case topic
        /// Every bound queue.
        case fanout
        /// By headers.
        case headers
    }

    /// The name.
    public var name: String
    /// How it routes.
    public var kind: Kind
    /// True if it survives a restart of the broker.
    public var durable: Bool
    /// Optional arguments, such as `alternate-exchange`.
    public var arguments: [String: FieldValue]

    /// Makes an exchange; durable unless told.
    public init(name: String, kind: Kind, durable: Bool = true, arguments: [String: FieldValue] = [:]) {
        self.name = name
        self.kind = kind
        self.durable = durable
        self.arguments = arguments
    }
}

/// A queue to declare.
public struct Queue: Sendable, Hashable {
    /// The name.
    public var name: String
    /// True if it survives a restart of the broker.
    public var durable: Bool
    /// Arguments, such as `x-queue-type`; RabbitMQ compares them when the queue already exists.
    public var arguments: [String: FieldValue]

    /// Makes a queue; durable unless told.
    public init(name: String, durable: Bool = true, arguments: [String: FieldValue] = [:]) {
        self.name = name
        self.durable = durable
        self.arguments = arguments
    }

    /// A quorum queue: replicated, durable, with a poison-message bound.
    ///
    /// With a dead-letter exchange the queue hands dead letters over at least once, and refuses publishes rather than
    /// drop messages once `maxLength` is reached (RabbitMQ accepts at-least-once only in that combination).
    /// - Parameters:
    ///   - name: the queue's name; end it in a version, since a queue's arguments cannot be changed.
    ///   - deliveryLimit: how often a message is delivered again before it is a dead letter; 1000 unless told.
    ///   - deadLetterExchange: where rejected and expired messages go; nowhere unless told.
    ///   - deadLetterRoutingKey: the routing key they get; their own unless told.
    ///   - maxLength: how many messages the queue holds before it refuses more; unbounded unless told, and required
    ///     for at-least-once dead lettering to have a bound.
    /// Source: rabbitmq.com/docs/quorum-queues, sections "Poison Message Handling" and "Dead Lettering".
    public static func quorum(
        _ name: String, deliveryLimit: Int64? = 1000, deadLetterExchange: String? = nil,
        deadLetterRoutingKey: String? = nil, maxLength: Int64? = nil
    ) -> Queue {
        var arguments: [String: FieldValue] = ["x-queue-type": "quorum"]
        if let deliveryLimit { arguments["x-delivery-limit"] = .int(deliveryLimit) }
        if let deadLetterExchange {
            arguments["x-dead-letter-exchange"] = .string(deadLetterExchange)
            arguments["x-dead-letter-strategy"] = "at-least-once"
        }
        if let deadLetterRoutingKey { arguments["x-dead-letter-routing-key"] = .string(deadLetterRoutingKey) }
        if let maxLength { arguments["x-max-length"] = .int(maxLength) }
        if deadLetterExchange != nil || maxLength != nil { arguments["x-overflow"] = "reject-publish" }
        return Queue(name: name, arguments: arguments)
    }
}

/// A binding to make: messages of an exchange whose routing key matches go to a queue.
public struct Binding: Sendable, Hashable {
    /// The queue that receives.
    public var queue: String
    /// The exchange that routes.
    public var exchange: String
    /// What the routing key must equal or match.
    public var routingKey: String
    /// Arguments, for headers exchanges.
    public var arguments: [String: FieldValue]

    /// Makes a binding.
    public init(queue: String, exchange: String, routingKey: String, arguments: [String: FieldValue] = [:]) {
        self.queue = queue
        self.exchange = exchange
        self.routingKey = routingKey
        self.arguments = arguments
    }
}
