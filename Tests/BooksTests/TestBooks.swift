import Accounting
import JSON
import Mapping
import Xero

@testable import Ledger
@testable import SimulatedXero
@testable import XeroWriter

/// One organisation's books in the simulated Xero, written to with the writer's own elements.
struct TestBooks {
    /// The books themselves.
    private(set) var book: OrganisationBook
    /// Xero's ids by document key.
    private(set) var xeroIDs: [String: String] = [:]
    private let context: EntryContext

    /// Empty books, which are copied: making a chart of accounts takes longer than posting an order.
    private static let empty: OrganisationBook = {
        var definition = OrganisationDefinition(key: "main", country: "GB", currency: "EUR")
        definition.otherCurrencies = ["USD", "AUD", "GBP", "JPY", "KWD", "BHD"]
        definition.extraTaxRates = RecipeGenerator.taxRates.map {
            OrganisationDefinition.ExtraTaxRate(taxType: $0.key, name: $0.key, percent: $0.value.description)
        }
        return OrganisationBook(definition: definition, seed: 1, now: OrderBuilder.paidAt)
    }()

    init(rounding: Rounding) {
        book = Self.empty
        var settings = SimulatorSettings()
        settings.rounding = rounding
        context = EntryContext(now: OrderBuilder.paidAt, settings: settings, unitScale: 4)
    }

    /// A document that was just planned.
    static func document(_ planned: PlannedDocument, id: Int64 = 0) -> StoredDocument {
        StoredDocument(
            id: id, key: DocumentKey(planned.reference, orgID: "main", storeID: "shop"),
            orderID: planned.kind == .contact ? nil : "7", number: planned.number,
            machine: DocumentMachine(desiredVoid: planned.voided), desired: planned.desired,
            currency: planned.currency?.code, total: planned.total, totalTax: planned.tax, date: planned.date,
            lane: .live, attempts: 0, lookupFirst: false)
    }

    /// Carries out what is wanted of a document.
    /// - Returns: what Xero answers.
    mutating func send(_ document: StoredDocument) throws(Rejection) -> JSONValue {
        let shape = BatchShape(document.key.kind, document.machine.operation)
        let composition = BatchComposer(shape: shape, xeroIDs: xeroIDs).compose([document])
        if let blocked = composition.blocked.first { throw Rejection("\(document.key) needs \(blocked.missing)") }
        guard let element = composition.elements.first?.object else { throw Rejection("no element") }
        let mode = shape.operation == .create ? EntryMode.create : .upsert
        let detail = RenderingDetail(unitScale: 4)
        let answer: JSONObject
        switch document.key.kind {
        case .contact:
            answer = book.render(try ContactEntry.enter(element, mode: mode, into: &book, context: context), detail)
        case .invoice: answer = try enter(element, .invoice, mode, detail)
        case .creditNote: answer = try enter(element, .creditNote, mode, detail)
        case .payment, .refund:
            answer = book.render(try PaymentEntry.enter(element, into: &book, context: context), detail)
        case .item:
            answer = book.render(try ItemEntry.enter(element, mode: mode, into: &book, context: context), detail)
        case .quote:
            var entry = QuoteEntry(mode: mode, context: context)
            answer = book.render(try entry.enter(element, into: &book), detail)
        case .allocation: throw Rejection("no plan makes allocations")
        }
        let field = BatchComposer.collection(document.key.kind).idField
        if let id = answer[field]?.string { xeroIDs[document.key.text] = id }
        return .object(answer)
    }

    private mutating func enter(
        _ element: JSONObject, _ kind: SalesDocument.Kind, _ mode: EntryMode, _ detail: RenderingDetail
    ) throws(Rejection) -> JSONObject {
        var entry = DocumentEntry(kind: kind, mode: mode, context: context)
        return book.render(try entry.enter(element, into: &book), detail)
    }

    /// Closes the books up to a day: nothing of it or before may be entered or changed.
    mutating func close(through day: String) { book.definition.periodLockDate = day }

    // MARK: Looking

    /// Documents that count.
    func live(_ kind: SalesDocument.Kind) -> [SalesDocument] {
        book.documents(kind).records.filter { !$0.status.isOver }
    }

    /// Quotes that are open, by what they come to.
    var openQuotes: [String] {
        book.quotes.records.filter { [.draft, .sent, .accepted].contains($0.status) }
            .map { "\($0.content.currency) \($0.total.fixed(2)), tax \($0.totalTax.fixed(2))" }
    }

    /// What is due of invoices, less what is left of credit notes.
    var balance: ExactDecimal {
        live(.invoice).map(\.outstanding).sum() - live(.creditNote).map(\.outstanding).sum()
    }

    /// What came in and went out, by account.
    var cash: [String: ExactDecimal] {
        var cash: [String: ExactDecimal] = [:]
        for payment in book.payments.records where !payment.isDeleted {
            let code = book.account(payment.accountID)?.code ?? ""
            cash[code, default: .zero] += payment.targetKind == .invoice ? payment.amount : -payment.amount
        }
        return cash.filter { !$0.value.isZero }
    }

    /// What was sold less what was taken back, without tax and the tax on it, by contact, currency, account and tax type.
    var sales: [String: [ExactDecimal]] {
        var sales: [String: [ExactDecimal]] = [:]
        for (kind, sign) in [(SalesDocument.Kind.invoice, ExactDecimal(1)), (.creditNote, ExactDecimal(-1))] {
            for document in live(kind) {
                for line in document.lines {
                    let key = [
                        book.contacts[document.contactID]?.number ?? "", document.currency, line.accountCode ?? "",
                        line.taxType ?? "",
                    ].joined(separator: "|")
                    let former = sales[key] ?? [.zero, .zero]
                    sales[key] = [former[0] + line.lineAmount * sign, former[1] + line.taxAmount * sign]
                }
            }
        }
        return sales.filter { !$0.value.allSatisfy(\.isZero) }
    }
}
