import Accounting
import JSON
import SimulatedWooCommerce
import Testing

@Suite("Order generator")
struct OrderGeneratorTests {
    static let latest = Instant(seconds: 1_790_000_000)

    static func stories(_ seed: UInt64, _ count: Int) -> [OrderStory] {
        var generator = OrderGenerator(seed: seed, latest: latest)
        return generator.stories(count)
    }

    @Test("the same seed makes the same orders, another seed others")
    func isDeterministic() {
        func last(_ seed: UInt64) -> [JSONObject?] { Self.stories(seed, 60).map { $0.steps.last?.order } }
        #expect(last(7) == last(7))
        #expect(last(7) != last(8))
    }

    @Test("a larger set tells every story, in every outcome, and uses every kind of line")
    func coversEverything() {
        let stories = Self.stories(1, 200)
        #expect(Set(stories.map(\.expected.story)).count == 23)
        #expect(Set(stories.map(\.expected.outcome)).count == ExpectedOutcome.allCases.count)
        let orders = stories.compactMap { $0.steps.last?.order }
        func some(_ condition: (JSONObject) -> Bool) -> Bool { orders.contains(where: condition) }
        #expect(some { $0["prices_include_tax"]?.bool == true })
        #expect(some { ($0["tax_lines"]?.array ?? []).count > 1 })
        #expect(some { ($0["tax_lines"]?.array ?? []).contains { $0["compound"]?.bool == true } })
        #expect(some { !($0["coupon_lines"]?.array ?? []).isEmpty })
        #expect(some { ($0["shipping_lines"]?.array ?? []).count > 1 })
        #expect(some { $0["fee_lines"]?[0]?["total"]?.decimal?.isNegative == true })
        #expect(some { $0["fee_lines"]?[0]?["total"]?.decimal?.isNegative == false })
        #expect(some { $0["line_items"]?[0]?["quantity"]?.decimal?.significantScale == 1 })
        #expect(some { $0["customer_id"]?.int == 0 && $0["billing"]?["email"]?.string == "" })
        #expect(some { ($0["customer_id"]?.int ?? 0) > 0 })
        #expect(some { $0["total"]?.decimal == .zero && $0["status"]?.string == "processing" })
    }

    @Test(
        "every order that should be posted adds up, and the ones that should be held do not", arguments: [1, 2, 3, 4])
    func tiesWhereItSays(seed: UInt64) {
        for story in Self.stories(seed, 400) {
            guard let order = shown(story) else { continue }
            let findings = findings(order)
            switch story.expected.outcome {
            case .posted: #expect(findings.isEmpty, "\(story.expected.orderID) \(story.expected.story): \(findings)")
            case .held: #expect(!findings.isEmpty, "\(story.expected.orderID) \(story.expected.story) adds up")
            case .ignored: break
            }
        }
    }

    @Test("the expected books are the order's own figures, and refunds never exceed what was paid")
    func booksAgree() throws {
        for story in Self.stories(5, 400) {
            guard let books = story.expected.books else { continue }
            let order = try #require(shown(story))
            #expect(order["total"]?.decimal == books.total)
            #expect(order["total_tax"]?.decimal == books.tax)
            let refunded = (story.steps.last?.refunds ?? []).compactMap { $0["amount"]?.decimal }
            #expect(refunded.sum() == books.credited)
            #expect(refunded.count == books.creditNotes)
            #expect(refunded.allSatisfy { $0 > .zero })
            #expect(books.credited <= books.total)
            let isOver = ["refunded", "cancelled"].contains(order["status"]?.string)
            #expect(isOver == (books.credited == books.total && !refunded.isEmpty))
        }
    }

    @Test("a refund with lines is exactly the sum of its lines")
    func refundsAddUp() {
        for refund in Self.stories(6, 400).flatMap({ $0.steps.last?.refunds ?? [] }) {
            let lines = ["line_items", "shipping_lines", "fee_lines"].flatMap { refund[$0]?.array ?? [] }
            guard !lines.isEmpty else { continue }
            let sum = lines.map { ($0["total"]?.decimal ?? .zero) + ($0["total_tax"]?.decimal ?? .zero) }.sum()
            #expect(-sum == refund["amount"]?.decimal)
        }
    }

    /// The order as the store shows it at the end of its story.
    private func shown(_ story: OrderStory) -> JSONValue? {
        let store = SimulatedStore(
            StoreSettings(id: "s", url: "http://s.example", consumerKey: "k", consumerSecret: "s"))
        for step in story.steps { store.save(step.order, refunds: step.refunds, now: Self.latest) }
        return store.payload(story.expected.orderID)
    }

    /// WooCommerce's identities, within the cents that rounding a line to two decimals may cost.
    private func findings(_ order: JSONValue) -> [String] {
        func amounts(_ list: String, _ key: String) -> ExactDecimal {
            (order[list]?.array ?? []).compactMap { $0[key]?.decimal }.sum()
        }
        func amount(_ key: String) -> ExactDecimal { order[key]?.decimal ?? .zero }
        let lines = amounts("line_items", "total") + amounts("shipping_lines", "total") + amounts("fee_lines", "total")
        let count = ["line_items", "shipping_lines", "fee_lines"].reduce(0) { $0 + (order[$1]?.array ?? []).count }
        let tolerance = ExactDecimal(units: count, scale: 2)
        var findings: [String] = []
        if (lines + amount("total_tax") - amount("total")).magnitude > tolerance { findings.append("total") }
        if amount("total_tax") != amount("cart_tax") + amount("shipping_tax") {
            findings.append("cart and shipping tax")
        }
        let taxLines = amounts("tax_lines", "tax_total") + amounts("tax_lines", "shipping_tax_total")
        if amount("total_tax") != taxLines { findings.append("tax lines") }
        if amount("shipping_total") != amounts("shipping_lines", "total") { findings.append("shipping") }
        return findings
    }
}
