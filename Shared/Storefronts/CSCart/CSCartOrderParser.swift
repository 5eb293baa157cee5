public import Accounting
public import JSON

/// Makes canonical orders of CS-Cart's and Multi-Vendor's.
///
/// Amounts are in the store's primary currency, which an order does not name: it stands in the snapshot as `currency`, or in
/// the reading. There are no refunds in CS-Cart, only statuses.
public struct CSCartOrderParser: StorefrontOrderParser {
    /// Makes the canonical order of a snapshot.
    public static func order(from snapshot: JSONValue, reading: OrderReading) throws(StorefrontError) -> CanonicalOrder
    {
        let fields = try PayloadFields(snapshot["order"], path: "")
        let id = try fields.id("order_id")
        if fields.flag("is_parent_order") {
            throw StorefrontError(
                .notAnOrder, "this is the parent of other orders, which carry its money, not an order")
        }
        guard let products = fields["products"], products.array != nil || products.object != nil else {
            throw StorefrontError(.incomplete, "products not read yet: a list of orders has none")
        }
        guard let currency = snapshot["currency"]?.string.flatMap({ Currency($0) }) ?? reading.currency else {
            throw StorefrontError(
                .incomplete, "currency not read yet: an order of CS-Cart does not name it, the snapshot must")
        }
        let lines = try CSCartLines(order: fields, currency: currency)
        let total = try fields.amount("total")
        var order = CanonicalOrder(
            platform: .cscart, storeID: reading.storeID, orderID: id, currency: currency,
            createdAt: try fields.instant(firstOf: ["timestamp"]),
            totals: OrderTotals(total: total, totalTax: lines.totalTax))
        order.status = try status(fields)
        order.modifiedAt = try fields.optionalInstant("updated_at") ?? order.createdAt
        // The store does not say when: the order's own time stands for that.
        order.paidAt = ["P", "C"].contains(fields.text("status")) ? order.createdAt : nil
        order.customer = customer(fields)
        order.lines = lines.lines
        order.taxes = lines.taxes.taxes
        order.pricesIncludeTax = lines.hasIncludedTax
        let certificates = try certificates(fields)
        order.tenders = tenders(money: [try money(fields, total)], owed: certificates)
        order.sums = try lines.sums(fields, redeemed: certificates.lazy.map(\.amount).sum())
        order.note = fields.text("notes")
        order.customFields = customFields(fields)
        return order
    }

    // MARK: Parts

    private static func status(_ order: PayloadFields) throws(StorefrontError) -> String {
        let letter = order.text("status", limit: 64)
        guard !letter.isEmpty else { throw StorefrontError(.malformed, "status is missing where a letter should be") }
        return words[letter] ?? letter
    }

    /// The letters that every store has; merchants add their own.
    private static let words = [
        "P": OrderStatus.processing, "C": OrderStatus.completed, "O": OrderStatus.pending, "Y": OrderStatus.pending,
        "B": OrderStatus.onHold, "I": OrderStatus.cancelled, "F": OrderStatus.failed, "D": OrderStatus.failed,
    ]

    private static func customer(_ order: PayloadFields) -> CanonicalCustomer {
        CanonicalCustomer(
            id: order.optionalID("user_id"), firstName: order.text(firstOf: ["b_firstname", "firstname"], limit: 255),
            lastName: order.text(firstOf: ["b_lastname", "lastname"], limit: 255),
            company: order.text("company", limit: 255), email: order.text("email", limit: 320),
            phone: order.text(firstOf: ["b_phone", "phone"], limit: 100),
            address: order.address(
                lines: ["b_address", "b_address_2"], city: "b_city", region: ["b_state_descr", "b_state"],
                postalCode: "b_zipcode", country: ["b_country"]))
    }

    private static func money(_ order: PayloadFields, _ total: ExactDecimal) throws(StorefrontError) -> Tender {
        let method = try order.optionalFields("payment_method")
        let title = method?.text("payment", limit: 255) ?? ""
        let payment = try order.optionalFields("payment_info")
        return Tender(
            kind: .money, method: title.isEmpty ? order.text("payment_id", limit: 50) : title, title: title,
            amount: total, reference: payment?.text("transaction_id", limit: 255) ?? "")
    }

    private static func certificates(_ order: PayloadFields) throws(StorefrontError) -> [Tender] {
        var tenders: [Tender] = []
        for entry in try order.entries("use_gift_certificates") {
            tenders.append(
                Tender(
                    kind: .giftCard, method: "gift_card", title: "Gift certificate",
                    amount: try entry.fields.amount("cost"), reference: entry.fields.text("gift_cert_id", limit: 50)))
        }
        return tenders
    }

    private static func customFields(_ order: PayloadFields) -> [String: String] {
        var fields = order.customFields(["invoice_id", "credit_memo_id", "secondary_currency", "tax_exempt"])
        for (key, value) in order["fields"]?.object ?? [:] {
            let text = value.string ?? value.number?.text ?? ""
            if !text.isEmpty { fields["field_\(key.prefix(50))"] = PayloadFields.cleaned(text, limit: 255) }
        }
        return fields
    }
}
