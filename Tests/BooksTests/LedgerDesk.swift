import Accounting
import JSON
import Mapping

@testable import Ledger
@testable import SimulatedXero
@testable import XeroWriter

/// One order's documents and Xero's books: plans come in, documents go out, in any order and at any time.
struct LedgerDesk {
    private(set) var books: TestBooks
    private var documents: [String: StoredDocument] = [:]
    /// What Xero answered and is not known yet.
    private var answers: [String: JSONValue] = [:]
    /// Why the last plan could not be written; nil if it could.
    private(set) var objection: String?

    init(rounding: Rounding = .halfUp) { books = TestBooks(rounding: rounding) }

    var invoiceDate: CalendarDate? {
        documents.values.filter { $0.key.kind == .invoice && ![.voided, .superseded].contains($0.machine.state) }
            .compactMap(\.date).min()
    }

    /// Makes the documents what a plan wants.
    mutating func write(_ plan: OrderPlan) throws {
        let invoice = DocumentKey(orgID: "main", storeID: "shop", kind: .invoice, sourceID: "7", part: "1")
        let standing = documents.values.filter { $0.orderID != nil }.map { StandingDocument($0, mappingVersion: 1) }
        objection = nil
        switch PlanRevision.revise(plan, standing: standing, order: invoice) {
        case .objection(let reason): objection = reason
        case .plan(let plan):
            for planned in plan.documents { try write(planned) }
            let wanted = Set(plan.documents.map(text(of:)))
            for (key, var document) in documents
            where !wanted.contains(key) && document.orderID != nil && !document.isInXero {
                try document.machine.handle(.removedFromPlan)
                documents[key] = document
            }
        }
    }

    private func text(of planned: PlannedDocument) -> String {
        DocumentKey(planned.reference, orgID: "main", storeID: "shop").text
    }

    private mutating func write(_ planned: PlannedDocument) throws {
        let key = text(of: planned)
        guard var document = documents[key] else {
            if planned.voided { return }
            var document = TestBooks.document(planned)
            document.mappingVersion = 1
            try document.machine.handle(.planned(changed: false, void: false, blocked: false))
            documents[key] = document
            return
        }
        if planned.isInvoiced { return try markInvoiced(document) }
        let changed = !planned.voided && document.desired != planned.desired
        if changed {
            document.setDesired(planned.desired)
            document.total = planned.total
            document.totalTax = planned.tax
            document.date = planned.date
        }
        try document.machine.handle(.planned(changed: changed, void: planned.voided, blocked: false))
        documents[key] = document
    }

    private mutating func markInvoiced(_ document: StoredDocument) throws {
        var document = document
        let desired = document.desired.setting("Status", to: .string(PlannedDocument.invoicedStatus))
        let changed = document.desired != desired
        document.setDesired(desired)
        try document.machine.handle(.planned(changed: changed, void: false, blocked: false))
        documents[document.key.text] = document
    }

    /// Sends at most so many documents, what others need first.
    /// - Parameters:
    ///   - limit: how many.
    ///   - isAnsweredLate: whether the answers become known only when the next ones are sent: until then nobody knows whether
    ///     Xero has the documents.
    mutating func send(_ limit: Int, isAnsweredLate: Bool = false) throws {
        try learn()
        // A quote takes several calls to its end.
        let stages: [DocumentKind] = [
            .contact, .invoice, .payment, .creditNote, .refund, .quote, .quote, .quote, .quote,
        ]
        var sent = 0
        for kind in stages {
            for (key, var document) in documents.sorted(by: { $0.key < $1.key })
            where document.key.kind == kind && document.machine.state == .ready && sent < limit && hasAll(document) {
                answers[key] = try books.send(document)
                try document.machine.handle(.selected)
                documents[key] = document
                sent += 1
                if !isAnsweredLate { try learn() }
            }
        }
    }

    /// Whether everything that a document names is in Xero as it is wanted.
    private func hasAll(_ document: StoredDocument) -> Bool {
        let links = [("Contact", "$contact"), ("Invoice", "$invoice"), ("CreditNote", "$creditNote")]
        return links.allSatisfy { member, link in
            guard let key = document.desired[member]?[link]?.string else { return true }
            return documents[key]?.machine.state == .posted
        }
    }

    private mutating func learn() throws {
        for (key, answer) in answers {
            guard var document = documents[key] else { continue }
            try document.machine.handle(.posted)
            if document.isOnItsWay(answer), document.machine.state != .voided {
                let isVoid = document.machine.desiredVoid
                try document.machine.handle(.planned(changed: true, void: isVoid, blocked: true))
            }
            document.setPosted(answer, id: books.xeroIDs[key] ?? "")
            try document.machine.handle(.unblocked)
            documents[key] = document
        }
        answers = [:]
    }

    /// Closes the books up to a day.
    mutating func close(through day: String) { books.close(through: day) }

    /// The dates of the documents that count, by number.
    var dates: [String: String] {
        Dictionary(
            (books.live(.invoice) + books.live(.creditNote)).map { ($0.number, $0.date.description) },
            uniquingKeysWith: { first, _ in first })
    }

    /// What the books say, whatever the documents are.
    var summary: Summary {
        Summary(
            sales: books.sales, cash: books.cash, balance: books.balance.normalized, quotes: books.openQuotes)
    }

    struct Summary: Hashable {
        let sales: [String: [ExactDecimal]]
        let cash: [String: ExactDecimal]
        let balance: ExactDecimal
        let quotes: [String]
    }

    /// Documents by number, for looking at them.
    var numbers: [String] {
        (books.live(.invoice) + books.live(.creditNote)).map { "\($0.number) \($0.total.fixed(2))" }.sorted()
    }
}
