public import Accounting
public import JSON

/// What an order should become.
public enum PlanOutcome: Sendable, Hashable {
    /// Nothing, for now: its status does not count. The order is planned again when it changes.
    case ignored(reason: String)
    /// Nothing until a person has looked at it: what is wrong in a sentence, and the arithmetic behind it.
    case held(reason: String, findings: [String])
    /// These documents.
    case planned(OrderPlan)

    /// Whether what is planned is posted by itself; what is not planned has no mode.
    public var posting: PostingMode? {
        guard case .planned(let plan) = self else { return nil }
        return plan.posting
    }
}

/// The documents an order should have in Xero.
public struct OrderPlan: Sendable, Hashable {
    /// The documents, each after what it depends on: contact, items, invoice, payments, credit notes, refunds or allocations;
    /// or contact, items and quote.
    public var documents: [PlannedDocument]
    /// Of an order that is a quote: the documents it has instead if Xero has an invoice of it already.
    public var onceInvoiced: [PlannedDocument] = []
    /// Whether the order is paid.
    public var isPaid: Bool
    /// The day of the order's last change: what is posted for a change has this date.
    public var changedOn: CalendarDate?
    /// The percent that Xero applies for a tax type, where it was relied on.
    public var taxRates: [String: ExactDecimal]
    /// Whether the documents are posted, or what they come to is summed up with other orders.
    public var posting = PostingMode.eachOrder
    /// How many payments of money the order has; gift cards and store credit are none.
    public var moneyTenders = 0
    /// By which rates the documents are converted, and any that are made of them.
    var rates = DocumentRates.none

    /// Makes a plan.
    /// - Parameters:
    ///   - documents: The documents, each after what it depends on.
    ///   - isPaid: Whether the order is paid; if not given, whether it has payments.
    ///   - changedOn: The day of the order's last change.
    ///   - taxRates: The percent that Xero applies for a tax type, where it was relied on.
    public init(
        documents: [PlannedDocument], isPaid: Bool? = nil, changedOn: CalendarDate? = nil,
        taxRates: [String: ExactDecimal] = [:]
    ) {
        self.documents = documents
        self.isPaid = isPaid ?? documents.contains { $0.kind == .payment }
        self.changedOn = changedOn
        self.taxRates = taxRates
    }

    /// The documents of one kind, in order.
    public func documents(of kind: DocumentKind) -> [PlannedDocument] { documents.filter { $0.kind == kind } }
}

/// One document an order should have in Xero.
public struct PlannedDocument: Sendable, Hashable {
    /// The kind of document.
    public var kind: DocumentKind
    /// The storefront's document: an order's id, a refund's id, or who the customer is.
    public var sourceID: String
    /// Numbers what one source may rightly have several of.
    public var part: String
    /// The InvoiceNumber, CreditNoteNumber, QuoteNumber or item's Code; `nil` for what has no number of ours.
    public var number: String?
    /// The Xero element, without what only Xero knows: other documents stand in it as `{"$contact": KEY}`,
    /// `{"$invoice": KEY}` and `{"$creditNote": KEY}`, KEY being the ``DocumentKey/text`` of the document meant.
    public var desired: JSONValue
    /// What must be in Xero before this can be.
    public var dependsOn: [DocumentKeyRef]
    /// What should be in Xero before this, and is done without once Xero has refused it.
    public var prefers: [DocumentKeyRef] = []
    /// The currency of the amounts; `nil` for a contact.
    public var currency: Currency?
    /// The amount, tax included; `nil` for a contact.
    public var total: ExactDecimal?
    /// The tax in it; `nil` for what has none of its own.
    public var tax: ExactDecimal?
    /// The document's date; `nil` for a contact.
    public var date: CalendarDate?
    /// What decided the document's fields.
    public var decisions: [Decision] = []
    /// Whether the document should not be there: voided if it was posted, never posted if it was not.
    public var voided: Bool
    /// Whether it is a quote of which there is an invoice: it keeps what it says, and is marked as invoiced.
    public var isInvoiced = false

    /// The status of a quote that became an invoice.
    public static let invoicedStatus = "INVOICED"

    /// Kind, source and part.
    public var reference: DocumentKeyRef { DocumentKeyRef(kind: kind, sourceID: sourceID, part: part) }

    /// Makes a planned document.
    /// - Parameters:
    ///   - reference: Kind, source and part.
    ///   - number: The document's number, if it has one of ours.
    ///   - desired: The Xero element.
    ///   - dependsOn: What must be in Xero before.
    ///   - amounts: Currency, total, tax and date; `nil` for a contact.
    ///   - voided: Whether the document should not be there.
    public init(
        _ reference: DocumentKeyRef, number: String? = nil, desired: JSONValue, dependsOn: [DocumentKeyRef] = [],
        amounts: DocumentAmounts? = nil, voided: Bool = false
    ) {
        kind = reference.kind
        sourceID = reference.sourceID
        part = reference.part
        self.number = number
        self.desired = desired
        self.dependsOn = dependsOn
        currency = amounts?.currency
        total = amounts?.total
        tax = amounts?.tax
        date = amounts?.date
        self.voided = voided
    }
}

/// The figures of a document.
public struct DocumentAmounts: Sendable, Hashable {
    /// The currency of the amounts.
    public var currency: Currency
    /// The amount, tax included.
    public var total: ExactDecimal
    /// The tax in it, if the document has tax of its own.
    public var tax: ExactDecimal?
    /// The document's date.
    public var date: CalendarDate

    /// Makes the figures of a document.
    public init(currency: Currency, total: ExactDecimal, tax: ExactDecimal?, date: CalendarDate) {
        self.currency = currency
        self.total = total
        self.tax = tax
        self.date = date
    }
}
