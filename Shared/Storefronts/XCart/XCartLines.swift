import Accounting
import JSON

/// Reads the lines of an X-Cart order, and gives each its part of the order's discounts and taxes.
///
/// Source: X-Cart 5.3, `XLite\Model\Order::calculateTotal`: the total is the subtotal and every available surcharge that is not
/// included in prices, each rounded by itself; what discounts take off is negative. An item's `amount` is its quantity.
struct XCartLines {
    private(set) var lines: [CanonicalLine] = []
    private(set) var taxes = TaxTable()
    private(set) var totalTax = ExactDecimal.zero
    private(set) var hasIncludedTax = false
    private let currency: Currency
    private let surcharges: [Surcharge]
    /// What each item costs, and the surcharges it has of its own.
    private var items: [(cost: ExactDecimal, surcharges: [Surcharge])] = []

    struct Surcharge {
        let type: String
        let code: String
        let name: String
        let isIncluded: Bool
        let value: ExactDecimal
    }

    init(order: PayloadFields, currency: Currency) throws(StorefrontError) {
        self.currency = currency
        surcharges = try Self.surcharges(of: order, currency)
        for item in try order.objects("items") { try add(item) }
        spreadDiscounts()
        let shippingName = order.text(firstOf: ["shipping_method_name", "shippingMethod"])
        for (index, surcharge) in surcharges.enumerated() where !surcharge.isIncluded {
            let isShipping = surcharge.type == "shipping"
            guard isShipping || !["tax", "discount"].contains(surcharge.type), !surcharge.value.isZero else { continue }
            let name = isShipping && !shippingName.isEmpty ? shippingName : surcharge.name
            lines.append(
                CanonicalLine(
                    id: "\(surcharge.type)-\(index)", kind: isShipping ? .shipping : .fee,
                    name: name.isEmpty ? surcharge.code : name, net: surcharge.value))
        }
        for surcharge in surcharges where surcharge.type == "tax" { addTax(surcharge) }
    }

    private mutating func add(_ item: PayloadFields) throws(StorefrontError) {
        let quantity = try item.amount("amount")
        let price = try item.amount("price")
        guard let cost = try item.optionalAmount("subtotal") ?? price.multiplied(by: quantity) else {
            throw StorefrontError(.malformed, "items: a price and amount have more digits than an amount can have")
        }
        let sku = item.text("sku", limit: 255)
        items.append((cost, try Self.surcharges(of: item, currency)))
        lines.append(
            CanonicalLine(
                id: item.optionalID("id") ?? item.optionalID("item_id") ?? String(items.count), kind: .product,
                name: item.text("name"), sku: sku.isEmpty ? nil : sku, quantity: quantity, net: cost))
    }

    /// The surcharges that count, rounded as the store sums them; the older complex schema has one figure of each kind.
    private static func surcharges(of fields: PayloadFields, _ currency: Currency) throws(StorefrontError)
        -> [Surcharge]
    {
        var result: [Surcharge] = []
        for entry in try fields.objects("surcharges") where entry["available"] == nil || entry.flag("available") {
            result.append(
                Surcharge(
                    type: entry.text("type", limit: 50).lowercased(), code: entry.text("code", limit: 255),
                    name: entry.text("name", limit: 255), isIncluded: entry.flag("include"),
                    value: try entry.amount("value").rounded(scale: currency.minorUnits)))
        }
        guard fields["surcharges"] == nil else { return result }
        for (key, type, name) in [
            ("shippingCost", "shipping", "Shipping"), ("paymentFee", "handling", "Payment fee"),
            ("discountValue", "discount", "Discount"), ("taxAmount", "tax", "Tax"),
        ] {
            guard let value = try fields.optionalAmount(key), !value.isZero else { continue }
            result.append(
                Surcharge(
                    type: type, code: "", name: name, isIncluded: false,
                    value: type == "discount" ? -value.magnitude : value))
        }
        return result
    }

    // MARK: Discounts and taxes

    private mutating func spreadDiscounts() {
        let discount = surcharges.filter { $0.type == "discount" && !$0.isIncluded }.map(\.value).sum()
        guard !discount.isZero else { return }
        let own = items.map { $0.surcharges.filter { $0.type == "discount" }.map(\.value).sum() }
        let weights = own.sum().isZero ? items.map(\.cost) : own
        for (index, share) in discount.apportioned(over: weights, scale: currency.minorUnits).enumerated() {
            lines[index].net += share
        }
    }

    /// A tax goes to the items that name it, and what they do not account for to shipping; where no item names it, to all
    /// items by what they cost.
    private mutating func addTax(_ tax: Surcharge) {
        totalTax += tax.value
        if tax.isIncluded { hasIncludedTax = true }
        let own = items.map { item in
            item.surcharges.filter { $0.type == "tax" && $0.code == tax.code }.map(\.value).sum()
        }
        var weights = own
        if own.sum().isZero { weights = lines[items.indices].map(\.net) }
        var goods = tax.value
        let beyond = tax.value - own.sum()
        let tolerance = ExactDecimal(units: items.count + 1, scale: currency.minorUnits)
        if !own.sum().isZero, beyond > tolerance,
            let shipping = lines.firstIndex(where: { $0.kind == .shipping })
        {
            goods = own.sum()
            add(beyond, of: tax, to: shipping)
        }
        for (index, share) in goods.apportioned(over: weights, scale: currency.minorUnits).enumerated()
        where !weights[index].isZero {
            add(share, of: tax, to: index)
        }
    }

    private mutating func add(_ share: ExactDecimal, of tax: Surcharge, to index: Int) {
        lines[index].tax += share
        if tax.isIncluded { lines[index].net -= share }
        let code = tax.code.isEmpty ? tax.name : tax.code
        lines[index].taxComponents.append(
            taxes.add(code: code, label: tax.name, percent: nil, amount: share, on: lines[index].kind))
    }

    // MARK: Sums

    /// The sums that the order states.
    func sums(_ order: PayloadFields) throws(StorefrontError) -> [StatedSum] {
        let key = order["sub_total"] == nil ? "subtotal" : "sub_total"
        let subtotal = try order.amount(key)
        let added = surcharges.filter { !$0.isIncluded }
        return [
            StatedSum(
                "the order's total", try order.amount("total"),
                terms: [.init("subtotal", subtotal)]
                    + added.map { .init($0.name.isEmpty ? $0.type : $0.name, $0.value) }, rounded: added.count + 1),
            StatedSum(
                "the order's subtotal", subtotal, terms: items.map { .init("item", $0.cost) }, rounded: items.count + 1),
        ]
    }
}
