/// What an order is until it is paid; paid, it is an invoice in any case.
public enum OrderDocument: String, Sendable, Hashable, CaseIterable {
    /// An invoice.
    case invoice
    /// A quote.
    case quote
}

/// The statuses a quote can be posted in.
public enum QuoteStatus: String, Sendable, Hashable, CaseIterable {
    /// Somebody sends it from Xero.
    case draft = "DRAFT"
    /// Marked as sent to the customer.
    case sent = "SENT"
}

/// What mappings say of orders that are not paid.
public struct QuoteSettings: Sendable, Hashable {
    /// What an order is until it is paid; an invoice unless given.
    public var document: OrderDocument?
    /// How quotes are posted; drafts unless given.
    public var status: QuoteStatus?
    /// Days from a quote's date to the day it expires, 0 to 365; unless given it does not expire.
    public var expiryDays: Int?

    /// The days a quote may be open for.
    static let days = 0...365

    init(_ reader: MappingReader) {
        document = reader.choice("document", OrderDocument.self)
        status = reader.choice("quote_status", QuoteStatus.self)
        expiryDays = reader.integer("expiry_days", in: Self.days)
    }
}
