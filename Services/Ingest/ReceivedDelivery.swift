import Accounting
import Crypto
import JSON
import Observability

/// One request as it came in over HTTP, its body read as far as it is kept.
struct WebhookRequest: Sendable {
    /// The store as addressed; may be no store of ours.
    let storeID: String
    /// Header values by name, case-insensitively.
    let header: @Sendable (String) -> String?
    /// The remote address, if it is known.
    let source: String?
}

/// What a body was, as far as it was read.
struct ReceivedBody: Sendable {
    /// The bytes: all of them, or the first ``keptOfRejects`` of a body that is not kept whole.
    var bytes: [UInt8] = []
    /// How many were received.
    var count = 0
    /// Whether it exceeds the limit; then reading stopped there.
    var isTooLarge = false
    /// The SHA-256 of all that was received, of a body that is not kept whole.
    var digest: [UInt8]?

    /// What is kept of a reject's body.
    static let keptOfRejects = 1_024
}

/// One row of table `event`, and what follows from it.
struct DeliveryRecord: Sendable {
    /// What became of a delivery.
    enum Outcome: String, Sendable, Hashable {
        case accepted, ignored, rejected
    }

    /// "Read this order."
    struct Hint: Sendable, Hashable {
        let platform: String
        let orderID: String
        let rereadSeconds: [Double]
    }

    let id: String
    let storeID: String
    let outcome: Outcome
    let reason: String?
    let status: Int
    let topic: String?
    let entity: String?
    let entityID: String?
    let deliveryKey: [UInt8]?
    let headers: JSONValue
    let body: [UInt8]
    let bodyBytes: Int
    let source: String?
    let hint: Hint?
    /// Whether the store's sweep becomes due: something changed, and the delivery does not say what.
    let sweeps: Bool
    /// The delivery's step in its trace.
    let span: Span

    /// What the row costs in memory and on the wire, roughly.
    var weight: Int { body.count + 1_024 }
}

/// Identical deliveries have the same key: same webhook, topic, resource and body.
///
/// WooCommerce's own delivery id is no key: all deliveries of one webhook within a second share it.
enum DeliveryKey {
    static func woocommerce(webhookID: String, topic: String, body: [UInt8]) -> [UInt8] {
        var hash = SHA256()
        hash.update(data: Array("woocommerce\n\(webhookID)\n\(topic)\n".utf8))
        hash.update(data: body)
        return Array(hash.finalize())
    }
}
