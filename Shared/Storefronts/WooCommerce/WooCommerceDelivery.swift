public import JSON

/// What a delivery to a WooCommerce webhook is about.
///
/// Source: WooCommerce, `class-wc-webhook.php` and `wc-webhook-functions.php`.
public struct WooCommerceDelivery {
    /// What a delivery is.
    public enum Classification: Sendable, Hashable {
        /// The unsigned form that a store sends when a webhook is saved: to be answered 200, and nothing else.
        case ping(webhookID: String)
        /// Something happened to an order.
        case order(id: String, topic: String)
        /// An order went to the trash or was deleted.
        case orderDeleted(id: String)
        /// Nothing that concerns the books.
        case ignored(reason: String)
        /// Nothing that can be understood.
        case malformed(reason: String)
    }

    /// Statuses of orders that are not made yet, or thrown away.
    public static let draftStatuses: Set<String> = ["checkout-draft", "auto-draft", "draft", "new", "trash"]

    /// Says what a delivery is about. Content never makes it fail.
    /// - Parameters:
    ///   - headers: The request's headers by name; names are asked for as WooCommerce writes them.
    ///   - body: The request's body, its signature already checked unless it is a ping.
    public static func classify(headers: (String) -> String?, body: [UInt8]) -> Classification {
        guard let topic = headers("X-WC-Webhook-Topic"), !topic.isEmpty else {
            if let id = pingedWebhook(body) { return .ping(webhookID: id) }
            return .malformed(reason: "there is no X-WC-Webhook-Topic header")
        }
        guard topic.hasPrefix("order.") else {
            return .ignored(reason: "topic \(printable(topic)) is not about orders")
        }
        do throws(JSONError) {
            return classify(topic: topic, order: try JSONValue(parsing: body, keeping: named))
        } catch {
            return .malformed(reason: "the body is not JSON: \(error)")
        }
    }

    /// What is looked at of an order: the rest of its body is only checked for being JSON.
    private static let named: Set<String> = ["id", "status", "code", "message"]

    /// Says what an order's webhook is about whose body is already parsed.
    /// - Parameters:
    ///   - topic: The header `X-WC-Webhook-Topic`, starting with `order.`.
    ///   - order: The body.
    public static func classify(topic: String, order: JSONValue) -> Classification {
        guard case .object(let members) = order else {
            return .malformed(reason: "the body is a \(order.kind), not an order")
        }
        guard let id = PayloadFields.identifier(members["id"]) else {
            if let code = members["code"]?.string, members["message"] != nil {
                return .malformed(
                    reason: "the store sent the error \(printable(code)) instead of an order; "
                        + "give the webhook's owner the right to read orders")
            }
            return .malformed(reason: "the order has no id")
        }
        if topic == "order.deleted" { return .orderDeleted(id: id) }
        if let status = members["status"]?.string, draftStatuses.contains(status) {
            return .ignored(reason: "the order is in status \(status)")
        }
        return .order(id: id, topic: printable(topic))
    }

    /// The webhook that a ping names; `nil` if the body is no ping.
    /// - Parameter body: The request's body.
    public static func pingedWebhook(_ body: [UInt8]) -> String? {
        let prefix = Array("webhook_id=".utf8)
        guard body.count > prefix.count, body.count <= prefix.count + 20, body.starts(with: prefix) else { return nil }
        let digits = body[prefix.count...]
        guard digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else { return nil }
        return String(decoding: digits, as: UTF8.self)
    }

    /// Text from outside, safe to show: short and without control characters.
    private static func printable(_ text: String) -> String {
        String(
            String.UnicodeScalarView(
                text.unicodeScalars.prefix(64).map { $0.value < 0x20 || $0.value == 0x7F ? "?" : $0 }))
    }
}
