import Accounting
public import JSON
public import Mapping

/// What another mapping changes of an order's documents, and which of it Xero allows.
public struct Remapping: Sendable, Hashable {
    /// A document as it is kept.
    public struct Kept: Sendable, Hashable {
        /// Its key.
        public var key: DocumentKey
        /// How a person names it.
        public var title: String
        /// What is wanted of it now.
        public var desired: JSONValue
        /// Whether Xero has it, or may have it.
        public var isInXero: Bool
        /// Whether it is not to be there.
        public var isVoided: Bool

        /// A document as it is kept.
        public init(key: DocumentKey, title: String, desired: JSONValue, isInXero: Bool, isVoided: Bool) {
            self.key = key
            self.title = title
            self.desired = desired
            self.isInXero = isInXero
            self.isVoided = isVoided
        }
    }

    /// What can be done about a change.
    public enum Way: String, Sendable, Hashable {
        /// The document was not sent yet, and is sent so.
        case send = "is sent so"
        /// Xero's document is updated.
        case update = "is updated in Xero"
        /// It is settled in Xero, which lets nobody change it.
        case settled = "stays: payments or credit notes are on it in Xero"
        /// It is in Xero for good.
        case final = "stays: Xero changes no such document"
    }

    /// A change of one document.
    public struct Change: Sendable, Hashable {
        /// How a person names the document.
        public var document: String
        /// What changes, such as `line 1 AccountCode 200 -> 203`.
        public var details: [String]
        /// What can be done about it.
        public var way: Way
    }

    /// What changes, in the order of the plan.
    public private(set) var changes: [Change] = []
    /// Why the order would not be posted under the new mapping; `nil` if it would.
    public private(set) var refusal: String?

    /// Whether planning the order again does all that there is to do.
    public var canBeDone: Bool {
        refusal == nil && changes.allSatisfy { $0.way == .send || $0.way == .update }
    }

    /// Compares.
    /// - Parameters:
    ///   - preview: The order under the new mapping.
    ///   - kept: The order's documents as they are, contacts left out.
    ///   - orgID: The org.
    public init(_ preview: OrderPreview, kept: [Kept], orgID: String) {
        switch preview.outcome {
        case .held(let reason, let findings):
            refusal = "would be held: \(([reason] + findings).joined(separator: "; "))"
            return
        case .ignored(let reason):
            refusal = kept.isEmpty ? nil : "would be left alone: \(reason)"
            return
        case .planned: break
        }
        let known = Dictionary(kept.map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first })
        let isSettled = kept.contains { $0.key.kind != .invoice && $0.isInXero && !$0.isVoided }
        for document in preview.documents where document.planned.kind.isOfOrder && !document.planned.voided {
            let key = DocumentKey(document.planned.reference, orgID: orgID, storeID: preview.storeID)
            guard let former = known[key] else {
                let title = "\(key.kind.rawValue.replacing("_", with: " ")) \(document.planned.number ?? key.sourceID)"
                changes.append(Change(document: title, details: ["new"], way: .send))
                continue
            }
            let details = Self.differences(former.desired, document.planned.desired)
            guard !details.isEmpty else { continue }
            changes.append(Change(document: former.title, details: details, way: Self.way(former, isSettled)))
        }
        let wanted = Set(
            preview.documents.map { DocumentKey($0.planned.reference, orgID: orgID, storeID: preview.storeID) })
        for former in kept where !wanted.contains(former.key) && !former.isVoided {
            changes.append(
                Change(document: former.title, details: ["no longer wanted"], way: former.isInXero ? .final : .send))
        }
    }

    private static func way(_ former: Kept, _ isSettled: Bool) -> Way {
        guard former.isInXero else { return .send }
        guard former.key.kind == .invoice else { return .final }
        return isSettled ? .settled : .update
    }

    // MARK: Differences

    /// What differs between two elements, apart from numbers, which a document keeps.
    private static func differences(_ former: JSONValue, _ wanted: JSONValue) -> [String] {
        let (before, after) = (leaves(former), leaves(wanted))
        let names = before.map(\.name) + after.map(\.name).filter { name in !before.contains { $0.name == name } }
        return names.compactMap { name in
            let old = before.first { $0.name == name }?.value ?? "none"
            let new = after.first { $0.name == name }?.value ?? "none"
            return old == new ? nil : "\(name) \(old) -> \(new)"
        }
    }

    /// What a person calls the fields that mappings decide.
    private static let words = [
        "AccountCode": "account", "TaxType": "tax type", "ItemCode": "item", "Description": "description",
        "TaxAmount": "tax", "Reference": "reference", "DueDate": "due", "Status": "status", "Contact": "contact",
        "Code": "code", "Account": "account", "Quantity": "quantity", "UnitAmount": "price",
    ]

    private static func leaves(_ value: JSONValue, _ path: String = "") -> [(name: String, value: String)] {
        switch value {
        case .object(let object):
            return object.flatMap { key, value -> [(name: String, value: String)] in
                switch key {
                case "InvoiceNumber", "CreditNoteNumber": return []
                case "LineItems", "Tracking":
                    return (value.array ?? []).enumerated().flatMap { place, item in
                        let word = key == "LineItems" ? "line \(place + 1)" : "tracking \(place + 1)"
                        return leaves(item, path.isEmpty ? word : "\(path) \(word)")
                    }
                // The document that another one is meant by.
                case "$contact", "$invoice", "$creditNote": return leaves(value, path)
                default:
                    let word = words[key] ?? key
                    return leaves(value, path.isEmpty ? word : "\(path) \(word)")
                }
            }
        case .array(let items): return items.enumerated().flatMap { leaves($1, "\(path) \($0 + 1)") }
        case .string(let text): return [(path, text)]
        case .number(let number):
            return [(path, JSONValue.number(number).decimal?.normalized.description ?? number.text)]
        default: return [(path, value.text)]
        }
    }
}
