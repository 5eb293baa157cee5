import Accounting
import JSON

/// Enters one element of a call to Items into the books.
enum ItemEntry {
    /// Enters the element, and returns the item as it is now.
    static func enter(
        _ element: JSONObject, mode: EntryMode, into book: inout OrganisationBook, context: EntryContext
    ) throws(Rejection) -> Item {
        let existing = try existingItem(element, mode: mode, in: book)
        guard let code = element.filled("Code") ?? existing?.code else {
            throw Rejection("The item Code must be specified.")
        }
        var errors = problems(element, code: code, in: book)
        if let other = book.itemsByCode[code], other != existing?.id {
            errors.append("Price List Item with Code '\(code)' already exists")
        }
        guard errors.isEmpty else { throw Rejection(errors, recordID: existing?.id) }
        var item =
            existing ?? Item(id: book.generator.identifier(), code: code, details: [:], updatedAt: context.now)
        if item.code != code { book.itemsByCode[item.code] = nil }
        item.code = code
        for (key, value) in element where !ownMembers.contains(key) { item.details[key] = value }
        item.updatedAt = context.now
        book.items.put(item, id: item.id)
        book.itemsByCode[code] = item.id
        return item
    }

    private static let ownMembers: Set<String> = [
        "ItemID", "Code", "UpdatedDateUTC", "HasValidationErrors", "ValidationErrors", "StatusAttributeString",
        "IsTrackedAsInventory", "QuantityOnHand", "TotalCostPool",
    ]

    private static func existingItem(
        _ element: JSONObject, mode: EntryMode, in book: OrganisationBook
    ) throws(Rejection) -> Item? {
        switch mode {
        case .create:
            if let id = element.filled("ItemID"), id != zeroIdentifier {
                throw Rejection("ItemID must not be given when an item is created.")
            }
            return nil
        case .update(let id):
            guard let found = book.item(id) else { throw Rejection("The item \(id) could not be found.") }
            return found
        case .upsert:
            if let id = element.filled("ItemID"), id != zeroIdentifier {
                guard let found = book.item(id) else { throw Rejection("The item \(id) could not be found.") }
                return found
            }
            return element.filled("Code").flatMap { book.item($0) }
        }
    }

    private static func problems(_ element: JSONObject, code: String, in book: OrganisationBook) -> [String] {
        var errors: [String] = []
        if code.utf16.count > 30 { errors.append("The item Code is limited to 30 characters.") }
        if (element.text("Name")?.utf16.count ?? 0) > 50 { errors.append("The item Name is limited to 50 characters.") }
        for name in ["Description", "PurchaseDescription"] where (element.text(name)?.utf16.count ?? 0) > 4000 {
            errors.append("The item \(name) is limited to 4000 characters.")
        }
        for name in ["SalesDetails", "PurchaseDetails"] {
            guard let details = element.present(name)?.object else { continue }
            _ = AmountReading.amount(details, "UnitPrice", errors: &errors)
            errors += problems(details, in: book)
        }
        return errors
    }

    private static func problems(_ details: JSONObject, in book: OrganisationBook) -> [String] {
        var errors: [String] = []
        let account = details.filled("AccountCode").flatMap { book.account($0) }
        if let code = details.filled("AccountCode"), account.map({ $0.takesLines && !$0.isArchived }) != true {
            errors.append("Account code '\(code)' is not a valid code for this document.")
        }
        guard let type = details.filled("TaxType") else { return errors }
        guard let rate = book.taxRate(type) else { return errors + ["The TaxType code '\(type)' is not valid"] }
        if let account, !rate.applies(to: account.class) {
            errors.append("The TaxType code '\(type)' cannot be used with account code '\(account.code)'.")
        }
        return errors
    }

    /// Deletes an item; lines that name it keep its code.
    /// - Returns: false if there is none.
    static func delete(_ id: String, from book: inout OrganisationBook, context: EntryContext) -> Bool {
        guard var item = book.item(id) else { return false }
        item.isDeleted = true
        item.updatedAt = context.now
        book.items.put(item, id: item.id)
        book.itemsByCode[item.code] = nil
        return true
    }
}
