import Accounting
public import JSON

extension BigCommerceOrderParser {
    /// Says what a payload of the REST API or of a webhook holds.
    public static func content(
        of payload: JSONValue, reading: OrderReading
    ) throws(StorefrontError) -> PayloadContent {
        if payload["order"]?.object != nil { return .orders([payload]) }
        if let scope = payload["scope"]?.string, let data = payload["data"], payload["producer"] != nil {
            let what = data["id"]?.int.map { " of \(data["type"]?.string ?? "something") \($0)" } ?? ""
            return .other("a notice (\(PayloadFields.cleaned(scope, limit: 64)))\(what)")
        }
        if let list = payload.array, !list.isEmpty, list.allSatisfy(isOrder) {
            return .orders(list.map { ["order": $0] })
        }
        if isOrder(payload) { return .orders([["order": payload]]) }
        let refund = payload["data"] ?? payload
        if refund["total_amount"] != nil, refund["order_id"] != nil {
            let part = try Self.refund(refund, lines: [], scale: reading.currency?.minorUnits ?? 2)
            let sum = StatedSum(
                "the refund's total", part.amount,
                terms: part.lines.map { .init($0.line.kind.rawValue, -($0.line.net + $0.line.tax)) },
                rounded: part.lines.count + 1)
            return .parts([
                PayloadPart(
                    name: "refund \(part.id)", orderID: PayloadFields.identifier(refund["order_id"]), refund: part,
                    sums: [sum])
            ])
        }
        let example = payload.array?.first ?? payload
        let kinds = [
            ("order_address_id", "the products of an order"), ("shipping_method", "the addresses of an order"),
            ("system_label", "the statuses of orders"), ("sku", "a product"), ("customer_group_id", "a customer"),
        ]
        return kinds.first { example[$0.0] != nil }.map { .other($0.1) } ?? .unknown
    }

    private static func isOrder(_ value: JSONValue) -> Bool {
        value["total_inc_tax"] != nil && value["status_id"] != nil
    }
}
