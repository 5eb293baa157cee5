import Accounting
import JSON

/// The simulated Xero's books, as its control API shows them.
struct Books: Sendable {
    struct Invoice: Sendable {
        let number: String
        let status: String
        let currency: String
        let total: ExactDecimal
        let tax: ExactDecimal
        let paid: ExactDecimal
        let due: ExactDecimal

        var isLive: Bool { !["VOIDED", "DELETED"].contains(status) }
    }

    struct CreditNote: Sendable {
        let number: String
        let status: String
        let currency: String
        let total: ExactDecimal
        let tax: ExactDecimal
        let remaining: ExactDecimal

        var isLive: Bool { !["VOIDED", "DELETED"].contains(status) }
    }

    struct Payment: Sendable {
        let amount: ExactDecimal
        let isRefund: Bool
        /// The number of the invoice it pays, or of the credit note it refunds.
        let document: String
    }

    var contacts = 0
    var items = 0
    var invoices: [Invoice] = []
    var creditNotes: [CreditNote] = []
    var payments: [Payment] = []

    /// Reads `GET /_control/ledger`.
    init(_ ledger: JSONValue) {
        for org in ledger["orgs"]?.array ?? [] {
            contacts += org["contacts"]?.array?.count ?? 0
            items += org["items"]?.array?.count ?? 0
            invoices += (org["invoices"]?.array ?? []).map { Self.invoice($0) }
            creditNotes += (org["credit_notes"]?.array ?? []).map { Self.creditNote($0) }
            payments += (org["payments"]?.array ?? []).compactMap { Self.payment($0) }
        }
    }

    private static func amount(_ value: JSONValue, _ key: String) -> ExactDecimal { value[key]?.decimal ?? .zero }

    private static func text(_ value: JSONValue, _ key: String) -> String { value[key]?.string ?? "" }

    private static func invoice(_ value: JSONValue) -> Invoice {
        Invoice(
            number: text(value, "InvoiceNumber"), status: text(value, "Status"), currency: text(value, "CurrencyCode"),
            total: amount(value, "Total"), tax: amount(value, "TotalTax"), paid: amount(value, "AmountPaid"),
            due: amount(value, "AmountDue"))
    }

    private static func creditNote(_ value: JSONValue) -> CreditNote {
        CreditNote(
            number: text(value, "CreditNoteNumber"), status: text(value, "Status"),
            currency: text(value, "CurrencyCode"), total: amount(value, "Total"), tax: amount(value, "TotalTax"),
            remaining: amount(value, "RemainingCredit"))
    }

    private static func payment(_ value: JSONValue) -> Payment? {
        guard text(value, "Status") != "DELETED" else { return nil }
        let document = text(value["Invoice"] ?? .null, "InvoiceNumber")
        return Payment(
            amount: amount(value, "Amount"), isRefund: value["CreditNote"] != nil,
            document: document.isEmpty ? text(value["CreditNote"] ?? .null, "CreditNoteNumber") : document)
    }
}
