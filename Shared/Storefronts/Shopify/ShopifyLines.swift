import Accounting
import JSON

/// Reads the lines of a Shopify order, with their discounts and taxes.
struct ShopifyLines {
    let money: ShopifyMoney
    let taxesIncluded: Bool
    private(set) var taxes = TaxTable()
    /// What was taken off, line by line.
    private(set) var discounts: [ExactDecimal] = []
    private(set) var lines: [CanonicalLine] = []

    init(order: PayloadFields, money: ShopifyMoney) throws(StorefrontError) {
        self.money = money
        taxesIncluded = order.flag("taxes_included")
        guard order["line_items"]?.array != nil else {
            throw StorefrontError(.malformed, "this is no order: line_items is missing where a list should be")
        }
        for item in try order.objects("line_items") { try add(item) }
        if lines.allSatisfy(\.taxComponents.isEmpty) { try spreadTaxes(of: order) }
        for (index, item) in try order.objects("shipping_lines").enumerated() where !item.flag("is_removed") {
            try addShipping(item, index: index)
        }
        try addExtras(order)
    }

    /// What some lines cost as the shop shows it: with tax where its prices include it.
    func shown(_ kinds: Set<LineKind>) -> [ExactDecimal] {
        lines.filter { kinds.contains($0.kind) }.map { taxesIncluded ? $0.net + $0.tax : $0.net }
    }

    private mutating func add(_ item: PayloadFields) throws(StorefrontError) {
        let quantity = try item.amount("quantity")
        let price = try money.required(item, "price")
        guard let gross = price.multiplied(by: quantity) else {
            throw StorefrontError(
                .malformed, "line_items: a price and quantity have more digits than an amount can have")
        }
        let off = try discount(item)
        let kind: LineKind =
            item.flag("gift_card") ? .giftCard : item["tip"]?.object != nil ? .tip : .product
        let sku = item.text("sku", limit: 255)
        append(
            CanonicalLine(
                id: item.optionalID("id") ?? "", kind: kind, name: item.text(firstOf: ["name", "title"]),
                sku: sku.isEmpty ? nil : sku, quantity: quantity, net: gross - off),
            rates: try rates(item.objects("tax_lines")))
    }

    private mutating func addShipping(_ item: PayloadFields, index: Int) throws(StorefrontError) {
        let off = try discount(item)
        append(
            CanonicalLine(
                id: item.optionalID("id") ?? "shipping-\(index)", kind: .shipping, name: item.text("title"),
                net: try money.required(item, "price") - off),
            rates: try rates(item.objects("tax_lines")))
    }

    /// Tips, duties and fees that are no lines in the payload.
    private mutating func addExtras(_ order: PayloadFields) throws(StorefrontError) {
        let tips = try money.amount(order, "total_tip_received")
        if !tips.isZero, !lines.contains(where: { $0.kind == .tip }) {
            lines.append(CanonicalLine(id: "tip", kind: .tip, name: "Tip", net: tips))
        }
        let duties = try money.amount(order, "original_total_duties")
        if !duties.isZero {
            var rates: [Rate] = []
            for item in try order.objects("line_items") {
                for duty in try item.objects("duties") { rates += try self.rates(duty.objects("tax_lines")) }
            }
            append(CanonicalLine(id: "duties", kind: .fee, name: "Duties", net: duties), rates: rates)
        }
        let fees = try money.amount(order, "original_total_additional_fees")
        if !fees.isZero {
            lines.append(CanonicalLine(id: "fees", kind: .fee, name: "Additional fees", net: fees))
        }
    }

    // MARK: Discounts and taxes

    private struct Rate {
        let title: String
        let percent: ExactDecimal?
        let amount: ExactDecimal
    }

    /// What the discounts allocated to a line. Payloads from before there were allocations have one figure.
    private mutating func discount(_ item: PayloadFields) throws(StorefrontError) -> ExactDecimal {
        var sum = ExactDecimal.zero
        if item["discount_allocations"]?.array != nil {
            for allocation in try item.objects("discount_allocations") {
                sum += try money.required(allocation, "amount")
            }
        } else {
            sum = try money.amount(item, "total_discount")
        }
        if !sum.isZero { discounts.append(sum) }
        return sum
    }

    private func rates(_ taxLines: [PayloadFields]) throws(StorefrontError) -> [Rate] {
        var rates: [Rate] = []
        for tax in taxLines {
            let fraction = try tax.optionalAmount("rate")
            let percent = try tax.optionalAmount("rate_percentage") ?? fraction.map { $0 * ExactDecimal(100) }
            rates.append(
                Rate(title: tax.text("title", limit: 255), percent: percent, amount: try money.required(tax, "price")))
        }
        return rates
    }

    private mutating func append(_ line: CanonicalLine, rates: [Rate]) {
        var line = line
        for rate in rates {
            line.tax += rate.amount
            line.taxComponents.append(
                taxes.add(code: rate.title, percent: rate.percent, amount: rate.amount, on: line.kind))
        }
        if taxesIncluded { line.net -= line.tax }
        lines.append(line)
    }

    /// Old payloads tell the taxes of the order and not those of its lines.
    private mutating func spreadTaxes(of order: PayloadFields) throws(StorefrontError) {
        let goods = lines.indices.filter { lines[$0].kind == .product }
        let shipping = try order.objects("shipping_lines")
        guard !goods.isEmpty, shipping.allSatisfy({ ($0["tax_lines"]?.array ?? []).isEmpty }) else { return }
        let weights = goods.map { lines[$0].net }
        for rate in try rates(order.objects("tax_lines")) {
            let shares = rate.amount.apportioned(over: weights, scale: money.currency.minorUnits)
            for (position, share) in zip(goods, shares) {
                lines[position].tax += share
                if taxesIncluded { lines[position].net -= share }
                lines[position].taxComponents.append(
                    taxes.add(code: rate.title, percent: rate.percent, amount: share, on: .product))
            }
        }
    }
}
