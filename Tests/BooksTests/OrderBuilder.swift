import Accounting

/// Makes the canonical order of a recipe, with the arithmetic of the platform it says.
struct OrderBuilder {
    private let recipe: OrderRecipe
    private let currency: Currency
    private let scale: Int
    private var lines: [CanonicalLine] = []
    /// Line amounts before they were rounded for telling.
    private var exactNets: [ExactDecimal] = []
    private var carry: [ExactDecimal]

    static let paidAt = Instant(seconds: 1_772_445_600)

    static func order(_ recipe: OrderRecipe) -> CanonicalOrder {
        guard let currency = Currency(recipe.currency) else { preconditionFailure("no currency \(recipe.currency)") }
        var builder = OrderBuilder(recipe, currency)
        return builder.build()
    }

    private init(_ recipe: OrderRecipe, _ currency: Currency) {
        self.recipe = recipe
        self.currency = currency
        scale = currency.minorUnits
        carry = recipe.rates.map { _ in .zero }
    }

    private mutating func build() -> CanonicalOrder {
        for (index, item) in recipe.items.enumerated() { add(item, id: String(100 + index)) }
        let cart = recipe.rates.indices.map { taxTotal(ofRate: $0) { $0 != .shipping } }
        let shipping = recipe.rates.indices.map { taxTotal(ofRate: $0) { $0 == .shipping } }
        let totalTax = (cart + shipping).sum()
        var total = ((recipe.isUnrounded ? exactNets : lines.map(\.net)).sum() + totalTax).rounded(scale: scale)
        var tenders: [Tender] = []
        for (percent, kind) in [(recipe.giftCard, Tender.Kind.giftCard), (recipe.storeCredit, .storeCredit)]
        where percent > 0 && total > .zero {
            let amount = (total * ExactDecimal(units: percent, scale: 2)).rounded(scale: min(2, scale), .down)
            if amount.isZero { continue }
            total -= amount
            tenders.append(Tender(kind: kind, method: kind.rawValue, amount: amount))
        }
        var cashRounding = ExactDecimal.zero
        if recipe.roundsCash, total > .zero {
            let step = ExactDecimal(units: 5, scale: scale)
            let rounded = step * total.divided(by: step, scale: 0)
            cashRounding = rounded - total
            total = rounded
        }
        if !total.isZero { tenders.insert(Tender(kind: .money, method: "card", amount: total), at: 0) }
        let created = Self.paidAt - .seconds(600)
        var order = CanonicalOrder(
            platform: .woocommerce, storeID: "shop", orderID: "7", currency: currency, createdAt: created,
            totals: OrderTotals(
                total: total, totalTax: totalTax,
                shipping: lines.filter { $0.kind == .shipping }.map(\.net).sum().rounded(scale: scale),
                cartTax: cart.sum(), shippingTax: shipping.sum(), cashRounding: cashRounding))
        order.status = "processing"
        order.paidAt = recipe.isPaid ? Self.paidAt + .seconds(recipe.isPaidLast ? 9_000_000 : 0) : nil
        order.customer = CanonicalCustomer(id: "3")
        order.customer.firstName = "Ada"
        order.lines = lines
        order.tenders = tenders
        order.pricesIncludeTax = recipe.pricesIncludeTax
        for (index, rate) in recipe.rates.enumerated() {
            order.taxes.append(
                CanonicalTax(
                    rateID: String(index), code: "RATE-\(index)", percent: rate.percent, isCompound: rate.isCompound,
                    amount: cart[index], shippingAmount: shipping[index]))
        }
        addRefunds(to: &order)
        spoil(&order)
        return order
    }

    // MARK: Lines

    private mutating func add(_ item: OrderRecipe.Item, id: String) {
        let share = ExactDecimal(units: 100 - item.discount, scale: 2)
        let gross = (item.price * item.quantity * share).rounded(scale: 6)
        guard item.isTaxed, !recipe.rates.isEmpty, item.kind != .giftCard, item.kind != .tip else {
            return append(item, id: id, net: gross, tax: .zero, components: [])
        }
        let hundred = ExactDecimal(100)
        let simple = recipe.rates.filter { !$0.isCompound }.map(\.percent).sum()
        let compound = recipe.rates.filter(\.isCompound).map(\.percent).sum()
        let factor = (hundred + simple) * (hundred + compound)
        let net = recipe.pricesIncludeTax ? (gross * ExactDecimal(10_000)).divided(by: factor, scale: 6) : gross
        let exact = recipe.rates.map { rate in
            let base = rate.isCompound ? net + (net * simple).divided(by: hundred, scale: 12) : net
            return (base * rate.percent).divided(by: hundred, scale: 6)
        }
        let tax = exact.indices.map { told(exact[$0], rate: $0, quantity: item.quantity) }.sum()
        // What was typed in with tax stays what it is, to the cent, where lines are rounded by themselves.
        let keepsGross = recipe.pricesIncludeTax && recipe.rounding != .subtotal
        append(
            item, id: id, net: keepsGross ? gross.rounded(scale: scale) - tax : net, tax: tax,
            components: exact.enumerated().map { TaxComponent(rateID: String($0.offset), amount: $0.element) })
    }

    private mutating func append(
        _ item: OrderRecipe.Item, id: String, net: ExactDecimal, tax: ExactDecimal, components: [TaxComponent]
    ) {
        exactNets.append(recipe.rounding == .subtotal ? net : net.rounded(scale: scale))
        let told = recipe.isUnrounded && recipe.rounding == .subtotal ? net : net.rounded(scale: scale)
        lines.append(
            CanonicalLine(
                id: id, kind: item.kind, name: "\(item.kind.rawValue) \(id)", quantity: item.quantity, net: told,
                tax: tax, taxComponents: components))
    }

    private mutating func told(_ exact: ExactDecimal, rate: Int, quantity: ExactDecimal) -> ExactDecimal {
        switch recipe.rounding {
        case .line: return exact.rounded(scale: scale)
        case .lineHalfDown: return Self.halfDown(exact, scale)
        case .subtotal: return recipe.isUnrounded ? exact : exact.rounded(scale: scale)
        case .unit:
            guard quantity.significantScale == 0 else { return exact.rounded(scale: scale) }
            return exact.divided(by: quantity, scale: scale) * quantity
        case .carried:
            let rounded = (exact + carry[rate]).rounded(scale: scale)
            carry[rate] += exact - rounded
            return rounded
        }
    }

    private static func halfDown(_ value: ExactDecimal, _ scale: Int) -> ExactDecimal {
        let up = value.rounded(scale: scale)
        let half = ExactDecimal(units: 5, scale: scale + 1)
        return (up - value).magnitude == half ? value.rounded(scale: scale, .down) : up
    }

    /// The tax that one rate makes on some lines, as the platform sums it up.
    private func taxTotal(ofRate rate: Int, _ includes: (LineKind) -> Bool) -> ExactDecimal {
        let included = lines.filter { includes($0.kind) && !$0.taxComponents.isEmpty }
        guard recipe.rates.count > 1 || recipe.rounding == .subtotal else { return included.map(\.tax).sum() }
        if recipe.rounding == .subtotal {
            return included.map { $0.taxComponents[rate].amount }.sum().rounded(scale: scale)
        }
        // Of several rates the last has what the others leave.
        let others = included.map { $0.taxComponents[rate].amount.rounded(scale: scale) }.sum()
        guard rate == recipe.rates.count - 1 else { return others }
        let before = (0..<rate).map { other in
            included.map { $0.taxComponents[other].amount.rounded(scale: scale) }.sum()
        }
        return included.map(\.tax).sum() - before.sum()
    }

    // MARK: Refunds

    private func addRefunds(to order: inout CanonicalOrder) {
        var left = order.totals.total
        for (index, refund) in recipe.refunds.enumerated() where left > .zero {
            var amount = ExactDecimal.zero
            var refunded: [RefundLine] = []
            switch refund {
            case .item(let position), .half(let position):
                guard position < lines.count else { continue }
                var line = lines[position]
                if case .half = refund {
                    line.net = line.net.divided(by: ExactDecimal(2), scale: scale, .down)
                    line.tax = line.tax.divided(by: ExactDecimal(2), scale: scale, .down)
                }
                amount = (line.net + line.tax).rounded(scale: scale)
                line.net = -line.net
                line.tax = -line.tax
                line.quantity = -line.quantity
                line.taxComponents = []
                refunded = [RefundLine(line, refundedLineID: line.id)]
            case .amount, .rest:
                // An amount of an order that gift cards paid in part is held by rule.
                guard order.redeemed.isZero else { continue }
                amount = left
                if case .amount(let percent) = refund {
                    amount = (left * ExactDecimal(units: percent, scale: 2)).rounded(scale: min(scale, 2), .down)
                }
            }
            guard amount > .zero, amount <= left else { continue }
            left -= amount
            order.refunds.append(
                CanonicalRefund(
                    id: String(900 + index), createdAt: Self.paidAt + .seconds(Int64(index + 1) * 100_000),
                    amount: amount, lines: refunded))
        }
    }

    // MARK: Mistakes

    private func spoil(_ order: inout CanonicalOrder) {
        guard let spoil = recipe.spoil else { return }
        let off = ExactDecimal(units: lines.count + 2 * recipe.rates.count + 3, scale: min(2, scale))
        switch spoil {
        case .total: order.totals.total += off
        case .tax:
            order.totals.totalTax += off
            order.totals.total += off
        case .shipping: order.totals.shipping = (order.totals.shipping ?? .zero) + off
        case .thirdDecimal: order.totals.total += ExactDecimal(units: 1, scale: 3)
        case .tooMuchRefunded:
            order.refunds.append(
                CanonicalRefund(
                    id: "999", createdAt: Self.paidAt + .seconds(9_999_999), amount: order.totals.total + off))
        case .refundUnlikeItsLines:
            let line = CanonicalLine(id: "1", kind: .product, name: "Thing", net: ExactDecimal(-1))
            order.refunds.insert(
                CanonicalRefund(
                    id: "999", createdAt: Self.paidAt, amount: off + ExactDecimal(3), lines: [RefundLine(line)]), at: 0)
        case .unknownCurrency: order.currency = Currency("XPF") ?? currency
        }
    }
}
