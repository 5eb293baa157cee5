import Accounting
import SimulatedWooCommerce

/// An order of the play and the store it belongs to.
struct PlayedOrder: Sendable {
    let store: PlayStore
    let expected: ExpectedOrder
    /// The file it came from, if it was recorded.
    var file: String?
    /// Whether the outcome is known beforehand; a recorded order may rightly be posted, held or ignored.
    var outcomeIsKnown = true

    var key: SaleKey { SaleKey(store: store.id, orderID: String(expected.orderID)) }
}

/// Which order of which store.
struct SaleKey: Sendable, Hashable {
    let store: String
    let orderID: String
}

/// What Counterfoil says of an order.
struct SaleRow: Sendable {
    let state: String
    let reason: String
    let findings: [String]
}

/// The comparison of what the stores sold, what Counterfoil says of it, and what is in the books.
struct Audit: Sendable {
    /// One sentence for each thing that does not tie.
    private(set) var discrepancies: [String] = []
    /// Orders that are where they should be.
    private(set) var settled = 0
    /// Orders that are not there yet.
    private(set) var pending = 0

    /// Compares everything.
    init(orders: [PlayedOrder], sales: [SaleKey: SaleRow], books: Books) {
        let invoices = Dictionary(grouping: books.invoices.filter(\.isLive), by: \.number)
        let creditNotes = Dictionary(grouping: books.creditNotes.filter(\.isLive)) { Self.orderPart(of: $0.number) }
        var known: Set<String> = []
        for order in orders {
            let number = order.store.invoiceNumber(order.expected.number)
            known.insert(number)
            let notes = creditNotes[order.store.creditNotePrefix(order.expected.number)] ?? []
            let found = findings(order, sale: sales[order.key], invoices: invoices[number] ?? [], notes: notes)
            if found.isEmpty { settled += 1 } else { pending += 1 }
            discrepancies += found.map { "\(order.store.id) order \(order.expected.number): \($0)" }
        }
        for number in invoices.keys.sorted() where !known.contains(number) {
            discrepancies.append("invoice \(number) belongs to no order of the play")
        }
        let prefixes = Set(orders.map { $0.store.creditNotePrefix($0.expected.number) })
        for (prefix, notes) in creditNotes where !prefixes.contains(prefix) {
            discrepancies += notes.map { "credit note \($0.number) belongs to no order of the play" }
        }
    }

    /// `CN-SHOP-1000-1001` without its last part.
    static func orderPart(of creditNoteNumber: String) -> String {
        guard let dash = creditNoteNumber.lastIndex(of: "-") else { return creditNoteNumber }
        return String(creditNoteNumber[...dash])
    }

    /// Whether all is as it should be.
    var ties: Bool { discrepancies.isEmpty }

    private func findings(
        _ order: PlayedOrder, sale: SaleRow?, invoices: [Books.Invoice], notes: [Books.CreditNote]
    ) -> [String] {
        guard let sale else { return ["Counterfoil does not know it"] }
        let outcome: ExpectedOutcome
        if order.outcomeIsKnown {
            outcome = order.expected.outcome
            // A cancelled order's plan is to have nothing: posted, once nothing of it is in the books.
            let isVoided = outcome == .ignored && sale.state == ExpectedOutcome.posted.rawValue
            guard sale.state == outcome.rawValue || isVoided else {
                let reason = sale.reason.isEmpty ? "" : " (\(sale.reason))"
                return ["is \(sale.state)\(reason), should be \(outcome.rawValue)"]
            }
        } else {
            guard let actual = ExpectedOutcome(rawValue: sale.state) else {
                return ["is \(sale.state)\(sale.reason.isEmpty ? "" : " (\(sale.reason))")"]
            }
            outcome = actual
        }
        guard outcome == .posted, let books = order.expected.books else {
            return invoices.isEmpty && notes.isEmpty ? [] : ["is \(outcome.rawValue), but has documents in the books"]
        }
        return Self.compare(books, currency: order.expected.currency, invoices: invoices, notes: notes)
    }

    private static func compare(
        _ expected: ExpectedBooks, currency: String, invoices: [Books.Invoice], notes: [Books.CreditNote]
    ) -> [String] {
        guard let invoice = invoices.first else { return ["has no invoice"] }
        guard invoices.count == 1 else { return ["has \(invoices.count) invoices"] }
        var findings: [String] = []
        func check(_ what: String, _ actual: ExactDecimal, _ expected: ExactDecimal) {
            if actual != expected { findings.append("\(what) is \(actual.fixed(2)), should be \(expected.fixed(2))") }
        }
        if invoice.currency != currency { findings.append("the invoice is in \(invoice.currency), not \(currency)") }
        check("the invoice's total", invoice.total, expected.total)
        check("the invoice's tax", invoice.tax, expected.tax)
        check("what is paid", invoice.paid, expected.paid)
        check("what is credited", notes.map(\.total).sum(), expected.credited)
        check("what is left of its credit notes", notes.map(\.remaining).sum(), .zero)
        if notes.count != expected.creditNotes {
            findings.append("has \(notes.count) credit notes, should have \(expected.creditNotes)")
        }
        return findings
    }
}
