/// Why something asked of the broker did not happen, or may not have happened.
///
/// `description` is safe to log: it never holds a payload or a credential.
public struct RabbitMQError: Error, Sendable, CustomStringConvertible {
    /// What went wrong, as something a program can act on.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        private enum Name: String {
            case invalidConfiguration, connectionFailed, connectionLost, handshakeTimedOut, accessRefused
            case topologyMismatch, rejectedByBroker, notConnected, nacked, unroutable, unknownOutcome, messageTooLarge
            case protocolViolation, closed, cancelled
        }

        private let name: Name
        private init(_ name: Name) { self.name = name }

        /// The code's name, usable as a metric label.
        public var description: String { name.rawValue }

        /// The URL or a setting cannot be used.
        public static let invalidConfiguration = Code(.invalidConfiguration)
        /// No connection could be made: name resolution, TCP or TLS failed.
        public static let connectionFailed = Code(.connectionFailed)
        /// An open connection ended.
        public static let connectionLost = Code(.connectionLost)
        /// The broker took the TCP connection but did not finish the AMQP handshake or answer a request in time.
        public static let handshakeTimedOut = Code(.handshakeTimedOut)
        /// The broker refused the credentials, the virtual host or a permission.
        public static let accessRefused = Code(.accessRefused)
        /// A queue or exchange exists with other properties than the topology declares. A person has to act.
        public static let topologyMismatch = Code(.topologyMismatch)
        /// The broker closed the channel or the connection with an error of its own.
        public static let rejectedByBroker = Code(.rejectedByBroker)
        /// The message was not sent: no connection, or no room in the window, within the confirm time-out.
        public static let notConnected = Code(.notConnected)
        /// The broker refused the message (a full queue with reject-publish, an internal error): it is not stored.
        public static let nacked = Code(.nacked)
        /// No queue is bound for the message's exchange and routing key: it is not stored.
        public static let unroutable = Code(.unroutable)
        /// The message was sent and no confirm came: it may be stored. Publish it again with the same message id.
        public static let unknownOutcome = Code(.unknownOutcome)
        /// A message exceeds the configured bound.
        public static let messageTooLarge = Code(.messageTooLarge)
        /// The peer sent something AMQP 0-9-1 does not allow at that point.
        public static let protocolViolation = Code(.protocolViolation)
        /// The publisher or consumer is stopping or has stopped: the message was not sent.
        public static let closed = Code(.closed)
        /// The waiting task was cancelled; whether the message was sent is not known.
        public static let cancelled = Code(.cancelled)
    }

    /// What went wrong.
    public let code: Code
    /// One sentence for a person.
    public let message: String
    /// The AMQP reply code, if the broker gave one (for example 406).
    public let replyCode: Int?
    /// Where it was raised.
    public let file: String
    /// Where it was raised.
    public let line: Int

    /// Makes an error.
    public init(
        _ code: Code, _ message: String, replyCode: Int? = nil, file: String = #fileID, line: Int = #line
    ) {
        self.code = code
        self.message = message
        self.replyCode = replyCode
        self.file = file
        self.line = line
    }

    /// True if the same call may succeed later without anybody changing anything.
    public var isRetryable: Bool {
        switch code {
        case .invalidConfiguration, .topologyMismatch, .messageTooLarge, .unroutable, .closed, .cancelled: false
        default: true
        }
    }

    /// True if a message the error is about may nevertheless have been stored by the broker.
    public var mayHaveBeenStored: Bool { code == .unknownOutcome || code == .cancelled }

    /// The code and the sentence.
    public var description: String {
        if let replyCode { return "\(code) (\(replyCode)): \(message)" }
        return "\(code): \(message)"
    }
}
