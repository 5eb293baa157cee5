import Accounting

/// What an order is made of, in as few figures as say it: easy to generate, and easy to make smaller.
struct OrderRecipe: Sendable {
    /// How a platform comes from exact taxes to those it tells.
    enum TaxRounding: Sendable, CaseIterable {
        /// Each rate of each line, half up.
        case line
        /// The same, half down: stores whose prices include tax.
        case lineHalfDown
        /// Once for each rate, over all lines.
        case subtotal
        /// Each rate of one piece, times the quantity.
        case unit
        /// Each line, what was rounded away being carried to the next.
        case carried
    }

    struct Rate: Sendable {
        var percent: ExactDecimal
        var isCompound = false
    }

    struct Item: Sendable {
        var kind: LineKind
        /// Of one piece, as the merchant typed it in: with tax where prices include it.
        var price: ExactDecimal
        var quantity = ExactDecimal(1)
        /// Percent off, by a coupon.
        var discount = 0
        var isTaxed = true
    }

    enum Refund: Sendable {
        /// All of an item.
        case item(Int)
        /// Half of an item.
        case half(Int)
        /// So many percent of what is left, without saying of what.
        case amount(Int)
        /// All that is left, without lines.
        case rest
    }

    /// What makes an order one that must be held.
    enum Spoil: Sendable, CaseIterable {
        case total, tax, shipping, thirdDecimal, tooMuchRefunded, refundUnlikeItsLines, unknownCurrency
    }

    var currency = "EUR"
    var rates: [Rate] = []
    var pricesIncludeTax = false
    var rounding = TaxRounding.line
    /// Whether amounts are told with six decimals.
    var isUnrounded = false
    var items: [Item] = []
    /// Percent of the total paid with a gift card, and of the rest with store credit.
    var giftCard = 0
    var storeCredit = 0
    /// Whether the total is rounded to five of the smallest unit.
    var roundsCash = false
    var isPaid = true
    /// Whether refunds were made before it was paid.
    var isPaidLast = false
    var refunds: [Refund] = []
    var spoil: Spoil?

    /// Recipes a step simpler.
    var smaller: [OrderRecipe] {
        var found: [OrderRecipe] = []
        func add(_ change: (inout OrderRecipe) -> Void) {
            var copy = self
            change(&copy)
            found.append(copy)
        }
        for index in refunds.indices { add { $0.refunds.remove(at: index) } }
        for index in items.indices where items.count > 1 { add { $0.items.remove(at: index) } }
        for index in rates.indices { add { $0.rates.remove(at: index) } }
        if isUnrounded { add { $0.isUnrounded = false } }
        if pricesIncludeTax { add { $0.pricesIncludeTax = false } }
        if rounding != .line { add { $0.rounding = .line } }
        if giftCard > 0 { add { $0.giftCard = 0 } }
        if storeCredit > 0 { add { $0.storeCredit = 0 } }
        if roundsCash { add { $0.roundsCash = false } }
        if isPaidLast { add { $0.isPaidLast = false } }
        if !isPaid { add { $0.isPaid = true } }
        if currency != "EUR" { add { $0.currency = "EUR" } }
        for index in items.indices {
            let item = items[index]
            if item.quantity != ExactDecimal(1) { add { $0.items[index].quantity = ExactDecimal(1) } }
            if item.discount > 0 { add { $0.items[index].discount = 0 } }
            if item.isTaxed { add { $0.items[index].isTaxed = false } }
            if item.price.significantScale > 2 { add { $0.items[index].price = item.price.rounded(scale: 2) } }
            if item.price.significantScale > 0 { add { $0.items[index].price = item.price.rounded(scale: 0) } }
            if item.price > ExactDecimal(1) {
                add { $0.items[index].price = item.price.divided(by: ExactDecimal(2), scale: 2) }
            }
        }
        return found
    }
}
