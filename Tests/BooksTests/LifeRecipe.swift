import Accounting
import TestSupport

/// What happens to an order in the store, and how we hear of it.
struct LifeRecipe: Sendable {
    enum Event: Sendable {
        case pay
        case cancel
        /// The customer comes back: the order counts again, and is paid.
        case payAgain
        case quantity(Int, Int)
        case price(Int, percent: Int)
        case addItem(Int)
        case removeItem(Int)
        case refund(OrderRecipe.Refund)
        case deleteRefund(Int)
        case changeCustomer
        case exempt
        /// Another rate applies.
        case rate(String)
        /// The same rate, rounded in another way: nothing but tax changes.
        case rounding(OrderRecipe.TaxRounding)
        case changeCurrency
    }

    /// A version that reaches us, and what is sent to Xero then.
    struct Delivery: Sendable {
        var version: Int
        /// How many documents are sent.
        var sends = 99
        /// Whether Xero's answers are known only after the next delivery.
        var isAnsweredLate = false
    }

    var order: OrderRecipe
    var events: [Event]
    /// In this order; the last version arrives at the end in any case.
    var deliveries: [Delivery]
    /// Whether the order is a quote until it is paid.
    var isQuoted = false

    /// Every version of the order, the first as it was made.
    var versions: [CanonicalOrder] {
        var life = Life(recipe: order)
        var versions = [life.version]
        for event in events {
            life.happen(event)
            versions.append(life.version)
        }
        return versions
    }

    var smaller: [LifeRecipe] {
        var found: [LifeRecipe] = []
        func add(_ change: (inout LifeRecipe) -> Void) {
            var copy = self
            change(&copy)
            found.append(copy)
        }
        for index in events.indices { add { $0.events.remove(at: index) } }
        for index in deliveries.indices { add { $0.deliveries.remove(at: index) } }
        for index in deliveries.indices {
            if deliveries[index].isAnsweredLate { add { $0.deliveries[index].isAnsweredLate = false } }
            if deliveries[index].sends < 99 { add { $0.deliveries[index].sends = 99 } }
        }
        for order in order.smaller { add { $0.order = order } }
        if isQuoted { add { $0.isQuoted = false } }
        return found
    }

    static func random(_ random: inout SeededRandom) -> LifeRecipe {
        var order = OrderRecipe()
        repeat { order = RecipeGenerator.recipe(&random) } while ["KWD", "BHD"].contains(order.currency)
        order.spoil = nil
        order.refunds = []
        order.items = Array(order.items.prefix(4))
        var events = (0..<random.int(1...6)).map { _ in event(&random) }
        events.insert(.pay, at: random.chance(70) ? 0 : random.int(0...events.count))
        let deliveries = (0..<random.int(0...7)).map { _ in
            Delivery(
                version: random.int(0...events.count), sends: random.pick([0, 1, 2, 3, 99, 99]),
                isAnsweredLate: random.chance(30))
        }
        return LifeRecipe(order: order, events: events, deliveries: deliveries, isQuoted: random.chance(30))
    }

    private static func event(_ random: inout SeededRandom) -> Event {
        switch random.int(0...18) {
        case 0: .pay
        case 1: .cancel
        case 2: .payAgain
        case 3, 4: .quantity(random.int(0...3), random.int(1...9))
        case 5, 6: .price(random.int(0...3), percent: random.pick([1, 50, 99, 101, 150]))
        case 7: .addItem(random.int(1...9000))
        case 8: .removeItem(random.int(0...3))
        case 9: .refund(.item(random.int(0...3)))
        case 10: .refund(.half(random.int(0...3)))
        case 11: .refund(.amount(random.pick([10, 50])))
        case 12: .refund(.rest)
        case 13: .deleteRefund(random.int(0...2))
        case 14: .changeCustomer
        case 15: .rate(random.pick(["0", "10", "20"]))
        case 16: .rounding(random.pick(OrderRecipe.TaxRounding.allCases))
        case 17: .changeCurrency
        default: .exempt
        }
    }
}

/// An order as it lives in the store.
private struct Life {
    var recipe: OrderRecipe
    var status = "processing"
    var paidAt: Instant?
    var customer = 3
    var refunds: [CanonicalRefund] = []
    var clock = 0

    private var now: Instant { OrderBuilder.paidAt + .seconds(Int64(clock) * 90_000) }

    var version: CanonicalOrder {
        var order = OrderBuilder.order(recipe)
        order.status = status
        order.paidAt = paidAt
        order.refunds = refunds
        order.modifiedAt = now
        order.customer.id = String(customer)
        order.customer.firstName = "Ada \(customer)"
        return order
    }

    mutating func happen(_ event: LifeRecipe.Event) {
        clock += 1
        switch event {
        case .pay: if status == "processing" { paidAt = paidAt ?? now }
        case .cancel: status = "cancelled"
        case .payAgain:
            status = "processing"
            paidAt = paidAt ?? now
        case .quantity(let item, let count):
            if recipe.items.indices.contains(item) { recipe.items[item].quantity = ExactDecimal(count) }
        case .price(let item, let percent):
            guard recipe.items.indices.contains(item) else { return }
            let price = recipe.items[item].price * ExactDecimal(units: percent, scale: 2)
            recipe.items[item].price = price.rounded(scale: recipe.currency == "JPY" ? 0 : 2)
        case .addItem(let cents):
            recipe.items.append(.init(kind: .product, price: ExactDecimal(units: cents, scale: 2)))
        case .removeItem(let item):
            if recipe.items.indices.contains(item), recipe.items.count > 1 { recipe.items.remove(at: item) }
        case .refund(let refund): add(refund)
        case .deleteRefund(let index): if refunds.indices.contains(index) { refunds.remove(at: index) }
        case .changeCustomer: customer += 1
        case .exempt: recipe.rates = []
        case .rate(let percent): recipe.rates = [.init(percent: RecipeGenerator.decimal(percent))]
        case .rounding(let rounding): recipe.rounding = rounding
        case .changeCurrency: if recipe.currency != "JPY" { recipe.currency = recipe.currency == "USD" ? "GBP" : "USD" }
        }
    }

    private mutating func add(_ refund: OrderRecipe.Refund) {
        let order = version
        let left = order.totals.total - order.refunded
        var asked = recipe
        asked.refunds = [refund]
        guard var made = OrderBuilder.order(asked).refunds.first else { return }
        if case .rest = refund { made.amount = left }
        guard made.amount > .zero, made.amount <= left else { return }
        made.id = String(900 + clock)
        made.createdAt = now
        refunds.append(made)
    }
}
