/// Whose rate converts what is sold in another currency than the organisation's: `currency_rates:` of a mapping.
public struct CurrencyRateSettings: Sendable, Hashable {
    /// Where rates come from.
    public enum Source: String, Sendable, Hashable, CaseIterable {
        /// Xero takes its own rate of the document's day.
        case xero
        /// The rate that the storefront states in the order.
        case store
        /// The table of daily rates that was imported.
        case table
    }

    /// Where rates come from.
    public var source: Source
    /// How many days before a document's day the rate may be of, where the table has none of the day itself.
    public var maxAgeDays: Int

    /// Makes settings.
    public init(source: Source = .xero, maxAgeDays: Int = 7) {
        self.source = source
        self.maxAgeDays = maxAgeDays
    }

    /// The keys of `currency_rates:`.
    static let keys = ["source", "max_age_days"]

    init(_ reader: MappingReader) {
        source = reader.choice("source", Source.self) ?? .xero
        maxAgeDays = reader.integer("max_age_days", in: 0...31) ?? 7
    }
}
