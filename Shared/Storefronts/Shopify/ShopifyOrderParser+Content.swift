import Accounting
public import JSON

extension ShopifyOrderParser {
    /// Says what a payload of the REST or GraphQL Admin API, or of a webhook, holds.
    public static func content(
        of payload: JSONValue, reading: OrderReading
    ) throws(StorefrontError) -> PayloadContent {
        let value = payload["data"] ?? payload
        if value["order"]?.object != nil { return .orders([value]) }
        if let list = value["orders"]?.array { return .orders(list.map { ["order": $0] }) }
        if value["financial_status"] != nil || value["lineItems"] != nil { return .orders([["order": value]]) }
        let refunds = value["refunds"]?.array ?? value["refund"].map { [$0] } ?? (isRefund(value) ? [value] : [])
        if !refunds.isEmpty {
            guard refunds.allSatisfy({ $0["id"] != nil }) else { return .other("a calculation of a refund") }
            var parts: [PayloadPart] = []
            for refund in refunds { parts.append(try part(refund, reading)) }
            return .parts(parts)
        }
        if let payments = value["transactions"]?.array ?? value["transaction"].map({ [$0] }) {
            guard payments.allSatisfy({ $0["kind"] != nil }) else { return .other("the transactions of a payout") }
            return .parts(
                payments.map {
                    PayloadPart(
                        name: "payment \($0["id"]?.number?.text ?? "without id")",
                        orderID: PayloadFields.identifier($0["order_id"]))
                })
        }
        let kinds = [
            ("draft_order", "a draft of an order"), ("customer", "a customer"), ("product", "a product"),
            ("gift_card", "a gift card"), ("payout", "a payout"), ("fulfillment_order", "a fulfilment"),
            ("tender_transactions", "a list of tenders"),
        ]
        return kinds.first { value[$0.0] != nil }.map { .other($0.1) } ?? .unknown
    }

    private static func isRefund(_ value: JSONValue) -> Bool {
        value["refund_line_items"] != nil && value["order_id"] != nil
    }

    /// A refund without its order: whether its prices include tax is not known, so only what it says of itself is checked.
    private static func part(_ value: JSONValue, _ reading: OrderReading) throws(StorefrontError) -> PayloadPart {
        let fields = try PayloadFields(value, path: "refund")
        let code = value["transactions"]?.array?.first?["currency"]?.string ?? reading.currency?.code ?? ""
        guard let currency = Currency(code) else {
            throw StorefrontError(.malformed, "refund.transactions names no currency of ISO 4217")
        }
        let reader = ShopifyRefunds(money: ShopifyMoney(currency: currency), taxesIncluded: false, isPaid: true)
        let refund = try reader.refund(fields)
        let sum = StatedSum(
            "the refund's money", refund.amount,
            terms: refund.lines.map { .init($0.line.kind.rawValue, -($0.line.net + $0.line.tax)) },
            rounded: 2 * refund.lines.count + 1)
        return PayloadPart(
            name: "refund \(refund.id)", orderID: fields.optionalID("order_id"), refund: refund,
            sums: refund.lines.isEmpty ? [] : [sum])
    }
}
