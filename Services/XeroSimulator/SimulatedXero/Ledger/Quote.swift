import Accounting

/// An offer to a customer: no part of the books.
struct Quote: Sendable {
    /// Where a quote is in its life.
    enum Status: String, Sendable {
        case draft = "DRAFT", sent = "SENT", declined = "DECLINED", accepted = "ACCEPTED", invoiced = "INVOICED"
        case deleted = "DELETED"

        /// The statuses that it can be given next, besides the one it has.
        var next: [Status] {
            switch self {
            case .draft: [.sent, .deleted]
            case .sent: [.accepted, .declined, .deleted]
            case .declined: [.sent, .deleted]
            case .accepted: [.sent, .invoiced, .deleted]
            case .invoiced: [.sent, .deleted]
            case .deleted: []
            }
        }

        /// Whether what it offers may be changed.
        var isOpen: Bool { self == .draft || self == .sent }
    }

    /// What it offers, to whom.
    struct Content: Sendable, Equatable {
        var contactID: String
        var reference: String
        var title: String
        var summary: String
        var terms: String
        var date: CalendarDate
        var expiryDate: CalendarDate?
        var amountTypes: SalesDocument.AmountTypes
        var lines: [DocumentLine]
        var currency: String
    }

    let id: String
    var number: String
    var content: Content
    var status: Status
    var subTotal = ExactDecimal.zero
    var totalTax = ExactDecimal.zero
    var total = ExactDecimal.zero
    var updatedAt: Instant
}
