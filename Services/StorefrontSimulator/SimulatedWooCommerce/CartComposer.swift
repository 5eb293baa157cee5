import Accounting

/// What is special about a cart; each occurs in every larger set of orders.
enum CartStyle: CaseIterable {
    case plain, taxIncluded, roundedAtSubtotal, taxIncludedRoundedAtSubtotal, severalRates, compound, percentCoupon,
        fixedCoupon, couponTaxIncluded, severalShippings, untaxedShipping, surchargeFee, discountFee, fractional,
        tinyPrices, manyLines, untaxed, abroad
}

/// Fills carts.
enum CartComposer {
    /// A cart of a style. Products, prices and quantities are drawn from `random`.
    static func cart(_ style: CartStyle, _ random: inout SeededGenerator) -> Cart {
        let count = style == .manyLines ? 6 : Int.random(in: 1...3, using: &random)
        var cart = Cart(items: [])
        cart.pricesIncludeTax = [.taxIncluded, .taxIncludedRoundedAtSubtotal, .couponTaxIncluded].contains(style)
        cart.roundsAtSubtotal = [.roundedAtSubtotal, .taxIncludedRoundedAtSubtotal].contains(style)
        let rates = rates(style)
        for index in 0..<count {
            cart.items.append(
                item(style, rates: index == 0 || style != .severalRates ? rates : [Catalogue.free], &random))
        }
        addCharges(style, rates: rates, to: &cart, &random)
        return cart
    }

    private static func rates(_ style: CartStyle) -> [TaxRate] {
        switch style {
        case .compound: [Catalogue.federal, Catalogue.provincial]
        case .untaxed: []
        case .abroad: [Catalogue.abroad]
        case .tinyPrices: [Catalogue.local]
        default: [Catalogue.goods]
        }
    }

    private static func item(
        _ style: CartStyle, rates: [TaxRate], _ random: inout SeededGenerator
    ) -> CartItem {
        let product = random.pick(Catalogue.products)
        var price = random.amount(250...18_999)
        var quantity = ExactDecimal(Int.random(in: 1...4, using: &random))
        if style == .fractional { quantity = random.amount(5...95, scale: 1) }
        if style == .tinyPrices {
            price = random.amount(12_345...987_654, scale: 6)
            quantity = ExactDecimal(Int.random(in: 20...400, using: &random))
        }
        return CartItem(
            name: product.name, sku: product.sku, productID: product.id, unitPrice: price, quantity: quantity,
            rates: rates)
    }

    private static func addCharges(
        _ style: CartStyle, rates: [TaxRate], to cart: inout Cart, _ random: inout SeededGenerator
    ) {
        switch style {
        case .severalShippings:
            cart.shipping = [
                CartCharge(title: "Parcel", amount: random.amount(500...1_500), rates: rates),
                CartCharge(title: "Cold chain", amount: random.amount(900...2_900), rates: rates),
            ]
        case .untaxedShipping: cart.shipping = [CartCharge(title: "Pick-up point", amount: ExactDecimal(7), rates: [])]
        default:
            if random.chance(70) {
                cart.shipping = [CartCharge(title: "Flat rate", amount: random.amount(495...1_995), rates: rates)]
            }
        }
        switch style {
        case .surchargeFee:
            cart.fees = [CartCharge(title: "Gift wrapping", amount: random.amount(150...990), rates: rates)]
        case .discountFee:
            cart.fees = [CartCharge(title: "Paid by transfer", amount: -random.amount(50...240), rates: rates)]
        case .percentCoupon, .couponTaxIncluded:
            cart.coupon = ("SPRING15", .percent(ExactDecimal(15)))
        case .fixedCoupon: cart.coupon = ("TENNER", .fixed(ExactDecimal(10)))
        default: break
        }
    }
}
