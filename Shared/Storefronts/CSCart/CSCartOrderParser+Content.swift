public import JSON

extension CSCartOrderParser {
    /// Says what a payload of the REST API or of the hooks that stores send holds.
    public static func content(
        of payload: JSONValue, reading: OrderReading
    ) throws(StorefrontError) -> PayloadContent {
        if payload["order"]?.object != nil { return .orders([payload]) }
        if let list = payload["orders"]?.array { return .orders(list.map { ["order": $0] }) }
        if payload["order_id"] != nil, payload["total"] != nil {
            return PayloadFields.isYes(payload["is_parent_order"])
                ? .other("the parent of other orders, which carry its money") : .orders([["order": payload]])
        }
        let example = payload.array?.first ?? payload
        let kinds = [
            ("user_data", "a request to make an order"), ("shipment_id", "a shipment"), ("tax_id", "a tax"),
            ("user_type", "a customer"), ("product_id", "a product"),
        ]
        return kinds.first { example[$0.0] != nil }.map { .other($0.1) } ?? .unknown
    }
}
