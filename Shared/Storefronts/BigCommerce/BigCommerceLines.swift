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
        try addProducts(products, order: order)
        for extra in Self.extras {
            let net = try order.optionalAmount("\(extra.key)_ex_tax") ?? .zero
            let tax = try order.optionalAmount("\(extra.key)_tax") ?? .zero
            if net.isZero, tax.isZero { continue }
            lines.append(CanonicalLine(id: extra.key, kind: extra.kind, name: extra.name, net: net, tax: tax))
        }
        for index in lines.indices { addComponents(to: index) }
    }

    private mutating func addProducts(_ products: [JSONValue], order: PayloadFields) throws(StorefrontError) {
        var discounts: [ExactDecimal] = []
        var listedTaxes: [ExactDecimal] = []
        for (index, product) in products.enumerated() {
            let item = try PayloadFields(product, path: "products[\(index)]")
            let net = try item.amount("total_ex_tax")
            rows.append(net)
            listedTaxes.append(try item.optionalAmount("total_tax") ?? .zero)
            var discount = ExactDecimal.zero
            for part in try item.objects("applied_discounts") { discount += try part.amount("amount") }
            discounts.append(discount)
            let sku = item.text("sku", limit: 255)
            let isGiftCard = item.text("type") == "giftcertificate"
            lines.append(
                CanonicalLine(
                    id: item.optionalID("id") ?? String(index), kind: isGiftCard ? .giftCard : .product,
                    name: item.text("name"), sku: sku.isEmpty ? nil : sku, quantity: try item.amount("quantity"),
                    net: net))
        }
        // What the order's discounts take off without tax is what the totals lack; each product says its part of them.
        let weights = discounts.sum().isZero ? rows : discounts
        let off = try discountWithoutTax(order)
        for (index, share) in off.apportioned(over: weights, scale: 4).enumerated() { lines[index].net -= share }
        // The tax of products is after discounts as well.
        let tax = try order.amount("subtotal_tax")
        let taxWeights = listedTaxes.sum().isZero ? lines.map(\.net) : listedTaxes
        for (index, share) in tax.apportioned(over: taxWeights, scale: currency.minorUnits).enumerated() {
            lines[index].tax = share
        }
    }

    private func parts(_ order: PayloadFields, _ suffix: String) throws(StorefrontError) -> [StatedSum.Term] {
        var terms: [StatedSum.Term] = [.init("subtotal", try order.amount("subtotal\(suffix)"))]
        for extra in Self.extras {
            terms.append(.init(extra.name.lowercased(), try order.optionalAmount("\(extra.key)\(suffix)") ?? .zero))
        }
        return terms
    }

    private func discountWithoutTax(_ order: PayloadFields) throws(StorefrontError) -> ExactDecimal {
        try parts(order, "_ex_tax").map(\.amount).sum() - order.amount("total_ex_tax")
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

    /// The sums that the order states.
    func sums(_ order: PayloadFields) throws(StorefrontError) -> [StatedSum] {
        let (total, net) = (try order.amount("total_inc_tax"), try order.amount("total_ex_tax"))
        let tax = try order.amount("total_tax")
        let discounts: [StatedSum.Term] = [
            .init("discount", -(try order.optionalAmount("discount_amount") ?? .zero)),
            .init("coupons", -(try order.optionalAmount("coupon_discount") ?? .zero)),
        ]
        // Discounts are stated as the store shows its prices: with tax, or without.
        let withTax = StatedSum(
            "the order's total with tax", total, terms: try parts(order, "_inc_tax") + discounts, rounded: 6)
        let withoutTax = StatedSum(
            "the order's total without tax", net, terms: try parts(order, "_ex_tax") + discounts, rounded: 6)
        let taxTerms = try parts(order, "_tax").map { StatedSum.Term("tax of \($0.name)", $0.amount) }
        return [
            withoutTax.left.magnitude < withTax.left.magnitude ? withoutTax : withTax,
            StatedSum(
                "the order's subtotal without tax", try order.amount("subtotal_ex_tax"),
                terms: rows.map { .init("product", $0) }, rounded: rows.count + 1),
            StatedSum("the order's total tax", tax, terms: taxTerms, rounded: 5),
            StatedSum(
                "the order's total with tax", total, terms: [.init("total without tax", net), .init("tax", tax)]),
        ]
    }
}
