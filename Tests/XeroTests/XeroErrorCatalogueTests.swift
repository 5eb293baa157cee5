import JSON
import Testing

@testable import Xero

@Suite("What Xero says")
struct XeroErrorCatalogueTests {
    @Test(
        "a refusal's words decide what is done about it, whatever their case",
        arguments: [
            ("Invoice # must be unique.", "duplicate.number", XeroErrorAction.lookUp),
            (
                "The contact name Jo is already assigned to another contact. The contact name must be unique across all "
                    + "active contacts.", "duplicate.contact", .resolveName
            ),
            ("ACCOUNT CODE '999' IS NOT A VALID CODE FOR THIS DOCUMENT.", "mapping.account", .askPerson),
            ("Idempotency Key: abc is used with a different request.", "key.reused", .newKey),
            ("Something nobody has ever seen", "unknown", .askPerson),
        ])
    func explained(_ message: String, _ errorClass: String, _ action: XeroErrorAction) {
        let explanation = XeroErrorCatalogue.explain([message])
        #expect(explanation.errorClass == errorClass)
        #expect(explanation.action == action)
        #expect(!explanation.sentence.isEmpty && !explanation.suggestion.isEmpty)
    }

    @Test("an id alone proves nothing: an element with errors, or with an id of zeros, was not carried out")
    func success() {
        let fine: JSONValue = ["InvoiceID": "a1", "InvoiceNumber": "AU-1", "StatusAttributeString": "OK"]
        #expect(XeroElement(fine, collection: .invoices).isSuccess)
        let refused: JSONValue = [
            "InvoiceID": "a1", "HasErrors": true, "ValidationErrors": [["Message": "Invoice # must be unique."]],
        ]
        #expect(!XeroElement(refused, collection: .invoices).isSuccess)
        #expect(XeroElement(refused, collection: .invoices).errors == ["Invoice # must be unique."])
        let zeros: JSONValue = ["PaymentID": "00000000-0000-0000-0000-000000000000"]
        #expect(!XeroElement(zeros, collection: .payments).isSuccess)
    }

    @Test("what cannot be concluded from is neither success nor refusal")
    func unclear() {
        let page = XeroResponse(status: 503, headers: [:], body: Array("<html>maintenance</html>".utf8))
        guard case .unclear(503, _) = XeroAnswer(page, collection: .invoices) else {
            Issue.record("503")
            return
        }
        let garbage = XeroResponse(status: 200, headers: [:], body: Array("{\"Invoices\": [".utf8))
        guard case .unclear = XeroAnswer(garbage, collection: .invoices) else {
            Issue.record("garbage")
            return
        }
        let limit = XeroResponse(
            status: 429, headers: ["retry-after": "7", "x-rate-limit-problem": "minute"], body: [])
        guard case .throttled(let limits) = XeroAnswer(limit, collection: .invoices) else {
            Issue.record("429")
            return
        }
        #expect(limits.retryAfterSeconds == 7)
        #expect(limits.problem == .minute)
    }

    @Test("an idempotency key carries the org and stays within 128 characters")
    func keys() {
        let key = XeroRequest.idempotencyKey(
            orgID: String(repeating: "a", count: 32), callID: "0192f3c4-0000-7000-8000-000000000000")
        #expect(key.count <= 128)
        #expect(key.contains(String(repeating: "a", count: 32)))
    }
}
