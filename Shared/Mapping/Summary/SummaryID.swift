public import Accounting

/// Which summary: of what day, in what currency, and the how manieth of them.
///
/// Its text, such as `day:2026-11-20:AUD`, stands where an order's id stands otherwise: in document keys, and as the order that
/// the documents belong to.
public struct SummaryID: Sendable, Hashable, CustomStringConvertible {
    /// The day whose date the documents have.
    public let day: CalendarDate
    /// The currency of all amounts.
    public let currency: Currency
    /// 1 for what was posted when the day closed; 2, 3, ... for what was added to it later.
    public let number: Int

    private static let prefix = "day:"

    /// Names a summary.
    /// - Parameters:
    ///   - day: The day whose date the documents have.
    ///   - currency: The currency of all amounts.
    ///   - number: Which of the day's summaries, from 1.
    public init(day: CalendarDate, currency: Currency, number: Int = 1) {
        self.day = day
        self.currency = currency
        self.number = number
    }

    /// Reads `day:2026-11-20:AUD` or `day:2026-11-20:AUD:2`; `nil` for the id of an order.
    public init?(_ text: String) {
        guard text.hasPrefix(Self.prefix) else { return nil }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 3 || parts.count == 4, let day = CalendarDate(parts[1]),
            let currency = Currency(String(parts[2]))
        else { return nil }
        self.init(day: day, currency: currency)
        guard parts.count == 4 else { return }
        guard let number = Int(parts[3]), number > 1 else { return nil }
        self = SummaryID(day: day, currency: currency, number: number)
    }

    /// `day:2026-11-20:AUD`, with the number behind it from the second on.
    public var text: String { "\(Self.prefix)\(day):\(currency.code)\(number > 1 ? ":\(number)" : "")" }

    /// The same as ``text``.
    public var description: String { text }

    /// As it is called in Xero: `2026-11-20 AUD`.
    var title: String { "\(day) \(currency.code)\(number > 1 ? ", addition \(number - 1)" : "")" }

    /// What follows the store's prefix in an invoice's number.
    public var documentNumber: String { "DAY-\(day)-\(currency.code)\(number > 1 ? ".\(number)" : "")" }
}
