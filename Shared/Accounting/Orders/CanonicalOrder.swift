/// An order in our own words, whatever storefront it comes from.
///
/// Amounts are exactly what the storefront said; whether they make sense together is for ``TieOut`` to say.
public struct CanonicalOrder: Sendable, Hashable {
    /// What kind of storefront the order comes from.
    public var platform: Platform
    /// Our id of the store.
    public var storeID: String
    /// The storefront's id of the order.
    public var orderID: String
    /// The number that the customer knows the order by.
    public var number: String
    /// How far the order is, such as `processing`: the storefront's word, or the one that mappings know for it.
    public var status: String
    /// Whether the storefront says by the status that all of the order's money went back.
    public var claimsFullRefund: Bool
    /// The currency of all amounts.
    public var currency: Currency
    /// What the storefront counted the currency for; `nil` if it does not say.
    public var statedRate: StatedRate?
    /// When the order was made.
    public var createdAt: Instant
    /// The storefront's stamp of the last change: what orders the versions of an order.
    public var modifiedAt: Instant
    /// When it was paid; `nil` if it is not.
    public var paidAt: Instant?
    /// Whether the storefront says that a part of it was paid, and more is to come.
    public var isPartlyPaid: Bool
    /// Who bought.
    public var customer: CanonicalCustomer
    /// Products, shipping and fees, in that order.
    public var lines: [CanonicalLine]
    /// The taxes that occur in the lines.
    public var taxes: [CanonicalTax]
    /// What the order is or will be paid with: the money first, then gift cards and store credit. A tender of nothing is not
    /// listed.
    public var tenders: [Tender]
    /// What went back, oldest first.
    public var refunds: [CanonicalRefund]
    /// The figures that the storefront gives for the order as a whole.
    public var totals: OrderTotals
    /// Sums that the platform states beside their parts, for ``TieOut`` to check.
    public var sums: [StatedSum]
    /// Whether the storefront's prices include tax; the amounts here never do.
    public var pricesIncludeTax: Bool
    /// What the customer wrote with the order.
    public var note: String
    /// Further fields by name.
    public var customFields: [String: String]
    /// Where the order's page is, below the store's address; `nil` if it has none.
    public var orderPath: String?

    /// Makes an order; what is not given here is empty and can be set.
    public init(
        platform: Platform, storeID: String, orderID: String, currency: Currency, createdAt: Instant,
        totals: OrderTotals
    ) {
        self.platform = platform
        self.storeID = storeID
        self.orderID = orderID
        self.currency = currency
        self.createdAt = createdAt
        self.totals = totals
        number = orderID
        status = ""
        claimsFullRefund = false
        isPartlyPaid = false
        modifiedAt = createdAt
        customer = CanonicalCustomer()
        lines = []
        taxes = []
        tenders = []
        refunds = []
        sums = []
        pricesIncludeTax = false
        note = ""
        customFields = [:]
    }

    /// What went back in all.
    public var refunded: ExactDecimal { refunds.lazy.map(\.amount).sum() }

    /// What was paid with what the store owed the customer: gift cards and store credit.
    public var redeemed: ExactDecimal { tenders.lazy.filter { $0.kind != .money }.map(\.amount).sum() }

    /// The lines of one kind.
    public func lines(of kind: LineKind) -> [CanonicalLine] { lines.filter { $0.kind == kind } }
}

/// A kind of storefront.
public enum Platform: String, Sendable, Hashable, CaseIterable {
    /// WooCommerce.
    case woocommerce
    /// Magento 2 and Adobe Commerce.
    case magento
    /// Shopify.
    case shopify
    /// CS-Cart and Multi-Vendor.
    case cscart
    /// X-Cart.
    case xcart
    /// BigCommerce.
    case bigcommerce
}

/// The figures that a storefront gives for an order as a whole.
public struct OrderTotals: Sendable, Hashable {
    /// What the customer pays in money: tax included, gift cards and store credit taken off, cash rounding included.
    public var total: ExactDecimal
    /// All tax in the order.
    public var totalTax: ExactDecimal
    /// All shipping without tax, if the storefront says so.
    public var shipping: ExactDecimal?
    /// The tax of products and fees, if the storefront says so.
    public var cartTax: ExactDecimal?
    /// The tax of shipping, if the storefront says so.
    public var shippingTax: ExactDecimal?
    /// What rounding to coins added to the total, or took off if negative.
    public var cashRounding: ExactDecimal

    /// Makes totals.
    public init(
        total: ExactDecimal, totalTax: ExactDecimal, shipping: ExactDecimal? = nil, cartTax: ExactDecimal? = nil,
        shippingTax: ExactDecimal? = nil, cashRounding: ExactDecimal = .zero
    ) {
        self.total = total
        self.totalTax = totalTax
        self.shipping = shipping
        self.cartTax = cartTax
        self.shippingTax = shippingTax
        self.cashRounding = cashRounding
    }
}

/// What a line is.
public enum LineKind: String, Sendable, Hashable, CaseIterable {
    /// Something sold.
    case product
    /// Getting it to the customer.
    case shipping
    /// A fee or surcharge, or a discount if negative.
    case fee
    /// A gift card sold: money owed to whoever redeems it, not income.
    case giftCard
    /// A tip.
    case tip
}

/// A line of an order or of a refund.
public struct CanonicalLine: Sendable, Hashable {
    /// The storefront's id of the line; unique among the lines of its kind.
    public var id: String
    /// What the line is.
    public var kind: LineKind
    /// What it is called.
    public var name: String
    /// The stock keeping unit, if there is one.
    public var sku: String?
    /// How many.
    public var quantity: ExactDecimal
    /// The amount of the whole line, after discounts, without tax.
    public var net: ExactDecimal
    /// The tax of the whole line, as the storefront rounded it.
    public var tax: ExactDecimal
    /// Which taxes the tax is made of.
    public var taxComponents: [TaxComponent]
    /// The storefront's word for how it is taxed; empty for the usual way.
    public var taxClass = ""
    /// The categories of the product, if the storefront says so.
    public var categories: [String] = []

    /// Makes a line.
    public init(
        id: String, kind: LineKind, name: String, sku: String? = nil, quantity: ExactDecimal = ExactDecimal(1),
        net: ExactDecimal, tax: ExactDecimal = .zero, taxComponents: [TaxComponent] = []
    ) {
        self.id = id
        self.kind = kind
        self.name = name
        self.sku = sku
        self.quantity = quantity
        self.net = net
        self.tax = tax
        self.taxComponents = taxComponents
    }
}

/// The part of a line's tax that one rate makes.
public struct TaxComponent: Sendable, Hashable {
    /// The ``CanonicalTax/rateID`` of the rate.
    public var rateID: String
    /// How much, often with more digits than the currency has.
    public var amount: ExactDecimal

    /// Makes a component.
    public init(rateID: String, amount: ExactDecimal) {
        self.rateID = rateID
        self.amount = amount
    }
}

/// A tax that occurs in an order.
public struct CanonicalTax: Sendable, Hashable {
    /// The storefront's id of the rate.
    public var rateID: String
    /// The storefront's code of the rate, such as `AU-GST-2`.
    public var code: String
    /// What customers see, such as `GST`.
    public var label: String
    /// The rate in percent; `nil` if the storefront does not say.
    public var percent: ExactDecimal?
    /// Whether it is charged on top of the other taxes.
    public var isCompound: Bool
    /// How much of it is in products and fees.
    public var amount: ExactDecimal
    /// How much of it is in shipping.
    public var shippingAmount: ExactDecimal

    /// Makes a tax.
    public init(
        rateID: String, code: String, label: String = "", percent: ExactDecimal?, isCompound: Bool = false,
        amount: ExactDecimal, shippingAmount: ExactDecimal = .zero
    ) {
        self.rateID = rateID
        self.code = code
        self.label = label
        self.percent = percent
        self.isCompound = isCompound
        self.amount = amount
        self.shippingAmount = shippingAmount
    }
}

/// Something an order is paid with.
public struct Tender: Sendable, Hashable {
    /// Money, or what the store owed already.
    public enum Kind: String, Sendable, Hashable {
        /// Money, by the payment method.
        case money
        /// A gift card of the store, which is its liability.
        case giftCard
        /// Credit that the customer has with the store, which is its liability.
        case storeCredit
    }

    /// Money, or what the store owed already.
    public var kind: Kind
    /// The storefront's id of the payment method; may be empty.
    public var method: String
    /// What customers see.
    public var title: String
    /// How much.
    public var amount: ExactDecimal
    /// The transaction or card, for people to find it again; may be empty.
    public var reference: String

    /// Makes a tender.
    public init(kind: Kind, method: String, title: String = "", amount: ExactDecimal, reference: String = "") {
        self.kind = kind
        self.method = method
        self.title = title
        self.amount = amount
        self.reference = reference
    }
}

/// Money that went back to a customer.
public struct CanonicalRefund: Sendable, Hashable {
    /// The storefront's id of the refund.
    public var id: String
    /// When.
    public var createdAt: Instant
    /// How much, positive; where the lines say otherwise, this is the money.
    public var amount: ExactDecimal
    /// Why, as somebody wrote it; may be empty.
    public var reason: String
    /// What it was for, quantities and amounts negative; empty if the storefront does not say.
    public var lines: [RefundLine]

    /// Makes a refund.
    public init(id: String, createdAt: Instant, amount: ExactDecimal, reason: String = "", lines: [RefundLine] = []) {
        self.id = id
        self.createdAt = createdAt
        self.amount = amount
        self.reason = reason
        self.lines = lines
    }
}

/// A line of a refund.
public struct RefundLine: Sendable, Hashable {
    /// The line itself; quantities and amounts are negative.
    public var line: CanonicalLine
    /// The id of the order's line that it takes back, if the storefront says so.
    public var refundedLineID: String?

    /// Makes a line of a refund.
    public init(_ line: CanonicalLine, refundedLineID: String? = nil) {
        self.line = line
        self.refundedLineID = refundedLineID
    }
}
