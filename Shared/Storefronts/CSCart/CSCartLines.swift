import Accounting
import JSON

/// Reads the lines of a CS-Cart order, and gives each its part of the order's discount and taxes.
///
/// Source: CS-Cart 4.15.1, `fn_get_order_info`, `fn_calculate_tax_rates`: a tax says in `applies` what it makes of each product
/// (`P_` and the item), shipping (`S_`) and the payment's surcharge (`PS_`); or of all of a kind (`P`, `S`) where the store
/// computes taxes of the subtotal.
struct CSCartLines {
    private(set) var lines: [CanonicalLine] = []
    private(set) var taxes = TaxTable()
    private(set) var totalTax = ExactDecimal.zero
    private(set) var hasIncludedTax = false
    private let currency: Currency
    /// What products and gift certificates cost before the order's discount.
    private var rows: [ExactDecimal] = []
    private var stated: [StatedSum] = []
    private var addedTax = ExactDecimal.zero

    private static let shippingID = "shipping"
    private static let surchargeID = "surcharge"

    init(order: PayloadFields, currency: Currency) throws(StorefrontError) {
        self.currency = currency
        try addProducts(order)
        for entry in try order.entries("gift_certificates") {
            let amount = try entry.fields.amount("amount")
            rows.append(amount)
            lines.append(
                CanonicalLine(id: "certificate-\(entry.key)", kind: .giftCard, name: "Gift certificate", net: amount))
        }
        let shipping = try order.optionalAmount("shipping_cost") ?? .zero
        if !shipping.isZero {
            let names = try order.entries("shipping").map { $0.fields.text("shipping") }
            lines.append(
                CanonicalLine(
                    id: Self.shippingID, kind: .shipping,
                    name: names.filter { !$0.isEmpty }.joined(separator: ", "), net: shipping))
        }
        let surcharge = try order.optionalAmount("payment_surcharge") ?? .zero
        if !surcharge.isZero {
            let title = try order.optionalFields("payment_method")?.text("surcharge_title", limit: 255) ?? ""
            lines.append(
                CanonicalLine(
                    id: Self.surchargeID, kind: .fee, name: title.isEmpty ? "Payment surcharge" : title, net: surcharge)
            )
        }
        for entry in try order.entries("taxes") { try addTax(entry.fields) }
    }

    private mutating func addProducts(_ order: PayloadFields) throws(StorefrontError) {
        for entry in try order.entries("products") {
            let item = entry.fields
            let quantity = try item.amount("amount")
            guard let cost = try item.amount("price").multiplied(by: quantity) else {
                throw StorefrontError(
                    .malformed, "products: a price and amount have more digits than an amount can have")
            }
            let sku = item.text("product_code", limit: 255)
            rows.append(cost)
            lines.append(
                CanonicalLine(
                    id: item.optionalID("item_id") ?? entry.key, kind: .product,
                    name: item.text("product"), sku: sku.isEmpty ? nil : sku, quantity: quantity, net: cost))
        }
        // Of the order's discount, which includes reward points, each product bears its share.
        let discount = try order.optionalAmount("subtotal_discount") ?? .zero
        let shares = discount.apportioned(over: lines.map(\.net), scale: currency.minorUnits)
        for (index, share) in shares.enumerated() { lines[index].net -= share }
    }

    // MARK: Taxes

    private mutating func addTax(_ tax: PayloadFields) throws(StorefrontError) {
        let amount = try tax.amount("tax_subtotal")
        let isIncluded = tax.flag("price_includes_tax")
        totalTax += amount
        if isIncluded {
            hasIncludedTax = true
        } else {
            addedTax += amount
        }
        let isPercent = tax.text("rate_type") != "F"
        let percent = isPercent ? try tax.optionalAmount("rate_value") : nil
        let name = tax.text("description", limit: 255)
        var weights = try weights(of: tax, name: name, amount: amount)
        if weights.sum().isZero { weights = lines.map { $0.kind == .product ? $0.net : .zero } }
        for (index, share) in amount.apportioned(over: weights, scale: currency.minorUnits).enumerated()
        where !weights[index].isZero {
            lines[index].tax += share
            if isIncluded { lines[index].net -= share }
            lines[index].taxComponents.append(
                taxes.add(code: name, percent: percent, amount: share, on: lines[index].kind))
        }
    }

    /// What a tax makes of each line, before it was rounded.
    private mutating func weights(
        of tax: PayloadFields, name: String, amount: ExactDecimal
    ) throws(StorefrontError) -> [ExactDecimal] {
        var weights = lines.map { _ in ExactDecimal.zero }
        guard let applies = try tax.optionalFields("applies"), let members = tax["applies"]?.object else {
            return weights
        }
        let listed = applies["items"]?["P"]?.object
        var terms: [StatedSum.Term] = []
        for (key, _) in members where key != "items" {
            let part = try applies.optionalAmount(key) ?? .zero
            if part.isZero { continue }
            terms.append(.init(key, part))
            let words = key.split(separator: "_", maxSplits: 1)
            switch (words.first, words.count) {
            case ("P", 1):
                let costs = lines.map { line in
                    line.kind == .product && (listed.map { $0[line.id] != nil } ?? true) ? line.net : .zero
                }
                for (index, share) in part.apportioned(over: costs, scale: 6).enumerated() { weights[index] += share }
            case ("P", 2): add(part, to: String(words[1]), in: &weights)
            case ("S", _): add(part, to: Self.shippingID, in: &weights)
            case ("PS", _): add(part, to: Self.surchargeID, in: &weights)
            default: break
            }
        }
        if !terms.isEmpty {
            stated.append(StatedSum("the order's tax '\(name)'", amount, terms: terms, rounded: terms.count + 1))
        }
        return weights
    }

    private func add(_ part: ExactDecimal, to id: String, in weights: inout [ExactDecimal]) {
        if let index = lines.firstIndex(where: { $0.id == id }) { weights[index] += part }
    }

    // MARK: Sums

    /// The sums that the order states.
    func sums(_ order: PayloadFields, redeemed: ExactDecimal) throws(StorefrontError) -> [StatedSum] {
        let subtotal = try order.amount("subtotal")
        let added = try order.optionalAmount("tax_subtotal") ?? .zero
        let terms: [StatedSum.Term] = [
            .init("subtotal", subtotal), .init("discount", -(try order.optionalAmount("subtotal_discount") ?? .zero)),
            .init("added tax", added), .init("shipping", try order.optionalAmount("shipping_cost") ?? .zero),
            .init("payment surcharge", try order.optionalAmount("payment_surcharge") ?? .zero),
            .init("gift certificates", -redeemed),
        ]
        return [
            StatedSum("the order's total", try order.amount("total"), terms: terms),
            StatedSum(
                "the order's subtotal", subtotal, terms: rows.map { .init("row", $0) }, rounded: rows.count + 1),
            StatedSum("the order's added tax", added, terms: [.init("taxes not in prices", addedTax)]),
        ] + stated
    }
}
