import Accounting
import JSON

/// What an element is entered with.
struct EntryContext: Sendable {
    let now: Instant
    let settings: SimulatorSettings
    /// How many decimals unit amounts keep: 2, or 4 with `unitdp=4`.
    let unitScale: Int
}

/// Enters one element of a call to Invoices or CreditNotes into the books.
///
/// Works on a draft of the document; nothing is stored unless there are no errors at all.
struct DocumentEntry {
    let kind: SalesDocument.Kind
    let mode: EntryMode
    let context: EntryContext
    private var errors: [String] = []

    init(kind: SalesDocument.Kind, mode: EntryMode, context: EntryContext) {
        self.kind = kind
        self.mode = mode
        self.context = context
    }

    private var idKey: String { kind == .invoice ? "InvoiceID" : "CreditNoteID" }
    private var numberKey: String { kind == .invoice ? "InvoiceNumber" : "CreditNoteNumber" }

    /// Enters the element, and returns the document as it is now.
    mutating func enter(_ element: JSONObject, into book: inout OrganisationBook) throws(Rejection) -> SalesDocument {
        let existing = try existingDocument(element, in: book)
        if let existing, existing.status.isOver {
            let noun = kind == .invoice ? "Invoice" : "Credit note"
            throw Rejection(["\(noun) not of valid status for modification"], recordID: existing.id)
        }
        var document = existing ?? blank(element, book: &book)
        readHeader(element, existing: existing, into: &document, book: book)
        readStatus(element, existing: existing, into: &document)
        let contact = readContact(element, existing: existing, into: &document, book: &book)
        readLines(element, existing: existing, into: &document, book: &book)
        checkTotals(element, document)
        checkLocks(existing: existing, document, book: book)
        if let existing { checkProtection(existing, document) }
        checkNumber(element, existing: existing, document, book: book)
        guard errors.isEmpty else { throw Rejection(unique(errors), recordID: existing?.id) }
        if let contact { document.contactID = try ContactEntry.attach(contact, to: &book, context: context) }
        if existing == nil && document.number.isEmpty { document.number = book.nextNumber(kind) }
        settleZeroTotal(&document, book: book)
        document.updatedAt = context.now
        book.put(document, replacing: existing)
        return document
    }

    private func unique(_ messages: [String]) -> [String] {
        var seen: Set<String> = []
        return messages.filter { seen.insert($0).inserted }
    }

    private func existingDocument(
        _ element: JSONObject, in book: OrganisationBook
    ) throws(Rejection) -> SalesDocument? {
        switch mode {
        case .create:
            if let id = element.filled(idKey), id != zeroIdentifier {
                throw Rejection("\(idKey) must not be given when a document is created.")
            }
            return nil
        case .update(let idOrNumber):
            guard let found = book.document(kind, idOrNumber: idOrNumber) else {
                throw Rejection("The document \(idOrNumber) could not be found.")
            }
            if let id = element.filled(idKey), id.lowercased() != found.id {
                throw Rejection(["\(idKey) does not match the document in the address."], recordID: found.id)
            }
            return found
        case .upsert:
            if let id = element.filled(idKey), id != zeroIdentifier {
                guard let found = book.document(kind, id) else {
                    throw Rejection("The document with \(idKey) \(id) could not be found.")
                }
                return found
            }
            return element.filled(numberKey).flatMap { book.document(kind, idOrNumber: $0) }
        }
    }

    private mutating func blank(_ element: JSONObject, book: inout OrganisationBook) -> SalesDocument {
        SalesDocument(
            id: book.generator.identifier(), kind: kind, type: "", number: "", reference: "", url: nil, contactID: "",
            date: book.today(context.now), dueDate: nil, amountTypes: .exclusive, lines: [],
            currency: book.definition.currency, currencyRate: ExactDecimal(1), status: .draft, brandingThemeID: nil,
            sentToContact: false, updatedAt: context.now)
    }

    private mutating func readHeader(
        _ element: JSONObject, existing: SalesDocument?, into document: inout SalesDocument, book: OrganisationBook
    ) {
        if let type = element.filled("Type") {
            document.type = type
        } else if existing == nil {
            errors.append("The document Type must be specified.")
        }
        let types = kind == .invoice ? ["ACCREC", "ACCPAY"] : ["ACCRECCREDIT", "ACCPAYCREDIT"]
        if !document.type.isEmpty && !types.contains(document.type) {
            errors.append("The document Type '\(document.type)' is not valid.")
        }
        if let number = element.text(numberKey) { document.number = number }
        if let reference = element.text("Reference") { document.reference = reference }
        if element["Url"] != nil { document.url = element.filled("Url") }
        if let theme = element.filled("BrandingThemeID") { document.brandingThemeID = theme }
        if let sent = element.present("SentToContact")?.bool { document.sentToContact = sent }
        readDates(element, into: &document)
        readCurrency(element, into: &document, book: book)
        if let text = element.filled("LineAmountTypes") {
            if let types = SalesDocument.AmountTypes(rawValue: text) {
                document.amountTypes = types
            } else {
                errors.append("The LineAmountTypes value '\(text)' is not valid.")
            }
        }
        checkTexts(document)
    }

    private mutating func checkTexts(_ document: SalesDocument) {
        if document.number.utf8.count > 255 || document.number.utf8.contains(where: { $0 < 32 || $0 > 126 }) {
            errors.append("The \(numberKey) may have at most 255 printable ASCII characters.")
        }
        if document.reference.utf16.count > 255 { errors.append("The Reference is limited to 255 characters.") }
        if let url = document.url, !url.hasPrefix("http://") && !url.hasPrefix("https://") || url.count > 2000 {
            errors.append("Url must be a valid absolute URL.")
        } else if let url = document.url, url.lowercased().contains("xero") {
            errors.append("Url must not contain xero.")
        }
    }

    private mutating func readDates(_ element: JSONObject, into document: inout SalesDocument) {
        if let text = element.filled("Date") {
            if let date = XeroDates.date(text) {
                document.date = date
            } else {
                errors.append("The Date '\(text)' is not valid.")
            }
        }
        if let text = element.filled("DueDate") {
            if let date = XeroDates.date(text) {
                document.dueDate = date
            } else {
                errors.append("The DueDate '\(text)' is not valid.")
            }
        }
    }

    private mutating func readCurrency(
        _ element: JSONObject, into document: inout SalesDocument, book: OrganisationBook
    ) {
        if let code = element.filled("CurrencyCode") { document.currency = code }
        let enabled = [book.definition.currency] + book.definition.otherCurrencies
        if !enabled.contains(document.currency) {
            errors.append("Organisation is not subscribed to currency \(document.currency)")
        }
        if let rate = AmountReading.amount(element, "CurrencyRate", errors: &errors) {
            if rate.isNegative || rate.isZero { errors.append("The CurrencyRate must be positive.") }
            document.currencyRate = rate.rounded(scale: 6)
        }
    }

    private mutating func readStatus(
        _ element: JSONObject, existing: SalesDocument?, into document: inout SalesDocument
    ) {
        guard let text = element.filled("Status") else { return }
        guard let status = SalesDocument.Status(rawValue: text) else {
            errors.append("The Status '\(text)' is not valid.")
            return
        }
        let allowed: [SalesDocument.Status]
        switch existing?.status {
        case nil: allowed = [.draft, .submitted, .authorised]
        case .draft: allowed = [.draft, .submitted, .authorised, .deleted]
        case .submitted: allowed = [.submitted, .authorised, .draft, .deleted]
        case .authorised: allowed = [.authorised, .voided]
        case .paid: allowed = existing?.isSettledInPart == true ? [.paid, .authorised] : [.paid, .authorised, .voided]
        case .voided, .deleted: allowed = []
        }
        if let existing, status == .voided, existing.isSettledInPart {
            errors.append(
                "The status VOIDED cannot be applied to this document as it has payments or credit notes allocated "
                    + "to it.")
        } else if !allowed.contains(status) {
            let was = existing.map { " as its status is \($0.status.rawValue)" } ?? " to a new document"
            errors.append("The status \(text) cannot be applied to this document\(was).")
        } else if existing?.status != .paid || status == .voided {
            document.status = status
        }
    }

    /// Finds the contact the element names; returns what to attach once everything else is right.
    private mutating func readContact(
        _ element: JSONObject, existing: SalesDocument?, into document: inout SalesDocument,
        book: inout OrganisationBook
    ) -> JSONObject? {
        guard let contact = element.present("Contact")?.object else {
            if existing == nil { errors.append(ContactEntry.missingIdentity) }
            return nil
        }
        errors += ContactEntry.attachProblems(contact, in: book)
        if let id = ContactEntry.find(contact, in: book)?.id { document.contactID = id }
        return contact
    }

    private mutating func readLines(
        _ element: JSONObject, existing: SalesDocument?, into document: inout SalesDocument,
        book: inout OrganisationBook
    ) {
        let isOver = document.status.isOver
        if let lines = element.present("LineItems")?.array {
            var reader = LineReader(
                book: book, kind: kind, documentType: document.type, amountTypes: document.amountTypes,
                isComplete: document.status != .draft && !isOver, unitScale: context.unitScale,
                rounding: context.settings.rounding)
            var generator = book.generator
            document.lines = reader.lines(lines, existing: existing?.lines ?? [], generator: &generator)
            book.generator = generator
            errors += reader.errors
        }
        if document.lines.isEmpty && !isOver { errors.append("One or more line items must be specified.") }
        if document.status == .authorised && kind == .invoice && document.dueDate == nil {
            errors.append("Due Date cannot be empty.")
        }
        document.totalTax = document.lines.map(\.taxAmount).sum()
        let amounts = document.lines.map(\.lineAmount).sum()
        document.subTotal = document.amountTypes == .inclusive ? amounts - document.totalTax : amounts
        document.total = document.subTotal + document.totalTax
        if document.total.isNegative {
            errors.append("The total of this document cannot be negative.")
        }
    }

    private mutating func checkTotals(_ element: JSONObject, _ document: SalesDocument) {
        for (key, value) in [
            ("SubTotal", document.subTotal), ("TotalTax", document.totalTax), ("Total", document.total),
        ] {
            if let given = element.decimal(key), given != value {
                errors.append("The invoice total does not equal the sum of the lines.")
            }
        }
    }

    private mutating func checkLocks(existing: SalesDocument?, _ document: SalesDocument, book: OrganisationBook) {
        guard document.status != .draft && document.status != .submitted || existing?.status.isPosted == true else {
            return
        }
        if let problem = existing.flatMap({ book.lockProblem($0.date) }) ?? book.lockProblem(document.date) {
            errors.append(problem)
        }
    }

    /// Once there are payments or credit, only a few members may still change.
    private mutating func checkProtection(_ existing: SalesDocument, _ document: SalesDocument) {
        guard existing.isSettledInPart, document.status != .voided else { return }
        var old = existing.lines
        var new = document.lines
        for position in old.indices { old[position].forgetUnprotected() }
        for position in new.indices { new[position].forgetUnprotected() }
        let contactChanged = existing.contactID != document.contactID && !existing.allocationIDs.isEmpty
        if old != new || existing.date != document.date || existing.amountTypes != document.amountTypes
            || existing.currency != document.currency || existing.currencyRate != document.currencyRate
            || existing.type != document.type || contactChanged
        {
            errors.append(
                "This document cannot be edited as it has a payment or credit note allocated to it.")
        }
    }

    private mutating func checkNumber(
        _ element: JSONObject, existing: SalesDocument?, _ document: SalesDocument, book: OrganisationBook
    ) {
        guard !document.number.isEmpty, document.type == "ACCREC" || document.type == "ACCRECCREDIT" else { return }
        guard let other = book.document(kind, idOrNumber: document.number), other.id != document.id,
            other.number == document.number
        else { return }
        if other.status.isOver && context.settings.voidedNumbersReusable { return }
        if kind == .invoice {
            errors.append("Invoice # must be unique.")
        } else if context.settings.creditNoteNumbersUnique {
            errors.append("Credit note # must be unique.")
        }
    }

    /// A document of nothing is paid as soon as it is approved.
    private func settleZeroTotal(_ document: inout SalesDocument, book: OrganisationBook) {
        if document.status == .authorised && document.outstanding.isZero {
            document.status = .paid
            document.fullyPaidOn = document.date
        } else if document.status == .paid && !document.outstanding.isZero {
            document.status = .authorised
            document.fullyPaidOn = nil
        }
    }
}

extension DocumentLine {
    /// Drops what may still change once a document is paid.
    mutating func forgetUnprotected() {
        description = nil
        accountCode = nil
        tracking = []
    }
}
