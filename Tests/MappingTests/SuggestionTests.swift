import Accounting
import Foundation
import JSON
import TestSupport
import Testing

@testable import Mapping

@Suite("Suggestions")
struct SuggestionTests {
    private static func input(
        _ country: String, orders: [CanonicalOrder] = [], accounts: [JSONValue] = [], rates: [JSONValue] = [],
        past: PastUse = PastUse(), current: JSONValue = [:], platform: String = "woocommerce",
        tracking: JSONValue = ["TrackingCategories": []]
    ) -> SuggestionInput {
        var profile = StoreProfile()
        for order in orders { profile.add(order) }
        return SuggestionInput(
            orgID: "acme", storeID: "shop", platform: platform, storeIDs: ["shop"],
            reference: DefaultChart.reference(country, adding: accounts, rates: rates, tracking: tracking),
            country: country, profile: profile, past: past, current: current)
    }

    private static func orders(_ country: String, seed: UInt64, count: Int = 120, giftCards: Bool = false)
        -> [CanonicalOrder]
    {
        var random = SeededRandom(seed: seed)
        return (1...count).map {
            ShopOrders.order(
                $0, percent: DefaultChart.standardRate(country), home: country, random: &random,
                sellsGiftCards: giftCards)
        }
    }

    private static func suggestion(_ subject: String, _ suggestions: MappingSuggestions) -> MappingSuggestion? {
        suggestions.suggestions.first { $0.path.subject == subject }
    }

    /// The orders that would be held under the mapping proposed, and what `apply` would refuse of it.
    private static func trouble(_ suggestions: MappingSuggestions, _ input: SuggestionInput, _ orders: [CanonicalOrder])
        throws -> [String]
    {
        let found = MappingChecks(
            storeID: "shop", platform: input.platform, storeIDs: ["shop"], reference: input.reference
        ).problems(in: suggestions.mapping)
        guard found.everywhere.isEmpty, found.here.isEmpty else {
            return (found.everywhere + found.here).map(\.description)
        }
        let mapping = try MappingConfiguration(json: suggestions.mapping)
        let org = OrgSettings(
            orgID: "acme", taxRates: input.reference.percents, roundingAccount: input.reference.roundingAccount,
            country: input.country, reference: input.reference)
        return orders.compactMap { order in
            let outcome = Planner.plan(
                order: order, mapping: mapping, org: org, store: StoreSettings(storeID: "shop"))
            if case .planned = outcome { return nil }
            return "\(order.orderID): \(outcome)"
        }
    }

    @Test(
        "for a country's usual chart: creating what they tell makes a mapping that applies and holds no order",
        arguments: DefaultChart.countries)
    func usual(_ country: String) throws {
        let seed = UInt64.random(in: 1...UInt64(UInt32.max))
        let orders = Self.orders(country, seed: seed, giftCards: true)
        let first = MappingSuggestions(Self.input(country, orders: orders))
        // A fresh chart has no clearing accounts, and nothing for gift cards.
        let blocking = first.gaps.filter(\.isBlocking)
        #expect(Set(blocking.map(\.subject)) == ["payments.stripe", "payments.paypal", "accounts.gift_cards"])
        var made: [JSONValue] = [DefaultChart.account("850", "Gift Cards", "CURRLIAB", "LIABILITY", payments: true)]
        for gap in blocking where gap.subject.hasPrefix("payments.") {
            let told = try #require(
                gap.remedy.firstMatch(of: /create a bank account '(.+)' in Xero, with a code such as (\d+)/))
            made.append(DefaultChart.account(String(told.2), String(told.1), "BANK", "ASSET"))
        }
        let input = Self.input(country, orders: orders, accounts: made)
        let second = MappingSuggestions(input)
        #expect(!second.needsPerson, "seed \(seed): \(second.gaps)")
        let trouble = try Self.trouble(second, input, orders)
        #expect(trouble.isEmpty, "seed \(seed): \(trouble.prefix(3))")
        #expect(second.mapping["accounts"]?["sales"] == "200")
        #expect(Self.suggestion("payments.stripe", second)?.level == .high)
        // The same in, the same out.
        #expect(second == MappingSuggestions(input))
    }

    @Test("say what decided: class, name, Xero's usual code, and how sure that is")
    func reasons() throws {
        let made = MappingSuggestions(
            Self.input(
                "AU", orders: Self.orders("AU", seed: 7),
                accounts: [
                    DefaultChart.account("092", "Stripe Clearing", "BANK", "ASSET"),
                    DefaultChart.account("093", "PayPal", "BANK", "ASSET"),
                    DefaultChart.account("201", "Shipping Income", "REVENUE", "REVENUE"),
                ]))
        let sales = try #require(Self.suggestion("accounts.sales", made))
        #expect(sales.name == "200 Sales")
        #expect(sales.level == .high)
        #expect(sales.reason.contains("its name says sales"))
        #expect(sales.reason.contains("Xero's usual code for sales"))
        #expect(Self.suggestion("accounts.shipping", made)?.value == "201")
        let stripe = try #require(Self.suggestion("payments.stripe", made))
        #expect(stripe.value == "092")
        #expect(
            stripe.reason.contains("orders were paid by Credit card (Stripe); named for Stripe; a clearing account"))
        #expect(Self.suggestion("payments.paypal", made)?.value == "093")
        #expect(Self.suggestion("payments.bacs", made)?.value == "090")
        #expect(Self.suggestion("payments.bacs", made)?.level == .medium)
        let tax = try #require(Self.suggestion("taxes.10", made))
        #expect(tax.value == "OUTPUT")
        #expect(tax.reason.contains("usual for AU at 10 %"))
        // What 0 % means is for an accountant to say.
        #expect(Self.suggestion("taxes.0", made)?.level == .medium)
        #expect(made.mapping["taxes"]?["rounding"] == "BASEXCLUDED")
        let exports = made.suggestions.first { $0.value["name"] == "Exports" }
        #expect(exports?.value["then"]?["tax_type"] == "EXEMPTEXPORT")
        #expect(exports?.value["when"]?["country"] == ["not": "AU"])
    }

    @Test("are less sure where two accounts would do, and name the other")
    func rivals() throws {
        let made = MappingSuggestions(
            Self.input("GB", accounts: [DefaultChart.account("210", "Online Sales", "REVENUE", "REVENUE")]))
        let sales = try #require(Self.suggestion("accounts.sales", made))
        #expect(sales.level == .medium)
        #expect(sales.alternatives.count >= 1)
        #expect(Set([sales.value] + sales.alternatives.map(\.value)).isSuperset(of: ["200", "210"]))
    }

    @Test("prefer what Xero took before, and what another store of the org has")
    func past() throws {
        var past = PastUse()
        past.add(mapping: ["accounts": ["sales": "260"], "payments": ["stripe": "090"]], storeID: "outlet")
        for _ in 0..<20 {
            past.add(
                element: ["LineItems": [["AccountCode": "260", "TaxType": "OUTPUT"]]],
                decisions: ["0.account": "mapping.accounts.sales", "0.tax_type": "mapping.taxes.\"10\""],
                storeID: "outlet")
        }
        past.add(
            element: ["Account": ["Code": "090"]], decisions: ["account": "mapping.payments.stripe"], storeID: "outlet")
        #expect(past.documents == 21)
        let made = MappingSuggestions(Self.input("AU", orders: Self.orders("AU", seed: 3), past: past))
        let sales = try #require(Self.suggestion("accounts.sales", made))
        #expect(([sales.value] + sales.alternatives.map(\.value)).contains("260"))
        let stripe = try #require(Self.suggestion("payments.stripe", made))
        #expect(stripe.value == "090")
        #expect(stripe.reason.contains("Xero has 1 posted so (outlet)"))
        #expect(stripe.reason.contains("mapped so for outlet"))
        #expect(Self.suggestion("taxes.10", made)?.reason.contains("Xero has 20 posted so") == true)
    }

    @Test("tell what to do where nothing can be proposed")
    func gaps() throws {
        var orders = Self.orders("DE", seed: 9)
        orders[0].taxes = [
            CanonicalTax(rateID: "1", code: "X", percent: ExactDecimal(7), amount: orders[0].totals.totalTax)
        ]
        orders[0].lines[0].tax = ExactDecimal(7)
        orders[0].lines[0].taxComponents = [TaxComponent(rateID: "1", amount: ExactDecimal(7))]
        let nameless: JSONValue = ["Name": "PayPal EUR", "Type": "BANK", "Class": "ASSET", "Status": "ACTIVE"]
        let made = MappingSuggestions(
            Self.input("DE", orders: orders, accounts: [nameless]))
        let tax = try #require(made.gaps.first { $0.subject == "taxes.\"7\"" })
        #expect(tax.reason.contains("taxed at 7 %"))
        #expect(tax.isBlocking)
        let paypal = try #require(made.gaps.first { $0.subject == "payments.paypal" })
        #expect(paypal.remedy.hasPrefix("give the account 'PayPal EUR' a code in Xero, such as 09"))
        let stripe = try #require(made.gaps.first { $0.subject == "payments.stripe" })
        #expect(stripe.remedy.contains("'Stripe Clearing'"))
        #expect(stripe.remedy.contains("counterfoil xero accounts acme --refresh"))
        #expect(made.needsPerson)
    }

    @Test("for sales to other countries take the tax rates that are named for them")
    func abroad() throws {
        var random = SeededRandom(seed: 5)
        var orders = (1...60).map {
            ShopOrders.order($0, percent: "19", home: "DE", random: &random, abroad: ["FR", "AT", "CH"])
        }
        for index in 0..<20 {
            // Consumers in France, at the French rate.
            orders[index] = ShopOrders.order(index, percent: "20", home: "FR", random: &random, abroad: ["FR", "CH"])
        }
        let rates = [
            DefaultChart.rate("TAX010", "OSS France 20%", "20"), DefaultChart.rate("TAX011", "OSS AT 20 %", "20"),
            DefaultChart.rate("TAX012", "EU reverse charge", "0"),
            DefaultChart.rate("TAX013", "Exports outside EU", "0"),
        ]
        let input = Self.input(
            "DE", orders: orders, accounts: Self.clearing, rates: rates)
        let made = MappingSuggestions(input)
        func rule(_ name: String) -> JSONValue? { made.suggestions.first { $0.value["name"]?.string == name }?.value }
        #expect(rule("Exports")?["then"]?["tax_type"] == "TAX013")
        #expect(rule("Sales to businesses in the EU")?["then"]?["tax_type"] == "TAX012")
        #expect(made.mapping["taxes"]?["19"] == "TAX001")
        let french = rule("Sales to FR at 20 %")?["then"]?["tax_type"] ?? made.mapping["taxes"]?["20"]
        #expect(french == "TAX010")
        let trouble = try Self.trouble(made, input, orders)
        #expect(trouble.isEmpty, "\(trouble.prefix(3))")
    }

    private static let clearing = [
        DefaultChart.account("094", "Stripe Clearing", "BANK", "ASSET"),
        DefaultChart.account("095", "PayPal Clearing", "BANK", "ASSET"),
        DefaultChart.account("096", "Gift vouchers", "CURRLIAB", "LIABILITY"),
        DefaultChart.account("203", "Books", "REVENUE", "REVENUE"),
    ]

    @Test("for products take accounts that are named for them, and tracking that is named for the store")
    func rules() throws {
        let made = MappingSuggestions(
            Self.input(
                "NZ", orders: Self.orders("NZ", seed: 4, giftCards: true), accounts: Self.clearing,
                tracking: [
                    "TrackingCategories": [["Name": "Channel", "Options": [["Name": "Shop"], ["Name": "Market"]]]]
                ]))
        let rules = made.mapping["rules"]?.array ?? []
        #expect(rules.contains { $0["when"]?["sku"] == ["matches": "^BOOK"] && $0["then"]?["account"] == "203" })
        #expect(rules.contains { $0["then"]?["tracking"] == ["Channel": "Shop"] })
        #expect(rules.contains { $0["when"]?["line"] == "gift_card" && $0["then"]?["tax_type"] == "NONE" })
        let cards = try #require(made.gaps.first { $0.subject == "accounts.gift_cards" })
        #expect(cards.reason.contains("096 Gift vouchers takes no payments"))
        // What is there already is not proposed twice.
        let again = MappingSuggestions(
            Self.input("NZ", orders: Self.orders("NZ", seed: 4), accounts: Self.clearing, current: made.mapping))
        #expect(again.suggestions.allSatisfy { $0.path.steps.first != .key("rules") })
        #expect(Self.suggestion("accounts.sales", again)?.current == "200")
    }

    @Test("without any order are the country's usual ones, and a clearing account for everything")
    func noOrders() throws {
        let input = Self.input("AU", accounts: [DefaultChart.account("099", "Web Clearing", "BANK", "ASSET")])
        let made = MappingSuggestions(input)
        #expect(made.mapping["payments"] == ["default": "099"])
        #expect(made.mapping["taxes"]?["10"] == "OUTPUT")
        #expect(!made.needsPerson)
        let trouble = try Self.trouble(made, input, Self.orders("AU", seed: 8))
        #expect(trouble.isEmpty, "\(trouble.prefix(3))")
    }

    @Test(
        "know names in other languages, and what only looks like one",
        arguments: [
            ("Umsatzerlöse 19 %", "sales"), ("Ventes en ligne", "sales"), ("Ventas", "sales"),
            ("Omzet webshop", "sales"),
            ("Versandkostenerlöse", "shipping"), ("Frais de port facturés", "shipping"), ("Trinkgelder", "tips"),
            ("Gutscheine", "gift_cards"), ("Other Revenue", ""), ("Interest Income", ""), ("Sales of assets", ""),
        ])
    func languages(_ name: String, _ purpose: String) {
        let vocabularies: [(String, AccountVocabulary)] = [
            ("sales", .sales), ("shipping", .shipping), ("tips", .tips), ("gift_cards", .giftCards),
        ]
        let found = vocabularies.filter { ($0.1.evidence(name, for: $0.0)?.points ?? 0) >= 55 }.map(\.0)
        #expect(found == (purpose.isEmpty ? [] : [purpose]))
    }
}
