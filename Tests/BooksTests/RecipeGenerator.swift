import Accounting
import TestSupport

/// Makes recipes of every kind of order.
enum RecipeGenerator {
    /// The percent of each tax type that orders of these recipes need; `T` and the combined rate.
    static let taxRates: [String: ExactDecimal] = Dictionary(
        uniqueKeysWithValues: [
            "0", "5", "7.25", "8.875", "9.975", "10", "14.975", "15", "15.5", "19", "20", "21", "25",
        ].map { ("T" + $0, decimal($0)) })

    static func decimal(_ text: String) -> ExactDecimal { ExactDecimal(text) ?? .zero }

    static func recipe(_ random: inout SeededRandom) -> OrderRecipe {
        var recipe = OrderRecipe()
        recipe.currency = random.pick(["EUR", "USD", "AUD", "GBP", "EUR", "JPY", "KWD", "BHD"])
        let isWhole = recipe.currency == "JPY"
        recipe.rates = rates(&random)
        recipe.pricesIncludeTax = random.chance(50)
        recipe.rounding = random.pick(OrderRecipe.TaxRounding.allCases)
        recipe.isUnrounded = random.chance(40)
        recipe.items = items(&random, isWhole: isWhole)
        if random.chance(12) { recipe.giftCard = random.pick([10, 33, 50, 100]) }
        if random.chance(8) { recipe.storeCredit = random.pick([20, 100]) }
        recipe.roundsCash = random.chance(8)
        recipe.isPaid = !random.chance(15)
        recipe.isPaidLast = random.chance(10)
        if random.chance(45) { recipe.refunds = refunds(&random, items: recipe.items.count) }
        if random.chance(8) { recipe.spoil = random.pick(OrderRecipe.Spoil.allCases) }
        return recipe
    }

    private static func rates(_ random: inout SeededRandom) -> [OrderRecipe.Rate] {
        switch random.int(0...9) {
        case 0, 1: return []
        case 2: return [.init(percent: decimal("5")), .init(percent: decimal("9.975"))]
        case 3: return [.init(percent: decimal("5")), .init(percent: decimal("10"), isCompound: true)]
        case 4: return [.init(percent: .zero)]
        default:
            let percent = random.pick(["5", "7.25", "8.875", "10", "15", "19", "20", "21", "25"])
            return [.init(percent: decimal(percent))]
        }
    }

    private static func items(_ random: inout SeededRandom, isWhole: Bool) -> [OrderRecipe.Item] {
        let scale = isWhole ? 0 : 2
        var items: [OrderRecipe.Item] = []
        for _ in 0..<random.pick([1, 1, 2, 2, 3, 5, 9]) {
            var item = OrderRecipe.Item(
                kind: .product, price: ExactDecimal(units: random.int(0...30_000), scale: scale))
            if random.chance(15) { item.price = ExactDecimal(units: random.int(1...90_000_000), scale: 6) }
            item.quantity = ExactDecimal(random.pick([1, 1, 2, 3, 7, 12]))
            if random.chance(10) { item.quantity += ExactDecimal(units: random.pick([5, 25, 333]), scale: 3) }
            if random.chance(30) { item.discount = random.pick([5, 10, 33, 50, 100]) }
            item.isTaxed = random.chance(88)
            items.append(item)
        }
        if random.chance(60) {
            items.append(.init(kind: .shipping, price: ExactDecimal(units: random.int(0...3000), scale: scale)))
            if random.chance(15) {
                items.append(.init(kind: .shipping, price: ExactDecimal(units: random.int(1...900), scale: scale)))
            }
        }
        if random.chance(20) {
            items.append(.init(kind: .fee, price: ExactDecimal(units: random.int(1...900), scale: scale)))
        }
        if random.chance(15) {
            items.append(.init(kind: .fee, price: ExactDecimal(units: -random.int(1...900), scale: scale)))
        }
        if random.chance(10) {
            items.append(.init(kind: .tip, price: ExactDecimal(units: random.int(1...900), scale: scale)))
        }
        if random.chance(10) {
            items.append(.init(kind: .giftCard, price: ExactDecimal(units: random.int(1...5000), scale: scale)))
        }
        return items
    }

    private static func refunds(_ random: inout SeededRandom, items: Int) -> [OrderRecipe.Refund] {
        (0..<random.int(1...3)).map { _ in
            switch random.int(0...5) {
            case 0, 1: .item(random.int(0...items - 1))
            case 2: .half(random.int(0...items - 1))
            case 3: .amount(random.pick([1, 10, 33, 50]))
            default: .rest
            }
        }
    }
}
