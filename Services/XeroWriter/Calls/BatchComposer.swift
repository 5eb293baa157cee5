import JSON
import Ledger
import Mapping
import Xero

/// Makes the elements of a call from documents: references to other documents become Xero's ids, updates carry the ids of the
/// document and its lines. Pure.
struct BatchComposer {
    /// Bytes of a body that are not exceeded.
    static let bodyLimit = 3_500_000

    /// A composed call.
    struct Composition: Sendable {
        /// The documents it carries, in order.
        var documents: [StoredDocument] = []
        /// Their elements.
        var elements: [JSONValue] = []
        /// Documents that cannot go because what they refer to is not in Xero, with the key of that.
        var blocked: [(document: StoredDocument, missing: String)] = []
        /// The collection written to.
        var collection: XeroCollection
        /// The path.
        var path: String
        /// The method.
        var method: XeroRequest.Method
        /// The body; nothing for what is removed by its address.
        var body: [UInt8] {
            if method == .delete { return [] }
            // One payment is deleted by its address: the body holds just what it becomes.
            if isByID, let element = elements.first { return element.encoded() }
            return XeroRequest.body(collection, elements: elements)
        }
        /// Whether the path is that of one element.
        var isByID = false
        /// Whether Xero remembers a key for the call, so that it can be repeated under it.
        var takesKey: Bool { method != .delete }
    }

    let shape: BatchShape
    /// Xero's ids by document key.
    let xeroIDs: [String: String]
    /// What is written of documents of which not everything is, by their rows' ids.
    var changes: [Int64: JSONValue] = [:]

    /// The keys that the documents' elements refer to.
    static func references(in documents: [StoredDocument]) -> [String] {
        var keys = Set<String>()
        for document in documents { collect(document.desired, into: &keys) }
        return keys.sorted()
    }

    private static func collect(_ value: JSONValue, into keys: inout Set<String>) {
        switch value {
        case .object(let object):
            if let (_, key) = reference(object) { keys.insert(key) }
            for member in object { collect(member.value, into: &keys) }
        case .array(let array):
            for element in array { collect(element, into: &keys) }
        default: break
        }
    }

    /// `{"$invoice": KEY}` and the member that Xero wants instead.
    static func reference(_ object: JSONObject) -> (idField: String, key: String)? {
        guard object.count == 1, let name = object.keys.first, let key = object[name]?.string else { return nil }
        switch name {
        case "$contact": return ("ContactID", key)
        case "$invoice": return ("InvoiceID", key)
        case "$creditNote": return ("CreditNoteID", key)
        default: return nil
        }
    }

    /// Composes a call of as many of the documents as fit.
    func compose(_ documents: [StoredDocument]) -> Composition {
        let collection = Self.collection(shape.kind)
        var composition = Composition(
            collection: collection, path: XeroRequest.writePath(collection),
            method: shape.operation == .create ? .put : .post)
        var bytes = 100
        for document in documents {
            var missing: String?
            if shape.operation == .void { missing = missingForVoid(document) }
            let element = element(of: document, missing: &missing)
            if let missing {
                composition.blocked.append((document, missing))
                continue
            }
            let size = element.encoded().count + 1
            if !composition.elements.isEmpty && bytes + size > Self.bodyLimit { break }
            bytes += size
            composition.documents.append(document)
            composition.elements.append(element)
        }
        if shape.operation == .void {
            address(&composition)
        } else if shape.kind == .allocation {
            allocate(&composition)
        }
        return composition
    }

    static func collection(_ kind: DocumentKind) -> XeroCollection {
        switch kind {
        case .contact: .contacts
        case .invoice: .invoices
        case .payment, .refund: .payments
        case .creditNote: .creditNotes
        case .allocation: .allocations
        case .item: .items
        case .quote: .quotes
        }
    }

    private func element(of document: StoredDocument, missing: inout String?) -> JSONValue {
        let idField = Self.collection(shape.kind).idField
        if shape.operation == .void, shape.kind != .quote {
            return voided(document, idField)
        }
        let resolved = resolve(changes[document.id] ?? document.desired, &missing)
        guard shape.operation != .create, let id = document.xeroID, case .object(var object) = resolved else {
            return resolved
        }
        object[idField] = .string(id)
        if let lines = object["LineItems"]?.array {
            object["LineItems"] = .array(Self.withLineIDs(lines, posted: document.posted))
        }
        return .object(shape.kind == .quote ? QuoteProgress.element(object, of: document) : object)
    }

    // MARK: Removing

    /// What a document becomes when it is removed: payments and drafts are deleted, what counts in the books is voided.
    private func voided(_ document: StoredDocument, _ idField: String) -> JSONValue {
        switch shape.kind {
        case .payment, .refund: ["Status": "DELETED"]
        default: [idField: .string(document.xeroID ?? ""), "Status": document.isDraft ? "DELETED" : "VOIDED"]
        }
    }

    private func missingForVoid(_ document: StoredDocument) -> String? {
        guard shape.kind == .allocation, let note = Self.creditNote(of: document), xeroIDs[note] == nil else {
            return nil
        }
        return note
    }

    /// The key of the credit note that an allocation is of.
    static func creditNote(of document: StoredDocument) -> String? {
        document.desired["CreditNote"]?["$creditNote"]?.string
    }

    /// Payments and allocations are removed one by one, by their address.
    private func address(_ composition: inout Composition) {
        guard let document = composition.documents.first, let id = document.xeroID else { return }
        switch shape.kind {
        case .payment, .refund:
            composition.path = XeroRequest.elementPath(.payments, id: id)
            composition.isByID = true
        case .allocation:
            let note = Self.creditNote(of: document).flatMap { xeroIDs[$0] } ?? ""
            composition.path = XeroRequest.allocationPath(creditNoteID: note, id: id)
            composition.method = .delete
        default: break
        }
    }

    private func resolve(_ value: JSONValue, _ missing: inout String?) -> JSONValue {
        switch value {
        case .object(let object):
            if let (idField, key) = Self.reference(object) {
                if let id = xeroIDs[key] { return .object([idField: .string(id)]) }
                missing = missing ?? key
                return value
            }
            var resolved = JSONObject()
            for member in object { resolved[member.key] = resolve(member.value, &missing) }
            return .object(resolved)
        case .array(let array):
            return .array(array.map { resolve($0, &missing) })
        default:
            return value
        }
    }

    /// Lines keep their ids by position; lines that Xero has beyond the wanted ones are left out, which deletes them.
    private static func withLineIDs(_ lines: [JSONValue], posted: String?) -> [JSONValue] {
        let present = posted.flatMap { try? JSONValue(parsing: $0) }?["LineItems"]?.array ?? []
        return lines.enumerated().map { index, line in
            guard index < present.count, let id = present[index]["LineItemID"]?.string, var object = line.object else {
                return line
            }
            object["LineItemID"] = .string(id)
            return .object(object)
        }
    }

    /// An allocation goes below its credit note, whose id is part of the path and not of the element.
    private func allocate(_ composition: inout Composition) {
        guard let element = composition.elements.first, var object = element.object else { return }
        composition.path = XeroRequest.writePath(
            .allocations, creditNoteID: object["CreditNote"]?["CreditNoteID"]?.string ?? "")
        object["CreditNote"] = nil
        composition.elements = [.object(object)]
    }
}
