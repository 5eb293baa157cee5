import JSON
import Messaging
import RabbitMQ

/// A message that reached `dead.letters` without a letter of ours: the broker gave up on it, or a handler could not read it.
struct UndeliverableMessage: Sendable, Hashable {
    /// The most bytes of a body that are kept.
    static let bodyLimit = 4096

    /// The message's own id; made from its place and body when it has none, so that a repeat is recognised.
    var id: String
    /// The queue it was in, or the routing key it came with.
    var origin: String
    /// The broker's word for why: rejected, delivery_limit, expired, maxlen.
    var reason: String
    /// The body, cut and made printable.
    var detail: String

    init(_ delivery: Delivery) {
        let death = Self.firstDeath(delivery.properties.headers)
        origin = death?.queue ?? delivery.routingKey
        reason = death?.reason ?? "unreadable"
        detail = Self.printable(delivery.body)
        id = delivery.properties.messageID ?? "\(origin):\(Self.checksum(delivery.body))"
    }

    /// One sentence for the list.
    var message: String {
        switch reason {
        case "delivery_limit":
            "A message of \(origin) was delivered \(PipelineTopology.deliveryLimit) times and never handled."
        case "rejected": "A message of \(origin) could not be read by its handler."
        case "maxlen": "A message of \(origin) found its queue full."
        case "expired": "A message of \(origin) expired."
        default: "A message of \(origin) is not one of Counterfoil's."
        }
    }

    /// What to do: nothing is lost, since messages only wake services.
    var suggestion: String {
        "Nothing is lost by it: the rows it stood for are also polled. Look at who publishes to \(origin), then discard this."
    }

    /// Where and why it first died. Source: RabbitMQ, "Dead Letter Exchanges", headers `x-first-death-*`.
    private static func firstDeath(_ headers: [String: FieldValue]) -> (queue: String, reason: String)? {
        guard let queue = headers["x-first-death-queue"]?.string, let reason = headers["x-first-death-reason"]?.string
        else { return nil }
        return (queue, reason)
    }

    private static func printable(_ body: [UInt8]) -> String {
        let text = String(decoding: body.prefix(bodyLimit), as: UTF8.self).replacing("\0", with: "\u{FFFD}")
        return body.count > bodyLimit ? text + "… (\(body.count) bytes)" : text
    }

    /// FNV-1a, 64 bits: recognises the same body again, nothing more.
    private static func checksum(_ body: [UInt8]) -> String {
        let hash = body.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        return String(hash, radix: 16)
    }
}
