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
        let known = Set(orders.map { $0.store.invoiceNumber($0.expected.number) })
        let invoices = Dictionary(grouping: books.invoices.filter(\.isLive)) {
            Self.orderPart(of: $0.number, known: known)
        }
        let creditNotes = Dictionary(grouping: books.creditNotes.filter(\.isLive)) {
            Self.orderPart(ofCreditNote: $0.number, known: known)
        }
        for order in orders {
            let number = order.store.invoiceNumber(order.expected.number)
            let found = findings(
                order, sale: sales[order.key], invoices: invoices[number] ?? [], notes: creditNotes[number] ?? [])
            if found.isEmpty { settled += 1 } else { pending += 1 }
            discrepancies += found.map { "\(order.store.id) order \(order.expected.number): \($0)" }
        }
        for number in invoices.keys.sorted() where !known.contains(number) {
            discrepancies.append("invoice \(number) belongs to no order of the play")
        }
        for (number, notes) in creditNotes where !known.contains(number) {
            discrepancies += notes.map { "credit note \($0.number) belongs to no order of the play" }
        }
    }

    /// `SHOP-1000.2` without the part that numbers the order's revisions.
    static func orderPart(of number: String, known: Set<String>) -> String {
        guard !known.contains(number), let dot = number.lastIndex(of: ".") else { return number }
        let base = String(number[..<dot])
        return known.contains(base) ? base : number
    }

    /// `CN-SHOP-1000-1001` and `CN-SHOP-1000.2` as the number of the order's first invoice.
    static func orderPart(ofCreditNote number: String, known: Set<String>) -> String {
        guard number.hasPrefix("CN-") else { return number }
        let rest = String(number.dropFirst(3))
        let order = orderPart(of: rest, known: known)
        guard !known.contains(order), let dash = rest.lastIndex(of: "-") else { return order }
        return String(rest[..<dash])
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
        if expected.isChangedAfterPayment {
            return compareSums(expected, currency: currency, invoices: invoices, notes: notes)
        }
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

    /// Of an order that was changed after payment: what all documents come to, all of them settled.
    private static func compareSums(
        _ expected: ExpectedBooks, currency: String, invoices: [Books.Invoice], notes: [Books.CreditNote]
    ) -> [String] {
        var findings: [String] = []
        func check(_ what: String, _ actual: ExactDecimal, _ expected: ExactDecimal) {
            if actual != expected { findings.append("\(what) is \(actual.fixed(2)), should be \(expected.fixed(2))") }
        }
        if let other = (invoices.map(\.currency) + notes.map(\.currency)).first(where: { $0 != currency }) {
            findings.append("a document is in \(other), not \(currency)")
        }
        let credited = notes.map(\.total).sum()
        check("the sum of its documents", invoices.map(\.total).sum() - credited, expected.total - expected.credited)
        check("the tax of its documents", invoices.map(\.tax).sum() - notes.map(\.tax).sum(), expected.tax)
        check("what is paid less what was paid back", invoices.map(\.paid).sum() - credited, expected.paid)
        check("what is left of its credit notes", notes.map(\.remaining).sum(), .zero)
        return findings
    }
}
