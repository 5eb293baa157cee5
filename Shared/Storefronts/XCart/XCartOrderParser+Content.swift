public import JSON

extension XCartOrderParser {
    /// Says what a payload of one of X-Cart's APIs holds.
    public static func content(
        of payload: JSONValue, reading: OrderReading
    ) throws(StorefrontError) -> PayloadContent {
        if payload["order"]?.object != nil { return .orders([payload]) }
        if let list = payload["hydra:member"]?.array ?? payload.array, !list.isEmpty, list.allSatisfy(isOrder) {
            return .orders(list.map { ["order": $0] })
        }
        if isOrder(payload) { return .orders([["order": payload]]) }
        let example = payload["hydra:member"]?.array?.first ?? payload.array?.first ?? payload
        if example["sku"] != nil { return .other("a product") }
        if example["login"] != nil { return .other("a customer") }
        return .unknown
    }

    private static func isOrder(_ value: JSONValue) -> Bool {
        value["total"] != nil && (value["payment_status"] != nil || value["paymentStatus"] != nil)
    }
}
