public import Accounting

/// A cart's line as calculated: without tax, up to six decimals.
public struct CalculatedLine: Sendable {
    /// Before the coupon.
    public var subtotal: ExactDecimal
    /// After it.
    public var total: ExactDecimal
    /// Tax before the coupon, by rate, not rounded to cents.
    public var subtotalTaxes: [(rate: TaxRate, amount: ExactDecimal)]
    /// Tax after it.
    public var taxes: [(rate: TaxRate, amount: ExactDecimal)]
    /// The line's tax as the order shows it.
    public var subtotalTax: ExactDecimal
    /// See ``subtotalTax``.
    public var totalTax: ExactDecimal
}

/// A rate's share of an order's tax.
public struct CalculatedTax: Sendable {
    /// The rate.
    public var rate: TaxRate
    /// On products and fees.
    public var cart: ExactDecimal
    /// On shipping.
    public var shipping: ExactDecimal
}

/// An order's amounts.
public struct CalculatedCart: Sendable {
    /// One for each of the cart's products.
    public var items: [CalculatedLine]
    /// One for each shipping line.
    public var shipping: [CalculatedLine]
    /// One for each fee.
    public var fees: [CalculatedLine]
    /// One for each rate that applied.
    public var taxes: [CalculatedTax]
    /// What the coupon took, without tax.
    public var discount: ExactDecimal
    /// The tax that went with it.
    public var discountTax: ExactDecimal
    /// The sum of the shipping lines.
    public var shippingTotal: ExactDecimal
    /// Everything, with tax.
    public var total: ExactDecimal

    /// Tax on products and fees.
    public var cartTax: ExactDecimal { taxes.map(\.cart).sum() }
    /// Tax on shipping.
    public var shippingTax: ExactDecimal { taxes.map(\.shipping).sum() }
    /// All tax.
    public var totalTax: ExactDecimal { cartTax + shippingTax }
}

/// Calculates carts the way WooCommerce does, in exact decimals.
///
/// Source: class-wc-cart-totals.php (lines, discounts, totals), class-wc-tax.php (`calc_exclusive_tax`,
/// `calc_inclusive_tax`), wc-core-functions.php (`wc_round_tax_total`, which rounds halves down where prices include tax).
public struct CartCalculator {
    private let cart: Cart
    private static let precision = 6
    private static let hundred = ExactDecimal(100)

    private init(_ cart: Cart) { self.cart = cart }

    /// The amounts of `cart`.
    public static func calculate(_ cart: Cart) -> CalculatedCart {
        CartCalculator(cart).calculated()
    }

    private func calculated() -> CalculatedCart {
        let gross = cart.items.map { ($0.unitPrice * $0.quantity).rounded(scale: Self.precision) }
        let discounts = discounts(on: gross)
        let items = cart.items.indices.map { index in
            line(
                before: gross[index], after: gross[index] - discounts[index], rates: cart.items[index].rates,
                includesTax: cart.pricesIncludeTax)
        }
        let shipping = cart.shipping.map {
            line(before: $0.amount, after: $0.amount, rates: $0.rates, includesTax: false)
        }
        let fees = cart.fees.map { line(before: $0.amount, after: $0.amount, rates: $0.rates, includesTax: false) }
        let taxes = taxes(cart: items + fees, shipping: shipping)
        let shippingTotal = cents(shipping.map(\.total).sum())
        let nets = (items.map { roundedLine($0.total) } + fees.map(\.total)).sum()
        let taxTotal = taxes.map { $0.cart + $0.shipping }.sum()
        return CalculatedCart(
            items: items, shipping: shipping, fees: fees, taxes: taxes,
            discount: cents(items.map { $0.subtotal - $0.total }.sum()),
            discountTax: cents(items.map { $0.subtotalTax - $0.totalTax }.sum()), shippingTotal: shippingTotal,
            total: cents(nets + shippingTotal + taxTotal))
    }

    // MARK: Lines

    private func line(
        before: ExactDecimal, after: ExactDecimal, rates: [TaxRate], includesTax: Bool
    ) -> CalculatedLine {
        let subtotalTaxes = Self.taxes(on: before, rates: rates, included: includesTax)
        let taxes = Self.taxes(on: after, rates: rates, included: includesTax)
        func net(_ amount: ExactDecimal, _ parts: [(rate: TaxRate, amount: ExactDecimal)]) -> ExactDecimal {
            includesTax ? amount - parts.map(\.amount).sum() : amount
        }
        return CalculatedLine(
            subtotal: net(before, subtotalTaxes), total: net(after, taxes), subtotalTaxes: subtotalTaxes, taxes: taxes,
            subtotalTax: subtotalTaxes.map { roundedTax($0.amount) }.sum(),
            totalTax: taxes.map { roundedTax($0.amount) }.sum())
    }

    /// The tax on an amount, by rate, to six decimals.
    static func taxes(
        on amount: ExactDecimal, rates: [TaxRate], included: Bool
    ) -> [(rate: TaxRate, amount: ExactDecimal)] {
        included ? includedTaxes(in: amount, rates: rates) : addedTaxes(to: amount, rates: rates)
    }

    private static func addedTaxes(
        to amount: ExactDecimal, rates: [TaxRate]
    ) -> [(rate: TaxRate, amount: ExactDecimal)] {
        var base = amount
        return rates.sorted { !$0.isCompound && $1.isCompound }.map { rate in
            let tax = ((rate.isCompound ? base : amount) * rate.percent).divided(by: hundred, scale: precision)
            base += tax
            return (rate: rate, amount: tax)
        }
    }

    private static func includedTaxes(
        in amount: ExactDecimal, rates: [TaxRate]
    ) -> [(rate: TaxRate, amount: ExactDecimal)] {
        var result: [(rate: TaxRate, amount: ExactDecimal)] = []
        var rest = amount
        for rate in rates.reversed() where rate.isCompound {
            let net = (rest * hundred).divided(by: hundred + rate.percent, scale: 12)
            result.append((rate: rate, amount: (rest - net).rounded(scale: precision)))
            rest = net
        }
        let regular = rates.filter { !$0.isCompound }
        let together = hundred + regular.map(\.percent).sum()
        for rate in regular {
            result.append((rate: rate, amount: (rest * rate.percent).divided(by: together, scale: precision)))
        }
        return result
    }

    // MARK: Discounts

    /// What the coupon takes off each line, in the basis prices are entered in, to the cent.
    private func discounts(on gross: [ExactDecimal]) -> [ExactDecimal] {
        let none = gross.map { _ in ExactDecimal.zero }
        guard let coupon = cart.coupon else { return none }
        switch coupon.effect {
        case .percent(let percent) where percent == Self.hundred: return gross
        case .percent(let percent):
            return gross.map { ($0 * percent).divided(by: Self.hundred, scale: 2) }
        case .fixed(let amount):
            let sum = gross.sum()
            guard !sum.isZero else { return none }
            let taken = min(amount, sum)
            var discounts = gross.map { ($0 * taken).divided(by: sum, scale: 2, .down) }
            if let largest = gross.indices.max(by: { gross[$0] < gross[$1] }) {
                discounts[largest] += taken - discounts.sum()
            }
            return discounts
        }
    }

    // MARK: Totals

    private func taxes(cart lines: [CalculatedLine], shipping: [CalculatedLine]) -> [CalculatedTax] {
        var rates: [TaxRate] = []
        for line in lines + shipping {
            for tax in line.taxes where !rates.contains(tax.rate) { rates.append(tax.rate) }
        }
        return rates.sorted { $0.id < $1.id }.map { rate in
            func sum(_ lines: [CalculatedLine]) -> ExactDecimal {
                let parts = lines.flatMap(\.taxes).filter { $0.rate == rate }.map(\.amount)
                return cart.roundsAtSubtotal ? taxCents(parts.sum()) : parts.map(taxCents).sum()
            }
            return CalculatedTax(rate: rate, cart: sum(lines), shipping: sum(shipping))
        }
    }

    private func cents(_ amount: ExactDecimal) -> ExactDecimal { amount.rounded(scale: 2) }

    private func taxCents(_ amount: ExactDecimal) -> ExactDecimal {
        cart.pricesIncludeTax ? amount.roundedHalfDown(scale: 2) : amount.rounded(scale: 2)
    }

    private func roundedTax(_ amount: ExactDecimal) -> ExactDecimal {
        cart.roundsAtSubtotal ? amount : taxCents(amount)
    }

    private func roundedLine(_ amount: ExactDecimal) -> ExactDecimal {
        cart.roundsAtSubtotal ? amount : cents(amount)
    }
}
