import Accounting
import TestSupport

/// Orders of a plain shop: products, shipping and fees, taxed at home and not abroad, paid in a few ways.
enum ShopOrders {
    private static let euro: Currency = {
        guard let euro = Currency("EUR") else { preconditionFailure("no euro") }
        return euro
    }()

    static let methods = [
        ("stripe", "Credit card (Stripe)"), ("paypal", "PayPal"), ("bacs", "Direct bank transfer"),
    ]

    static func order(
        _ id: Int, percent: String, home: String, random: inout SeededRandom, abroad: [String] = ["NZ", "FR", "CA"],
        sellsGiftCards: Bool = false
    ) -> CanonicalOrder {
        let isAbroad = random.chance(25)
        let country = isAbroad ? random.pick(abroad.filter { $0 != home }) : home
        let rate = isAbroad || random.chance(10) ? ExactDecimal.zero : ExactDecimal(percent) ?? .zero
        var lines: [CanonicalLine] = []
        func add(_ kind: LineKind, _ net: ExactDecimal, sku: String? = nil, taxed: Bool = true) {
            let tax = taxed ? (net * rate).divided(by: ExactDecimal(100), scale: 2) : .zero
            lines.append(
                CanonicalLine(
                    id: "\(lines.count + 1)", kind: kind, name: kind.rawValue, sku: sku, net: net, tax: tax,
                    taxComponents: taxed && !rate.isZero ? [TaxComponent(rateID: "1", amount: tax)] : []))
        }
        for _ in 0..<random.int(1...3) {
            add(
                .product, ExactDecimal(units: random.int(500...20_000), scale: 2),
                sku: random.pick(["BOOK-1", "PEN-2"]))
        }
        if random.chance(70) { add(.shipping, ExactDecimal(units: random.int(500...1500), scale: 2)) }
        if random.chance(20) { add(.fee, ExactDecimal(units: random.int(100...300), scale: 2)) }
        if sellsGiftCards, random.chance(20) { add(.giftCard, ExactDecimal(50), taxed: false) }
        let tax = lines.map(\.tax).sum()
        let total = lines.map(\.net).sum() + tax
        var order = CanonicalOrder(
            platform: .woocommerce, storeID: "shop", orderID: "\(id)", currency: euro,
            createdAt: Instant(seconds: 1_780_000_000 + Int64(id) * 60),
            totals: OrderTotals(total: total, totalTax: tax))
        order.status = "processing"
        order.paidAt = order.createdAt
        order.customer = CanonicalCustomer(id: "\(id % 40)", firstName: "Ada", email: "ada\(id % 40)@example.org")
        order.customer.address.country = country
        order.lines = lines
        if !rate.isZero {
            order.taxes = [CanonicalTax(rateID: "1", code: "\(home)-TAX", percent: rate, amount: tax)]
        }
        let method = random.pick(methods)
        order.tenders = [Tender(kind: .money, method: method.0, title: method.1, amount: total)]
        return order
    }
}
