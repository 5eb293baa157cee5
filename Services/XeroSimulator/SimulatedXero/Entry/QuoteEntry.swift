import Accounting
import JSON

/// Enters one element of a call to Quotes.
///
/// An update says everything anew: what it leaves out becomes empty, only lines stay as they are.
struct QuoteEntry {
    let mode: EntryMode
    let context: EntryContext
    private var errors: [String] = []

    init(mode: EntryMode, context: EntryContext) {
        self.mode = mode
        self.context = context
    }

    /// Enters the element, and returns the quote as it is now.
    mutating func enter(_ element: JSONObject, into book: inout OrganisationBook) throws(Rejection) -> Quote {
        let existing = try existingQuote(element, in: book)
        if let existing, existing.status == .deleted {
            throw Rejection(["Quote not of valid status for modification"], recordID: existing.id)
        }
        var quote = existing ?? blank(&book)
        let contact = readContact(element, into: &quote.content, book: &book)
        readTexts(element, into: &quote)
        readDates(element, into: &quote.content)
        readMoney(element, into: &quote.content, book: book)
        readStatus(element, existing: existing, into: &quote)
        readLines(element, into: &quote, book: &book)
        checkChange(existing, quote)
        checkNumber(quote, in: book)
        guard errors.isEmpty else { throw Rejection(errors, recordID: existing?.id) }
        if let contact { quote.content.contactID = try ContactEntry.attach(contact, to: &book, context: context) }
        if quote.number.isEmpty { quote.number = book.nextQuoteNumber() }
        quote.updatedAt = context.now
        book.put(quote, replacing: existing)
        return quote
    }

    private func existingQuote(_ element: JSONObject, in book: OrganisationBook) throws(Rejection) -> Quote? {
        let id = element.filled("QuoteID").flatMap { $0 == zeroIdentifier ? nil : $0 }
        switch mode {
        case .create:
            if id != nil { throw Rejection("QuoteID must not be given when a quote is created.") }
            return nil
        case .update(let named):
            guard let found = book.quotes[named] else { throw Rejection("The quote \(named) could not be found.") }
            return found
        case .upsert:
            guard let id else { return element.filled("QuoteNumber").flatMap { book.quote(number: $0) } }
            guard let found = book.quotes[id] else { throw Rejection("The quote \(id) could not be found.") }
            return found
        }
    }

    private func blank(_ book: inout OrganisationBook) -> Quote {
        Quote(
            id: book.generator.identifier(), number: "",
            content: Quote.Content(
                contactID: "", reference: "", title: "", summary: "", terms: "", date: book.today(context.now),
                expiryDate: nil, amountTypes: .exclusive, lines: [], currency: book.definition.currency),
            status: .draft, updatedAt: context.now)
    }

    private mutating func readContact(
        _ element: JSONObject, into content: inout Quote.Content, book: inout OrganisationBook
    ) -> JSONObject? {
        guard let contact = element.present("Contact")?.object else {
            errors.append(ContactEntry.missingIdentity)
            return nil
        }
        errors += ContactEntry.attachProblems(contact, in: book)
        if let id = ContactEntry.find(contact, in: book)?.id { content.contactID = id }
        return contact
    }

    private mutating func readTexts(_ element: JSONObject, into quote: inout Quote) {
        if let number = element.filled("QuoteNumber") { quote.number = number }
        quote.content.reference = element.text("Reference") ?? ""
        quote.content.title = element.text("Title") ?? ""
        quote.content.summary = element.text("Summary") ?? ""
        quote.content.terms = element.text("Terms") ?? ""
        for (name, text, limit) in [
            ("QuoteNumber", quote.number, 255), ("Reference", quote.content.reference, 4000),
            ("Title", quote.content.title, 100), ("Summary", quote.content.summary, 3000),
            ("Terms", quote.content.terms, 4000),
        ] where text.utf16.count > limit {
            errors.append("The \(name) of a quote is limited to \(limit) characters.")
        }
    }

    private mutating func readDates(_ element: JSONObject, into content: inout Quote.Content) {
        func date(_ name: String) -> CalendarDate? {
            guard let text = element.filled(name) else { return nil }
            let date = XeroDates.date(text)
            if date == nil { errors.append("The \(name) '\(text)' is not valid.") }
            return date
        }
        if element.filled("Date") == nil { errors.append("The Date of a quote must be specified.") }
        content.date = date("Date") ?? content.date
        content.expiryDate = date("ExpiryDate")
        if let expiry = content.expiryDate, expiry < content.date {
            errors.append("The ExpiryDate of a quote cannot be before its Date.")
        }
    }

    private mutating func readMoney(
        _ element: JSONObject, into content: inout Quote.Content, book: OrganisationBook
    ) {
        if let code = element.filled("CurrencyCode") { content.currency = code }
        let enabled = [book.definition.currency] + book.definition.otherCurrencies
        if !enabled.contains(content.currency) {
            errors.append("Organisation is not subscribed to currency \(content.currency)")
        }
        switch element.filled("LineAmountTypes") {
        case nil, "EXCLUSIVE": content.amountTypes = .exclusive
        case "INCLUSIVE": content.amountTypes = .inclusive
        case "NOTAX": content.amountTypes = .noTax
        case .some(let text): errors.append("The LineAmountTypes value '\(text)' is not valid.")
        }
    }

    private mutating func readStatus(_ element: JSONObject, existing: Quote?, into quote: inout Quote) {
        guard let text = element.filled("Status") else { return }
        guard let status = Quote.Status(rawValue: text) else {
            errors.append("The Status '\(text)' is not valid.")
            return
        }
        let allowed = existing.map { [$0.status] + $0.status.next } ?? [.draft, .sent]
        if !allowed.contains(status) {
            let was = existing.map { "from \($0.status.rawValue)" } ?? "of a new one"
            errors.append("The status of the quote cannot be changed \(was) to \(text).")
        }
        quote.status = status
    }

    private mutating func readLines(_ element: JSONObject, into quote: inout Quote, book: inout OrganisationBook) {
        if let lines = element.present("LineItems")?.array {
            var reader = LineReader(
                book: book, kind: .invoice, documentType: "ACCREC", amountTypes: quote.content.amountTypes,
                isComplete: false, unitScale: 4, rounding: context.settings.rounding)
            var generator = book.generator
            quote.content.lines = reader.lines(lines, existing: quote.content.lines, generator: &generator)
            book.generator = generator
            errors += reader.errors
        }
        if quote.content.lines.isEmpty { errors.append("One or more line items must be specified.") }
        quote.totalTax = quote.content.lines.map(\.taxAmount).sum()
        let amounts = quote.content.lines.map(\.lineAmount).sum()
        quote.subTotal = quote.content.amountTypes == .inclusive ? amounts - quote.totalTax : amounts
        quote.total = quote.subTotal + quote.totalTax
        if quote.total.isNegative { errors.append("The total of this document cannot be negative.") }
    }

    /// What was accepted, invoiced or declined says what it said.
    private mutating func checkChange(_ existing: Quote?, _ quote: Quote) {
        guard let existing, !quote.status.isOpen, existing.content != quote.content else { return }
        errors.append("The quote cannot be edited in the status \(quote.status.rawValue).")
    }

    private mutating func checkNumber(_ quote: Quote, in book: OrganisationBook) {
        guard let other = book.quote(number: quote.number), other.id != quote.id else { return }
        errors.append("Quote # must be unique.")
    }
}
