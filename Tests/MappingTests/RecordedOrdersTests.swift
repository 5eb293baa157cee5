import Accounting
import Foundation
import JSON
import Mapping
import Storefronts
import Testing

/// Plans orders that real stores recorded, where a folder of them is at hand: `COUNTERFOIL_SAMPLES`, or `shared/samples`
/// beside the repository.
@Suite struct RecordedOrdersTests {
    private static var folder: URL? {
        let beside = URL(filePath: #filePath).appending(path: "../../../../shared/samples").standardizedFileURL
        let given = ProcessInfo.processInfo.environment["COUNTERFOIL_SAMPLES"].map { URL(filePath: $0) }
        return [given, beside].compactMap { $0?.appending(path: "woocommerce") }.first {
            FileManager.default.fileExists(atPath: $0.path)
        }
    }

    @Test(
        .enabled(
            if: RecordedOrdersTests.folder != nil,
            "no recorded orders are at hand: set COUNTERFOIL_SAMPLES to their folder"))
    func `recorded orders that add up are planned to the cent, the others are held or refused`() throws {
        let folder = try #require(Self.folder)
        let mapping = try MappingConfiguration(json: [
            "accounts": ["sales": "200", "rounding": "860", "gift_cards": "850"], "taxes": ["default": "OUTPUT"],
            "payments": ["default": "090"],
            "statuses": ["post": ["processing", "completed", "refunded", "pending", "on-hold"]],
            "refunds": ["amount_only": "proportional"],
        ])
        let store = StoreSettings(storeID: "shop", numberPrefix: "S-")
        var counts: [String: Int] = [:]
        for file in try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        where file.hasSuffix(".json") {
            let json = try JSONValue(parsing: [UInt8](Data(contentsOf: folder.appending(path: file))))
            for order in json.array ?? [json] {
                let result = try plan(order, mapping, store)
                counts[result, default: 0] += 1
            }
        }
        #expect(counts["planned", default: 0] >= 12)
        #expect(counts["held", default: 0] >= 5)
        #expect(counts["refused", default: 0] >= 5)
    }

    private func plan(_ order: JSONValue, _ mapping: MappingConfiguration, _ store: StoreSettings) throws -> String {
        let canonical: CanonicalOrder
        do throws(StorefrontError) {
            canonical = try WooCommerceOrderParser.order(from: ["order": order, "refunds": []], storeID: "shop")
        } catch {
            #expect(!error.message.isEmpty)
            return "refused"
        }
        let outcome = Planner.plan(order: canonical, mapping: mapping, org: OrgSettings(orgID: "main"), store: store)
        switch outcome {
        case .ignored: return "ignored"
        case .held(let reason, _):
            #expect(!reason.isEmpty)
            return "held"
        case .planned(let plan):
            let cards = canonical.tenders.filter { $0.kind == .giftCard }.map(\.amount).sum()
            for invoice in plan.documents(of: .invoice) where !invoice.voided {
                for mode in [Rounding.halfUp, .halfEven] {
                    let posted = try PredictedXero(invoice.desired, rates: [:], mode: mode)
                    #expect(posted.total == canonical.totals.total + cards)
                    #expect(posted.tax == canonical.totals.totalTax)
                }
            }
            return "planned"
        }
    }
}
