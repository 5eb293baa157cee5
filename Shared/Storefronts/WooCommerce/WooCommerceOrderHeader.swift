public import Accounting
public import JSON

/// What identifies a WooCommerce order and its version, without looking at its money.
public struct WooCommerceOrderHeader: Sendable, Hashable {
    /// A refund as the order names it.
    public struct Refund: Sendable, Hashable {
        /// The store's id of the refund.
        public let id: String
        /// How much, positive; `nil` if the order does not say.
        public let amount: ExactDecimal?
    }

    /// The store's id of the order.
    public let id: String
    /// The number that the customer knows the order by.
    public let number: String
    /// The status, without the prefix that plugins sometimes leave (`wc-`).
    public let status: String
    /// The stamp of the last change, to the second: what orders the versions of an order.
    public let modifiedAt: Instant
    /// When the order was made, if the store says so.
    public let createdAt: Instant?
    /// The refunds that the order names; newer versions of WooCommerce may name none though there are.
    public let refunds: [Refund]

    /// Reads an order's identity and version.
    /// - Parameter order: The order as the store worded it.
    /// - Throws: ``StorefrontError`` with the code `malformed` if it is no order.
    public init(order: JSONValue) throws(StorefrontError) {
        let fields = try PayloadFields(order, path: "")
        if fields.optionalID("id") == nil, let code = fields["code"]?.string, fields["message"] != nil {
            throw StorefrontError(.malformed, "the store sent the error \(code.prefix(64)) instead of an order")
        }
        id = try fields.id("id")
        let number = fields.text("number", limit: 200)
        self.number = number.isEmpty ? id : number
        let status = fields.text("status", limit: 64)
        guard !status.isEmpty else { throw StorefrontError(.malformed, "status is missing where a word should be") }
        self.status = status.hasPrefix("wc-") ? String(status.dropFirst(3)) : status
        createdAt = try fields.optionalInstant("date_created_gmt")
        guard let modifiedAt = try fields.optionalInstant("date_modified_gmt") ?? createdAt else {
            throw StorefrontError(.malformed, "date_modified_gmt is missing where a time should be")
        }
        self.modifiedAt = modifiedAt
        var refunds: [Refund] = []
        for entry in try fields.objects("refunds") {
            guard let id = entry.optionalID("id") else { continue }
            refunds.append(Refund(id: id, amount: try entry.optionalAmount("total")?.magnitude))
        }
        self.refunds = refunds
    }
}
