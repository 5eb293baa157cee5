import Accounting
import JSON

extension OrganisationBook {
    /// How many quotes a page has; nobody can ask for more.
    private static let quotesOnAPage = 100

    /// A quote by its number.
    func quote(number: String) -> Quote? { quotesByNumber[number].flatMap { quotes[$0] } }

    /// Stores a quote and its number.
    mutating func put(_ quote: Quote, replacing old: Quote?) {
        if let old, old.number != quote.number { quotesByNumber[old.number] = nil }
        quotes.put(quote, id: quote.id)
        quotesByNumber[quote.number] = quote.id
    }

    /// The next automatic number nobody uses yet.
    func nextQuoteNumber() -> String {
        var position = quotes.count
        while true {
            position += 1
            let digits = String(position)
            let number = "QU-" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
            if quotesByNumber[number] == nil { return number }
        }
    }

    /// The quotes that a query asks for, a page of them if it asks for a page.
    func listQuotes(
        _ request: SimulatedRequest, settings: SimulatorSettings
    ) throws(WhereFilter.Problem) -> ArraySlice<Quote> {
        let query = try ListQuery(request)
        func date(_ name: String) -> CalendarDate? { request.query[name].flatMap { CalendarDate($0) } }
        let (from, to) = (date("DateFrom"), date("DateTo"))
        let found = quotes.records.filter { quote in
            if let number = request.query["QuoteNumber"], quote.number != number { return false }
            if let status = request.query["Status"], quote.status.rawValue != status { return false }
            if let contact = request.query["ContactID"], quote.content.contactID != contact.lowercased() {
                return false
            }
            if let from, quote.content.date < from { return false }
            if let to, quote.content.date > to { return false }
            return query.includes(quote.updatedAt, settings: settings)
        }
        guard let page = query.page else { return found[...] }
        return found.dropFirst((min(page, 1_000_000) - 1) * Self.quotesOnAPage).prefix(Self.quotesOnAPage)
    }

    /// A quote as Xero shows it.
    func render(_ quote: Quote, _ detail: RenderingDetail) -> JSONObject {
        let content = quote.content
        var object: JSONObject = [
            "QuoteID": .string(quote.id), "QuoteNumber": .string(quote.number),
            "Reference": .string(content.reference), "Terms": .string(content.terms),
            "Contact": .object(renderReference(contact: content.contactID)),
            "DateString": XeroDates.midnight(content.date), "Date": XeroDates.milliseconds(content.date),
        ]
        if let expiry = content.expiryDate {
            object["ExpiryDateString"] = XeroDates.midnight(expiry)
            object["ExpiryDate"] = XeroDates.milliseconds(expiry)
        }
        object["Status"] = .string(quote.status.rawValue)
        object["CurrencyCode"] = .string(content.currency)
        object["LineAmountTypes"] = .string(content.amountTypes.rawValue.uppercased())
        object["LineItems"] = .array(content.lines.map { render($0, RenderingDetail(unitScale: 4)) })
        object["SubTotal"] = .amount(quote.subTotal)
        object["TotalTax"] = .amount(quote.totalTax)
        object["Total"] = .amount(quote.total)
        if !content.title.isEmpty { object["Title"] = .string(content.title) }
        if !content.summary.isEmpty { object["Summary"] = .string(content.summary) }
        object["UpdatedDateUTC"] = XeroDates.milliseconds(quote.updatedAt)
        if detail.statusAttribute { object["StatusAttributeString"] = "OK" }
        return object
    }
}
