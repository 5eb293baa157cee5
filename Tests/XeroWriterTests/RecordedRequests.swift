import JSON
import TestSupport
import Testing
import Xero

@testable import XeroWriter

/// Holds every request that a writer sends in these tests against Xero's own API description, where that is at hand.
enum RecordedRequests {
    /// Records an issue for whatever is not as described.
    static func check(_ request: XeroRequest) {
        guard let description = APIDescription.xero else { return }
        let sent = APIDescription.Request(
            method: request.method.rawValue, target: request.path, headers: request.headers, body: request.body)
        for problem in description.problems(sent) {
            Issue.record("not as Xero describes its API: \(problem)")
        }
    }
}

@Suite struct APIDescriptionTests {
    private func problems(
        _ method: String, _ target: String, key: String? = "k", _ body: JSONValue? = nil
    ) throws -> [String] {
        let description = try #require(APIDescription.xero)
        return description.problems(
            APIDescription.Request(
                method: method, target: "/api.xro/2.0" + target, headers: key.map { ["Idempotency-Key": $0] } ?? [:],
                body: body?.encoded() ?? []))
    }

    @Test(.enabled(if: APIDescription.isAtHand, "\(APIDescription.absent)"))
    func `what differs from Xero's description is named`() throws {
        let invoice: JSONValue = ["Invoices": [["Type": "ACCREC", "LineItems": [["Quantity": 1]]]]]
        #expect(try problems("PUT", "/Invoices?summarizeErrors=false&unitdp=4", invoice) == [])
        #expect(try problems("PUT", "/Invoices", key: nil, invoice).count == 1)
        #expect(try problems("PUT", "/Invoices?pages=1", invoice).count == 1)
        #expect(try problems("PUT", "/Invoice", invoice).count == 1)
        #expect(try problems("PUT", "/Invoices", ["Invoices": [["Type": "SALE"]]]).count == 1)
        #expect(try problems("PUT", "/Invoices", ["Invoices": [["Kind": "ACCREC"]]]).count == 1)
        #expect(try problems("PUT", "/Invoices", ["Invoices": [["LineItems": [["Quantity": "1"]]]]]).count == 1)
        #expect(try problems("GET", "/Invoices?page=one", key: nil).count == 1)
        #expect(try problems("GET", "/Contacts?page=1&pageSize=1000&includeArchived=true", key: nil) == [])
    }
}
