public import Accounting
public import JSON

/// Makes canonical orders of Shopify's, in the shop's money unless the customer's is asked for.
///
/// A snapshot is an `order`, whose `refunds` and `transactions` may stand in it or beside it. Without the transactions it is
/// not known what gift cards paid.
public struct ShopifyOrderParser: StorefrontOrderParser {
    /// Makes the canonical order of a snapshot.
    public static func order(from snapshot: JSONValue, reading: OrderReading) throws(StorefrontError) -> CanonicalOrder
    {
        let snapshot = try ShopifyGraphQL.asREST(snapshot)
        let fields = try PayloadFields(snapshot["order"], path: "")
        let money = try ShopifyMoney(order: fields, side: reading.side)
        let id = try fields.id("id")
        let parts = try ShopifyLines(order: fields, money: money)
        let payments = try ShopifyPayments(order: fields, snapshot: snapshot, money: money)
        let price = try money.required(fields, "total_price")
        let rounding = try money.amount(fields, "total_cash_rounding_payment_adjustment")
        let owed = payments.owed.lazy.map(\.amount).sum()
        let tax = try money.optional(fields, "total_tax") ?? parts.lines.lazy.map(\.tax).sum()
        var order = CanonicalOrder(
            platform: .shopify, storeID: reading.storeID, orderID: id, currency: money.currency,
            createdAt: try fields.instant(firstOf: ["created_at"]),
            totals: OrderTotals(total: price + rounding - owed, totalTax: tax, cashRounding: rounding))
        let number = fields.text(firstOf: ["name", "order_number"], limit: 200)
        order.number = number.isEmpty ? id : number.hasPrefix("#") ? String(number.dropFirst()) : number
        order.status = status(fields)
        order.claimsFullRefund = fields.text("financial_status").lowercased() == "refunded"
        order.modifiedAt = try fields.optionalInstant("updated_at") ?? order.createdAt
        if payments.isPaid {
            let processed = try fields.optionalInstant("processed_at")
            order.paidAt = payments.paidAt ?? processed ?? order.createdAt
        } else if payments.isPartlyPaid, let paidAt = payments.paidAt {
            order.paidAt = paidAt
            order.isPartlyPaid = true
        }
        order.customer = try customer(fields)
        order.lines = parts.lines
        order.taxes = parts.taxes.taxes
        order.tenders = payments.tenders(total: order.totals.total)
        order.pricesIncludeTax = parts.taxesIncluded
        order.sums = try sums(fields, parts, money, tax: tax)
        order.refunds = try refunds(snapshot, fields, payments.isPaid, parts)
        order.note = fields.text("note")
        order.customFields = try customFields(fields)
        order.orderPath = "admin/orders/\(id)"
        return order
    }

    // MARK: Parts

    private static func status(_ order: PayloadFields) -> String {
        let financial = order.text("financial_status", limit: 64).lowercased()
        if financial == "refunded" { return OrderStatus.refunded }
        if financial == "voided" || !order.text("cancelled_at").isEmpty { return OrderStatus.cancelled }
        switch financial {
        case "paid", "partially_refunded":
            let isSent =
                order.text(firstOf: ["fulfillment_status", "display_fulfillment_status"]).lowercased() == "fulfilled"
            return isSent ? OrderStatus.completed : OrderStatus.processing
        case "", "pending": return OrderStatus.pending
        default: return financial
        }
    }

    private static func customer(_ order: PayloadFields) throws(StorefrontError) -> CanonicalCustomer {
        let person = try order.optionalFields("customer")
        let home = try person?.optionalFields("default_address")
        let bill = try order.optionalFields("billing_address") ?? home
        var customer = CanonicalCustomer(id: person?.optionalID("id"))
        customer.firstName = bill?.text("first_name", limit: 255) ?? ""
        customer.lastName = bill?.text("last_name", limit: 255) ?? ""
        if customer.fullName.isEmpty {
            customer.firstName = person?.text("first_name", limit: 255) ?? ""
            customer.lastName = person?.text("last_name", limit: 255) ?? ""
        }
        customer.email = order.text(firstOf: ["email", "contact_email"], limit: 320)
        if customer.email.isEmpty { customer.email = person?.text("email", limit: 320) ?? "" }
        customer.company = bill?.text("company", limit: 255) ?? ""
        customer.phone = bill?.text("phone", limit: 100) ?? order.text("phone", limit: 100)
        customer.address =
            bill?.address(
                lines: ["address1", "address2"], city: "city", region: ["province_code", "province"], postalCode: "zip",
                country: ["country_code", "country_code_v2", "country"]) ?? CanonicalAddress()
        return customer
    }

    private static func sums(
        _ order: PayloadFields, _ parts: ShopifyLines, _ money: ShopifyMoney, tax: ExactDecimal
    ) throws(StorefrontError) -> [StatedSum] {
        let price = try money.required(order, "total_price")
        let subtotal = try money.required(order, "subtotal_price")
        let goods = parts.shown([.product, .giftCard])
        // Where prices include tax, so do the figures that are shown for shipping and duties.
        let terms: [StatedSum.Term] = [
            .init("subtotal", subtotal), .init("shipping", parts.shown([.shipping]).sum()),
            .init("fees", parts.shown([.fee]).sum()),
            .init("tips", parts.shown([.tip]).sum()), .init("tax", parts.taxesIncluded ? .zero : tax),
        ]
        var sums = [
            StatedSum("the order's total price", price, terms: terms),
            StatedSum(
                "the order's subtotal price", subtotal, terms: goods.map { .init("line", $0) }, rounded: goods.count + 1
            ),
        ]
        if let discounts = try money.optional(order, "total_discounts") {
            sums.append(
                StatedSum(
                    "the order's total discounts", discounts, terms: parts.discounts.map { .init("discount", $0) },
                    rounded: parts.discounts.count + 1))
        }
        let taxLines = try order.objects("tax_lines")
        if !taxLines.isEmpty {
            var terms: [StatedSum.Term] = []
            for line in taxLines {
                terms.append(.init(line.text("title", limit: 60), try money.required(line, "price")))
            }
            sums.append(StatedSum("the order's total tax", tax, terms: terms, rounded: terms.count + 1))
        }
        return sums
    }

    private static func customFields(_ order: PayloadFields) throws(StorefrontError) -> [String: String] {
        var fields = order.customFields(["po_number", "source_name", "tags"])
        for attribute in try order.objects("note_attributes").prefix(100) {
            let key = attribute.text(firstOf: ["name", "key"], limit: 100)
            let value = attribute.text("value", limit: 255)
            if !key.isEmpty, !value.isEmpty { fields[key] = value }
        }
        return fields
    }
}
