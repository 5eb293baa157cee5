/// What to do about a refusal.
public enum XeroErrorAction: String, Sendable, Hashable {
    /// Look the document up by its number or key; adopt it only if it carries our key.
    case lookUp = "look_up"
    /// Look the contact up by its name: adopt it if the e-mail agrees, else take the next suffix.
    case resolveName = "resolve_name"
    /// The same element under a new idempotency key, after it has been looked up.
    case newKey = "new_key"
    /// Look up what it refers to, which Xero does not know: it may never have been made.
    case lookUpReferences = "look_up_references"
    /// Look up the items that its lines name; go on without those that nobody makes.
    case lookUpItems = "look_up_items"
    /// Find out what became of the contact in Xero, and follow it.
    case followContact = "follow_contact"
    /// Send the contact without its e-mail address.
    case dropEmail = "drop_email"
    /// Wait for a person, who changes the mapping, the order or Xero.
    case askPerson = "ask_person"
}

/// A refusal, explained.
public struct XeroErrorExplanation: Sendable, Hashable {
    /// Groups refusals of one kind, e.g. `mapping.account`.
    public var errorClass: String
    /// What the writer does about it.
    public var action: XeroErrorAction
    /// What happened, for the operator.
    public var sentence: String
    /// What the operator can do.
    public var suggestion: String

    /// An explanation.
    /// - Parameters:
    ///   - errorClass: groups refusals of one kind.
    ///   - action: what the writer does about it.
    ///   - sentence: what happened, for the operator.
    ///   - suggestion: what the operator can do.
    public init(errorClass: String, action: XeroErrorAction, sentence: String, suggestion: String) {
        self.errorClass = errorClass
        self.action = action
        self.sentence = sentence
        self.suggestion = suggestion
    }
}

/// Xero's refusals by fragments of their texts. The texts are no interface of Xero's: they are matched without case, and
/// what no entry matches is a class of its own, which a person sees.
public enum XeroErrorCatalogue {
    struct Entry: Sendable {
        /// All of them have to occur.
        var fragments: [String]
        var explanation: XeroErrorExplanation

        init(
            _ fragments: [String], _ errorClass: String, _ action: XeroErrorAction, _ sentence: String,
            _ suggestion: String
        ) {
            self.fragments = fragments
            explanation = XeroErrorExplanation(
                errorClass: errorClass, action: action, sentence: sentence, suggestion: suggestion)
        }
    }

    /// Explains one refusal.
    /// - Parameter messages: every message of the refused element, in Xero's words. The first entry of the catalogue that
    ///   one of them matches decides.
    /// - Returns: the explanation; of class `unknown` if no entry matches.
    public static func explain(_ messages: [String]) -> XeroErrorExplanation {
        let lowered = messages.map { $0.lowercased() }
        for entry in entries {
            for message in lowered where entry.fragments.allSatisfy({ message.contains($0) }) {
                return entry.explanation
            }
        }
        return XeroErrorExplanation(
            errorClass: "unknown", action: .askPerson,
            sentence: "Xero refused this with a text that is not known here.",
            suggestion: "Read Xero's words; correct the order, the mapping or Xero's settings, then retry.")
    }

    /// The classes that refusals are sorted into.
    public static var classes: [String] { entries.map(\.explanation.errorClass) + ["unknown"] }

    static let entries: [Entry] = items + duplicates + mapping + states + locks + arithmetic + data + plan

    /// Before all others: an item's code may hold any word.
    private static let items = [
        Entry(
            ["price list item with code", "already exists"], "duplicate.item", .lookUp,
            "Xero already has an item of this code.", "Retry: the item that is there is used."),
        Entry(
            ["item code", "is not valid"], "mapping.item", .lookUpItems,
            "Xero does not know the item of a line.",
            "Make the item in Xero, or set items: create in the mapping, then retry."),
        Entry(
            ["item code", "30 characters"], "item.code", .askPerson, "The item's code is too long for Xero.",
            "Report this item: codes are meant to be shortened."),
    ]

    private static let duplicates = [
        Entry(
            ["must be unique across all active contacts"], "duplicate.contact", .resolveName,
            "Xero already has a contact of this name or number.",
            "If it is the same customer, give the contact in Xero the customer's e-mail address; then retry."),
        Entry(
            ["already assigned to another contact"], "duplicate.contact", .resolveName,
            "Xero already has a contact of this name or number.",
            "If it is the same customer, give the contact in Xero the customer's e-mail address; then retry."),
        Entry(
            ["contact", "already exists"], "duplicate.contact", .resolveName,
            "Xero already has a contact of this name or number.",
            "If it is the same customer, give the contact in Xero the customer's e-mail address; then retry."),
        Entry(
            ["# must be unique"], "duplicate.number", .lookUp,
            "Xero already has a document of this number, and it is not ours.",
            "Rename the document in Xero, or give the store another number prefix; then retry."),
        Entry(
            ["number", "must be unique"], "duplicate.number", .lookUp,
            "Xero already has a document of this number, and it is not ours.",
            "Rename the document in Xero, or give the store another number prefix; then retry."),
        Entry(
            ["used with a different request"], "key.reused", .newKey,
            "Xero remembers this call's key for another request.", "Retry: a new key is used."),
    ]

    private static let mapping = [
        Entry(
            ["is not a valid code for this document"], "mapping.account", .askPerson,
            "Xero does not accept the account code for this kind of line.",
            "Map the line to an account that Xero allows on sales documents, then retry."),
        Entry(
            ["account", "has been archived"], "mapping.account", .askPerson,
            "The account was archived or deleted in Xero.",
            "Restore the account in Xero or map the line to another one, then retry."),
        Entry(
            ["account must be valid"], "mapping.account", .askPerson, "Xero does not know the account.",
            "Map the line or the payment method to an account that exists in Xero, then retry."),
        Entry(
            ["account", "could not be found"], "mapping.account", .askPerson, "Xero does not know the account.",
            "Map the line or the payment method to an account that exists in Xero, then retry."),
        Entry(
            ["account", "not a valid code"], "mapping.account", .askPerson, "Xero does not know the account.",
            "Map the line or the payment method to an account that exists in Xero, then retry."),
        Entry(
            ["enable payments"], "mapping.account", .askPerson, "The clearing account does not take payments.",
            "Enable payments to the account in Xero or map the payment method to another one, then retry."),
        Entry(
            ["taxtype code", "cannot be used with account code"], "mapping.tax", .askPerson,
            "Xero does not allow this tax rate on this account.",
            "Map the tax rate to a tax type that the account allows, then retry."),
        Entry(
            ["taxtype code", "not valid"], "mapping.tax", .askPerson, "Xero does not know the tax type.",
            "Map the tax rate to a tax type of this organisation, then retry."),
        Entry(
            ["taxtype code", "does not exist"], "mapping.tax", .askPerson, "Xero does not know the tax type.",
            "Map the tax rate to a tax type of this organisation, then retry."),
        Entry(
            ["tax rate must be valid"], "mapping.tax", .askPerson, "Xero does not know the tax type.",
            "Map the tax rate to a tax type of this organisation, then retry."),
    ]

    private static let states = [
        Entry(
            ["quote", "could not be found"], "document.state", .askPerson,
            "Xero does not know the quote any more.", "Plan the order again with resync, then retry."),
        Entry(
            ["quote", "in xero by somebody"], "document.state", .askPerson,
            "Somebody ended the quote in Xero, and the store still wants it.",
            "Set the quote back in Xero and retry, or discard this letter."),
        Entry(
            ["quote", "status"], "document.state", .askPerson,
            "Xero does not allow this change of the quote in its present status.",
            "Correct the quote in Xero by hand, then retry."),
        Entry(
            ["invoice", "could not be found"], "reference.missing", .lookUpReferences,
            "Xero does not know the invoice that this belongs to.",
            "Look for the invoice in Xero: it was made and is gone. Plan the order again with resync, then retry."),
        Entry(
            ["credit note", "could not be found"], "reference.missing", .lookUpReferences,
            "Xero does not know the credit note that this belongs to.",
            "Look for the credit note in Xero: it was made and is gone. Plan the order again with resync, then retry."),
        Entry(
            ["contact", "archived"], "contact.archived", .followContact,
            "Xero posts nothing to this customer's contact, because the contact was archived there.",
            "Restore the contact in Xero, or set archived_contacts: replace for the org; then retry."),
        Entry(
            ["contact", "could not be found"], "reference.missing", .lookUpReferences,
            "Xero does not know the contact of this document.",
            "Look for the contact in Xero: it was made and is gone. Plan the order again with resync, then retry."),
        Entry(
            ["exceeds the amount outstanding"], "payment.exceeds", .lookUp,
            "The document is already paid, or less is due on it than this payment.",
            "Compare the document's payments in Xero with the order; remove what does not belong there, then retry."),
        Entry(
            ["payments can only be made against authorised"], "document.state", .lookUp,
            "The document cannot take a payment in its present state.",
            "Approve or restore the document in Xero, then retry."),
        Entry(
            ["not of valid status for modification"], "document.state", .askPerson,
            "The document can no longer be changed in Xero.",
            "Correct the document in Xero by hand, or remove its payments, then retry."),
        Entry(
            ["cannot be edited as it has a payment"], "document.paid", .askPerson,
            "The document has a payment or credit note on it and can no longer be changed.",
            "Remove the payment in Xero and retry, or correct the difference by a credit note."),
        Entry(
            ["status voided cannot be applied"], "document.paid", .askPerson,
            "The document has a payment or credit note on it and cannot be voided.",
            "Remove the payment in Xero, then retry."),
        Entry(
            ["status deleted cannot be applied"], "document.state", .lookUp,
            "The document was approved in Xero meanwhile and cannot be deleted.",
            "Retry: it is looked up and voided."),
        Entry(
            ["allocation", "could not be found"], "document.gone", .lookUp,
            "Xero does not have this allocation any more.", "Retry: it is looked up, and done if it is gone."),
        Entry(
            ["payment", "could not be found"], "document.gone", .lookUp,
            "Xero does not have this payment any more.", "Retry: it is looked up, and done if it is gone."),
        Entry(
            ["reconciled"], "payment.reconciled", .askPerson,
            "The payment is reconciled with a bank statement line, and Xero does not delete it.",
            "Unreconcile it in Xero (the payment's page, Options, Remove & Redo or Unreconcile), then retry."),
        Entry(
            ["batch payment"], "payment.batch", .askPerson,
            "The payment is part of a batch payment, which Xero only deletes as a whole.",
            "Take it out of the batch in Xero, or delete it there, then retry."),
    ]

    private static let locks = [
        Entry(
            ["before the period lock date"], "locked", .askPerson, "The document's date is in a locked period.",
            "Move the lock date in Xero and retry, or enter the order by hand in an open period."),
        Entry(
            ["end of year lock date"], "locked", .askPerson, "The document's date is in a locked year.",
            "Move the lock date in Xero and retry, or enter the order by hand in an open period."),
    ]

    private static let arithmetic = [
        Entry(
            ["does not match the expected line total"], "arithmetic", .askPerson,
            "Xero computes another amount for a line.", "Report this order: the amounts were computed wrongly here."),
        Entry(
            ["does not equal the sum of the lines"], "arithmetic", .askPerson,
            "Xero computes another total.", "Report this order: the amounts were computed wrongly here."),
        Entry(
            ["discount", "is invalid"], "arithmetic", .askPerson, "Xero does not accept a line's discount.",
            "Report this order: lines are meant to be posted net of discounts."),
        Entry(
            ["discounts may not be applied"], "arithmetic", .askPerson, "Xero does not accept a line's discount.",
            "Report this order: lines are meant to be posted net of discounts."),
    ]

    private static let data = [
        Entry(
            ["email address must be valid"], "contact.email", .dropEmail,
            "Xero does not accept the customer's e-mail address.",
            "Correct the e-mail address in the store, then retry. Xero takes no umlauts in addresses."),
        Entry(
            ["description field is mandatory"], "document.description", .askPerson,
            "A line has no description.", "Name the product in the store, then retry."),
        Entry(
            ["contact must contain at least 1"], "contact.name", .askPerson, "The contact has no name.",
            "Give the customer a name in the store, then retry."),
        Entry(
            ["due date for sales invoices must be"], "contact.terms", .askPerson,
            "Xero does not accept the contact's payment terms.", "Correct the contact's terms in Xero, then retry."),
    ]

    private static let plan = [
        Entry(
            ["is not subscribed to currency"], "plan.currency", .askPerson,
            "The organisation does not have the order's currency.",
            "Add the currency in Xero (the plan has to include several currencies), then retry."),
        Entry(
            ["limit of invoices you can approve"], "plan.invoices", .askPerson,
            "The organisation's plan allows no more approved invoices this month.",
            "Upgrade the plan in Xero, or wait for the next month, then retry."),
    ]
}
