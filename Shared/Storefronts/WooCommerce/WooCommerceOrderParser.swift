public import Accounting
public import JSON

/// Makes canonical orders of WooCommerce's.
///
/// Source: WooCommerce REST API v3, orders and refunds. Amounts of lines exclude tax whether or not prices include it, and
/// are net of discounts; coupon lines only say where the discounts came from.
public struct WooCommerceOrderParser: StorefrontOrderParser {
    /// Makes the canonical order of a snapshot.
    /// - Parameters:
    ///   - snapshot: `{"order": {...}, "refunds": [...]}` as the store worded them.
    ///   - reading: What the payload does not say.
    /// - Throws: ``StorefrontError`` with the code `malformed` where the store broke its own rules, and `incomplete` where the
    ///   order names refunds whose details are not in the snapshot.
    public static func order(from snapshot: JSONValue, reading: OrderReading) throws(StorefrontError) -> CanonicalOrder
    {
        let fields = try PayloadFields(snapshot["order"], path: "")
        if fields.optionalID("id") != nil, fields["line_items"]?.array == nil {
            throw StorefrontError(.malformed, "this is no order: line_items is missing where a list should be")
        }
        let header = try WooCommerceOrderHeader(order: snapshot["order"] ?? .null)
        let code = fields.text("currency")
        guard let currency = Currency(code) else {
            throw StorefrontError(.malformed, "currency '\(code.prefix(8))' is none of ISO 4217")
        }
        guard let createdAt = try fields.optionalInstant("date_created_gmt") else {
            throw StorefrontError(.malformed, "date_created_gmt is missing where a time should be")
        }
        let totals = OrderTotals(
            total: try fields.amount("total"), totalTax: try fields.amount("total_tax"),
            shipping: try fields.optionalAmount("shipping_total"), cartTax: try fields.optionalAmount("cart_tax"),
            shippingTax: try fields.optionalAmount("shipping_tax"))
        var order = CanonicalOrder(
            platform: .woocommerce, storeID: reading.storeID, orderID: header.id, currency: currency,
            createdAt: createdAt,
            totals: totals)
        order.number = header.number
        order.status = header.status
        order.claimsFullRefund = header.status == "refunded"
        order.modifiedAt = header.modifiedAt
        order.paidAt = try fields.optionalInstant("date_paid_gmt")
        order.customer = try customer(fields)
        order.lines = try lines(fields)
        order.taxes = try taxes(fields)
        order.tenders = try tenders(fields, total: totals.total)
        order.refunds = try refunds(snapshot, header: header)
        order.pricesIncludeTax = fields["prices_include_tax"]?.bool ?? false
        order.note = fields.text("customer_note")
        order.statedRate = statedRate(fields)
        order.customFields = customFields(fields)
        order.orderPath = "wp-admin/post.php?post=\(header.id)&action=edit"
        return order
    }

    // MARK: Parts

    private static func customer(_ order: PayloadFields) throws(StorefrontError) -> CanonicalCustomer {
        var customer = CanonicalCustomer(id: order.optionalID("customer_id"))
        guard order["billing"]?.object != nil else { return customer }
        let billing = try PayloadFields(order["billing"], path: "billing")
        customer.firstName = billing.text("first_name", limit: 255)
        customer.lastName = billing.text("last_name", limit: 255)
        customer.company = billing.text("company", limit: 255)
        customer.email = billing.text("email", limit: 320)
        customer.phone = billing.text("phone", limit: 100)
        customer.address = address(billing)
        if order["shipping"]?.object != nil {
            customer.shippingAddress = address(try PayloadFields(order["shipping"], path: "shipping"))
        }
        customer.taxNumber = taxNumber(order)
        return customer
    }

    private static func address(_ fields: PayloadFields) -> CanonicalAddress {
        fields.address(
            lines: ["address_1", "address_2"], city: "city", region: ["state"], postalCode: "postcode",
            country: ["country"])
    }

    /// Where plugins keep a customer's VAT id; WooCommerce itself knows none.
    private static let taxNumberKeys = [
        "_vat_number", "_billing_vat_number", "_billing_vat", "vat_number", "billing_vat",
    ]

    private static func taxNumber(_ order: PayloadFields) -> String {
        let entries = (order["meta_data"]?.array ?? []).prefix(200)
        let texts = taxNumberKeys.lazy.compactMap { key in
            entries.first { $0["key"]?.string == key }?["value"]?.string
        }
        return texts.map { PayloadFields.cleaned($0, limit: 50) }.first { !$0.isEmpty } ?? ""
    }

    private static func lines(_ order: PayloadFields) throws(StorefrontError) -> [CanonicalLine] {
        var lines: [CanonicalLine] = []
        for item in try order.objects("line_items") { lines.append(try line(item, kind: .product)) }
        for item in try order.objects("shipping_lines") { lines.append(try line(item, kind: .shipping)) }
        for item in try order.objects("fee_lines") { lines.append(try line(item, kind: .fee)) }
        return lines
    }

    /// Reads a line of an order or of a refund.
    static func line(_ item: PayloadFields, kind: LineKind) throws(StorefrontError) -> CanonicalLine {
        let sku = item.text("sku", limit: 255)
        var components: [TaxComponent] = []
        for tax in try item.objects("taxes") {
            // An empty total says that the rate does not apply to the line.
            guard let id = tax.optionalID("id"), let amount = try tax.optionalAmount("total") else { continue }
            components.append(TaxComponent(rateID: id, amount: amount))
        }
        let quantity = kind == .product ? try item.optionalAmount("quantity") : nil
        var line = CanonicalLine(
            id: item.optionalID("id") ?? "", kind: kind, name: item.text(kind == .shipping ? "method_title" : "name"),
            sku: sku.isEmpty ? nil : sku, quantity: quantity ?? ExactDecimal(1), net: try item.amount("total"),
            tax: try item.optionalAmount("total_tax") ?? .zero, taxComponents: components)
        line.taxClass = item.text("tax_class", limit: 100)
        return line
    }

    private static func taxes(_ order: PayloadFields) throws(StorefrontError) -> [CanonicalTax] {
        var taxes: [CanonicalTax] = []
        for item in try order.objects("tax_lines") {
            taxes.append(
                CanonicalTax(
                    rateID: item.optionalID("rate_id") ?? "", code: item.text("rate_code", limit: 255),
                    label: item.text("label", limit: 255), percent: try item.optionalAmount("rate_percent"),
                    isCompound: item["compound"]?.bool ?? false, amount: try item.optionalAmount("tax_total") ?? .zero,
                    shippingAmount: try item.optionalAmount("shipping_tax_total") ?? .zero))
        }
        return taxes
    }

    private static func tenders(_ order: PayloadFields, total: ExactDecimal) throws(StorefrontError) -> [Tender] {
        var tenders: [Tender] = []
        if !total.isZero {
            tenders.append(
                Tender(
                    kind: .money, method: order.text("payment_method", limit: 255),
                    title: order.text("payment_method_title", limit: 255), amount: total,
                    reference: order.text("transaction_id", limit: 255)))
        }
        for card in try order.objects("gift_cards") {
            let amount = try card.amount("amount")
            if amount.isZero { continue }
            tenders.append(
                Tender(
                    kind: .giftCard, method: "gift_card", title: "Gift card", amount: amount,
                    reference: card.optionalID("id") ?? ""))
        }
        return tenders
    }

    /// What WooPayments' multi-currency noted. WooCommerce itself keeps no rates.
    private static func statedRate(_ order: PayloadFields) -> StatedRate? {
        func noted(_ key: String) -> String? {
            let entry = order["meta_data"]?.array?.first { $0["key"]?.string == "_wcpay_multi_currency_order_\(key)" }
            return entry?["value"]?.string ?? entry?["value"]?.number?.text
        }
        guard let base = noted("default_currency").flatMap({ Currency($0) }),
            let rate = noted("exchange_rate").flatMap({ ExactDecimal($0) }),
            rate.magnitude < ExactDecimal(1_000_000_000_000)
        else { return nil }
        return StatedRate(base: base, perBase: rate)
    }

    private static func customFields(_ order: PayloadFields) -> [String: String] {
        var fields: [String: String] = [:]
        for entry in (order["meta_data"]?.array ?? []).prefix(200) {
            guard let key = entry["key"]?.string, !key.isEmpty, key.first != "_", key.utf8.count <= 100,
                let value = entry["value"]?.string ?? entry["value"]?.number?.text, !value.isEmpty,
                value.utf8.count <= 1000
            else { continue }
            fields[key] = PayloadFields.cleaned(value, limit: 255)
        }
        return fields
    }
}
