import Accounting
import JSON

/// The query of a GET to a collection.
struct ListQuery: Sendable {
    let ids: Set<String>?
    let numbers: Set<String>?
    let contactIDs: Set<String>?
    let statuses: Set<String>?
    let filter: WhereFilter?
    let modifiedSince: Instant?
    let includeArchived: Bool
    let summaryOnly: Bool
    let searchTerm: String?
    let order: String?
    let page: Int?
    let pageSize: Int
    let unitScale: Int

    /// Reads the query of a request.
    init(_ request: SimulatedRequest) throws(WhereFilter.Problem) {
        let query = request.query
        func list(_ name: String) -> Set<String>? {
            guard let text = query[name], !text.isEmpty else { return nil }
            return Set(text.split(separator: ",").map { String($0.drop { $0 == " " }) })
        }
        ids = list("IDs").map { Set($0.map { $0.lowercased() }) }
        numbers = list("InvoiceNumbers")
        contactIDs = list("ContactIDs").map { Set($0.map { $0.lowercased() }) }
        statuses = list("Statuses")
        if let text = query["where"], !text.isEmpty { filter = try WhereFilter(text) } else { filter = nil }
        modifiedSince = request.headers["if-modified-since"].flatMap { Instant(utc: $0) ?? Instant(rfc3339: $0) }
        includeArchived = query["includeArchived"]?.lowercased() == "true"
        summaryOnly = query["summaryOnly"]?.lowercased() == "true"
        searchTerm = (query["searchTerm"] ?? query["SearchTerm"]).flatMap { $0.isEmpty ? nil : Collation.key($0) }
        order = query["order"]
        page = query["page"].flatMap { Int($0) }.map { max(1, $0) }
        pageSize = min(1000, max(1, query["pageSize"].flatMap { Int($0) } ?? 100))
        unitScale = query["unitdp"] == "4" ? 4 : 2
    }

    /// Whether something changed since the time asked for; times count in whole seconds.
    func includes(_ updatedAt: Instant, settings: SimulatorSettings) -> Bool {
        guard let modifiedSince else { return true }
        if settings.modifiedSinceInclusive { return updatedAt.seconds >= modifiedSince.seconds }
        return updatedAt.microseconds > modifiedSince.microseconds
    }

    /// The page asked for, and the description of the paging, which is absent without `page`.
    func paged<Record>(_ records: [Record]) -> (records: ArraySlice<Record>, pagination: JSONValue?) {
        guard let page else { return (records[...], nil) }
        let pages = (records.count + pageSize - 1) / pageSize
        let pagination: JSONValue = [
            "page": .number(JSONNumber(page)), "pageSize": .number(JSONNumber(pageSize)),
            "pageCount": .number(JSONNumber(pages)), "itemCount": .number(JSONNumber(records.count)),
        ]
        let (start, overflow) = (page - 1).multipliedReportingOverflow(by: pageSize)
        if overflow || start >= records.count { return ([], pagination) }
        return (records[start..<min(start + pageSize, records.count)], pagination)
    }
}

extension OrganisationBook {
    /// The invoices or credit notes a query asks for, in order.
    func list(
        _ kind: SalesDocument.Kind, _ query: ListQuery, settings: SimulatorSettings
    ) throws(WhereFilter.Problem) -> [SalesDocument] {
        var found: [SalesDocument] = []
        for document in candidates(kind, query) {
            if let ids = query.ids, !ids.contains(document.id) { continue }
            if let numbers = query.numbers, !numbers.contains(document.number) { continue }
            if let contactIDs = query.contactIDs, !contactIDs.contains(document.contactID) { continue }
            if let statuses = query.statuses, !statuses.contains(document.status.rawValue) { continue }
            if !query.includes(document.updatedAt, settings: settings) { continue }
            if let term = query.searchTerm,
                !Collation.key(document.number).contains(term) && !Collation.key(document.reference).contains(term)
            {
                continue
            }
            if let filter = query.filter, try !filter.holds({ field($0, of: document) }) { continue }
            found.append(document)
        }
        return sorted(found, query.order) { $0.updatedAt }
    }

    /// What can be found without looking through everything.
    private func candidates(_ kind: SalesDocument.Kind, _ query: ListQuery) -> [SalesDocument] {
        if let ids = query.ids { return ids.sorted().compactMap { document(kind, $0) } }
        if let numbers = query.numbers, kind == .invoice, query.filter == nil {
            let found = numbers.sorted().compactMap { invoicesByNumber[$0].flatMap { invoices[$0] } }
            if found.count == numbers.count { return found }
        }
        return documents(kind).records
    }

    /// The payments a query asks for, in order.
    func listPayments(_ query: ListQuery, settings: SimulatorSettings) throws(WhereFilter.Problem) -> [Payment] {
        var found: [Payment] = []
        for payment in payments.records {
            if !query.includes(payment.updatedAt, settings: settings) { continue }
            if let filter = query.filter, try !filter.holds({ field($0, of: payment) }) { continue }
            found.append(payment)
        }
        return sorted(found, query.order) { $0.updatedAt }
    }

    /// The contacts a query asks for, in order; archived ones only if asked for, or named by identifier.
    func listContacts(_ query: ListQuery, settings: SimulatorSettings) throws(WhereFilter.Problem) -> [Contact] {
        var found: [Contact] = []
        let candidates = query.ids.map { $0.sorted().compactMap { contacts[$0] } } ?? contacts.records
        for contact in candidates {
            if contact.isArchived && !query.includeArchived { continue }
            if !query.includes(contact.updatedAt, settings: settings) { continue }
            if let term = query.searchTerm, !matches(contact, term) { continue }
            if let filter = query.filter, try !filter.holds({ field($0, of: contact) }) { continue }
            found.append(contact)
        }
        return sorted(found, query.order) { $0.updatedAt }
    }

    private func matches(_ contact: Contact, _ term: String) -> Bool {
        contact.nameKey.contains(term) || (contact.number.map { Collation.key($0).contains(term) } ?? false)
            || ["FirstName", "LastName", "EmailAddress"].contains {
                contact.details.text($0).map { Collation.key($0).contains(term) } ?? false
            }
    }

    /// Sorts by `UpdatedDateUTC`, ascending or descending; any other order leaves records as they were made.
    private func sorted<Record>(_ records: [Record], _ order: String?, by time: (Record) -> Instant) -> [Record] {
        guard let order, order.hasPrefix("UpdatedDateUTC") else { return records }
        let numbered = records.enumerated().sorted {
            (time($0.element), $0.offset) < (time($1.element), $1.offset)
        }
        let ascending = numbered.map(\.element)
        return order.uppercased().hasSuffix("DESC") ? ascending.reversed() : ascending
    }
}
