import Accounting
import JSON
import TestSupport

/// Makes orders with the arithmetic of WooCommerce: tax rounded by line or at the subtotal, prices with and without tax,
/// several rates and compound ones, coupons, fees of either sign, fractional quantities, gift cards and refunds.
struct OrderGenerator {
    struct Rate {
        let id: Int
        let percent: ExactDecimal
        let isCompound: Bool
    }

    struct Line {
        let id: Int
        let quantity: ExactDecimal
        /// Before rounding.
        let net: ExactDecimal
        let components: [(rate: Int, amount: ExactDecimal)]
        let scale: Int

        var roundedNet: ExactDecimal { net.rounded(scale: scale) }
        var roundedTax: ExactDecimal { components.map(\.amount).sum().rounded(scale: scale) }
        var gross: ExactDecimal { roundedNet + roundedTax }
    }

    private var random: SeededRandom
    private var scale = 2
    private var rates: [Rate] = []
    private var roundsAtSubtotal = false
    private var inclusive = false

    /// The percent of each tax type of the mapping that these orders are planned with.
    static let taxTypes: [String: ExactDecimal] = Dictionary(
        uniqueKeysWithValues: ["0", "10", "20", "25", "7.25", "8.875", "5", "19", "14.975", "21", "15.5"].compactMap {
            text in
            ExactDecimal(text).map { ("T" + text, $0) }
        })

    init(seed: UInt64) { random = SeededRandom(seed: seed) }

    mutating func next(id: Int) -> OrderFixture {
        let currency = pick(["EUR", "USD", "AUD", "GBP", "JPY"])
        scale = currency == "JPY" ? 0 : 2
        roundsAtSubtotal = Bool.random(using: &random)
        inclusive = Bool.random(using: &random)
        rates = pickRates()
        let products = (0..<Int.random(in: 1...8, using: &random)).map { product(id: 100 + $0) }
        let shipping = chance(60) ? [line(id: 200, net: amount(0...3000), taxed: chance(70))] : []
        var fees = chance(25) ? [line(id: 300, net: amount(1...900), taxed: chance(50))] : []
        let positive = products.map(\.net).sum()
        if chance(20), positive > ExactDecimal(10) { fees.append(line(id: 301, net: -amount(1...500), taxed: true)) }
        return write(id: id, currency: currency, products: products, shipping: shipping, fees: fees)
    }

    // MARK: Lines

    private mutating func product(id: Int) -> Line {
        var quantity = ExactDecimal(Int.random(in: 1...12, using: &random))
        if chance(10) { quantity += ExactDecimal(units: 5, scale: 1) }
        // Some shops price in six digits after the point.
        let price =
            chance(15)
            ? ExactDecimal(units: Int.random(in: 1...90_000_000, using: &random), scale: 6) : amount(1...30_000)
        var net = (price * quantity).rounded(scale: 6)
        if chance(30) {
            net = (net * ExactDecimal(units: Int.random(in: 50...99, using: &random), scale: 2)).rounded(scale: 6)
        }
        return line(id: id, quantity: quantity, net: net, taxed: chance(90))
    }

    private func line(id: Int, quantity: ExactDecimal = ExactDecimal(1), net: ExactDecimal, taxed: Bool) -> Line {
        guard taxed, !rates.isEmpty else {
            return Line(id: id, quantity: quantity, net: net, components: [], scale: scale)
        }
        var net = net
        let hundred = ExactDecimal(100)
        let simple = rates.filter { !$0.isCompound }.map(\.percent).sum()
        let compound = rates.filter(\.isCompound).map(\.percent).sum()
        if inclusive {
            let factor = (hundred + simple) * (hundred + compound)
            net = (net * ExactDecimal(10_000)).divided(by: factor, scale: 6)
        }
        let components = rates.map { rate -> (rate: Int, amount: ExactDecimal) in
            let base = rate.isCompound ? net + net * simple * ExactDecimal(units: 1, scale: 2) : net
            return (rate.id, (base * rate.percent * ExactDecimal(units: 1, scale: 2)).rounded(scale: 6))
        }
        return Line(id: id, quantity: quantity, net: net, components: components, scale: scale)
    }

    private mutating func pickRates() -> [Rate] {
        let rate = { (id: Int, text: String, compound: Bool) in
            Rate(id: id, percent: ExactDecimal(text) ?? .zero, isCompound: compound)
        }
        switch Int.random(in: 0..<10, using: &random) {
        case 0, 1: return []
        case 2: return [rate(5, "5", false), rate(6, "9.975", false)]
        case 3: return [rate(5, "5", false), rate(6, "10", true)]
        default: return [rate(5, pick(["10", "20", "25", "7.25", "8.875", "5", "19", "21"]), false)]
        }
    }

    // MARK: The order

    private mutating func write(
        id: Int, currency: String, products: [Line], shipping: [Line], fees: [Line]
    ) -> OrderFixture {
        let cart = products + fees
        let cartTaxes = rates.map { taxTotal(of: $0, in: cart) }
        let shippingTaxes = rates.map { taxTotal(of: $0, in: shipping) }
        let totalTax = (cartTaxes + shippingTaxes).sum()
        let nets = (cart + shipping).map { roundsAtSubtotal ? $0.net : $0.roundedNet }.sum()
        var total = (nets + totalTax).rounded(scale: scale)
        var cards = ExactDecimal.zero
        if chance(10), total > ExactDecimal(2), !total.isNegative {
            cards = total.divided(by: ExactDecimal(pick([1, 2, 3])), scale: scale, .down)
            total -= cards
        }
        var fixture = OrderFixture(id: id, total: total.fixed(scale), totalTax: totalTax.fixed(scale)).with([
            "currency": .string(currency), "prices_include_tax": .bool(inclusive),
            "cart_tax": .string(cartTaxes.sum().fixed(scale)),
            "shipping_tax": .string(shippingTaxes.sum().fixed(scale)),
            "shipping_total": .string(shipping.map(\.net).sum().fixed(scale)),
        ])
        if !cards.isZero { fixture = fixture.with(["gift_cards": [["id": 3, "amount": JSONValue(cards)]]]) }
        if chance(15) { fixture = fixture.unpaid() }
        for line in products {
            fixture = fixture.line(
                line.roundedNet.fixed(scale), tax: line.roundedTax.fixed(scale), quantity: JSONValue(line.quantity),
                id: line.id,
                rates: components(line))
        }
        for line in shipping {
            fixture = fixture.shipping(
                line.roundedNet.fixed(scale), tax: line.roundedTax.fixed(scale), id: line.id, rates: components(line))
        }
        for line in fees {
            fixture = fixture.fee(
                line.roundedNet.fixed(scale), tax: line.roundedTax.fixed(scale), id: line.id, rates: components(line))
        }
        for (index, rate) in rates.enumerated() {
            fixture = fixture.rate(
                JSONValue(rate.percent), amount: cartTaxes[index].fixed(scale),
                shipping: shippingTaxes[index].fixed(scale),
                id: rate.id, code: "RATE-\(rate.id)", compound: rate.isCompound)
        }
        if cards.isZero, chance(40) { fixture = refunded(fixture, products: products, total: total) }
        return fixture
    }

    /// A refund by line, then perhaps all that is left.
    private mutating func refunded(_ fixture: OrderFixture, products: [Line], total: ExactDecimal) -> OrderFixture {
        var fixture = fixture
        var left = total
        if chance(70), let line = products.randomElement(using: &random), line.gross < left, !line.gross.isZero {
            let entry = OrderFixture.refunded(
                line.roundedNet.fixed(scale), tax: line.roundedTax.fixed(scale), of: line.id)
            fixture = fixture.refund(9, line.gross.fixed(scale), lines: ["line_items": [entry]])
            left -= line.gross
        }
        if chance(30), left > ExactDecimal(1) {
            let part = left.divided(by: ExactDecimal(3), scale: scale, .down)
            fixture = fixture.refund(10, part.fixed(scale), at: "2026-03-06T10:00:00")
            left -= part
        }
        if chance(50), left > .zero {
            fixture = fixture.refund(11, left.fixed(scale), at: "2026-03-07T10:00:00").status("refunded")
        }
        return fixture
    }

    private func taxTotal(of rate: Rate, in lines: [Line]) -> ExactDecimal {
        let amounts = lines.flatMap(\.components).filter { $0.rate == rate.id }.map(\.amount)
        return roundsAtSubtotal
            ? amounts.sum().rounded(scale: scale) : amounts.map { $0.rounded(scale: scale) }.sum()
    }

    private func components(_ line: Line) -> JSONValue {
        .array(
            line.components.map {
                ["id": .number(JSONNumber($0.rate)), "total": .string($0.amount.normalized.description)]
            })
    }

    // MARK: Chance

    private mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }

    private mutating func pick<Value>(_ values: [Value]) -> Value {
        values[Int.random(in: 0..<values.count, using: &random)]
    }

    /// An amount in the currency's smallest unit.
    private mutating func amount(_ cents: ClosedRange<Int>) -> ExactDecimal {
        ExactDecimal(units: Int.random(in: cents, using: &random), scale: scale)
    }
}
