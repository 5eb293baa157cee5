import Accounting
import JSON

/// One call to `/api.xro/2.0`, worked on the books of its organisation.
struct LedgerCall: Sendable {
    /// How much of a call's elements is committed; less than all only when a fault is simulated.
    enum Extent: Sendable { case all, firstHalf }

    let request: SimulatedRequest
    /// The path after `/api.xro/2.0`.
    let words: [String]
    let body: JSONValue?
    let context: EntryContext
    var extent = Extent.all
    /// Whether to report success without doing anything.
    var isPhantom = false
    /// What every element is refused with, on purpose.
    var rejection: String?

    /// Whether elements are reported one by one instead of the whole call being refused.
    var reportsEach: Bool { request.query["summarizeErrors"]?.lowercased() == "false" }

    var detail: RenderingDetail { RenderingDetail(unitScale: context.unitScale, statusAttribute: reportsEach) }

    /// Answers the call, changing the books if it is one that does.
    func run(on book: inout OrganisationBook) -> Reply {
        guard let resource = words.first else { return .notFound }
        switch (resource, words.count) {
        case ("Contacts", 1...2), ("Invoices", 1...2), ("CreditNotes", 1...2), ("Payments", 1...2), ("Items", 1...2),
            ("Quotes", 1...2):
            return request.method == "GET" ? read(resource, in: book) : write(resource, into: &book)
        case ("CreditNotes", 3...4) where words[2] == "Allocations":
            return allocations(into: &book)
        case ("Organisation", 1), ("Organisations", 1), ("Organisation", 2), ("Accounts", 1...2), ("TaxRates", 1...2),
            ("Currencies", 1), ("TrackingCategories", 1), ("BrandingThemes", 1):
            return request.method == "GET" ? reference(resource, in: book) : methodNotAllowed
        default:
            return .notFound
        }
    }

    var methodNotAllowed: Reply {
        Reply(405, .text("The HTTP method is not allowed for this resource", contentType: "text/html"))
    }

    /// Wraps elements as Xero does.
    func wrap(_ name: String, _ elements: [JSONValue], pagination: JSONValue? = nil) -> Reply {
        var object: JSONObject = [
            "Id": .string(zeroIdentifier), "Status": "OK", "ProviderName": "Simulated app",
            "DateTimeUTC": XeroDates.milliseconds(context.now),
        ]
        if let pagination { object["pagination"] = pagination }
        object[name] = .array(elements)
        return Reply(200, .json(.object(object)))
    }

    // MARK: Reading

    private func read(_ resource: String, in book: OrganisationBook) -> Reply {
        if words.count == 2 { return readOne(resource, words[1], in: book) }
        do throws(WhereFilter.Problem) {
            let query = try ListQuery(request)
            var detail = RenderingDetail(unitScale: query.unitScale)
            detail.lines = query.page != nil && !query.summaryOnly
            switch resource {
            case "Contacts":
                let found = query.paged(try book.listContacts(query, settings: context.settings))
                return wrap(
                    resource, found.records.map { .object(book.render($0, detail)) }, pagination: found.pagination)
            case "Payments":
                let found = query.paged(try book.listPayments(query, settings: context.settings))
                return wrap(
                    resource, found.records.map { .object(book.render($0, detail)) }, pagination: found.pagination)
            case "Quotes":
                let found = try book.listQuotes(request, settings: context.settings)
                return wrap(resource, found.map { .object(book.render($0, detail)) })
            case "Items":
                let items = book.items.records.filter {
                    !$0.isDeleted && query.includes($0.updatedAt, settings: context.settings)
                }
                let objects = try filtered(items.map { book.render($0, detail) }, query)
                return wrap(resource, objects.map { .object($0) })
            default:
                let kind: SalesDocument.Kind = resource == "Invoices" ? .invoice : .creditNote
                let found = query.paged(try book.list(kind, query, settings: context.settings))
                return wrap(
                    resource, found.records.map { .object(book.render($0, detail)) }, pagination: found.pagination)
            }
        } catch {
            return queryProblem(error)
        }
    }

    private func queryProblem(_ problem: WhereFilter.Problem) -> Reply {
        .problem(16, "QueryParseException", problem.message)
    }

    private func readOne(_ resource: String, _ id: String, in book: OrganisationBook) -> Reply {
        let detail = RenderingDetail(unitScale: context.unitScale)
        let found: JSONObject?
        switch resource {
        case "Contacts":
            let contact = book.contacts[id] ?? book.contactsByNumber[id].flatMap { book.contacts[$0] }
            found = contact.map { book.render($0, detail) }
        case "Payments": found = book.payments[id].map { book.render($0, detail) }
        case "Quotes": found = book.quotes[id].map { book.render($0, detail) }
        case "Items":
            found = book.item(id).map { book.render($0, detail) }
        case "Invoices": found = book.document(.invoice, idOrNumber: id).map { book.render($0, detail) }
        default: found = book.document(.creditNote, idOrNumber: id).map { book.render($0, detail) }
        }
        return found.map { wrap(resource, [.object($0)]) } ?? .notFound
    }

    private func filtered(_ objects: [JSONObject], _ query: ListQuery) throws(WhereFilter.Problem) -> [JSONObject] {
        guard let filter = query.filter else { return objects }
        var kept: [JSONObject] = []
        for object in objects where try filter.holds({ OrganisationBook.field($0, of: object) }) {
            kept.append(object)
        }
        return kept
    }

    private func reference(_ resource: String, in book: OrganisationBook) -> Reply {
        switch resource {
        case "Organisation", "Organisations":
            if words.count == 1 { return wrap("Organisations", [book.renderOrganisation()]) }
            guard words[1] == "Actions" else { return .notFound }
            let actions = ["CreateApprovedInvoice", "CreateDraftInvoice", "UseMulticurrency"]
            return wrap("Actions", actions.map { ["Name": .string($0), "Status": "ALLOWED"] })
        case "Currencies": return wrap(resource, book.renderCurrencies().map { .object($0) })
        case "TrackingCategories", "BrandingThemes": return wrap(resource, [])
        default: break
        }
        var objects =
            resource == "Accounts" ? book.accounts.map { book.render($0) } : book.taxRates.map { book.render($0) }
        if words.count == 2 {
            let keys = resource == "Accounts" ? ["AccountID", "Code"] : ["TaxType"]
            objects = objects.filter { object in keys.contains { object.text($0) == words[1] } }
            if objects.isEmpty { return .notFound }
        }
        do throws(WhereFilter.Problem) {
            return wrap(resource, try filtered(objects, try ListQuery(request)).map { .object($0) })
        } catch {
            return queryProblem(error)
        }
    }
}
