import Accounting
import JSON

/// A contact of an organisation.
struct Contact: Sendable {
    let id: String
    var name: String
    /// The name as Xero compares names: without case and accents.
    var nameKey: String
    var number: String?
    var isArchived = false
    var mergedInto: String?
    /// Whether the person asked to be erased; such a contact is archived for good.
    var isErased = false
    /// The remaining members, as they were sent.
    var details: JSONObject
    var updatedAt: Instant

    /// Its status as Xero words it.
    var status: String { isErased ? "GDPRREQUEST" : isArchived ? "ARCHIVED" : "ACTIVE" }
}

/// A line of an invoice or credit note.
struct DocumentLine: Sendable, Equatable {
    var id: String
    var description: String?
    var quantity: ExactDecimal
    var unitAmount: ExactDecimal
    var itemCode: String?
    var accountCode: String?
    var taxType: String?
    var taxAmount: ExactDecimal
    var lineAmount: ExactDecimal
    var discountRate: ExactDecimal?
    var discountAmount: ExactDecimal?
    var tracking: [JSONValue]
    /// A line that is only text carries no amounts and no account.
    var isTextOnly: Bool
}

/// An invoice or a credit note.
struct SalesDocument: Sendable {
    /// Which of the two it is.
    enum Kind: Sendable { case invoice, creditNote }

    /// Where a document is in its life.
    enum Status: String, Sendable {
        case draft = "DRAFT", submitted = "SUBMITTED", authorised = "AUTHORISED", paid = "PAID", voided = "VOIDED"
        case deleted = "DELETED"

        /// Whether it counts in the books.
        var isPosted: Bool { self == .authorised || self == .paid }
        /// Whether it is gone for good.
        var isOver: Bool { self == .voided || self == .deleted }
    }

    /// Whether amounts of lines contain tax.
    enum AmountTypes: String, Sendable { case exclusive = "Exclusive", inclusive = "Inclusive", noTax = "NoTax" }

    let id: String
    let kind: Kind
    var type: String
    var number: String
    var reference: String
    var url: String?
    var contactID: String
    var date: CalendarDate
    var dueDate: CalendarDate?
    var amountTypes: AmountTypes
    var lines: [DocumentLine]
    var currency: String
    var currencyRate: ExactDecimal
    var status: Status
    var brandingThemeID: String?
    var sentToContact: Bool
    var subTotal = ExactDecimal.zero
    var totalTax = ExactDecimal.zero
    var total = ExactDecimal.zero
    var paid = ExactDecimal.zero
    var credited = ExactDecimal.zero
    var paymentIDs: [String] = []
    var allocationIDs: [String] = []
    var fullyPaidOn: CalendarDate?
    var updatedAt: Instant

    /// What is still due, or the credit that remains.
    var outstanding: ExactDecimal { total - paid - credited }

    /// Whether payments or credit protect it from being changed.
    var isSettledInPart: Bool { !paymentIDs.isEmpty || !allocationIDs.isEmpty }
}

/// Money received for an invoice, or paid back for a credit note.
struct Payment: Sendable {
    let id: String
    let targetKind: SalesDocument.Kind
    let targetID: String
    let accountID: String
    let date: CalendarDate
    let amount: ExactDecimal
    let currencyRate: ExactDecimal
    let reference: String?
    var isReconciled: Bool
    var isDeleted = false
    var updatedAt: Instant
}

/// A part of a credit note used to settle an invoice.
struct Allocation: Sendable {
    let id: String
    let creditNoteID: String
    let invoiceID: String
    let amount: ExactDecimal
    let date: CalendarDate
}

/// A price list item.
struct Item: Sendable {
    let id: String
    var code: String
    var isDeleted = false
    /// The remaining members, as they were sent.
    var details: JSONObject
    var updatedAt: Instant

    private var sales: JSONObject? { details.present("SalesDetails")?.object }

    /// The account of its sales.
    var salesAccount: String? { sales?.filled("AccountCode") }

    /// What one costs.
    var salesPrice: ExactDecimal? { sales?.decimal("UnitPrice") }

    /// Whether its stock is counted.
    var isTracked: Bool {
        details.filled("InventoryAssetAccountCode") != nil
            && details.present("PurchaseDetails")?.object?.filled("COGSAccountCode") != nil
    }
}
