import Accounting
import JSON

/// Reads the lines of a BigCommerce order, and gives each its part of the order's discounts and taxes.
///
/// Source: BigCommerce REST API v2, orders: products are listed before the order's discounts, the totals are after them, and
/// every figure is given with and without tax.
struct BigCommerceLines {
    private(set) var lines: [CanonicalLine] = []
    private(set) var taxes = TaxTable()
    private let currency: Currency
    /// What products cost without tax before the order's discounts.
    private var rows: [ExactDecimal] = []
    private let rates: [String: [Rate]]
    /// Whether the order's discounts are stated with tax, as in stores whose prices include it.
    private var statesDiscountsWithTax = false

    private struct Rate {
        let name: String
        let percent: ExactDecimal?
        let amount: ExactDecimal
    }

    private static let extras: [(key: String, kind: LineKind, name: String)] = [
        ("shipping_cost", .shipping, "Shipping"), ("handling_cost", .fee, "Handling"),
        ("wrapping_cost", .fee, "Gift wrapping"),
    ]

    init(
        order: PayloadFields, products: [JSONValue], taxes: [JSONValue], currency: Currency
    ) throws(StorefrontError) {
        self.currency = currency
        rates = try Self.rates(taxes)
        let (withTax, withoutTax) = (try total(order, "_inc_tax"), try total(order, "_ex_tax"))
        statesDiscountsWithTax = withTax.left.magnitude <= withoutTax.left.magnitude
        try addProducts(products, order: order)
        for extra in Self.extras {
            let tax = try order.optionalAmount("\(extra.key)_tax") ?? .zero
            let net =
                statesDiscountsWithTax
                ? (try order.optionalAmount("\(extra.key)_inc_tax") ?? .zero) - tax
                : try order.optionalAmount("\(extra.key)_ex_tax") ?? .zero
            if net.isZero, tax.isZero { continue }
            lines.append(CanonicalLine(id: extra.key, kind: extra.kind, name: extra.name, net: net, tax: tax))
        }
        for index in lines.indices { addComponents(to: index) }
    }

    private mutating func addProducts(_ products: [JSONValue], order: PayloadFields) throws(StorefrontError) {
        var discounts: [ExactDecimal] = []
        var listed: [(net: ExactDecimal, tax: ExactDecimal)] = []
        for (index, product) in products.enumerated() {
            let item = try PayloadFields(product, path: "products[\(index)]")
            listed.append((try item.amount("total_ex_tax"), try item.amount("total_tax")))
            var discount = ExactDecimal.zero
            for part in try item.objects("applied_discounts") { discount += try part.amount("amount") }
            discounts.append(discount)
            let sku = item.text("sku", limit: 255)
            let isGiftCard = item.text("type") == "giftcertificate"
            lines.append(
                CanonicalLine(
                    id: item.optionalID("id") ?? String(index), kind: isGiftCard ? .giftCard : .product,
                    name: item.text("name"), sku: sku.isEmpty ? nil : sku, quantity: try item.amount("quantity"),
                    net: .zero))
        }
        rows = listed.map(\.net)
        // What the order's discounts take off is what the totals lack; each product says its part of them. The side that the
        // store states them on is the one that has no more digits than money has.
        let suffix = statesDiscountsWithTax ? "_inc_tax" : "_ex_tax"
        let off = try parts(order, suffix).map(\.amount).sum() - order.amount("total\(suffix)")
        let before = listed.map { statesDiscountsWithTax ? $0.net + $0.tax : $0.net }
        let shares = off.apportioned(over: discounts.sum().isZero ? before : discounts, scale: currency.minorUnits)
        let after = zip(before, shares).map { $0 - $1 }
        // The tax of products is stated after discounts, and listed before them.
        let left = zip(before, after).map { whole, rest in
            whole.isZero ? ExactDecimal(1) : rest.dividing(by: whole, scale: 6) ?? ExactDecimal(1)
        }
        let weights = zip(listed, left).map { $0.tax.multiplied(by: $1) ?? $0.tax }
        let taxes = try order.amount("subtotal_tax").apportioned(
            over: weights.sum().isZero ? after : weights, scale: currency.minorUnits)
        for index in lines.indices {
            lines[index].tax = taxes[index]
            lines[index].net = statesDiscountsWithTax ? after[index] - taxes[index] : after[index]
        }
    }

    private func parts(_ order: PayloadFields, _ suffix: String) throws(StorefrontError) -> [StatedSum.Term] {
        var terms: [StatedSum.Term] = [.init("subtotal", try order.amount("subtotal\(suffix)"))]
        for extra in Self.extras {
            terms.append(.init(extra.name.lowercased(), try order.optionalAmount("\(extra.key)\(suffix)") ?? .zero))
        }
        return terms
    }

    // MARK: Taxes

    private static func rates(_ taxes: [JSONValue]) throws(StorefrontError) -> [String: [Rate]] {
        var rates: [String: [Rate]] = [:]
        for (index, tax) in taxes.enumerated() {
            let fields = try PayloadFields(tax, path: "taxes[\(index)]")
            let id =
                fields.text("line_item_type") == "item"
                ? fields.optionalID("order_product_id") ?? "" : "\(fields.text("line_item_type"))_cost"
            rates[id, default: []].append(
                Rate(
                    name: fields.text(firstOf: ["name", "class"], limit: 255),
                    percent: try fields.optionalAmount("rate"),
                    amount: try fields.optionalAmount("line_amount") ?? .zero))
        }
        return rates
    }

    /// The rates of a line are told with their amounts before discounts: they share the line's tax in proportion.
    private mutating func addComponents(to index: Int) {
        let line = lines[index]
        let own = rates[line.id] ?? []
        guard !own.isEmpty else {
            // The order says that there is tax, and not by which rate.
            if !line.tax.isZero {
                lines[index].taxComponents = [taxes.add(code: "", percent: nil, amount: line.tax, on: line.kind)]
            }
            return
        }
        let shares = line.tax.apportioned(over: own.map(\.amount), scale: currency.minorUnits)
        lines[index].taxComponents = zip(own, shares).map { rate, share in
            taxes.add(code: rate.name, percent: rate.percent, amount: share, on: line.kind)
        }
    }

    // MARK: Sums

    /// The total on one side. Discounts are stated as the store shows its prices: with tax, or without.
    private func total(_ order: PayloadFields, _ suffix: String) throws(StorefrontError) -> StatedSum {
        let discounts: [StatedSum.Term] = [
            .init("discount", -(try order.optionalAmount("discount_amount") ?? .zero)),
            .init("coupons", -(try order.optionalAmount("coupon_discount") ?? .zero)),
        ]
        let name = suffix == "_inc_tax" ? "the order's total with tax" : "the order's total without tax"
        return StatedSum(
            name, try order.amount("total\(suffix)"), terms: try parts(order, suffix) + discounts, rounded: 6)
    }

    /// The sums that the order states.
    func sums(_ order: PayloadFields) throws(StorefrontError) -> [StatedSum] {
        let (total, net) = (try order.amount("total_inc_tax"), try order.amount("total_ex_tax"))
        let tax = try order.amount("total_tax")
        let taxTerms = try parts(order, "_tax").map { StatedSum.Term("tax of \($0.name)", $0.amount) }
        return [
            try self.total(order, statesDiscountsWithTax ? "_inc_tax" : "_ex_tax"),
            StatedSum(
                "the order's subtotal without tax", try order.amount("subtotal_ex_tax"),
                terms: rows.map { .init("product", $0) }, rounded: rows.count + 1),
            StatedSum("the order's total tax", tax, terms: taxTerms, rounded: 5),
            StatedSum(
                "the order's total with tax", total, terms: [.init("total without tax", net), .init("tax", tax)]),
        ]
    }
}
