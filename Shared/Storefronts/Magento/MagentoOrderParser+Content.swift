import Accounting
public import JSON

extension MagentoOrderParser {
    /// Says what a payload of the REST API, of Adobe's events or of an e-mail's data holds.
    public static func content(
        of payload: JSONValue, reading: OrderReading
    ) throws(StorefrontError) -> PayloadContent {
        let value = payload["event"]?["data"]?["value"] ?? payload
        if value["order"]?.object != nil { return .orders([snapshot(value)]) }
        if value["search_criteria"] != nil, let list = value["items"]?.array {
            if !list.isEmpty, list.allSatisfy(isOrder) { return .orders(list.map { ["order": $0] }) }
            return list.first.map(kind) ?? .other("an empty list")
        }
        if isOrder(value) { return .orders([["order": value]]) }
        guard isDocument(value) else { return kind(value) }
        // Only a credit memo names an adjustment or the invoice it takes back.
        if value["adjustment"] != nil || value["adjustment_positive"] != nil || value["creditmemo_status"] != nil {
            let (refund, sums) = try refund(value, side: reading.side)
            return .parts([
                PayloadPart(name: "credit memo \(refund.id)", orderID: order(of: value), refund: refund, sums: sums)
            ])
        }
        let invoice = try MagentoDocument(value, kind: .invoice, side: reading.side)
        return .parts([
            PayloadPart(
                name: "invoice \(try invoice.fields.id("entity_id"))", orderID: order(of: value),
                sums: try invoice.sums())
        ])
    }

    /// Gathers what stands beside an order.
    private static func snapshot(_ value: JSONValue) -> JSONValue {
        var snapshot: JSONObject = ["order": value["order"] ?? .null]
        for (name, keys) in [("refunds", ["refunds", "creditmemos"]), ("invoices", ["invoices"])] {
            snapshot[name] = keys.lazy.compactMap { value[$0] }.first
        }
        if snapshot["refunds"] == nil, let memo = value["creditmemo"], memo.object != nil {
            snapshot["refunds"] = [memo]
        }
        if snapshot["invoices"] == nil, let invoice = value["invoice"], invoice.object != nil {
            snapshot["invoices"] = [invoice]
        }
        return .object(snapshot)
    }

    private static func isDocument(_ value: JSONValue) -> Bool {
        value["grand_total"] != nil && value["items"]?.array != nil
    }

    private static func isOrder(_ value: JSONValue) -> Bool { isDocument(value) && value["order_id"] == nil }

    private static func order(of document: JSONValue) -> String? { PayloadFields.identifier(document["order_id"]) }

    private static func kind(_ value: JSONValue) -> PayloadContent {
        if value["sku"] != nil { return .other("a product") }
        if value["email"] != nil, value["group_id"] != nil { return .other("a customer") }
        if value["adjustment_positive"] != nil || value["arguments"] != nil { return .other("a request for a refund") }
        if value["order_id"] != nil, value["tracks"] != nil { return .other("a shipment") }
        if value["data_item_1"] != nil { return .other("a list of Magento 1, which is not supported") }
        return .unknown
    }

    /// Reads a credit memo: what it gives back, and its arithmetic.
    static func refund(
        _ value: JSONValue, side: OrderReading.Side?
    ) throws(StorefrontError) -> (refund: CanonicalRefund, sums: [StatedSum]) {
        let memo = try MagentoDocument(value, kind: .creditMemo, side: side)
        let id = try memo.fields.id("entity_id")
        if let given = try memo.redeemed().first {
            throw StorefrontError(
                .unsupported,
                "credit memo \(id) gave \(given.amount.fixed(memo.currency.minorUnits)) back as \(given.name); "
                    + "enter it in Xero by hand")
        }
        var unused = TaxTable()
        var lines: [RefundLine] = []
        for item in memo.items {
            let line = try item.line(&unused, rates: nil)
            if line.net.isZero, line.tax.isZero { continue }
            lines.append(line.takenBack(refundedLineID: item.id))
        }
        if let shipping = try memo.shipping() {
            let line = CanonicalLine(
                id: "shipping", kind: .shipping, name: "", net: shipping.net, tax: shipping.tax)
            lines.append(line.takenBack(refundedLineID: "shipping"))
        }
        let adjustment = try memo.amount("adjustment_positive") - memo.amount("adjustment_negative")
        if !adjustment.isZero {
            let line = CanonicalLine(id: "adjustment", kind: .fee, name: "Adjustment", net: adjustment)
            lines.append(line.takenBack())
        }
        return (
            CanonicalRefund(
                id: id, createdAt: try memo.fields.instant(firstOf: ["created_at"]),
                amount: try memo.required("grand_total"), lines: lines),
            try memo.sums()
        )
    }
}
