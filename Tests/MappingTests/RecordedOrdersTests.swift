import Accounting
import Foundation
import JSON
import Mapping
import Storefronts
import Testing

/// Plans payloads that real stores and the platforms' own documentation show, where a folder of them is at hand:
/// `COUNTERFOIL_SAMPLES`, or `shared/samples` beside the repository. Prints what became of them, platform by platform.
@Suite struct RecordedOrdersTests {
    private static var folder: URL? {
        let beside = URL(filePath: #filePath).appending(path: "../../../../shared/samples").standardizedFileURL
        let given = ProcessInfo.processInfo.environment["COUNTERFOIL_SAMPLES"].map { URL(filePath: $0) }
        return [given, beside].compactMap { $0 }.first { FileManager.default.fileExists(atPath: $0.path) }
    }

    /// What became of one document.
    private enum Result {
        case planned
        /// A part of an order that is not in the payload, and adds up by itself.
        case partThatTies(String)
        case ignored(String)
        case held(String)
        case refused(String)
        case notAnOrder(String)
    }

    @Test(
        .enabled(
            if: RecordedOrdersTests.folder != nil,
            "no recorded payloads are at hand: set COUNTERFOIL_SAMPLES to their folder"),
        arguments: Platform.allCases)
    func `recorded payloads that add up are planned to the cent, the others are held or refused`(
        platform: Platform
    ) throws {
        let folder = try #require(Self.folder).appending(path: platform.rawValue)
        let mapping = try MappingConfiguration(json: Self.mapping)
        var counts = (planned: 0, parts: 0, held: 0, refused: 0, others: 0)
        var report = ""
        for file in try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        where file.hasSuffix(".json") {
            let json = try JSONValue(parsing: [UInt8](Data(contentsOf: folder.appending(path: file))))
            for result in try results(json, platform, mapping) {
                let words: String
                switch result {
                case .planned: (counts.planned, words) = (counts.planned + 1, "planned, and ties")
                case .partThatTies(let name): (counts.parts, words) = (counts.parts + 1, "\(name), which ties")
                case .ignored(let reason): (counts.others, words) = (counts.others + 1, "ignored: \(reason)")
                case .held(let reason): (counts.held, words) = (counts.held + 1, "held: \(reason)")
                case .refused(let reason): (counts.refused, words) = (counts.refused + 1, "refused: \(reason)")
                case .notAnOrder(let what): (counts.others, words) = (counts.others + 1, "no order: \(what)")
                }
                report += "  \(file): \(words)\n"
            }
        }
        print(
            "\(platform.rawValue): \(counts.planned) planned and tie, \(counts.parts) parts of orders tie, "
                + "\(counts.held) held, \(counts.refused) refused, \(counts.others) no orders or ignored\n\(report)")
        let least = try #require(Self.least[platform])
        #expect(counts.planned >= least.planned)
        #expect(counts.parts >= least.parts)
        #expect(counts.held >= least.held)
        #expect(counts.others >= least.others)
    }

    private static let mapping: JSONValue = [
        "accounts": ["sales": "200", "rounding": "860", "gift_cards": "850", "store_credit": "851"],
        "taxes": ["default": "OUTPUT"], "payments": ["default": "090"],
        "statuses": [
            "post": ["processing", "completed", "refunded", "pending", "on-hold", "authorized", "cancelled"],
            "void": ["failed"],
        ],
        "refunds": ["amount_only": "proportional"],
    ]

    /// At least so many must be found, so that a run that saw nothing fails.
    private static let least: [Platform: (planned: Int, parts: Int, held: Int, others: Int)] = [
        .woocommerce: (12, 0, 5, 5), .magento: (6, 2, 3, 5), .shopify: (3, 2, 3, 10),
        .cscart: (3, 0, 0, 2),
        .xcart: (0, 0, 0, 0),
        .bigcommerce: (0, 0, 0, 9),
    ]

    private func results(
        _ json: JSONValue, _ platform: Platform, _ mapping: MappingConfiguration
    ) throws -> [Result] {
        let reading = OrderReading(storeID: "shop", currency: Currency("USD"))
        do throws(StorefrontError) {
            switch try StorefrontOrders.parser(of: platform).content(of: json, reading: reading) {
            case .orders(let snapshots):
                var results: [Result] = []
                for snapshot in snapshots { results.append(result(snapshot, platform, mapping, reading)) }
                return results
            case .parts(let parts):
                return parts.map { part in
                    let findings = part.sums.compactMap { $0.finding(scale: 2) }
                    guard let finding = findings.first else { return .partThatTies("\(part)") }
                    return .held("\(part): \(finding)")
                }
            case .other(let what): return [.notAnOrder(what)]
            case .unknown: return [result(json, platform, mapping, reading)]
            }
        } catch {
            return [.refused(error.message)]
        }
    }

    private func result(
        _ snapshot: JSONValue, _ platform: Platform, _ mapping: MappingConfiguration, _ reading: OrderReading
    ) -> Result {
        let order: CanonicalOrder
        do throws(StorefrontError) {
            order = try StorefrontOrders.order(from: snapshot, platform: platform, reading: reading)
        } catch {
            #expect(!error.message.isEmpty)
            return error.code == .notAnOrder ? .notAnOrder(error.message) : .refused(error.message)
        }
        let outcome = Planner.plan(
            order: order, mapping: mapping, org: OrgSettings(orgID: "main"), store: StoreSettings(storeID: "shop"))
        switch outcome {
        case .ignored(let reason): return .ignored(reason)
        case .held(let reason, let findings): return .held(([reason] + findings).joined(separator: ": "))
        case .planned(let plan):
            for invoice in plan.documents(of: .invoice) where !invoice.voided {
                for mode in [Rounding.halfUp, .halfEven] {
                    guard let posted = try? PredictedXero(invoice.desired, rates: [:], mode: mode) else {
                        Issue.record("the invoice of order \(order.orderID) cannot be posted")
                        continue
                    }
                    let before = order.refunds.filter { refund in order.paidAt.map { refund.createdAt < $0 } ?? true }
                    #expect(posted.total + before.map(\.amount).sum() == order.totals.total + order.redeemed)
                    if before.isEmpty { #expect(posted.tax == order.totals.totalTax) }
                }
            }
            return .planned
        }
    }
}
