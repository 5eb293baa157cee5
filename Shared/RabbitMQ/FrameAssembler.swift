/// A frame as the broker sent it, without the C library's types.
enum InboundFrame {
    /// basic.ack or basic.nack on a channel in confirm mode.
    case confirm(tag: UInt64, multiple: Bool, isPositive: Bool)
    /// basic.deliver: a header and bodies follow.
    case deliver(DeliverMethod)
    /// basic.return: a header and bodies follow.
    case returned(ReturnMethod)
    /// A content header.
    case header(bodyBytes: UInt64, MessageProperties)
    /// A piece of a body; valid only during the call it is handed to.
    case body(UnsafeRawBufferPointer)
    /// basic.cancel: the broker ended the subscription (the queue was deleted, or its leader moved).
    case subscriptionCancelled
    /// connection.blocked: the broker takes no more publishes.
    case blocked(reason: String)
    /// connection.unblocked.
    case unblocked
    /// channel.close or connection.close.
    case closed(RabbitMQError)
    /// Something this driver does not act on.
    case ignored
}

/// What basic.deliver says.
struct DeliverMethod: Sendable, Hashable {
    var tag: UInt64
    var redelivered: Bool
    var exchange: String
    var routingKey: String
}

/// What basic.return says.
struct ReturnMethod: Sendable, Hashable {
    var replyCode: Int
    var replyText: String
    var exchange: String
    var routingKey: String
}

/// A message the broker sent, complete.
enum AssembledMessage: Sendable, Hashable {
    case delivery(DeliverMethod, MessageProperties, body: [UInt8])
    case returned(ReturnMethod, MessageProperties)
}

/// Puts method, header and body frames of one channel together and keeps what is incomplete between wakes.
///
/// On a channel the three come in order and nothing else comes in between. Source: AMQP 0-9-1 section 4.2.6.
struct FrameAssembler {
    private enum Method {
        case deliver(DeliverMethod)
        case returned(ReturnMethod)
    }
    private enum State {
        case idle
        case awaitingHeader(Method)
        case awaitingBody(Method, MessageProperties)
    }

    private var state = State.idle
    private var body: [UInt8] = []
    private var bodyBytes = 0
    private let messageMaxBytes: Int

    init(messageMaxBytes: Int) { self.messageMaxBytes = messageMaxBytes }

    /// Takes a method that content follows.
    mutating func begin(_ method: DeliverMethod) throws(RabbitMQError) { try begin(.deliver(method)) }

    /// Takes a method that content follows.
    mutating func begin(_ method: ReturnMethod) throws(RabbitMQError) { try begin(.returned(method)) }

    /// Takes a content header; the message is complete at once if its body is empty.
    mutating func header(
        bodyBytes: UInt64, _ properties: MessageProperties
    ) throws(RabbitMQError) -> AssembledMessage? {
        guard case .awaitingHeader(let method) = state else { throw Self.outOfOrder("a content header") }
        guard bodyBytes <= UInt64(messageMaxBytes) else {
            throw RabbitMQError(
                .messageTooLarge,
                "the broker announced a message of \(bodyBytes) bytes; the bound is \(messageMaxBytes)")
        }
        self.bodyBytes = Int(bodyBytes)
        body = []
        if bodyBytes == 0 { return complete(method, properties) }
        state = .awaitingBody(method, properties)
        return nil
    }

    /// Takes a piece of the body; returns the message when it was the last.
    mutating func body(_ fragment: UnsafeRawBufferPointer) throws(RabbitMQError) -> AssembledMessage? {
        guard case .awaitingBody(let method, let properties) = state else { throw Self.outOfOrder("a body frame") }
        guard body.count + fragment.count <= bodyBytes else {
            throw RabbitMQError(.protocolViolation, "a message's body is longer than its header announced")
        }
        if body.isEmpty && fragment.count < bodyBytes { body.reserveCapacity(bodyBytes) }
        body.append(contentsOf: fragment)
        return body.count == bodyBytes ? complete(method, properties) : nil
    }

    private mutating func begin(_ method: Method) throws(RabbitMQError) {
        guard case .idle = state else { throw Self.outOfOrder("a method with content") }
        state = .awaitingHeader(method)
    }

    private mutating func complete(_ method: Method, _ properties: MessageProperties) -> AssembledMessage {
        state = .idle
        switch method {
        case .deliver(let method):
            let complete = body
            body = []
            return .delivery(method, properties, body: complete)
        case .returned(let method):
            body = []
            return .returned(method, properties)
        }
    }

    private static func outOfOrder(_ what: String) -> RabbitMQError {
        RabbitMQError(.protocolViolation, "\(what) came where AMQP 0-9-1 does not allow one")
    }
}
