import Accounting
import JSON

/// Enters one element of a call to Contacts into the books.
enum ContactEntry {
    /// What Xero says to a contact without anything that identifies it.
    static let missingIdentity =
        "The Contact must contain at least 1 of the following elements to identify the contact: "
        + "Name, ContactID, ContactNumber"

    /// Enters the element, and returns the contact as it is now.
    static func enter(
        _ element: JSONObject, mode: EntryMode, into book: inout OrganisationBook, context: EntryContext
    ) throws(Rejection) -> Contact {
        let existing = try existingContact(element, mode: mode, in: book)
        var contact =
            existing
            ?? Contact(
                id: book.generator.identifier(), name: "", nameKey: "", details: [:], updatedAt: context.now)
        if let name = element.text("Name") { contact.name = name }
        if element["ContactNumber"] != nil { contact.number = element.filled("ContactNumber") }
        var errors = ContactRules.problems(element, name: contact.name)
        contact.nameKey = Collation.key(contact.name)
        if let status = element.filled("ContactStatus") {
            if status == "ACTIVE", let existing, existing.isArchived, let problem = restoreProblem(existing, context) {
                errors.append(problem)
            } else if status == "ACTIVE" || status == "ARCHIVED" {
                contact.isArchived = status == "ARCHIVED"
            } else {
                errors.append("The ContactStatus '\(status)' is not valid.")
            }
        }
        errors += uniquenessProblems(contact, in: book)
        guard errors.isEmpty else { throw Rejection(errors, recordID: existing?.id) }
        for (key, value) in element where !ownMembers.contains(key) { contact.details[key] = value }
        contact.updatedAt = context.now
        store(contact, replacing: existing, in: &book)
        return contact
    }

    /// Why an archived contact cannot be made active again; nil if it can.
    private static func restoreProblem(_ contact: Contact, _ context: EntryContext) -> String? {
        if contact.mergedInto != nil { return "The contact \(contact.name) was merged and cannot be restored." }
        if contact.isErased { return "The contact \(contact.name) was erased on request and cannot be restored." }
        return context.settings.contactsRestorable
            ? nil : "The contact \(contact.name) is archived and can only be restored in Xero."
    }

    private static let ownMembers: Set<String> = [
        "ContactID", "Name", "ContactNumber", "ContactStatus", "MergedToContactID", "UpdatedDateUTC",
        "HasValidationErrors", "ValidationErrors", "StatusAttributeString",
    ]

    private static func existingContact(
        _ element: JSONObject, mode: EntryMode, in book: OrganisationBook
    ) throws(Rejection) -> Contact? {
        switch mode {
        case .create:
            if let id = element.filled("ContactID"), id != zeroIdentifier {
                throw Rejection("ContactID must not be given when a contact is created.")
            }
            return nil
        case .update(let id):
            guard let found = book.contacts[id] ?? book.contactsByNumber[id].flatMap({ book.contacts[$0] }) else {
                throw Rejection("The contact \(id) could not be found.")
            }
            return found
        case .upsert:
            if let id = element.filled("ContactID"), id != zeroIdentifier, book.contacts[id] == nil {
                throw Rejection("The contact with ContactID \(id) could not be found.")
            }
            return find(element, in: book)
        }
    }

    /// The contact an element names: by identifier, else by number, else by name.
    static func find(_ element: JSONObject, in book: OrganisationBook) -> Contact? {
        if let id = element.filled("ContactID"), id != zeroIdentifier { return book.contacts[id] }
        if let number = element.filled("ContactNumber"), let id = book.contactsByNumber[number] {
            return book.contacts[id]
        }
        guard let name = element.filled("Name") else { return nil }
        return book.contactsByName[Collation.key(name)].flatMap { book.contacts[$0] }
    }

    static func uniquenessProblems(_ contact: Contact, in book: OrganisationBook) -> [String] {
        var errors: [String] = []
        if !contact.isArchived, !contact.name.isEmpty, let other = book.contactsByName[contact.nameKey],
            other != contact.id
        {
            errors.append(
                "The contact name \(contact.name) is already assigned to another contact. "
                    + "The contact name must be unique across all active contacts.")
        }
        if let number = contact.number, let other = book.contactsByNumber[number], other != contact.id {
            errors.append(
                "The contact number \(number) is already assigned to another contact. "
                    + "The contact number must be unique across all contacts.")
        }
        return errors
    }

    static func store(_ contact: Contact, replacing old: Contact?, in book: inout OrganisationBook) {
        if let old {
            if book.contactsByName[old.nameKey] == old.id { book.contactsByName[old.nameKey] = nil }
            if let number = old.number { book.contactsByNumber[number] = nil }
        }
        if !contact.isArchived { book.contactsByName[contact.nameKey] = contact.id }
        if let number = contact.number { book.contactsByNumber[number] = contact.id }
        book.contacts.put(contact, id: contact.id)
    }

    /// Why a document cannot have the contact it names.
    static func attachProblems(_ element: JSONObject, in book: OrganisationBook) -> [String] {
        let keys = ["ContactID", "ContactNumber", "Name"]
        guard keys.contains(where: { element.filled($0) != nil }) else { return [missingIdentity] }
        if let contact = find(element, in: book) {
            return contact.isArchived
                ? ["The Contact \(contact.name) is archived and cannot be used in transactions."] : []
        }
        if let id = element.filled("ContactID"), id != zeroIdentifier {
            return ["The Contact with ContactID \(id) could not be found."]
        }
        guard let name = element.filled("Name") else { return [missingIdentity] }
        return ContactRules.problems(element, name: name)
    }

    /// Makes or updates the contact a document names, and returns its identifier.
    static func attach(
        _ element: JSONObject, to book: inout OrganisationBook, context: EntryContext
    ) throws(Rejection) -> String {
        if let found = find(element, in: book) {
            if element.keys == ["ContactID"] || element.keys == ["Name"] || element.keys == ["ContactNumber"] {
                return found.id
            }
            var changed = element
            changed["ContactID"] = .string(found.id)
            if element["ContactPersons"] == nil { changed["ContactPersons"] = [] }
            return try enter(changed, mode: .update(found.id), into: &book, context: context).id
        }
        return try enter(element, mode: .upsert, into: &book, context: context).id
    }
}
