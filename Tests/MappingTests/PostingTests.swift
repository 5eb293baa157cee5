import Accounting
import JSON
import Testing

@testable import Mapping

@Suite("How an order is posted, by payment method and rule") struct PostingTests {
    /// The mode of an order paid with so much by each method, and what decided it.
    private static func mode(
        _ posting: JSONValue?, rules: JSONValue = [], paid: [(method: String, cents: Int)] = [("stripe", 10_000)]
    ) throws -> String {
        var order = try OrderFixture().line("100.00").canonical()
        order.tenders = paid.map {
            Tender(kind: .money, method: $0.method, amount: ExactDecimal(units: $0.cents, scale: 2))
        }
        var mapping = try #require(OrderFixture.mapping.object)
        mapping["posting"] = posting
        mapping["rules"] = rules
        let outcome = Planner.plan(
            order: order, mapping: try MappingConfiguration(json: .object(mapping)), org: OrderFixture.org,
            store: StoreSettings(storeID: "shop", numberPrefix: "S-"))
        guard case .planned(let plan) = outcome else { return "\(outcome)" }
        let decision = plan.documents(of: .invoice).first?.decisions.first { $0.field == "posting" }
        #expect(decision == nil || decision?.value == plan.posting.rawValue)
        return "\(plan.posting.rawValue) \(decision?.because ?? "-")"
    }

    private static let byMethod: JSONValue = ["stripe": "daily_summary", "default": "each_order"]

    @Test func `orders are posted one by one unless something says otherwise`() throws {
        #expect(try Self.mode(nil) == "each_order -")
        #expect(try Self.mode("daily_summary") == "daily_summary mapping.posting")
    }

    @Test func `a payment method has its own mode`() throws {
        #expect(try Self.mode(Self.byMethod) == "daily_summary mapping.posting.stripe")
        #expect(try Self.mode(Self.byMethod, paid: [("paypal", 10_000)]) == "each_order -")
        let others: JSONValue = ["default": "daily_summary", "paypal": "each_order"]
        #expect(try Self.mode(others) == "daily_summary mapping.posting")
        #expect(try Self.mode(others, paid: [("paypal", 10_000)]) == "each_order mapping.posting.paypal")
    }

    @Test func `a rule decides before the key`() throws {
        let rules: JSONValue = [
            [
                "name": "Invoiced", "when": ["country": "GB", "payment_method": "stripe"],
                "then": ["posting": "each_order"],
            ]
        ]
        #expect(try Self.mode("daily_summary", rules: rules) == "each_order rule 'Invoiced'")
        #expect(
            try Self.mode("daily_summary", rules: rules, paid: [("cash", 10_000)]) == "daily_summary mapping.posting")
    }

    @Test func `an order paid in two ways whose modes differ is posted by itself`() throws {
        let both: [(method: String, cents: Int)] = [("stripe", 6000), ("paypal", 4000)]
        #expect(try Self.mode(Self.byMethod, paid: both) == "each_order payment methods whose modes differ")
        #expect(try Self.mode("daily_summary", paid: both) == "daily_summary mapping.posting")
        #expect(try Self.mode(Self.byMethod, paid: [("stripe", 6000), ("stripe", 4000)]).hasPrefix("daily_summary"))
    }

    @Test func `what is paid without money goes by the mode of the rest`() throws {
        #expect(try Self.mode(Self.byMethod, paid: []) == "each_order -")
        #expect(try Self.mode("daily_summary", paid: []) == "daily_summary mapping.posting")
    }

    @Test(arguments: [
        (
            #"{"stripe":"dayly_summary"}"#, "mapping.posting.stripe: must be each_order or daily_summary",
            "daily_summary?"
        ),
        (#"["daily_summary"]"#, "mapping.posting: must be each_order or daily_summary", ""),
        (#"{"stripe":null}"#, "mapping.posting.stripe: must be each_order or daily_summary", ""),
        (#"{"strype":"daily_summary"}"#, "mapping.posting.strype: payment method 'strype' has no clearing", "stripe?"),
    ])
    func `a mistake is named with what would be right`(posting: String, message: String, nearest: String) throws {
        let value = try JSONValue(parsing: posting)
        let json: JSONValue = ["accounts": ["sales": "200"], "payments": ["stripe": "090"], "posting": value]
        let checks = MappingChecks(storeID: "shop", platform: "woocommerce", storeIDs: ["shop"])
        let problems = checks.problems(in: json).everywhere.map(\.description)
        #expect(problems.count == 1, "\(problems)")
        #expect(problems.first?.hasPrefix(message) == true && problems.first?.hasSuffix(nearest) == true, "\(problems)")
    }
}
