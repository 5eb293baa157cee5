public import Accounting

/// What a store's orders show of how it sells: counts, and nothing of any person.
public struct StoreProfile: Sendable, Hashable {
    /// A payment method.
    struct Method: Sendable, Hashable {
        var title = ""
        var orders = 0
    }

    /// A rate that lines are taxed at.
    struct Rate: Sendable, Hashable {
        /// The combined percent; `nil` if the storefront does not say.
        var percent: ExactDecimal?
        /// The storefront's code, where there is no percent.
        var code: String?

        /// As the mapping's `taxes` name it.
        var key: String { percent?.normalized.description ?? code ?? "default" }
    }

    /// How many orders were looked at.
    public private(set) var orders = 0
    /// By the storefront's id of the method.
    private(set) var methods: [String: Method] = [:]
    /// Lines by rate and by the customer's country, which may be empty.
    private(set) var rates: [Rate: [String: Int]] = [:]
    private(set) var lines: [LineKind: Int] = [:]
    /// Orders by the customer's country, by currency and by status.
    private(set) var countries: [String: Int] = [:]
    private(set) var currencies: [String: Int] = [:]
    private(set) var statuses: [String: Int] = [:]
    /// Product lines by what their stock keeping unit begins with, and by category.
    private(set) var prefixes: [String: Int] = [:]
    private(set) var categories: [String: Int] = [:]
    private(set) var giftCardsRedeemed = 0
    private(set) var storeCreditSpent = 0
    private(set) var amountOnlyRefunds = 0
    /// Orders that are rounded to coins.
    private(set) var cashRounded = 0

    /// A store of which nothing is known.
    public init() {}

    /// Adds an order.
    /// - Parameter order: The order.
    public mutating func add(_ order: CanonicalOrder) {
        orders += 1
        let country = order.customer.address.country.uppercased()
        countries[country, default: 0] += 1
        currencies[order.currency.code, default: 0] += 1
        statuses[order.status, default: 0] += 1
        for tender in order.tenders {
            switch tender.kind {
            case .money:
                methods[tender.method, default: Method()].orders += 1
                if !tender.title.isEmpty { methods[tender.method]?.title = tender.title }
            case .giftCard: giftCardsRedeemed += 1
            case .storeCredit: storeCreditSpent += 1
            }
        }
        if !order.totals.cashRounding.isZero { cashRounded += 1 }
        amountOnlyRefunds += order.refunds.count { $0.lines.isEmpty && $0.amount != order.totals.total }
        let taxes = TaxTypes(order: order)
        for line in order.lines where line.kind == .product || !line.net.isZero || !line.tax.isZero {
            add(line, rates: taxes.rates(of: line), country: country)
        }
    }

    private mutating func add(_ line: CanonicalLine, rates found: LineRates, country: String) {
        lines[line.kind, default: 0] += 1
        let rate = Rate(
            percent: found.percent.map(\.normalized), code: found.percent == nil ? found.code : nil)
        rates[rate, default: [:]][country, default: 0] += 1
        guard line.kind == .product else { return }
        for category in Set(line.categories) where !category.isEmpty { categories[category, default: 0] += 1 }
        let prefix = (line.sku ?? "").prefix { $0.isASCII && $0.isLetter }
        if prefix.count >= 3, prefix.count < (line.sku ?? "").count { prefixes[prefix.uppercased(), default: 0] += 1 }
    }
}
