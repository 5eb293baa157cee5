public import Accounting
public import RabbitMQ

/// What travels with every message of the pipeline besides its body: a CloudEvents context in AMQP headers, and the trace
/// it belongs to.
///
/// Source: CloudEvents 1.0.2, "AMQP Protocol Binding", binary content mode (headers prefixed `cloudEvents:`); W3C Trace
/// Context for `traceparent`.
public struct Envelope: Sendable, Hashable {
    /// Unique to the message; the same when it is published again.
    public var id: String
    /// What happened, with its version, e.g. ``MessageType/hinted``.
    public var type: String
    /// Who says so: the service, e.g. `counterfoil/ingest`.
    public var source: String
    /// What it is about, e.g. `shop-au/order/727`.
    public var subject: String
    /// When it was said.
    public var time: Instant
    /// The W3C trace it belongs to.
    public var traceparent: String?

    /// Makes an envelope.
    public init(
        id: String, type: String, source: String, subject: String, time: Instant, traceparent: String? = nil
    ) {
        self.id = id
        self.type = type
        self.source = source
        self.subject = subject
        self.time = time
        self.traceparent = traceparent
    }

    private static let prefix = "cloudEvents:"
    private static let specificationVersion = "1.0"

    /// The properties of a persistent JSON message.
    public var properties: MessageProperties {
        var headers: [String: FieldValue] = [
            Self.prefix + "specversion": .string(Self.specificationVersion),
            Self.prefix + "id": .string(id),
            Self.prefix + "type": .string(type),
            Self.prefix + "source": .string(source),
            Self.prefix + "subject": .string(subject),
            Self.prefix + "time": .string(time.rfc3339),
        ]
        if let traceparent { headers["traceparent"] = .string(traceparent) }
        return MessageProperties(
            contentType: "application/json", messageID: id, type: type, appID: source,
            timestamp: UInt64(max(0, time.seconds)), persistent: true, headers: headers)
    }

    /// Reads what ``properties`` wrote.
    ///
    /// - Throws: ``EnvelopeError`` naming the first header that is missing or unreadable.
    public init(_ properties: MessageProperties) throws(EnvelopeError) {
        func header(_ name: String) throws(EnvelopeError) -> String {
            guard let text = properties.headers[Self.prefix + name]?.string, !text.isEmpty else {
                throw EnvelopeError(header: Self.prefix + name, problem: "is missing")
            }
            return text
        }
        let version = try header("specversion")
        guard version == Self.specificationVersion else {
            throw EnvelopeError(header: Self.prefix + "specversion", problem: "is not \(Self.specificationVersion)")
        }
        let timeText = try header("time")
        guard let time = Instant(rfc3339: timeText) else {
            throw EnvelopeError(header: Self.prefix + "time", problem: "is no RFC 3339 time")
        }
        self.init(
            id: try header("id"), type: try header("type"), source: try header("source"),
            subject: try header("subject"), time: time, traceparent: properties.headers["traceparent"]?.string)
    }
}

/// A message whose headers are not the pipeline's.
public struct EnvelopeError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The header.
    public let header: String
    /// What is wrong with it.
    public let problem: String

    /// One sentence.
    public var description: String { "The message's header \(header) \(problem)." }
}

/// The types of the pipeline's messages. A change that readers would misread gets a new version.
public enum MessageType {
    /// Something about a storefront's document changed: read it.
    public static let hinted = "counterfoil.storefront.hinted.v1"
    /// A storefront's document has been stored in a new version: plan it.
    public static let observed = "counterfoil.storefront.observed.v1"
    /// A Xero document is to be made equal to its plan.
    public static let command = "counterfoil.ledger.command.v1"
    /// What became of a Xero document.
    public static let outcome = "counterfoil.ledger.outcome.v1"
    /// Something failed for good.
    public static let deadLetter = "counterfoil.dead-letter.v1"
}
