/// Whether orders are posted one by one or summed up, by day or by payout.
public enum PostingMode: String, Sendable, Hashable, CaseIterable {
    /// Each order has documents of its own.
    case eachOrder = "each_order"
    /// What was sold and refunded on a day is one document each.
    case dailySummary = "daily_summary"
    /// What a provider pays out is one document, with its fees.
    case payoutSummary = "payout_summary"
}

/// How a store's days are summed up: `summary:` of its mapping.
public struct SummarySettings: Sendable, Hashable {
    /// What becomes of what is learnt of a day that was posted already.
    public enum Late: String, Sendable, Hashable, CaseIterable {
        /// It is posted with the day on which it was learnt.
        case nextDay = "next_day"
        /// It is posted in a further document with the day's own date.
        case adjust
    }

    /// The name of the contact of all summaries; `Daily sales of STORE` where the mapping does not say.
    public var contact: String?
    /// What becomes of what is learnt of a day that was posted already.
    public var late: Late

    /// Makes settings.
    public init(contact: String? = nil, late: Late = .nextDay) {
        self.contact = contact
        self.late = late
    }

    /// The keys of `summary:`.
    static let keys = ["contact", "late"]

    init(_ reader: MappingReader) {
        contact =
            reader["contact"] == nil
            ? nil : reader.word("contact", what: "a contact's name, such as \"Daily sales\"", limit: 200)
        late = reader.choice("late", Late.self) ?? .nextDay
    }
}
