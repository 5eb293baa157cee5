import Accounting
import JSON

/// The books of one organisation: what Xero keeps, as values.
struct OrganisationBook: Sendable {
    var definition: OrganisationDefinition
    let organisationID: String
    let tenantID: String
    let connectionID: String
    let createdAt: Instant
    let accounts: [Account]
    var taxRates: [TaxRate]
    private let accountPositions: [String: Int]
    var generator: SeededGenerator

    var contacts = RecordTable<Contact>()
    /// Identifiers of active contacts by compared name.
    var contactsByName: [String: String] = [:]
    var contactsByNumber: [String: String] = [:]
    var invoices = RecordTable<SalesDocument>()
    var creditNotes = RecordTable<SalesDocument>()
    /// Identifiers of documents by number, the latest of a number.
    var invoicesByNumber: [String: String] = [:]
    var creditNotesByNumber: [String: String] = [:]
    var payments = RecordTable<Payment>()
    var allocations: [String: Allocation] = [:]
    var quotes = RecordTable<Quote>()
    var quotesByNumber: [String: String] = [:]
    var items = RecordTable<Item>()
    var itemsByCode: [String: String] = [:]
    var isDisconnected = false
    private var lastNumber = 0

    init(definition: OrganisationDefinition, seed: UInt64, now: Instant) {
        self.definition = definition
        var generator = SeededGenerator(seed: SeededGenerator.seed(seed, definition.key))
        organisationID = generator.identifier()
        tenantID = generator.identifier()
        connectionID = generator.identifier()
        createdAt = now
        accounts = ChartOfAccounts.accounts(country: definition.country, generator: &generator)
        taxRates = Self.taxRates(of: definition)
        var positions: [String: Int] = [:]
        for (position, account) in accounts.enumerated() {
            positions[account.code] = position
            positions[account.id] = position
        }
        accountPositions = positions
        self.generator = SeededGenerator(
            seed: SeededGenerator.seed(seed &+ UInt64(bitPattern: now.microseconds), "records of \(definition.key)"))
    }

    /// The rates of a definition: the country's, and its own.
    static func taxRates(of definition: OrganisationDefinition) -> [TaxRate] {
        let extra = definition.extraTaxRates.map {
            TaxRate(taxType: $0.taxType, name: $0.name, percent: $0.percent)
        }
        let named = Set(extra.map(\.taxType))
        return ChartOfAccounts.taxRates(country: definition.country).filter { !named.contains($0.taxType) } + extra
    }

    /// An account by its code or identifier.
    func account(_ codeOrID: String) -> Account? {
        (accountPositions[codeOrID] ?? accountPositions[codeOrID.lowercased()]).map { accounts[$0] }
    }

    func taxRate(_ taxType: String) -> TaxRate? { taxRates.first { $0.taxType == taxType } }

    /// The date it is now where the organisation is.
    func today(_ now: Instant) -> CalendarDate { TimeZones.date(now, in: definition.timeZone) }

    /// The next automatic number nobody uses yet.
    mutating func nextNumber(_ kind: SalesDocument.Kind) -> String {
        while true {
            lastNumber += 1
            let digits = String(lastNumber)
            let padded = String(repeating: "0", count: max(0, 4 - digits.count)) + digits
            let number = (kind == .invoice ? "INV-" : "CN-") + padded
            let taken = kind == .invoice ? invoicesByNumber[number] : creditNotesByNumber[number]
            if taken == nil { return number }
        }
    }

    /// An item by its identifier or code.
    func item(_ idOrCode: String) -> Item? {
        let found = items[idOrCode] ?? itemsByCode[idOrCode].flatMap { items[$0] }
        return found.flatMap { $0.isDeleted ? nil : $0 }
    }

    func documents(_ kind: SalesDocument.Kind) -> RecordTable<SalesDocument> {
        kind == .invoice ? invoices : creditNotes
    }

    func document(_ kind: SalesDocument.Kind, _ id: String) -> SalesDocument? {
        kind == .invoice ? invoices[id] : creditNotes[id]
    }

    /// A document by its identifier or number.
    func document(_ kind: SalesDocument.Kind, idOrNumber: String) -> SalesDocument? {
        if let found = document(kind, idOrNumber) { return found }
        let id = kind == .invoice ? invoicesByNumber[idOrNumber] : creditNotesByNumber[idOrNumber]
        return id.flatMap { document(kind, $0) }
    }

    /// Stores a document and its number.
    mutating func put(_ document: SalesDocument, replacing old: SalesDocument?) {
        if document.kind == .invoice {
            if let old, old.number != document.number, invoicesByNumber[old.number] == old.id {
                invoicesByNumber[old.number] = nil
            }
            invoices.put(document, id: document.id)
            invoicesByNumber[document.number] = document.id
        } else {
            if let old, old.number != document.number, creditNotesByNumber[old.number] == old.id {
                creditNotesByNumber[old.number] = nil
            }
            creditNotes.put(document, id: document.id)
            creditNotesByNumber[document.number] = document.id
        }
    }

    /// Changes a stored document without touching its number.
    mutating func update(_ kind: SalesDocument.Kind, _ id: String, _ change: (inout SalesDocument) -> Void) {
        if kind == .invoice { invoices.update(id, change) } else { creditNotes.update(id, change) }
    }

    /// Why a date may not be used, or nil: both lock dates are inclusive.
    func lockProblem(_ date: CalendarDate) -> String? {
        if let lock = definition.periodLockDate.flatMap({ CalendarDate($0) }), date <= lock {
            return "The document date cannot be before the period lock date, currently set at \(XeroDates.words(lock))."
        }
        if let lock = definition.endOfYearLockDate.flatMap({ CalendarDate($0) }), date <= lock {
            return "The document date cannot be before the end of year lock date, currently set at "
                + "\(XeroDates.words(lock))."
        }
        return nil
    }
}
