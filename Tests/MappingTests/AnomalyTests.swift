import Accounting
import JSON
import SimulatedWooCommerce
import Storefronts
import TestSupport
import Testing

@testable import Mapping

@Suite("Orders that look odd")
struct AnomalyTests {
    private static func decimal(_ text: String) -> ExactDecimal { ExactDecimal(text) ?? .zero }

    private static func sale(_ total: String, _ country: String = "AU", rates: [String] = ["10"]) throws -> SaleTraits {
        SaleTraits(
            currency: try #require(Currency("AUD")), total: decimal(total), country: country, rates: rates,
            createdAt: Instant(seconds: 0))
    }

    /// A store's orders of 20.00 to 119.00.
    private static func usual(_ count: Int = 300) throws -> [SaleTraits] {
        try (0..<count).map { try sale("\(20 + $0 % 100).00", rates: $0 % 10 == 0 ? ["0"] : ["10"]) }
    }

    private static func kinds(_ sale: SaleTraits, _ orders: [SaleTraits], _ policy: AnomalyPolicy = .init()) -> [Anomaly
        .Kind]
    {
        SaleBaseline(of: orders).anomalies(of: sale, policy: policy).map(\.kind)
    }

    @Test("are those of a total far above or below all others, with the arithmetic")
    func totals() throws {
        let orders = try Self.usual()
        for total in ["20.00", "119.00", "250.00", "700.00", "12.00", "5.00", "0.00"] {
            #expect(try Self.kinds(Self.sale(total), orders).isEmpty, "\(total)")
        }
        for total in ["12000.00", "5000.00", "0.01", "0.50"] {
            #expect(try Self.kinds(Self.sale(total), orders) == [.total], "\(total)")
        }
        let found = try SaleBaseline(of: orders).anomalies(of: Self.sale("11900.00"), policy: AnomalyPolicy())
        #expect(
            found.first?.message
                == "the total AUD 11900.00 is more than 916.59: of the store's latest 300 orders in AUD, "
                + "half are from 44.00 to 94.00, and 98 in 100 from 20.00 to 118.00")
    }

    @Test("are none in a store with few orders, in another currency, or where all cost the same")
    func fewOrders() throws {
        #expect(try Self.kinds(Self.sale("99999.00"), Array(Self.usual(99))).isEmpty)
        var foreign = try Self.sale("99999.00")
        foreign.currency = try #require(Currency("JPY"))
        #expect(try Self.kinds(foreign, Self.usual()).isEmpty)
        let same = try (0..<200).map { _ in try Self.sale("25.00") }
        #expect(try Self.kinds(Self.sale("49.00"), same).isEmpty)
        #expect(try Self.kinds(Self.sale("240.00"), same).isEmpty)
        #expect(try Self.kinds(Self.sale("2500.00"), same) == [.total])
    }

    @Test("are not made usual by a few odd ones, and are by a twentieth of all")
    func robust() throws {
        let odd = try (0..<3).map { _ in try Self.sale("20000.00") }
        #expect(try Self.kinds(Self.sale("20000.00"), Self.usual(297) + odd) == [.total])
        let many = try (0..<20).map { _ in try Self.sale("20000.00") }
        #expect(try Self.kinds(Self.sale("20000.00"), Self.usual(380) + many).isEmpty)
    }

    @Test("are those of a tax rate that the country is not charged; not where every town has its own")
    func taxRates() throws {
        let orders = try Self.usual()
        #expect(try Self.kinds(Self.sale("50.00", rates: ["15"]), orders) == [.taxRate])
        #expect(try Self.kinds(Self.sale("50.00", rates: ["0", "10"]), orders).isEmpty)
        #expect(try Self.kinds(Self.sale("50.00", "NZ", rates: ["15"]), orders).isEmpty)
        let found = try SaleBaseline(of: orders).anomalies(
            of: Self.sale("50.00", rates: ["10", "15"]), policy: AnomalyPolicy())
        #expect(
            found.first?.message == "15 % tax to AU is unusual: of the store's latest 300 orders to AU it was on 0 "
                + "(10 % on 270, 0 % on 30)")
        let towns = try (0..<300).map { try Self.sale("50.00", "US", rates: ["\($0 % 40)"]) }
        #expect(try Self.kinds(Self.sale("50.00", "US", rates: ["99"]), towns).isEmpty)
    }

    @Test("are looked for by the mapping's policy; refunds above the sale are always held")
    func policies() throws {
        func policy(_ text: String) throws -> AnomalyPolicy {
            let json: JSONValue = ["accounts": ["sales": "200"], "anomalies": try JSONValue(parsing: text)]
            return try MappingConfiguration(json: json).anomalies
        }
        #expect(try policy("{}") == AnomalyPolicy())
        let set = try policy(#"{"total": "hold", "tax_rate": false, "duplicate": "off", "duplicate_minutes": 30}"#)
        #expect(set.total == .hold)
        #expect(set.taxRate == .off)
        #expect(set.duplicate == .off)
        #expect(set.duplicateMinutes == 30)
        #expect(try Self.kinds(Self.sale("99999.00", rates: ["15"]), Self.usual(), set) == [.total])
        #expect(try policy(#"{"total": "off", "tax_rate": "off", "duplicate": "off", "refund": "hold"}"#).isOff)
        for (text, expected) in [
            (#"{"refund": "warn"}"#, "mapping.anomalies.refund: must be hold"),
            (#"{"total": "held"}"#, "mapping.anomalies.total: must be off or warn or hold; did you mean hold?"),
            (#"{"totals": "hold"}"#, "did you mean total?"),
            (#"{"duplicate_minutes": 0}"#, "must be a whole number from 1 to 1440"),
        ] {
            let error = #expect(throws: MappingError.self) { try policy(text) }
            #expect(error?.description.contains(expected) == true, "\(error?.description ?? "")")
        }
    }

    @Test("hold an order with the arithmetic, and how to release it")
    func hold() throws {
        var policy = AnomalyPolicy()
        let odd = [
            Anomaly(.total, subject: "AUD 1", message: "the total is odd"),
            Anomaly(.duplicate, subject: "7", message: "order 7 is the same"),
        ]
        #expect(policy.hold(for: odd, order: "shop 8") == nil)
        policy.duplicate = .hold
        #expect(
            policy.hold(for: odd, order: "shop 8")
                == .held(
                    reason: "it is likely a duplicate",
                    findings: ["order 7 is the same", "to post it as it is: counterfoil orders accept shop 8"]))
    }

    @Test("are alike if the same person bought the same for the same, whatever the order of lines and the number")
    func likeness() throws {
        var random = SeededRandom(seed: 3)
        let order = ShopOrders.order(1, percent: "10", home: "AU", random: &random)
        var again = order
        again.orderID = "2"
        again.number = "2"
        again.lines.reverse()
        again.customer.email = again.customer.email.uppercased()
        again.tenders = []
        #expect(SaleTraits(again).likeness == SaleTraits(order).likeness)
        #expect(SaleTraits(order).likeness != nil)
        for change in [
            { (order: inout CanonicalOrder) in order.customer.email = "else@example.org" },
            { order in order.totals.total += ExactDecimal(units: 1, scale: 2) },
            { order in order.lines[0].quantity += ExactDecimal(1) },
        ] as [(inout CanonicalOrder) -> Void] {
            var other = order
            change(&other)
            #expect(SaleTraits(other).likeness != SaleTraits(order).likeness)
        }
        var guest = order
        guest.customer = CanonicalCustomer(firstName: "Ada")
        #expect(SaleTraits(guest).likeness == nil)
    }

    @Test("are none among the orders of the simulated store")
    func simulatedStore() throws {
        let seed = UInt64.random(in: 1...UInt64(UInt32.max))
        var generator = SimulatedWooCommerce.OrderGenerator(seed: seed, latest: Instant(seconds: 1_790_000_000))
        let sales = generator.stories(1200).compactMap { story -> SaleTraits? in
            guard var order = story.steps.last?.order else { return nil }
            order["refunds"] = []
            let snapshot: JSONValue = ["order": .object(order), "refunds": []]
            return (try? WooCommerceOrderParser.order(from: snapshot, storeID: "shop")).map { SaleTraits($0) }
        }
        #expect(sales.count > 1000)
        let baseline = SaleBaseline(of: Array(sales.prefix(1000)))
        let found = sales.dropFirst(1000).flatMap { baseline.anomalies(of: $0, policy: AnomalyPolicy()) }
        // Its own oddities are totals of a few cents.
        #expect(found.filter { $0.kind != .total }.isEmpty, "seed \(seed): \(found)")
        let alike = Dictionary(grouping: sales.filter { $0.likeness != nil }, by: \.likeness).values.filter {
            $0.count > 1
        }
        for twins in alike {
            let times = twins.map(\.createdAt).sorted()
            #expect(zip(times, times.dropFirst()).allSatisfy { $1 - $0 > .seconds(600) }, "seed \(seed)")
        }
    }

    @Test("are none among a plain shop's own", arguments: DefaultChart.countries)
    func noFalseFlags(_ country: String) throws {
        let seed = UInt64.random(in: 1...UInt64(UInt32.max))
        var random = SeededRandom(seed: seed)
        let sales = (1...1200).map { id in
            SaleTraits(
                ShopOrders.order(
                    id, percent: DefaultChart.standardRate(country), home: country, random: &random))
        }
        let baseline = SaleBaseline(of: Array(sales.prefix(1000)))
        for sale in sales.suffix(200) {
            let found = baseline.anomalies(of: sale, policy: AnomalyPolicy())
            #expect(found.isEmpty, "seed \(seed): \(found)")
        }
    }
}
