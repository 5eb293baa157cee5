import Accounting
import JSON
import Ledger
import Mapping
import Postgres
import SimulatedXero
import TestSupport
import Testing
import Xero

@testable import XeroWriter

/// Xero's words, and where a document ends that is refused with them.
struct Refusal: Sendable, CustomTestStringConvertible {
    var words: String
    var errorClass: String
    /// A part of the sentence that the operator reads.
    var sentence: String
    var subject = CellSubject.invoice

    var testDescription: String { words }

    static let all = [
        Refusal(words: "Invoice # must be unique.", errorClass: "duplicate.number", sentence: "already has a document"),
        Refusal(
            words: "Credit note # must be unique.", errorClass: "duplicate.number", sentence: "already has a document",
            subject: .creditNote),
        Refusal(
            words: "The contact name A is already assigned to another contact. "
                + "The contact name must be unique across all active contacts.", errorClass: "duplicate.contact",
            sentence: "already has a contact", subject: .contact),
        Refusal(
            words: "Price List Item with Code 'contact' already exists", errorClass: "duplicate.item",
            sentence: "already has an item", subject: .item),
        Refusal(
            words: "Item code 'BOOK-12' is not valid.", errorClass: "mapping.item", sentence: "does not know the item"),
        Refusal(
            words: "The item Code is limited to 30 characters.", errorClass: "item.code", sentence: "too long",
            subject: .item),
        Refusal(
            words: "Account code '999' is not a valid code for this document.", errorClass: "mapping.account",
            sentence: "does not accept the account code"),
        Refusal(
            words: "Account code '200' has been archived, or has been deleted. "
                + "Each line item must reference a valid account.", errorClass: "mapping.account",
            sentence: "archived or deleted"),
        Refusal(
            words: "Account could not be found. Account must be valid.", errorClass: "mapping.account",
            sentence: "does not know the account", subject: .payment),
        Refusal(
            words: "The TaxType code 'OUTPUT' cannot be used with account code '200'.", errorClass: "mapping.tax",
            sentence: "does not allow this tax rate"),
        Refusal(
            words: "The TaxType code 'X' is not valid", errorClass: "mapping.tax",
            sentence: "does not know the tax type"),
        Refusal(
            words: "The TaxType code 'X' does not exist", errorClass: "mapping.tax",
            sentence: "does not know the tax type"),
        Refusal(words: "Tax rate must be valid.", errorClass: "mapping.tax", sentence: "does not know the tax type"),
        Refusal(
            words: "Payment amount exceeds the amount outstanding on this document", errorClass: "payment.exceeds",
            sentence: "already paid", subject: .payment),
        Refusal(
            words: "Payments can only be made against Authorised documents", errorClass: "document.state",
            sentence: "cannot take a payment", subject: .payment),
        Refusal(
            words: "Invoice not of valid status for modification", errorClass: "document.state",
            sentence: "can no longer be changed", subject: .update),
        Refusal(
            words: "This document cannot be edited as it has a payment or credit note allocated to it.",
            errorClass: "document.paid", sentence: "has a payment or credit note", subject: .update),
        Refusal(
            words: "The status VOIDED cannot be applied to this document as it has payments or credit notes allocated.",
            errorClass: "document.paid", sentence: "cannot be voided", subject: .void),
        Refusal(
            words: "The document date cannot be before the period lock date, currently set at 2026-11-30.",
            errorClass: "locked", sentence: "locked period"),
        Refusal(
            words: "The document date cannot be before the end of year lock date, currently set at 2026-11-30.",
            errorClass: "locked", sentence: "locked year"),
        Refusal(
            words: "The line total 1.00 does not match the expected line total 2.00", errorClass: "arithmetic",
            sentence: "another amount for a line"),
        Refusal(
            words: "The invoice total does not equal the sum of the lines.", errorClass: "arithmetic",
            sentence: "another total"),
        Refusal(
            words: "The discount rate 101 is invalid. Discount must not be greater than the line total.",
            errorClass: "arithmetic", sentence: "discount"),
        Refusal(
            words: "Discounts may not be applied to ACCPAY invoices", errorClass: "arithmetic", sentence: "discount"),
        Refusal(
            words: "Email address must be valid.", errorClass: "contact.email", sentence: "e-mail address",
            subject: .contact),
        Refusal(
            words: "The description field is mandatory for each line item.", errorClass: "document.description",
            sentence: "no description"),
        Refusal(
            words: "The Contact must contain at least 1 of the following elements to identify the contact: Name",
            errorClass: "contact.name", sentence: "has no name", subject: .contact),
        Refusal(
            words: "Due Date for Sales Invoices must be between 1 and 31.", errorClass: "contact.terms",
            sentence: "payment terms", subject: .contact),
        Refusal(
            words: "Organisation is not subscribed to currency EUR", errorClass: "plan.currency",
            sentence: "does not have the order's currency"),
        Refusal(
            words: "You have reached the limit of invoices you can approve", errorClass: "plan.invoices",
            sentence: "no more approved invoices"),
        Refusal(
            words: "Idempotency Key: k is used with a different request.", errorClass: "key.reused",
            sentence: "remembers this call's key"),
        Refusal(
            words: "Invoice could not be found", errorClass: "reference.missing", sentence: "does not know the invoice",
            subject: .payment),
        Refusal(
            words: "The Contact with ContactID 1 could not be found.", errorClass: "reference.missing",
            sentence: "does not know the contact"),
        Refusal(
            words: "Credit note could not be found", errorClass: "reference.missing",
            sentence: "does not know the credit note", subject: .refund),
        Refusal(
            words: "This payment cannot be deleted as it has been reconciled with a bank statement line.",
            errorClass: "payment.reconciled", sentence: "is reconciled", subject: .paymentDeletion),
        Refusal(
            words: "Payments made as part of a batch payment cannot be deleted.", errorClass: "payment.batch",
            sentence: "part of a batch payment", subject: .paymentDeletion),
        Refusal(
            words: "Payment could not be found", errorClass: "document.gone", sentence: "does not have this payment",
            subject: .paymentDeletion),
        Refusal(
            words: "Allocation could not be found", errorClass: "document.gone",
            sentence: "does not have this allocation", subject: .allocationRemoval),
        Refusal(
            words: "The status DELETED cannot be applied to this document as its status is AUTHORISED.",
            errorClass: "document.state", sentence: "approved in Xero meanwhile", subject: .void),
        Refusal(
            words: "The Contact A is archived and cannot be used in transactions.", errorClass: "contact.archived",
            sentence: "was archived"),
        Refusal(words: "Something new under the sun", errorClass: "unknown", sentence: "not known here"),
    ]
}

@Suite(
    "What Xero refuses, by its words", .enabled(if: TestServers.areAvailable, "needs the private servers: make test"))
struct RefusalTests {
    @Test("every entry of the catalogue is produced by one of the refusals below")
    func isComplete() {
        let found = Set(Refusal.all.map { XeroErrorCatalogue.explain([$0.words]).errorClass })
        #expect(Set(XeroErrorCatalogue.classes).subtracting(found) == [])
        for refusal in Refusal.all {
            #expect(XeroErrorCatalogue.explain([refusal.words]).errorClass == refusal.errorClass)
        }
    }

    @Test("ends in the right place with the right sentence, and a retry is safe", .timeLimit(.minutes(5)))
    func refusals() async throws {
        try await withTemporaryDatabase(migrations: SchemaMigrations.all, configure: { $0.connections = 8 }) {
            database in
            try await WriterHarness.prepare(database)
            var left = Array(Refusal.all.enumerated())[...]
            try await withThrowingTaskGroup(of: (Refusal, [String]).self) { group in
                func next() async throws {
                    guard let (index, refusal) = left.popFirst() else { return }
                    let harness = try await WriterHarness(database: database, org: "r\(index)", store: "s\(index)")
                    group.addTask { (refusal, try await Self.problems(refusal, harness)) }
                }
                for _ in 0..<6 { try await next() }
                while let (refusal, problems) = try await group.next() {
                    #expect(problems == [], "\(refusal.words)")
                    try await next()
                }
            }
        }
    }

    /// Refuses for as long as it takes, looks at where the document ended, lifts the refusal and retries.
    private static func problems(_ refusal: Refusal, _ harness: WriterHarness) async throws -> [String] {
        let rule: JSONObject = ["kind": "rejected", "message": .string(refusal.words)]
        let cell = FaultCell(subject: refusal.subject, fault: .refused, harness: harness, rules: [rule], count: 1)
        let explanation = XeroErrorCatalogue.explain([refusal.words])
        return try await cell.run {
            let rows = try await harness.database.query(
                """
                SELECT l.class, l.message, l.suggestion, d.state, d.state_reason, d.kind
                FROM dead_letter l JOIN document d ON d.id = l.document_id WHERE l.org_id = \(harness.org)
                """)
            guard rows.count == 1, let row = rows.first else { return ["\(rows.count) dead letters instead of 1"] }
            var problems: [String] = []
            let words: (String) -> String = { row[$0] ?? "" }
            if words("state") != "dead" { problems.append("the document is \(words("state"))") }
            if words("class") != refusal.errorClass { problems.append("the class is \(words("class"))") }
            if !words("state_reason").contains(refusal.sentence) { problems.append("says \(words("state_reason"))") }
            if !words("state_reason").contains(refusal.words) { problems.append("Xero's words are missing") }
            if words("suggestion") != explanation.suggestion { problems.append("suggests \(words("suggestion"))") }
            return problems
        }
    }

    @Test("a contact whose e-mail address Xero refuses is made without it, and an audit row says so")
    func email() async throws {
        try await WriterHarness.run { harness in
            var orders = [SampleOrder(number: 1, customer: 1, email: "müller@exämple.com")]
            try await harness.plan(orders)
            try await harness.write()
            #expect(harness.discrepancies(orders) == [])
            #expect(harness.books["contacts"]?[0]?["EmailAddress"]?.string ?? "" == "")
            let cause = try await harness.value("SELECT cause FROM audit WHERE cause LIKE '%without it'")
            #expect(cause?.contains("Email address must be valid") == true)
            // A further order of the same customer does not try the address again.
            orders.append(SampleOrder(number: 2, customer: 1, email: "müller@exämple.com"))
            try await harness.plan(orders)
            try await harness.write()
            let puts = harness.calls["by_endpoint"]?["PUT /Contacts"]?["calls"]?.int ?? 0
            #expect(puts == 2)
            #expect(harness.calls["by_endpoint"]?["POST /Contacts"] == nil)
            #expect(harness.discrepancies(orders) == [])
        }
    }

    @Test("a tax that Xero rounds otherwise is stated before the payment is sent")
    func taxes() async throws {
        var settings = SimulatorSettings()
        settings.rounding = .halfEven
        try await WriterHarness.run(settings: settings) { harness in
            // 10 % of 1.25 is 0.125: 0.13 for the order, 0.12 for this Xero.
            let orders = [
                SampleOrder(
                    number: 1, customer: 1, net: ExactDecimal(units: 125, scale: 2),
                    tax: ExactDecimal(units: 13, scale: 2))
            ]
            try await harness.plan(orders)
            try await harness.write()
            #expect(harness.discrepancies(orders) == [])
            let invoice = harness.books["invoices"]?[0]
            #expect(invoice?["TotalTax"]?.decimal == ExactDecimal(units: 13, scale: 2))
            #expect(invoice?["Status"]?.string == "PAID")
            // The same order planned again wants nothing else.
            let change = try await harness.plan(orders, revision: 2)
            #expect(change.map(\.orderState) == [.posted])
            #expect(change.map(\.changed) == [0])
        }
    }
}
