public import Accounting
public import JSON

/// What should become of an order once everything has gone through.
public enum ExpectedOutcome: String, Sendable, Hashable, CaseIterable {
    /// In the books, to the cent.
    case posted
    /// Waiting for a person, with nothing in the books.
    case held
    /// Does not count (unpaid, cancelled, abandoned): nothing in the books.
    case ignored
}

/// What the books should show for one order.
public struct ExpectedBooks: Sendable, Hashable {
    /// The invoice's total.
    public var total: ExactDecimal
    /// The tax in it.
    public var tax: ExactDecimal
    /// The sum of its payments.
    public var paid: ExactDecimal
    /// The sum of its credit notes, each refunded in full.
    public var credited: ExactDecimal
    /// How many credit notes.
    public var creditNotes: Int
    /// Whether it was changed after payment. Then there may be documents for the difference, depending on what was in the books
    /// by then, and only the sum of all of them is certain.
    public var isChangedAfterPayment: Bool

    /// Books of their figures.
    public init(
        total: ExactDecimal, tax: ExactDecimal, paid: ExactDecimal, credited: ExactDecimal, creditNotes: Int,
        isChangedAfterPayment: Bool = false
    ) {
        self.total = total
        self.tax = tax
        self.paid = paid
        self.credited = credited
        self.creditNotes = creditNotes
        self.isChangedAfterPayment = isChangedAfterPayment
    }
}

/// What should become of one generated order.
public struct ExpectedOrder: Sendable {
    /// The order's id in its store.
    public let orderID: Int
    /// The number the shopper knows.
    public let number: String
    /// ISO 4217.
    public let currency: String
    /// Which of the stories it tells, e.g. "refunded by line".
    public let story: String
    /// Where it should end.
    public let outcome: ExpectedOutcome
    /// What the books should then show; nil unless posted.
    public let books: ExpectedBooks?
    /// The contact's identity, for counting new contacts.
    public let contact: String

    /// An expectation of its parts.
    public init(
        orderID: Int, number: String, currency: String, story: String, outcome: ExpectedOutcome, books: ExpectedBooks?,
        contact: String
    ) {
        self.orderID = orderID
        self.number = number
        self.currency = currency
        self.story = story
        self.outcome = outcome
        self.books = books
        self.contact = contact
    }
}

/// One save of an order in the store, which WooCommerce then tells by a webhook.
public struct OrderStep: Sendable {
    /// `order.created` or `order.updated`.
    public let topic: String
    /// The order as saved, without the dates of modification.
    public let order: JSONObject
    /// All its refunds so far, oldest first.
    public let refunds: [JSONObject]
}

/// An order's life: the steps in which it happens, and where it should end.
public struct OrderStory: Sendable {
    /// Where it should end.
    public let expected: ExpectedOrder
    /// In the order in which they happen in the store.
    public let steps: [OrderStep]
}
