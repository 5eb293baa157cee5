import Accounting
import JSON

/// What people do with contacts in Xero itself: `POST /_control/orgs/KEY/contacts` with an `action` and a `contact`, named by
/// its id, number or name.
enum ContactActs {
    static func act(
        _ key: String, _ body: JSONValue?, _ state: inout SimulatorState, now: Instant
    ) -> SimulatedResponse {
        guard let position = state.position(key) else {
            return ControlAPI.problem(["There is no organisation \(key)."])
        }
        guard let object = body?.object, let action = object.filled("action"), let name = object.filled("contact")
        else {
            return ControlAPI.problem(["The body must have an action and a contact."])
        }
        guard let contact = find(name, in: state.books[position]) else {
            return ControlAPI.problem(["There is no contact \(name)."])
        }
        let problem = perform(action, contact, object, on: &state.books[position], now: now)
        if let problem { return ControlAPI.problem([problem]) }
        let book = state.books[position]
        let shown = book.contacts[contact.id].map { book.render($0, RenderingDetail(unitScale: 2)) } ?? [:]
        return ControlAPI.json(200, .object(shown))
    }

    private static func find(_ name: String, in book: OrganisationBook) -> Contact? {
        if let found = book.contacts[name] { return found }
        let key = Collation.key(name)
        if let id = book.contactsByNumber[name] ?? book.contactsByName[key] { return book.contacts[id] }
        return book.contacts.records.last { $0.nameKey == key }
    }

    /// Does it, or says why not.
    private static func perform(
        _ action: String, _ contact: Contact, _ object: JSONObject, on book: inout OrganisationBook, now: Instant
    ) -> String? {
        var changed = contact
        changed.updatedAt = now
        switch action {
        case "archive": changed.isArchived = true
        case "restore":
            if contact.isErased || contact.mergedInto != nil { return "It was erased or merged." }
            changed.isArchived = false
        case "erase":
            changed.isArchived = true
            changed.isErased = true
        case "rename":
            guard let name = object.filled("name") else { return "A rename needs a name." }
            changed.name = name
            changed.nameKey = Collation.key(name)
        case "edit":
            guard let fields = object["fields"]?.object else { return "An edit needs fields." }
            for (name, value) in fields { changed.details[name] = value }
        case "merge":
            guard let other = object.filled("into").flatMap({ find($0, in: book) }), other.id != contact.id else {
                return "A merge needs into: another contact."
            }
            changed.isArchived = true
            changed.mergedInto = other.id
            move(from: contact.id, to: other.id, on: &book, now: now)
        default: return "use archive, restore, erase, rename, edit or merge"
        }
        if let problem = ContactEntry.uniquenessProblems(changed, in: book).first { return problem }
        ContactEntry.store(changed, replacing: contact, in: &book)
        return nil
    }

    /// What belonged to a contact belongs to the one that it was merged into.
    private static func move(from: String, to: String, on book: inout OrganisationBook, now: Instant) {
        for kind in [SalesDocument.Kind.invoice, .creditNote] {
            for document in book.documents(kind).records where document.contactID == from {
                book.update(kind, document.id) { document in
                    document.contactID = to
                    document.updatedAt = now
                }
            }
        }
        book.contacts.update(to) { $0.updatedAt = now }
    }
}
