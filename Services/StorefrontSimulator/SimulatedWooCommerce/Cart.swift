public import Accounting

/// A tax rate as a WooCommerce store has it.
public struct TaxRate: Sendable, Hashable {
    /// The rate's id in the store.
    public let id: Int
    /// Country, state, name and priority, e.g. `AU-GST-1`.
    public let code: String
    /// What the shopper reads.
    public let label: String
    /// In percent.
    public let percent: ExactDecimal
    /// Taxed on top of the rates before it.
    public let isCompound: Bool

    /// A rate of its parts.
    public init(id: Int, code: String, label: String, percent: ExactDecimal, isCompound: Bool = false) {
        self.id = id
        self.code = code
        self.label = label
        self.percent = percent
        self.isCompound = isCompound
    }
}

/// One product in a cart.
public struct CartItem: Sendable {
    /// The product's name.
    public var name: String
    /// Its stock keeping unit; may be empty.
    public var sku: String
    /// Its id in the store.
    public var productID: Int
    /// As typed in by the merchant: with tax where the store's prices include it.
    public var unitPrice: ExactDecimal
    /// May be fractional (sold by weight or length).
    public var quantity: ExactDecimal
    /// The rates that apply.
    public var rates: [TaxRate]
}

/// A shipping line or a fee: an amount without tax, and the rates that apply to it.
public struct CartCharge: Sendable {
    /// What the shopper reads.
    public var title: String
    /// Without tax; a fee may be negative.
    public var amount: ExactDecimal
    /// The rates that apply.
    public var rates: [TaxRate]
}

/// A discount on the whole cart.
public enum Coupon: Sendable {
    /// So many percent off each line.
    case percent(ExactDecimal)
    /// So much off the cart, spread over the lines.
    case fixed(ExactDecimal)
}

/// What a shopper is about to order, and the store's way of calculating it.
public struct Cart: Sendable {
    /// Products.
    public var items: [CartItem]
    /// Shipping lines.
    public var shipping: [CartCharge] = []
    /// Fees.
    public var fees: [CartCharge] = []
    /// The coupon's code and what it does.
    public var coupon: (code: String, effect: Coupon)?
    /// `woocommerce_prices_include_tax`.
    public var pricesIncludeTax = false
    /// `woocommerce_tax_round_at_subtotal`: taxes are rounded once a rate instead of once a line.
    public var roundsAtSubtotal = false

    /// A cart of products.
    public init(items: [CartItem]) {
        self.items = items
    }
}
