import Accounting
import JSON
import Mapping
import Storefronts
import TestSupport
import Testing

/// One order of each platform, from the store's words to documents that tie.
@Suite struct PlatformPlanTests {
    static let payloads: [(Platform, String)] = [
        (.magento, PlatformPayloads.magento), (.shopify, PlatformPayloads.shopify),
        (.shopify, PlatformPayloads.shopifyGraphQL), (.cscart, PlatformPayloads.cscart),
        (.xcart, PlatformPayloads.xcart), (.bigcommerce, PlatformPayloads.bigcommerce),
    ]

    @Test(arguments: payloads)
    func `an order of any platform makes documents that equal it to the cent`(platform: Platform, text: String) throws {
        let order = try StorefrontOrders.order(
            from: JSONValue(parsing: text), platform: platform,
            reading: OrderReading(storeID: "shop", currency: Currency("EUR")))
        let outcome = Planner.plan(
            order: order, mapping: try MappingConfiguration(json: Self.mapping), org: OrgSettings(orgID: "main"),
            store: StoreSettings(storeID: "shop", numberPrefix: "S-"))
        guard case .planned(let plan) = outcome else {
            Issue.record("not planned: \(outcome)")
            return
        }
        let invoice = try #require(plan.documents(of: .invoice).first)
        for mode in [Rounding.halfUp, .halfEven] {
            let posted = try PredictedXero(invoice.desired, rates: [:], mode: mode)
            #expect(posted.total == order.totals.total + order.redeemed)
            #expect(posted.tax == order.totals.totalTax)
        }
        let paid = plan.documents(of: .payment).compactMap { $0.desired["Amount"]?.decimal }.sum()
        #expect(paid == order.totals.total + order.redeemed)
        let notes = plan.documents(of: .creditNote)
        let refunds = order.refunds.filter { !$0.amount.isZero }
        #expect(notes.count == refunds.count)
        for (note, refund) in zip(notes, refunds) {
            #expect(try PredictedXero(note.desired, rates: [:], mode: .halfUp).total == refund.amount)
        }
    }

    static let mapping: JSONValue = [
        "accounts": [
            "sales": "200", "shipping": "201", "fees": "202", "rounding": "860", "gift_cards": "850",
            "store_credit": "851",
        ],
        "taxes": ["default": "OUTPUT"], "payments": ["default": "090"], "refunds": ["amount_only": "proportional"],
    ]
}
