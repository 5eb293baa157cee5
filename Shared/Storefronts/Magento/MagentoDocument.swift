import Accounting
import JSON

/// What orders, invoices and credit memos of Magento have in common: their items and the totals above them.
///
/// Source: Adobe Commerce web API, sales order, invoice and credit memo data interfaces.
struct MagentoDocument {
    /// Which document it is.
    enum Kind {
        case order
        case invoice
        case creditMemo

        var name: String {
            switch self {
            case .order: "order"
            case .invoice: "invoice"
            case .creditMemo: "credit memo"
            }
        }
    }

    let kind: Kind
    let fields: PayloadFields
    /// What modules add; some of it is money that stands nowhere else.
    let extensions: PayloadFields?
    let currency: Currency
    /// The items that carry money.
    let items: [MagentoItem]
    /// Stands before the names of amounts in the store's own currency.
    private let prefix: String

    init(_ value: JSONValue?, kind: Kind, side: OrderReading.Side?) throws(StorefrontError) {
        self.kind = kind
        fields = try PayloadFields(value, path: kind == .order ? "" : kind.name)
        extensions = try fields.optionalFields("extension_attributes")
        prefix = side == .store ? "base_" : ""
        currency = try fields.currency(side == .store ? "base_currency_code" : "order_currency_code")
        guard fields["items"]?.array != nil else {
            throw StorefrontError(.malformed, "this is no \(kind.name): items is missing where a list should be")
        }
        items = try MagentoItem.carryingMoney(fields, prefix: prefix)
    }

    /// An amount that must be there.
    func required(_ key: String) throws(StorefrontError) -> ExactDecimal { try fields.amount(prefix + key) }

    /// An amount of the document or of what modules added to it; zero where it is missing.
    func amount(_ key: String) throws(StorefrontError) -> ExactDecimal { try optionalAmount(key) ?? .zero }

    func optionalAmount(_ key: String) throws(StorefrontError) -> ExactDecimal? {
        if let amount = try fields.optionalAmount(prefix + key) { return amount }
        return try extensions?.optionalAmount(prefix + key)
    }

    /// What the store counted the order's currency for, where amounts are read in it.
    func statedRate() throws(StorefrontError) -> StatedRate? {
        guard prefix.isEmpty, let base = Currency(fields.text("base_currency_code")),
            let rate = try fields.optionalAmount("base_to_order_rate")
        else { return nil }
        return StatedRate(base: base, perBase: rate)
    }

    // MARK: Parts

    /// The compensation for discounts of shipping whose price includes tax.
    private func shippingCompensation() throws(StorefrontError) -> ExactDecimal {
        prefix.isEmpty
            ? try amount("shipping_discount_tax_compensation_amount")
            : try fields.optionalAmount("base_shipping_discount_tax_compensation_amnt") ?? .zero
    }

    /// What shipping costs before discounts, without tax; `nil` where there is none.
    func shipping() throws(StorefrontError) -> (net: ExactDecimal, tax: ExactDecimal)? {
        let gross = try amount("shipping_amount")
        let tax = try amount("shipping_tax_amount")
        if gross.isZero, tax.isZero { return nil }
        return (gross - (try shippingDiscount()) + (try shippingCompensation()), tax)
    }

    /// What discounts take off shipping: orders say so, and for other documents it is what no item accounts for.
    func shippingDiscount() throws(StorefrontError) -> ExactDecimal {
        if let stated = try optionalAmount("shipping_discount_amount") { return stated.magnitude }
        let all = try amount("discount_amount").magnitude
        return all - items.lazy.map(\.discount).sum()
    }

    /// Gift wrapping, in orders that have it.
    func giftWrapping() throws(StorefrontError) -> [(name: String, net: ExactDecimal, tax: ExactDecimal)] {
        var parts: [(name: String, net: ExactDecimal, tax: ExactDecimal)] = []
        for (key, name) in [
            ("gw_", "Gift wrapping"), ("gw_items_", "Gift wrapping of items"), ("gw_card_", "Gift card printed"),
        ] {
            let base = prefix.isEmpty ? key : key + "base_"
            let net = try wrapping(base + "price")
            let tax = try wrapping(base + "tax_amount")
            if !net.isZero || !tax.isZero { parts.append((name, net, tax)) }
        }
        return parts
    }

    private func wrapping(_ key: String) throws(StorefrontError) -> ExactDecimal {
        if let amount = try fields.optionalAmount(key) { return amount }
        return try extensions?.optionalAmount(key) ?? .zero
    }

    /// What was paid with gift cards, store credit and reward points.
    func redeemed() throws(StorefrontError) -> [(key: String, name: String, kind: Tender.Kind, amount: ExactDecimal)] {
        [
            ("gift_card", "gift cards", .giftCard, try amount("gift_cards_amount").magnitude),
            ("store_credit", "store credit", .storeCredit, try amount("customer_balance_amount").magnitude),
            ("reward_points", "reward points", .storeCredit, try amount("reward_currency_amount").magnitude),
        ].filter { !$0.amount.isZero }
    }

    // MARK: Sums

    /// Whether the fixed taxes of products (a fee for recycling, for instance) stand beside the subtotal.
    func productTaxesAreBesideSubtotal() throws(StorefrontError) -> Bool {
        let sum = items.lazy.map(\.fixedTax).sum()
        guard !sum.isZero else { return false }
        let left = StatedSum("", try required("grand_total"), terms: try terms(withProductTaxes: false)).left
        return (left - sum).magnitude < left.magnitude
    }

    /// The sums that the document states.
    func sums() throws(StorefrontError) -> [StatedSum] {
        let name = "the \(kind.name)'s"
        let total = try required("grand_total")
        let terms = try terms(withProductTaxes: productTaxesAreBesideSubtotal())
        let left = StatedSum("", total, terms: terms).left
        var sums = [StatedSum("\(name) grand total", total, terms: terms, hint: hint(left))]
        sums.append(
            StatedSum(
                "\(name) subtotal", try required("subtotal"),
                terms: items.map { StatedSum.Term("row", $0.rowTotal) }, rounded: items.count + 1))
        if let discount = try optionalAmount("discount_amount") {
            let shipping = try shippingDiscount()
            sums.append(
                StatedSum(
                    "\(name) discount", discount.magnitude,
                    terms: items.filter { !$0.discount.isZero }.map { StatedSum.Term("discount", $0.discount) }
                        + [StatedSum.Term("discount of shipping", shipping)], rounded: items.count + 1))
        }
        return sums
    }

    private func terms(withProductTaxes: Bool) throws(StorefrontError) -> [StatedSum.Term] {
        let discount = try amount("discount_amount").magnitude
        var terms: [StatedSum.Term] = [
            .init("subtotal", try required("subtotal")), .init("shipping", try amount("shipping_amount")),
            .init("tax", try amount("tax_amount")), .init("discount", -discount),
            .init("discount tax compensation", try amount("discount_tax_compensation_amount") + shippingCompensation()),
            .init("gift wrapping", try giftWrapping().lazy.map(\.net).sum()),
        ]
        if withProductTaxes { terms.append(.init("fixed product taxes", items.lazy.map(\.fixedTax).sum())) }
        if kind == .creditMemo {
            terms.append(.init("adjustment", try amount("adjustment_positive")))
            terms.append(.init("adjustment fee", -(try amount("adjustment_negative"))))
        }
        return terms + (try redeemed().map { .init($0.name, -$0.amount) })
    }

    /// Modules keep their surcharges in extension attributes and in the grand total, and nowhere between.
    private func hint(_ left: ExactDecimal) -> String? {
        guard !left.isZero, let attributes = fields["extension_attributes"]?.object else { return nil }
        let known = attributes.first { key, value in !key.hasPrefix("base_") && value.decimal == left }
        return known.map { "extension_attributes.\($0.key) is just that" }
    }
}
