public import Accounting
import JSON

/// Makes orders: each tells a story, and knows how it should end in the books. The same seed makes the same orders.
///
/// The first orders tell every story and use every style of cart once; after that both are drawn, ordinary ones more often.
public struct OrderGenerator: Sendable {
    /// How an order's life goes.
    enum Story: String, CaseIterable {
        case paid = "paid"
        case completed = "paid and completed"
        case paidLater = "paid after a while"
        case editedBeforePayment = "edited before it was paid"
        case failedThenPaid = "paid at the second attempt"
        case cashOnDelivery = "on its way, not paid yet"
        case refundedByLine = "partly refunded by line"
        case refundedShipping = "shipping refunded"
        case refundedTwice = "refunded by line, then the rest by line"
        case refundedInFull = "refunded in full by line"
        case refundedWithoutLines = "refunded in full as an amount"
        case refundedRestWithoutLines = "refunded by line, then the rest as an amount"
        case raisedAfterPayment = "edited after it was paid: more"
        case loweredAfterPayment = "edited after it was paid: less"
        case refundDeleted = "refunded by line, then not"
        case cancelledAfterPayment = "paid, refunded in full and cancelled"
        case free = "free by coupon"
        case unpaid = "never paid"
        case cancelled = "cancelled before it was paid"
        case abandoned = "abandoned at the checkout"
        case hiddenSurcharge = "a surcharge that no line shows"
        case neverCalculated = "total 0.00 with lines"
        case taxDisagrees = "tax lines that disagree with the tax"

        /// How often it is drawn.
        var weight: Int {
            switch self {
            case .paid: 30
            case .completed: 14
            case .paidLater, .refundedByLine: 6
            case .hiddenSurcharge, .neverCalculated, .taxDisagrees: 1
            default: 3
            }
        }
    }

    private var random: SeededGenerator
    private var made = 0
    private let currency: String
    private let utcOffsetSeconds: Int
    private let latest: Instant
    private let firstID: Int
    private let onlyPaid: Bool

    /// A generator for one store.
    /// - Parameters:
    ///   - seed: the same seed gives the same orders.
    ///   - currency: of all orders, with two decimals.
    ///   - utcOffsetSeconds: the site's.
    ///   - latest: orders were made in the 20 days before; must be in the past.
    ///   - firstID: the first order's id; the others follow in tens.
    ///   - onlyPaid: ordinary paid orders and nothing else, for bursts.
    public init(
        seed: UInt64, currency: String = "AUD", utcOffsetSeconds: Int = 36_000, latest: Instant, firstID: Int = 1_000,
        onlyPaid: Bool = false
    ) {
        random = SeededGenerator(seed: seed)
        self.currency = currency
        self.utcOffsetSeconds = utcOffsetSeconds
        self.latest = WooTime.truncated(latest)
        self.firstID = firstID
        self.onlyPaid = onlyPaid
    }

    /// The next `count` orders.
    public mutating func stories(_ count: Int) -> [OrderStory] {
        (0..<count).map { _ in story() }
    }

    /// The next order.
    public mutating func story() -> OrderStory {
        defer { made += 1 }
        let story = pickStory()
        let style = pickStyle(for: story)
        let document = document(story: story, style: style)
        return StoryTeller(document: document, story: story).tell(&random)
    }

    // MARK: Choices

    private mutating func pickStory() -> Story {
        if onlyPaid { return .paid }
        if made < Story.allCases.count { return Story.allCases[made] }
        var ticket = Int.random(in: 0..<Story.allCases.map(\.weight).reduce(0, +), using: &random)
        for story in Story.allCases {
            ticket -= story.weight
            if ticket < 0 { return story }
        }
        return .paid
    }

    private mutating func pickStyle(for story: Story) -> CartStyle {
        let styles = CartStyle.allCases
        let first = Story.allCases.count
        let style = made >= first && made < first + styles.count ? styles[made - first] : random.pick(styles)
        // A refund by line is exact only where taxes are rounded by line, and a surplus of tax lines needs a tax.
        switch story {
        case .refundedByLine, .refundedShipping, .refundedTwice, .refundedInFull, .refundedRestWithoutLines,
            .refundDeleted, .cancelledAfterPayment:
            switch style {
            case .roundedAtSubtotal: return .plain
            case .taxIncludedRoundedAtSubtotal: return .taxIncluded
            default: return style
            }
        case .taxDisagrees: return style == .untaxed ? .plain : style
        default: return style
        }
    }

    private mutating func document(story: Story, style: CartStyle) -> OrderDocument {
        var cart = CartComposer.cart(style, &random)
        if story == .free {
            cart.coupon = ("ONTHEHOUSE", .percent(ExactDecimal(100)))
            cart.shipping = []
            cart.fees = []
        }
        // What a discount that is a fee leaves might be less than nothing once the cart is smaller.
        if story == .loweredAfterPayment { cart.fees = [] }
        if story == .refundedShipping, cart.shipping.isEmpty {
            cart.shipping = [CartCharge(title: "Flat rate", amount: ExactDecimal(9), rates: cart.items[0].rates)]
        }
        let age = Int.random(in: 3_600..<20 * 86_400, using: &random)
        let payment =
            story == .cashOnDelivery
            ? ("cod", "Cash on delivery") : random.pick(Catalogue.payments)
        return OrderDocument(
            id: firstID + made * 10, currency: currency, utcOffsetSeconds: utcOffsetSeconds,
            createdAt: latest - .seconds(age), buyer: buyer(), payment: (method: payment.0, title: payment.1),
            cart: cart)
    }

    /// Registered customers come back, guests leave an address or none, and some share a name.
    private mutating func buyer() -> OrderDocument.Buyer {
        let place = random.pick(Catalogue.cities)
        let first = random.pick(Catalogue.firstNames)
        let last = random.pick(Catalogue.lastNames)
        let draw = Int.random(in: 0..<100, using: &random)
        switch draw {
        case ..<35:
            let customer = Int.random(in: 1...40, using: &random)
            let firstName = Catalogue.firstNames[customer % Catalogue.firstNames.count]
            let lastName = Catalogue.lastNames[(customer * 7) % Catalogue.lastNames.count]
            return OrderDocument.Buyer(
                customerID: customer, firstName: firstName, lastName: lastName,
                email: "customer\(customer)@shoppers.example", city: place.0, postcode: place.1)
        case 35..<45:
            return OrderDocument.Buyer(
                customerID: 0, firstName: "Jo", lastName: "Novák",
                email: "jo.novak.\(Int.random(in: 1...9, using: &random))@mail.example", city: place.0,
                postcode: place.1)
        case 45..<52:
            return OrderDocument.Buyer(
                customerID: 0, firstName: first, lastName: last, email: "", city: place.0, postcode: place.1)
        default:
            return OrderDocument.Buyer(
                customerID: 0, firstName: first, lastName: last,
                email: "Guest.\(firstID + made * 10)@Mail.example", city: place.0, postcode: place.1)
        }
    }
}
