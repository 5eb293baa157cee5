public import Accounting
public import JSON

/// One order as a store keeps it.
public struct StoredOrder: Sendable {
    /// The order's id.
    public let id: Int
    /// The order without its `refunds`, amounts as calculated.
    public var document: JSONObject
    /// Its refunds, oldest first.
    public var refunds: [JSONObject]
    /// The document came from a file and leaves as it came, unless `dp` asks for decimals.
    public var isVerbatim: Bool
    /// When it was made, to the second.
    public var createdAt: Instant
    /// When it was last changed, to the second.
    public var modifiedAt: Instant
    /// Moved to the trash: gone from lists.
    public var isTrashed: Bool

    /// The order's status as WooCommerce writes it, without `wc-`.
    public var status: String { document["status"]?.string ?? "" }

    /// What `GET orders/{id}` answers: the order with a summary of its refunds, without their lines.
    /// - Parameter decimals: decimals of amounts; nil keeps a verbatim document's, and means the store's otherwise.
    public func payload(decimals: Int?, storeDecimals: Int) -> JSONValue {
        var object = document
        if !isVerbatim || !refunds.isEmpty {
            object["refunds"] = .array(refunds.map(Self.summary))
        }
        guard let places = decimals ?? (isVerbatim ? nil : storeDecimals) else { return .object(object) }
        return MoneyFormat.formatted(.object(object), decimals: places)
    }

    private static func summary(_ refund: JSONObject) -> JSONValue {
        let amount = refund["amount"]?.decimal ?? ExactDecimal(0)
        return [
            "id": refund["id"] ?? .null, "reason": refund["reason"] ?? "",
            "total": .string("-" + amount.description),
        ]
    }
}
