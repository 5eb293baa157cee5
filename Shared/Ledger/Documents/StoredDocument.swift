public import Accounting
public import JSON
public import Mapping
import Postgres
import Xero

/// A document's row.
public struct StoredDocument: Sendable {
    /// The row's id.
    public var id: Int64
    /// What it is the document of.
    public var key: DocumentKey
    /// The order it belongs to; nil for a contact or an item.
    public var orderID: String?
    /// InvoiceNumber, CreditNoteNumber, QuoteNumber or an item's Code.
    public var number: String?
    /// Where it is on its way.
    public var machine: DocumentMachine
    /// What it waits for, or why it is held or dead.
    public var reason: String?
    /// The Xero element that is wanted, other documents as `{"$invoice": KEY}`.
    public var desired: JSONValue
    /// The text of what Xero returned for the posted version.
    public var posted: String?
    /// Xero's id.
    public var xeroID: String?
    /// The mapping it was planned with.
    public var mappingVersion: Int64?
    /// ISO 4217.
    public var currency: String?
    /// What Xero's total has to be.
    public var total: ExactDecimal?
    /// What Xero's total tax has to be.
    public var totalTax: ExactDecimal?
    /// The document's date.
    public var date: CalendarDate?
    /// What goes first.
    public var lane: DocumentLane
    /// Calls made for it since it was last planned or retried.
    public var attempts: Int
    /// The call that carries it now.
    public var openCall: String?
    /// Whether Xero may have it already, so that it is looked up before it is sent.
    public var lookupFirst: Bool
    /// The e-mail address that Xero refused for this contact: it is left out until the customer has another.
    public var refusedEmail: String?
    /// What the plan wanted, as text, where ``desired`` says the same with the tax of its lines stated.
    public var planned: String?
    /// The W3C trace of the planning that last changed it.
    public var traceparent: String?
    /// A contact's: it is archived in Xero, and nothing can be posted to it. Changed by ``ContactStandings`` alone.
    public internal(set) var isArchived = false
    /// Seconds to wait before it may be sent; applied when the row is stored, 0 for at once.
    public var delaySeconds: Double = 0
    /// Whether ``desired``, ``number`` or the amounts were changed and have to be stored.
    var hasNewContent = false
    /// Whether ``posted`` was changed and has to be stored.
    var hasNewPosted = false

    /// How a person names it: its number, or kind and source.
    public var title: String {
        let kind = key.kind.rawValue.split(separator: "_").joined(separator: " ")
        if key.kind == .contact { return "contact \(desired["Name"]?.string ?? key.sourceID)" }
        if let number { return "\(kind) \(number)" }
        return "\(kind) \(key.part) of \(key.sourceID)"
    }

    /// Whether Xero has it as a draft, or submitted for approval: such a document is deleted, not voided.
    public var isDraft: Bool {
        let element = posted.flatMap { try? JSONValue(parsing: $0) }
        return ["DRAFT", "SUBMITTED"].contains(element?["Status"]?.string ?? "")
    }

    /// The date it has in Xero; nil if it is not there.
    var postedDate: CalendarDate? {
        guard let posted, let element = try? JSONValue(parsing: posted) else { return nil }
        return (element["DateString"]?.string ?? element["Date"]?.string).flatMap { XeroDate.date($0) }
    }

    /// What a document that needs this one says it waits for.
    public var waitingReason: String {
        switch machine.state {
        case .held, .dead: "waits for \(title), which is \(machine.state.rawValue): \(reason ?? "no reason recorded")"
        case _ where isArchived: "waits for \(title), which is archived in Xero"
        default: "waits for \(title)"
        }
    }

    /// Whether what depends on it may be sent: a contact has to exist and not to be archived, everything else has to be as
    /// it is wanted.
    /// - Parameter softly: whether it is done without once Xero refused it.
    public func satisfies(softly: Bool) -> Bool {
        xeroID != nil && !isArchived && (key.kind == .contact || machine.state == .posted)
            || softly && machine.state.needsPerson
    }

    /// Stores what Xero returned.
    /// - Parameters:
    ///   - element: the element as returned.
    ///   - id: Xero's id.
    public mutating func setPosted(_ element: JSONValue, id: String) {
        posted = element.text
        xeroID = id
        hasNewPosted = true
    }

    /// Stores what is wanted now.
    /// - Parameter element: the element.
    public mutating func setDesired(_ element: JSONValue) {
        desired = element
        planned = nil
        hasNewContent = true
    }
}

extension StoredDocument {
    /// Stores what is to be sent so that Xero has what the plan wants.
    /// - Parameter element: the element, with the tax of its lines stated.
    public mutating func setRepaired(_ element: JSONValue) {
        planned = planned ?? desired.text
        desired = element
        hasNewContent = true
    }

    /// What the plan would say if it knew of the repair; the plan's own words if it wants something else by now.
    /// - Parameter element: what the plan wants, with the number that the document keeps.
    func repaired(_ element: JSONValue) -> JSONValue {
        guard let planned, let former = try? JSONValue(parsing: planned), former.canonical() == element.canonical()
        else { return element }
        return desired
    }

    static let columns = """
        id, org_id, store_id, kind, source_id, part, order_id, number, state, state_reason, desired_version, sent_version,
        posted_version, desired, desired_void, posted, xero_id, mapping_version, currency, total, total_tax, document_date,
        lane, attempts, open_call, lookup_first, refused_email, planned, traceparent, is_archived
        """

    init(row: PostgresRow) throws(PostgresError) {
        let kind: String = try row.decode("kind")
        let state: String = try row.decode("state")
        guard let kind = DocumentKind(rawValue: kind), let state = DocumentState(rawValue: state) else {
            throw PostgresError(.decoding, "a document's kind or state is not known here: \(kind), \(state)")
        }
        id = try row.decode("id")
        key = DocumentKey(
            orgID: try row.decode("org_id"), storeID: try row.decode("store_id"), kind: kind,
            sourceID: try row.decode("source_id"), part: try row.decode("part"))
        orderID = row["order_id"]
        number = row["number"]
        xeroID = row["xero_id"]
        machine = DocumentMachine(
            state: state, desiredVersion: try row.decode("desired_version"),
            sentVersion: try row.decode("sent_version"), postedVersion: try row.decode("posted_version"),
            desiredVoid: try row.decode("desired_void"), exists: xeroID != nil)
        reason = row["state_reason"]
        let text: String = try row.decode("desired")
        guard let element = try? JSONValue(parsing: text) else {
            throw PostgresError(.decoding, "the desired element of document \(key) is not JSON")
        }
        desired = element
        posted = row["posted"]
        mappingVersion = try row.decode("mapping_version")
        currency = row["currency"]
        total = row["total"].flatMap { ExactDecimal($0) }
        totalTax = row["total_tax"].flatMap { ExactDecimal($0) }
        date = row["document_date"].flatMap { CalendarDate($0) }
        lane = DocumentLane(rawValue: try row.decode("lane")) ?? .live
        attempts = try row.decode("attempts")
        openCall = row["open_call"]
        lookupFirst = try row.decode("lookup_first")
        refusedEmail = row["refused_email"]
        planned = row["planned"]
        traceparent = row["traceparent"]
        isArchived = try row.decode("is_archived")
    }
}
