public import JSON

extension WooCommerceOrderParser {
    /// Says what a payload of the REST API or of a webhook holds.
    public static func content(
        of payload: JSONValue, reading: OrderReading
    ) throws(StorefrontError) -> PayloadContent {
        if let list = payload.array, !list.isEmpty, list.allSatisfy(isOrder) {
            return .orders(list.map { ["order": $0] })
        }
        if isOrder(payload) { return .orders([["order": payload]]) }
        let example = payload.array?.first ?? payload
        let kinds: [(field: String, name: String)] = [
            ("discount_type", "a coupon"), ("is_paying_customer", "a customer"), ("regular_price", "a product"),
            ("refunded_by", "a refund"), ("refunded_payment", "a refund"), ("delivery_url", "a webhook's settings"),
            ("webhook_id", "a webhook's ping"), ("priority", "a tax rate"),
        ]
        return kinds.first { example[$0.field] != nil }.map { .other($0.name) } ?? .unknown
    }

    /// A refund has lines and an id as well, but no status.
    private static func isOrder(_ value: JSONValue) -> Bool {
        value["line_items"]?.array != nil && value["id"] != nil && value["status"] != nil
    }
}
