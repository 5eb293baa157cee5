/// The collections of the accounting API that documents are written to.
public enum XeroCollection: String, Sendable, Hashable, CaseIterable {
    /// Customers.
    case contacts = "Contacts"
    /// Sales invoices.
    case invoices = "Invoices"
    /// Payments of invoices, and refunds: payments of credit notes.
    case payments = "Payments"
    /// Credit notes.
    case creditNotes = "CreditNotes"
    /// Allocations of a credit note to invoices; they live below the credit note.
    case allocations = "Allocations"
    /// What is sold.
    case items = "Items"
    /// Quotes.
    case quotes = "Quotes"

    /// The member that holds an element's id.
    public var idField: String {
        switch self {
        case .contacts: "ContactID"
        case .invoices: "InvoiceID"
        case .payments: "PaymentID"
        case .creditNotes: "CreditNoteID"
        case .allocations: "AllocationID"
        case .items: "ItemID"
        case .quotes: "QuoteID"
        }
    }

    /// The member that is ours to choose and tells elements of one collection apart; nil if there is none.
    public var naturalField: String? {
        switch self {
        case .contacts: "ContactNumber"
        case .invoices: "InvoiceNumber"
        case .payments: "Reference"
        case .creditNotes: "CreditNoteNumber"
        case .allocations: nil
        case .items: "Code"
        case .quotes: "QuoteNumber"
        }
    }

    /// The elements of a page: what is asked for, or of quotes what Xero gives.
    public var pageSize: Int { self == .quotes ? 100 : 1000 }

    /// Whether what is archived is listed only if asked for.
    public var hasArchive: Bool { self == .contacts || self == .invoices }

    /// Whether writes take `unitdp=4`, without which unit prices are rounded to two decimals before lines are computed. Those
    /// of quotes always have four.
    public var takesUnitDecimals: Bool {
        self == .invoices || self == .creditNotes || self == .items
    }
}
