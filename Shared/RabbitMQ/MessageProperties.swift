/// What travels with a message besides its body. Source: AMQP 0-9-1, class basic.
public struct MessageProperties: Sendable, Hashable {
    /// MIME type of the body.
    public var contentType: String?
    /// Identifies the message to receivers and in returned messages; a mandatory message without one is given one.
    public var messageID: String?
    /// What the message answers or belongs to.
    public var correlationID: String?
    /// The kind of message.
    public var type: String?
    /// The program that made it.
    public var appID: String?
    /// When it was made, in seconds since 1970-01-01 UTC.
    public var timestamp: UInt64?
    /// True if the message is to survive a restart of the broker (delivery mode 2).
    public var persistent: Bool
    /// Headers by name.
    public var headers: [String: FieldValue]

    /// Makes properties; a message is persistent unless told.
    public init(
        contentType: String? = nil, messageID: String? = nil, correlationID: String? = nil, type: String? = nil,
        appID: String? = nil, timestamp: UInt64? = nil, persistent: Bool = true, headers: [String: FieldValue] = [:]
    ) {
        self.contentType = contentType
        self.messageID = messageID
        self.correlationID = correlationID
        self.type = type
        self.appID = appID
        self.timestamp = timestamp
        self.persistent = persistent
        self.headers = headers
    }
}

/// A message to publish.
public struct OutgoingMessage: Sendable, Hashable {
    /// The exchange; an empty name is the default exchange, which routes to the queue named by the routing key.
    public var exchange: String
    /// The routing key.
    public var routingKey: String
    /// What travels with the body.
    public var properties: MessageProperties
    /// The body; may be empty.
    public var body: [UInt8]
    /// True if the message must reach a queue: without one the publish fails with `unroutable`. True unless told;
    /// a message that is not mandatory and has no queue is dropped by the broker and still confirmed.
    public var mandatory: Bool

    /// Makes a message; it is mandatory unless told.
    public init(
        exchange: String, routingKey: String, properties: MessageProperties = MessageProperties(), body: [UInt8],
        mandatory: Bool = true
    ) {
        self.exchange = exchange
        self.routingKey = routingKey
        self.properties = properties
        self.body = body
        self.mandatory = mandatory
    }
}
