import Accounting
import JSON
import Mapping
import Testing
import Xero

@testable import Reconciler

@Suite("Comparing what was posted with what Xero has")
struct BookComparisonTests {
    private func document(
        _ kind: DocumentKind, _ source: String, id: String, total: String, voided: Bool = false
    ) -> PostedDocument {
        PostedDocument(
            key: DocumentKey(orgID: "acme", storeID: "shop", kind: kind, sourceID: source, part: "1"),
            number: kind == .invoice ? "AU-\(source)" : nil, xeroID: id, total: ExactDecimal(total), isVoided: voided)
    }

    private func payment(_ id: String, reference: String, amount: String, status: String = "AUTHORISED") -> JSONValue {
        [
            "PaymentID": .string(id), "Reference": .string(reference), "Status": .string(status),
            "Amount": .number(JSONNumber(text: amount) ?? JSONNumber(0)),
        ]
    }

    private func invoice(_ id: String, total: String, status: String = "PAID") -> JSONValue {
        [
            "InvoiceID": .string(id), "Status": .string(status),
            "Total": .number(JSONNumber(text: total) ?? JSONNumber(0)),
        ]
    }

    @Test("what is there as posted gives no finding, whatever zeros its total is written with")
    func agrees() {
        let findings = BookComparison.findings(
            [document(.invoice, "12", id: "a", total: "110.00")], elements: [invoice("a", total: "110.0")],
            collection: .invoices)
        #expect(findings.isEmpty)
    }

    @Test("a posted document that Xero does not have is missing")
    func missing() {
        let findings = BookComparison.findings(
            [document(.invoice, "12", id: "a", total: "110.00")], elements: [], collection: .invoices)
        #expect(findings.map(\.kind) == [.missingInXero])
        #expect(findings.first?.message.contains("AU-12") == true)
    }

    @Test("another total, or removal by hand, differs")
    func differs() {
        let posted = [document(.invoice, "12", id: "a", total: "110.00")]
        let changed = BookComparison.findings(posted, elements: [invoice("a", total: "111")], collection: .invoices)
        #expect(changed.map(\.kind) == [.differsInXero])
        #expect(changed.first?.message.contains("111.00") == true)
        let removed = BookComparison.findings(
            posted, elements: [invoice("a", total: "110", status: "VOIDED")], collection: .invoices)
        #expect(removed.map(\.kind) == [.differsInXero])
    }

    @Test("two living payments with one reference are a double; a deleted one does not count")
    func doubled() {
        let posted = [document(.payment, "12", id: "a", total: "110.00")]
        let reference = posted[0].key.shortForm
        let first = payment("a", reference: reference, amount: "110")
        let double = BookComparison.findings(
            posted, elements: [first, payment("b", reference: reference, amount: "110")], collection: .payments)
        #expect(double.map(\.kind) == [.doubledInXero])
        let deleted = BookComparison.findings(
            posted, elements: [first, payment("b", reference: reference, amount: "110", status: "DELETED")],
            collection: .payments)
        #expect(deleted.isEmpty)
    }

    @Test("what carries our key and is not recorded is a stranger; other people's references are not")
    func strangers() {
        let key = DocumentKey(orgID: "acme", storeID: "shop", kind: .payment, sourceID: "13", part: "1").shortForm
        let elements = [
            payment("a", reference: key, amount: "5"), payment("b", reference: "Thanks: John", amount: "5"),
        ]
        let found = BookComparison.strangers(elements, collection: .payments, known: [], storeID: nil)
        #expect(found.map(\.kind) == [.unknownHere])
        #expect(BookComparison.strangers(elements, collection: .payments, known: [key], storeID: nil).isEmpty)
        #expect(BookComparison.strangers(elements, collection: .payments, known: [], storeID: "other").isEmpty)
    }
}

@Suite("Comparing what a storefront has with what was read")
struct StoreComparisonTests {
    private let old = Instant(microseconds: 1_700_000_000_000_000)
    private let new = Instant(microseconds: 1_700_000_060_000_000)

    @Test("an order never read and a newer version are found, and read")
    func findings() {
        let listed = [
            StoreComparison.Listed(id: "1", number: "1001", modifiedAt: old),
            StoreComparison.Listed(id: "2", number: "1002", modifiedAt: new),
            StoreComparison.Listed(id: "3", number: "1003", modifiedAt: new),
        ]
        let found = StoreComparison.findings(listed, known: ["1": old, "2": old], storeID: "shop")
        #expect(found.map(\.order) == ["2", "3"])
        #expect(found.map(\.finding.kind) == [.outdated, .notObserved])
        #expect(found.allSatisfy { $0.finding.repaired })
        #expect(found.map(\.finding.subject) == ["shop/1002", "shop/1003"])
    }

    @Test("what is no order is passed over")
    func malformed() {
        #expect(StoreComparison.listed(["code": "rest_forbidden"]) == nil)
        #expect(
            StoreComparison.listed(["id": 7, "number": "1007", "date_created_gmt": "2026-11-01T10:00:00"])?.number
                == "1007")
    }
}
