public import Accounting

/// The rates of one currency against another, by day, as far as somebody needs them.
public struct DailyRates: Sendable, Hashable {
    /// A day's rate.
    public struct Entry: Sendable, Hashable {
        /// The day.
        public var day: CalendarDate
        /// How many units of the currency one of the base is worth.
        public var rate: ExactDecimal
    }

    /// The currency that one unit is of.
    public let base: Currency
    /// The currency that is counted.
    public let currency: Currency
    /// Oldest first.
    private let entries: [Entry]

    /// Makes rates.
    /// - Parameters:
    ///   - base: The currency that one unit is of.
    ///   - currency: The currency that is counted.
    ///   - rates: How many units of it one of the base is worth, by day.
    public init(base: Currency, currency: Currency, _ rates: [CalendarDate: ExactDecimal]) {
        self.base = base
        self.currency = currency
        entries = rates.map { Entry(day: $0.key, rate: $0.value) }.sorted { $0.day < $1.day }
    }

    /// The rate of a day, else of the latest day before it.
    /// - Parameters:
    ///   - day: The day.
    ///   - maxAgeDays: How many days before it the rate may be of.
    /// - Returns: `nil` if there is none.
    public func latest(on day: CalendarDate, maxAgeDays: Int) -> Entry? {
        guard let found = entries.last(where: { $0.day <= day }), found.day >= day.adding(days: -maxAgeDays) else {
            return nil
        }
        return found
    }
}
