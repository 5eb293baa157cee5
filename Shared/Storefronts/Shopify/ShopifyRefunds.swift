import Accounting
import JSON

extension ShopifyOrderParser {
    /// The refunds in an order or beside it.
    static func refunds(
        _ snapshot: JSONValue, _ order: PayloadFields, _ isPaid: Bool, _ parts: ShopifyLines
    ) throws(StorefrontError) -> [CanonicalRefund] {
        guard let list = snapshot["refunds"]?["refunds"] ?? snapshot["refunds"] ?? order["refunds"], !list.isNull else {
            if ["partially_refunded", "refunded"].contains(order.text("financial_status").lowercased()) {
                throw StorefrontError(.incomplete, "refunds not read yet: the order names none, and is refunded")
            }
            return []
        }
        var refunds: [CanonicalRefund] = []
        for item in try PayloadFields(["refunds": list], path: "").objects("refunds") {
            let reader = ShopifyRefunds(money: parts.money, taxesIncluded: parts.taxesIncluded, isPaid: isPaid)
            refunds.append(try reader.refund(item))
        }
        return refunds.oldestFirst()
    }
}

/// Reads refunds of Shopify.
///
/// Source: Shopify REST Admin API, refund: the money is that of its transactions; adjustments are signed as the shop's books
/// see them, so that money given back is negative.
struct ShopifyRefunds {
    let money: ShopifyMoney
    let taxesIncluded: Bool
    /// Whether the order was paid: before that, what is taken off needs no money to go back.
    let isPaid: Bool

    func refund(_ item: PayloadFields) throws(StorefrontError) -> CanonicalRefund {
        let id = try item.id("id")
        let transactions = try item.objects("transactions")
        var amount = ExactDecimal.zero
        for transaction in transactions
        where transaction.text("kind").lowercased() == "refund" && transaction.text("status").lowercased() == "success"
        {
            let part = try Self.amount(of: transaction, money)
            let gateway = transaction.text("gateway")
            guard ShopifyPayments.kind(of: gateway) == .money || part.isZero else {
                throw StorefrontError(
                    .unsupported,
                    "refund \(id) gave \(part.fixed(money.currency.minorUnits)) back as \(gateway); enter it in Xero by hand"
                )
            }
            amount += part
        }
        var lines = try self.lines(item)
        if transactions.isEmpty {
            // Goods went back to the shelf without money: before payment the bill is less, afterwards nothing changed.
            if isPaid {
                lines = []
            } else {
                amount = -lines.lazy.map { $0.line.net + $0.line.tax }.sum()
            }
        }
        return CanonicalRefund(
            id: id, createdAt: try item.instant(firstOf: ["processed_at", "created_at"]), amount: amount,
            reason: item.text("note", limit: 1000), lines: lines)
    }

    private func lines(_ item: PayloadFields) throws(StorefrontError) -> [RefundLine] {
        var lines: [RefundLine] = []
        for entry in try item.objects("refund_line_items") {
            let original = try entry.optionalFields("line_item")
            let tax = try money.amount(entry, "total_tax")
            let subtotal = try money.required(entry, "subtotal")
            let isGiftCard = original?.flag("gift_card") ?? false
            let line = CanonicalLine(
                id: entry.optionalID("id") ?? "", kind: isGiftCard ? .giftCard : .product,
                name: original?.text(firstOf: ["name", "title"]) ?? "", quantity: try entry.amount("quantity"),
                net: taxesIncluded ? subtotal - tax : subtotal, tax: tax)
            if line.net.isZero, line.tax.isZero { continue }
            lines.append(
                line.takenBack(refundedLineID: entry.optionalID("line_item_id") ?? original?.optionalID("id")))
        }
        for adjustment in try item.objects("order_adjustments") {
            let isShipping = adjustment.text("kind") == "shipping_refund"
            let tax = try money.amount(adjustment, "tax_amount")
            let amount = try money.required(adjustment, "amount")
            lines.append(
                RefundLine(
                    CanonicalLine(
                        id: adjustment.optionalID("id") ?? "", kind: isShipping ? .shipping : .fee,
                        name: adjustment.text(firstOf: ["reason", "kind"], limit: 255),
                        net: taxesIncluded ? amount - tax : amount, tax: tax)))
        }
        for (key, name) in [("total_duties", "Duties"), ("total_additional_fees", "Additional fees")] {
            let amount = try money.amount(item, key)
            if amount.isZero { continue }
            lines.append(CanonicalLine(id: key, kind: .fee, name: name, net: amount).takenBack())
        }
        return lines
    }

    /// What moved, in the currency of the reading: a transaction has its own, and its set if that is another.
    static func amount(of transaction: PayloadFields, _ money: ShopifyMoney) throws(StorefrontError) -> ExactDecimal {
        if transaction["amount_set"] != nil { return try money.required(transaction, "amount") }
        let currency = transaction.text("currency")
        guard currency.isEmpty || currency == money.currency.code else {
            throw StorefrontError(
                .unsupported,
                "transaction \(transaction.text("id")) is in \(currency.prefix(8)), the order in \(money.currency); "
                    + "enter the payment in Xero by hand")
        }
        return try transaction.amount("amount")
    }
}
