import Accounting
import JSON

/// The rates by which Xero converts an order's documents into the organisation's own currency.
///
/// Source: Xero Accounting API, CurrencyRate of invoices, credit notes and payments: units of the document's currency for one of
/// the organisation's, at most six decimals; without it Xero takes its own rate of the day.
struct DocumentRates: Sendable, Hashable {
    /// The rate of one document.
    struct Rate: Sendable, Hashable {
        /// The rate; `nil` where Xero takes its own.
        let value: ExactDecimal?
        /// The rate in words, such as `1 AUD = 0.6512 USD`.
        let text: String
        /// What decided it.
        let because: String

        /// As Xero takes it.
        var element: JSONValue? {
            value.flatMap { JSONNumber(text: $0.description) }.map(JSONValue.number)
        }

        /// As documents keep it.
        var decision: Decision { Decision(field: "rate", value: text, because: because) }
    }

    private enum Way: Hashable {
        /// Nothing is converted, or nobody knows.
        case none
        case xero(Rate)
        case store(Rate)
        case table(base: Currency, currency: Currency, DailyRates?, maxAgeDays: Int)
    }

    /// Nothing is converted.
    static let none = DocumentRates(way: .none)

    private let way: Way

    private init(way: Way) { self.way = way }

    /// Finds where the rates of some documents come from.
    /// - Parameters:
    ///   - currency: The currency of the documents.
    ///   - settings: What the mapping says.
    ///   - org: The organisation.
    ///   - stated: The rate that the storefront states, if it does.
    ///   - table: The imported rates of this currency, as far as the documents may need them.
    init(
        _ currency: Currency, _ settings: CurrencyRateSettings, org: OrgSettings, stated: StatedRate? = nil,
        table: DailyRates? = nil
    ) throws(Hold) {
        guard let base = org.baseCurrency else {
            // Xero takes its own rate, if any is needed.
            guard settings.source == .xero else {
                throw Hold(
                    "it is not known yet what the organisation's own currency is, so no rate can be chosen: "
                        + "counterfoil xero accounts \(org.orgID)")
            }
            way = .none
            return
        }
        guard currency != base else {
            way = .none
            return
        }
        switch settings.source {
        case .xero:
            way = .xero(Rate(value: nil, text: "Xero's of the day", because: "mapping.currency_rates (default: xero)"))
        case .store: way = .store(try Self.rate(stated, of: currency, base: base))
        case .table: way = .table(base: base, currency: currency, table, maxAgeDays: settings.maxAgeDays)
        }
    }

    private static func rate(_ stated: StatedRate?, of currency: Currency, base: Currency) throws(Hold) -> Rate {
        let other = "set mapping.currency_rates.source to table or xero"
        guard let stated else {
            throw Hold("the order is in \(currency), and the store states no rate for it; \(other)")
        }
        guard stated.base == base else {
            throw Hold(
                "the store states the rate of \(currency) against \(stated.base), but the organisation keeps its books "
                    + "in \(base); \(other)")
        }
        guard let rate = rate(stated.perBase, of: currency, base, "the store's rate (mapping.currency_rates)") else {
            throw Hold("the store states a rate of \(stated.perBase.normalized) \(currency) for 1 \(base); \(other)")
        }
        return rate
    }

    /// `nil` if Xero can take no such rate.
    private static func rate(
        _ value: ExactDecimal, of currency: Currency, _ base: Currency, _ because: String
    ) -> Rate? {
        let rounded = value.rounded(scale: 6).normalized
        guard rounded > .zero else { return nil }
        return Rate(value: rounded, text: "1 \(base) = \(rounded) \(currency)", because: because)
    }

    /// The rate of a document.
    /// - Parameter day: The document's date.
    /// - Returns: `nil` where nothing is converted.
    func rate(on day: CalendarDate) throws(Hold) -> Rate? {
        switch way {
        case .none: return nil
        case .xero(let rate), .store(let rate): return rate
        case .table(let base, let currency, let table, let maxAgeDays):
            if let entry = table?.latest(on: day, maxAgeDays: maxAgeDays),
                let rate = Self.rate(
                    entry.rate, of: currency, base, "the table's rate of \(entry.day) (mapping.currency_rates)")
            {
                return rate
            }
            let before = maxAgeDays == 0 ? "" : ", nor for the \(maxAgeDays) days before"
            throw Hold(
                "the table has no rate of \(currency) for \(day)\(before): counterfoil rates import FILE --base \(base)"
            )
        }
    }
}
