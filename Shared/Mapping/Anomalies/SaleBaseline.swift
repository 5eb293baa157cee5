import Accounting

/// What is usual for a store: from its latest orders, by ranks and counts, so that a few odd ones among them change little.
public struct SaleBaseline: Sendable, Hashable {
    /// How many orders it takes before any is said to be out of line.
    public static let fewest = 100
    /// How many of a store's latest orders are looked at.
    public static let most = 1000

    /// The totals in a currency.
    struct Totals: Sendable, Hashable {
        var orders: Int
        /// Half of all are between these.
        var lower: ExactDecimal
        var upper: ExactDecimal
        var median: ExactDecimal
        /// One in a hundred is under the first, and one over the second.
        var low: ExactDecimal
        var high: ExactDecimal

        /// The largest total that is not out of line: three times as far above the upper quarter, by ratio, as the quarters
        /// are apart; but at least ten medians, and twice what one in a hundred exceeds.
        var most: ExactDecimal {
            let spread = cubed(upper, over: lower).flatMap { upper.multiplied(by: $0) } ?? upper
            return max(max(spread, median * ExactDecimal(10)), high * ExactDecimal(2)).rounded(scale: 2)
        }

        /// The smallest, likewise: by a fiftieth of the median, and half of what one in a hundred falls short of.
        var least: ExactDecimal {
            let spread = cubed(lower, over: upper).flatMap { lower.multiplied(by: $0) } ?? .zero
            let shares = [median.dividing(by: ExactDecimal(50), scale: 6), low.dividing(by: ExactDecimal(2), scale: 6)]
            return shares.compactMap { $0 }.reduce(spread) { min($0, $1) }
        }

        private func cubed(_ value: ExactDecimal, over other: ExactDecimal) -> ExactDecimal? {
            guard !other.isZero, let ratio = value.dividing(by: other, scale: 4) else { return nil }
            return ratio.multiplied(by: ratio)?.rounded(scale: 4).multiplied(by: ratio)?.rounded(scale: 4)
        }
    }

    /// The tax rates charged to a country.
    struct Rates: Sendable, Hashable {
        var orders = 0
        var uses: [String: Int] = [:]

        /// Whether few rates make nearly all: where every town has its own, no rate is odd.
        var areFew: Bool {
            uses.values.sorted(by: >).prefix(3).reduce(0, +) * 100 >= uses.values.reduce(0, +) * 97
        }
    }

    private(set) var totals: [Currency: Totals] = [:]
    private(set) var rates: [String: Rates] = [:]

    /// Nothing is known, and nothing out of line.
    public init() {}

    /// What is usual among some orders.
    /// - Parameter orders: A store's latest orders.
    public init(of orders: [SaleTraits]) {
        for (currency, own) in Dictionary(grouping: orders.filter { $0.total > .zero }, by: \.currency)
        where own.count >= Self.fewest {
            let sorted = own.map(\.total).sorted()
            func rank(_ percent: Int) -> ExactDecimal { sorted[(sorted.count - 1) * percent / 100] }
            totals[currency] = Totals(
                orders: own.count, lower: rank(25), upper: rank(75), median: rank(50), low: rank(1), high: rank(99))
        }
        for (country, own) in Dictionary(grouping: orders, by: \.country)
        where own.count >= Self.fewest && !country.isEmpty {
            var known = Rates(orders: own.count)
            for rate in own.flatMap(\.rates) { known.uses[rate, default: 0] += 1 }
            rates[country] = known
        }
    }

    /// What is out of line with an order.
    /// - Parameters:
    ///   - traits: The order's.
    ///   - policy: What is looked for.
    public func anomalies(of traits: SaleTraits, policy: AnomalyPolicy) -> [Anomaly] {
        var found: [Anomaly] = []
        if policy.total != .off, let anomaly = total(traits) { found.append(anomaly) }
        if policy.taxRate != .off { found += taxRates(traits) }
        return found
    }

    private func total(_ traits: SaleTraits) -> Anomaly? {
        guard let known = totals[traits.currency], traits.total > .zero else { return nil }
        let (most, least) = (known.most, known.least)
        guard traits.total > most || traits.total < least else { return nil }
        let currency = traits.currency.code
        let places = min(2, traits.currency.minorUnits)
        func text(_ amount: ExactDecimal) -> String { amount.fixed(max(places, amount.significantScale)) }
        let isMore = traits.total > most
        return Anomaly(
            .total, subject: "\(currency) \(traits.total.normalized)",
            message: "the total \(currency) \(text(traits.total)) is \(isMore ? "more" : "less") than "
                + "\(isMore ? text(most) : text(least)): of the store's latest \(known.orders) orders in \(currency), half "
                + "are from \(text(known.lower)) to \(text(known.upper)), and 98 in 100 from \(text(known.low)) to "
                + text(known.high))
    }

    private func taxRates(_ traits: SaleTraits) -> [Anomaly] {
        guard let known = rates[traits.country], known.areFew else { return [] }
        return traits.rates.compactMap { rate in
            let uses = known.uses[rate] ?? 0
            // Fewer than one order in two hundred.
            guard uses * 200 < known.orders else { return nil }
            let usual = known.uses.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(3)
                .map { "\($0.key) % on \($0.value)" }.joined(separator: ", ")
            return Anomaly(
                .taxRate, subject: "\(traits.country) \(rate)",
                message:
                    "\(rate) % tax to \(traits.country) is unusual: of the store's latest \(known.orders) orders to "
                    + "\(traits.country) it was on \(uses) (\(usual))")
        }
    }
}
