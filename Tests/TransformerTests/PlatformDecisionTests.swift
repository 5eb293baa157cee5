import Accounting
import JSON
import Ledger
import Mapping
import Planning
import Storefronts
import TestSupport
import Testing

@testable import Transformer

@Suite struct PlatformDecisionTests {
    private func rules(_ platform: Platform, since: String = "2026-01-01T00:00:00Z") throws -> PlanningRules {
        var rules = try Shop.rules(
            since: since,
            mapping: [
                "accounts": ["sales": "200", "rounding": "860", "gift_cards": "850", "store_credit": "851"],
                "taxes": ["default": "OUTPUT"], "payments": ["default": "090"],
                "refunds": ["amount_only": "proportional"],
            ])
        rules.platform = platform
        rules.reading.currency = Currency("EUR")
        return rules
    }

    @Test(
        arguments: [
            (.magento, PlatformPayloads.magento), (.shopify, PlatformPayloads.shopify),
            (.cscart, PlatformPayloads.cscart), (.xcart, PlatformPayloads.xcart),
            (.bigcommerce, PlatformPayloads.bigcommerce),
        ] as [(Platform, String)])
    func `a store's platform decides how its orders are read`(platform: Platform, text: String) throws {
        let decision = OrderDecision.decide(
            try JSONValue(parsing: text), past: .init(), rules: try rules(platform))
        guard case .planned(let plan) = decision.outcome else {
            Issue.record("\(decision.outcome)")
            return
        }
        #expect(plan.documents(of: .invoice).count == 1)
        #expect(!plan.documents(of: .payment).isEmpty)
    }

    @Test func `what is known to be no order is ignored and says what it is`() throws {
        let decision = OrderDecision.decide(
            ["sku": "x", "name": "Lamp"], past: .init(), rules: try rules(.magento))
        #expect(decision.outcome == .ignored(reason: "this is a product, not an order"))
    }

    @Test func `an order of which a part was not read is read again`() throws {
        let decision = OrderDecision.decide(
            try PlatformPayloads.changed(PlatformPayloads.magento, "total_refunded", "20.00"), past: .init(),
            rules: try rules(.magento))
        #expect(decision.readAgain)
    }

    private func past(_ firstSnapshot: JSONValue) -> OrderDecision.Past {
        var past = OrderDecision.Past()
        past.firstSnapshot = firstSnapshot
        return past
    }

    @Test func `an order from before the start is held once its amounts differ`() throws {
        let first = try PlatformPayloads.changed(PlatformPayloads.bigcommerce, "refunded_amount", "0.0000")
        guard case .object(var snapshot) = first else { return }
        snapshot["refunds"] = []
        let later = try rules(.bigcommerce, since: "2026-06-01T00:00:00Z")
        let same = OrderDecision.decide(
            .object(snapshot), past: past(.object(snapshot)), rules: later)
        guard case .ignored = same.outcome else {
            Issue.record("\(same.outcome)")
            return
        }
        let other = try PlatformPayloads.changed(JSONValue.object(snapshot).text, "total_inc_tax", "99.0000")
        let changed = OrderDecision.decide(
            .object(snapshot), past: past(other), rules: later)
        guard case .held(let reason, _) = changed.outcome else {
            Issue.record("\(changed.outcome)")
            return
        }
        #expect(reason.contains("its amounts changed"))
    }
}
