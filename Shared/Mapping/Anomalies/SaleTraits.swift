public import Accounting

/// What an order is compared with others by.
public struct SaleTraits: Sendable, Hashable {
    /// The currency of the total.
    public var currency: Currency
    /// The value of all lines with tax, however it was paid.
    public var total: ExactDecimal
    /// The customer's country; may be empty.
    public var country: String
    /// The combined tax rates of its lines, in percent, each once; those that the storefront does not say left out.
    public var rates: [String]
    /// Who bought what for how much, in one text: equal for orders that may be the same one twice; `nil` if it is not known
    /// who, or nothing was charged.
    public var likeness: String?
    /// When it was made.
    public var createdAt: Instant

    /// The traits of an order.
    /// - Parameter order: The order.
    public init(_ order: CanonicalOrder) {
        currency = order.currency
        total = order.totals.total + order.redeemed
        country = order.customer.address.country.uppercased()
        createdAt = order.createdAt
        let taxes = TaxTypes(order: order)
        let charged = order.lines.filter { !$0.net.isZero && $0.kind != .giftCard && $0.kind != .tip }
        rates = Set(charged.compactMap { taxes.rates(of: $0).percentText }).sorted()
        let who = order.customer.normalizedEmail ?? order.customer.id.map { "#\($0)" }
        likeness = who.flatMap { who in
            guard total > .zero else { return nil }
            let lines = order.lines.map { line in
                [
                    line.kind.rawValue, line.sku ?? line.name, line.quantity.normalized.description,
                    line.net.normalized.description, line.tax.normalized.description,
                ].joined(separator: "\t")
            }
            return ([who, currency.code, total.normalized.description] + lines.sorted()).joined(separator: "\n")
        }
    }

    /// Traits as they were kept.
    public init(
        currency: Currency, total: ExactDecimal, country: String, rates: [String], createdAt: Instant,
        likeness: String? = nil
    ) {
        self.currency = currency
        self.total = total
        self.country = country
        self.rates = rates
        self.createdAt = createdAt
        self.likeness = likeness
    }
}
