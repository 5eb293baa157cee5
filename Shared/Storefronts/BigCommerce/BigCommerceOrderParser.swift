public import Accounting
public import JSON

/// Makes canonical orders of BigCommerce's.
///
/// A snapshot is an `order` with what the API keeps apart: its `products`, its `refunds`, and its `taxes`, which say the rates.
public struct BigCommerceOrderParser: StorefrontOrderParser {
    /// Makes the canonical order of a snapshot.
    public static func order(from snapshot: JSONValue, reading: OrderReading) throws(StorefrontError) -> CanonicalOrder
    {
        let fields = try PayloadFields(snapshot["order"], path: "")
        let id = try fields.id("id")
        guard let products = snapshot["products"]?.array ?? fields["products"]?.array else {
            throw StorefrontError(.incomplete, "products not read yet: the order only says where they are")
        }
        let currency = try fields.currency(
            fields.text("currency_code").isEmpty ? "default_currency_code" : "currency_code")
        let lines = try BigCommerceLines(
            order: fields, products: products, taxes: snapshot["taxes"]?.array ?? [], currency: currency)
        let owed = try owed(fields)
        let price = try fields.amount("total_inc_tax")
        let paid = owed.lazy.map(\.amount).sum()
        var order = CanonicalOrder(
            platform: .bigcommerce, storeID: reading.storeID, orderID: id, currency: currency,
            createdAt: try fields.instant(firstOf: ["date_created"]),
            totals: OrderTotals(total: price - paid, totalTax: try fields.amount("total_tax")))
        order.status = try status(fields)
        order.claimsFullRefund = order.status == OrderStatus.refunded
        order.modifiedAt = try fields.optionalInstant("date_modified") ?? order.createdAt
        // The store does not say when it was paid: the order's own time stands for that.
        order.paidAt = isPaid(fields) ? order.createdAt : nil
        order.customer = try customer(fields)
        order.lines = lines.lines
        order.taxes = lines.taxes.taxes
        let method = fields.text("payment_method", limit: 255)
        let money = Tender(
            kind: .money, method: method, title: method, amount: order.totals.total,
            reference: fields.text("payment_provider_id", limit: 255))
        order.tenders = tenders(money: [money], owed: owed)
        order.sums = try lines.sums(fields)
        for refund in snapshot["refunds"]?["data"]?.array ?? snapshot["refunds"]?.array ?? [] {
            order.refunds.append(try self.refund(refund, lines: lines.lines, scale: currency.minorUnits))
        }
        order.refunds = order.refunds.oldestFirst()
        let refunded = try fields.optionalAmount("refunded_amount") ?? .zero
        try order.refunds.require(total: refunded, scale: currency.minorUnits)
        if let base = Currency(fields.text("store_default_currency_code")),
            currency.code == fields.text("default_currency_code"),
            let rate = try fields.optionalAmount("store_default_to_transactional_exchange_rate")
        {
            order.statedRate = StatedRate(base: base, perBase: rate)
        }
        order.note = fields.text("customer_message")
        order.customFields = fields.customFields(["external_id", "order_source", "payment_status"])
        order.orderPath = "manage/orders/\(id)"
        return order
    }

    // MARK: Parts

    private static func status(_ order: PayloadFields) throws(StorefrontError) -> String {
        guard let id = order["status_id"]?.int else {
            throw StorefrontError(.malformed, "status_id is missing where a number should be")
        }
        if order.flag("is_deleted") { return "deleted" }
        return words[id] ?? order.text("status", limit: 64)
    }

    /// Source: BigCommerce REST API, order statuses.
    private static let words: [Int: String] = [
        0: "incomplete", 1: OrderStatus.pending, 2: OrderStatus.completed, 3: OrderStatus.processing,
        4: OrderStatus.refunded, 5: OrderStatus.cancelled, 6: OrderStatus.failed, 7: OrderStatus.pending,
        8: OrderStatus.processing, 9: OrderStatus.processing, 10: OrderStatus.completed, 11: OrderStatus.processing,
        12: OrderStatus.onHold, 13: OrderStatus.onHold, 14: OrderStatus.processing,
    ]

    /// Methods outside of the store have no payment status; then it counts whether the order is being worked on.
    private static func isPaid(_ order: PayloadFields) -> Bool {
        switch order.text("payment_status").lowercased() {
        case "captured", "paid", "partially refunded", "refunded": true
        case "": [2, 3, 4, 8, 9, 10, 11, 14].contains(order["status_id"]?.int ?? 0)
        default: false
        }
    }

    private static func customer(_ order: PayloadFields) throws(StorefrontError) -> CanonicalCustomer {
        var customer = CanonicalCustomer(id: order.optionalID("customer_id"))
        guard let billing = try order.optionalFields("billing_address") else { return customer }
        customer.firstName = billing.text("first_name", limit: 255)
        customer.lastName = billing.text("last_name", limit: 255)
        customer.company = billing.text("company", limit: 255)
        customer.email = billing.text("email", limit: 320)
        customer.phone = billing.text("phone", limit: 100)
        customer.address = billing.address(
            lines: ["street_1", "street_2"], city: "city", region: ["state"], postalCode: "zip",
            country: ["country_iso2", "country"])
        return customer
    }

    private static func owed(_ order: PayloadFields) throws(StorefrontError) -> [Tender] {
        [
            Tender(
                kind: .giftCard, method: "gift_card", title: "Gift certificate",
                amount: try order.optionalAmount("gift_certificate_amount") ?? .zero),
            Tender(
                kind: .storeCredit, method: "store_credit", title: "Store credit",
                amount: try order.optionalAmount("store_credit_amount") ?? .zero),
        ].filter { !$0.amount.isZero }
    }

    // MARK: Refunds

    /// Reads a refund. Its items say what was asked for, with or without the tax, which is stated once for all of them.
    static func refund(
        _ value: JSONValue, lines known: [CanonicalLine], scale: Int
    ) throws(StorefrontError) -> CanonicalRefund {
        let fields = try PayloadFields(value, path: "refund")
        let id = try fields.id("id")
        let amount = try fields.amount("total_amount")
        for payment in try fields.objects("payments") {
            let provider = payment.text("provider_id")
            if ["storecredit", "giftcertificate"].contains(provider) {
                throw StorefrontError(
                    .unsupported, "refund \(id) was given back as \(provider); enter it in Xero by hand")
            }
        }
        let items = try fields.objects("items")
        var asked: [ExactDecimal] = []
        for item in items { asked.append(try item.amount("requested_amount")) }
        let tax = try fields.optionalAmount("total_tax") ?? .zero
        let isWithTax = asked.sum() == amount
        var lines: [RefundLine] = []
        for (index, share) in tax.apportioned(over: asked, scale: scale).enumerated() {
            let item = items[index]
            let kind = kinds[item.text("item_type")] ?? .fee
            // Shipping and handling are named by the address they go to; an order has one line of each.
            let original = kind == .product ? item.optionalID("item_id") : nil
            let name = known.first { $0.kind == kind && (original == nil || $0.id == original) }?.name ?? ""
            let line = CanonicalLine(
                id: "\(index)", kind: kind, name: name,
                quantity: try item.optionalAmount("quantity") ?? ExactDecimal(1),
                net: isWithTax ? asked[index] - share : asked[index], tax: share)
            lines.append(line.takenBack(refundedLineID: original))
        }
        return CanonicalRefund(
            id: id, createdAt: try fields.instant(firstOf: ["created"]), amount: amount,
            reason: fields.text("reason", limit: 1000), lines: lines)
    }

    private static let kinds: [String: LineKind] = [
        "PRODUCT": .product, "SHIPPING": .shipping, "HANDLING": .fee, "GIFT_WRAPPING": .fee, "FEE": .fee,
    ]
}
