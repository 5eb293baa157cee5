import Accounting
import JSON
import Mapping
import Storefronts
import TestSupport
import Testing

/// Whatever a store sends, an order is planned to the cent, held, ignored or refused with a reason; nothing crashes.
@Suite struct PlatformMutationTests {
    private static let odd: [JSONValue] = [
        nil, "", "x", [], [:], true, -1, "0.005", "12345678901.9999", "999999999999.123456789012", "1e400", 7,
    ]

    /// Every payload that differs from a given one in one value or in a value that is missing.
    private func mutations(_ value: JSONValue, _ visit: (JSONValue) throws -> Void) rethrows {
        for replacement in Self.odd { try visit(replacement) }
        switch value {
        case .object(let object):
            for (key, member) in object {
                var copy = object
                copy[key] = Optional<JSONValue>.none
                try visit(.object(copy))
                try mutations(member) { changed in
                    copy[key] = changed
                    try visit(.object(copy))
                }
            }
        case .array(let values):
            for index in values.indices {
                var copy = values
                try visit(.array(values + [values[index]]))
                try mutations(values[index]) { changed in
                    copy[index] = changed
                    try visit(.array(copy))
                }
            }
        case .null, .bool, .number, .string: return
        }
    }

    @Test(arguments: PlatformPlanTests.payloads)
    func `no change of a payload makes documents that do not tie`(platform: Platform, text: String) throws {
        let mapping = try MappingConfiguration(json: PlatformPlanTests.mapping)
        let reading = OrderReading(storeID: "shop", currency: Currency("EUR"))
        var planned = 0
        var total = 0
        try mutations(JSONValue(parsing: text)) { payload in
            total += 1
            let order: CanonicalOrder
            do throws(StorefrontError) {
                order = try StorefrontOrders.order(from: payload, platform: platform, reading: reading)
            } catch {
                if error.message.isEmpty { Issue.record("an error without words for \(payload)") }
                return
            }
            let outcome = Planner.plan(
                order: order, mapping: mapping, org: OrgSettings(orgID: "main"), store: StoreSettings(storeID: "shop"))
            guard case .planned(let plan) = outcome, let invoice = plan.documents(of: .invoice).first, !invoice.voided
            else { return }
            planned += 1
            try expectTies(invoice, order)
        }
        #expect(total > 500)
        #expect(planned > 50)
    }

    private func expectTies(_ invoice: PlannedDocument, _ order: CanonicalOrder) throws {
        let before = order.refunds.filter { refund in order.paidAt.map { refund.createdAt < $0 } ?? true }
        let sum = try sums(invoice.desired)
        let expected = order.totals.total + order.redeemed - before.map(\.amount).sum()
        if sum.total != expected || (before.isEmpty && sum.tax != order.totals.totalTax) {
            Issue.record("order \(order) makes an invoice of \(sum.total) with tax \(sum.tax)")
        }
    }

    private func sums(_ element: JSONValue) throws -> (total: ExactDecimal, tax: ExactDecimal) {
        let posted = try PredictedXero(element, rates: [:], mode: .halfUp)
        return (posted.total, posted.tax)
    }
}
