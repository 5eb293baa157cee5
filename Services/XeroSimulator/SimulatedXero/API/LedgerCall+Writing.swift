import Accounting
import JSON

extension LedgerCall {
    /// The elements of the body: the array under the plural name, or a single object on its own.
    private func elements(_ name: String) -> [JSONValue]? {
        guard let object = body?.object else { return nil }
        if let listed = object.present(name) { return listed.array ?? [listed] }
        return object.isEmpty ? nil : [.object(object)]
    }

    private var emptyBody: Reply {
        .problem(
            14, "PostDataInvalidException", "JSON for post data was invalid, no elements could be found in it.")
    }

    private func committed(_ elements: [JSONValue]) -> ArraySlice<JSONValue> {
        extent == .all ? elements[...] : elements.prefix((elements.count + 1) / 2)
    }

    /// Answers a PUT or POST to Contacts, Invoices, CreditNotes, Payments, Quotes or Items.
    func write(_ resource: String, into book: inout OrganisationBook) -> Reply {
        let mode: EntryMode
        switch (request.method, words.count) {
        case ("PUT", 1): mode = .create
        case ("POST", 1): mode = .upsert
        case ("POST", 2): mode = .update(words[1])
        case ("DELETE", 2) where resource == "Items":
            return ItemEntry.delete(words[1], from: &book, context: context) ? Reply(204) : .notFound
        default: return methodNotAllowed
        }
        guard let elements = elements(resource) else { return emptyBody }
        if case .update = mode, elements.count != 1 { return emptyBody }
        return enterEach(elements, name: resource, into: &book) { element, book throws(Rejection) in
            try enter(element, resource, mode: mode, into: &book)
        }
    }

    /// Answers calls to a credit note's allocations.
    func allocations(into book: inout OrganisationBook) -> Reply {
        let noteID = words[1]
        guard let note = book.document(.creditNote, idOrNumber: noteID) else { return .notFound }
        switch (request.method, words.count) {
        case ("GET", 3):
            return wrap(
                "Allocations", note.allocationIDs.compactMap { book.allocations[$0].map { .object(book.render($0)) } })
        case ("PUT", 3):
            guard let elements = elements("Allocations") else { return emptyBody }
            return enterEach(elements, name: "Allocations", into: &book) { element, book throws(Rejection) in
                let made = try AllocationEntry.enter(
                    element, creditNoteID: noteID, into: &book, context: context)
                var object = book.render(made)
                if reportsEach { object["StatusAttributeString"] = "OK" }
                return object
            }
        case ("DELETE", 4):
            return deleteAllocation(of: noteID, from: &book)
        default:
            return methodNotAllowed
        }
    }

    /// Takes an allocation back; the answer is the allocation by itself.
    private func deleteAllocation(of noteID: String, from book: inout OrganisationBook) -> Reply {
        if let rejection { return .problem(10, "ValidationException", rejection) }
        let before = book
        do throws(Rejection) {
            let gone = try AllocationEntry.delete(words[3], creditNoteID: noteID, from: &book, context: context)
            if isPhantom { book = before }
            return Reply(
                200,
                .json([
                    "AllocationID": isPhantom ? .null : .string(gone.id), "Date": XeroDates.milliseconds(context.now),
                    "Invoice": [["InvoiceID": .string(gone.invoiceID)]], "IsDeleted": .bool(!isPhantom),
                ]))
        } catch {
            return error.recordID == nil
                ? .notFound : .problem(10, "ValidationException", error.messages.joined(separator: " "))
        }
    }

    private func enter(
        _ element: JSONObject, _ resource: String, mode: EntryMode, into book: inout OrganisationBook
    ) throws(Rejection) -> JSONObject {
        switch resource {
        case "Contacts":
            let contact = try ContactEntry.enter(element, mode: mode, into: &book, context: context)
            return book.render(contact, detail)
        case "Items":
            let item = try ItemEntry.enter(element, mode: mode, into: &book, context: context)
            return book.render(item, detail)
        case "Quotes":
            var entry = QuoteEntry(mode: mode, context: context)
            return book.render(try entry.enter(element, into: &book), detail)
        case "Payments":
            let payment = try enterPayment(element, mode: mode, into: &book)
            return book.render(payment, detail)
        default:
            let kind: SalesDocument.Kind = resource == "Invoices" ? .invoice : .creditNote
            var entry = DocumentEntry(kind: kind, mode: mode, context: context)
            let document = try entry.enter(element, into: &book)
            return book.render(document, detail)
        }
    }

    private func enterPayment(
        _ element: JSONObject, mode: EntryMode, into book: inout OrganisationBook
    ) throws(Rejection) -> Payment {
        var id = element.filled("PaymentID")
        if case .update(let named) = mode { id = named }
        guard let id, id != zeroIdentifier else {
            return try PaymentEntry.enter(element, into: &book, context: context)
        }
        guard element.filled("Status") == "DELETED" else {
            throw Rejection(["Payments cannot be modified, only created and deleted."], recordID: id)
        }
        return try PaymentEntry.delete(id, from: &book, context: context)
    }

    /// Enters the elements one after another, and reports as the caller asked for.
    private func enterEach(
        _ elements: [JSONValue], name: String, into book: inout OrganisationBook,
        _ enter: (JSONObject, inout OrganisationBook) throws(Rejection) -> JSONObject
    ) -> Reply {
        let before = reportsEach && !isPhantom ? nil : book
        var results: [JSONValue] = []
        var refused: [JSONValue] = []
        for element in committed(elements) {
            do throws(Rejection) {
                guard let object = element.object else { throw Rejection("An element must be an object.") }
                if let rejection { throw Rejection(rejection) }
                results.append(.object(try enter(object, &book)))
            } catch {
                let shown = refusal(element, error, name: name, book: &book)
                results.append(shown)
                refused.append(shown)
            }
        }
        if let before, isPhantom || !refused.isEmpty {
            let generator = book.generator
            book = before
            book.generator = generator
        }
        if !reportsEach && !refused.isEmpty {
            return .problem(10, "ValidationException", "A validation exception occurred", elements: refused)
        }
        return wrap(name, results)
    }

    /// The member that holds the id of a collection's elements.
    static let idKeys = [
        "Contacts": "ContactID", "Invoices": "InvoiceID", "CreditNotes": "CreditNoteID", "Payments": "PaymentID",
        "Items": "ItemID", "Allocations": "AllocationID", "Quotes": "QuoteID",
    ]

    /// A refused element: an echo of what was sent, with what is wrong with it.
    ///
    /// A new one comes back with the zero identifier or with one that looks real, as Xero does both.
    private func refusal(
        _ element: JSONValue, _ rejection: Rejection, name: String, book: inout OrganisationBook
    ) -> JSONValue {
        var object = element.object ?? [:]
        let invented = book.generator.next() % 2 == 0 ? zeroIdentifier : book.generator.identifier()
        if let key = Self.idKeys[name] { object[key] = .string(rejection.recordID ?? invented) }
        if reportsEach { object["StatusAttributeString"] = "ERROR" }
        if name != "Quotes" {
            object[name == "Invoices" || name == "CreditNotes" ? "HasErrors" : "HasValidationErrors"] = true
        }
        object["ValidationErrors"] = .array(rejection.messages.map { ["Message": .string($0)] })
        return .object(object)
    }
}
