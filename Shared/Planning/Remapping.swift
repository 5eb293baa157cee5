import Accounting
import JSON
public import Mapping

/// What another mapping changes of an order's documents, done the way Xero allows.
public struct Remapping: Sendable, Hashable {
    /// What becomes of a document.
    public enum Way: String, Sendable, Hashable {
        /// The document was not sent yet, and is sent so.
        case send = "is sent so"
        /// It was not sent yet, and is not wanted any more.
        case drop = "is not sent"
        /// It is a quote, and the order gets an invoice.
        case invoice = "is marked as invoiced in Xero"
        /// Xero's document is updated.
        case update = "is updated in Xero"
        /// It is settled in Xero, which still lets accounts, tracking and texts be changed.
        case recode = "is updated in Xero: it is settled, but this may still be changed"
        /// It is void in Xero afterwards.
        case void = "is voided in Xero"
        /// Xero lets nobody change it.
        case stays = "stays as it is in Xero, which changes no such document"
        /// It is posted for what could not be changed.
        case post = "is posted"
    }

    /// What becomes of one document.
    public struct Change: Sendable, Hashable {
        /// How a person names the document.
        public var document: String
        /// What changes of it, such as `line 1 account 200 -> 203`.
        public var details: [String]
        /// What becomes of it.
        public var way: Way
    }

    /// What changes, in the order of the plan; what is posted last.
    public private(set) var changes: [Change] = []
    /// Why nothing is done under the new mapping; `nil` if something is, or nothing has to be.
    public private(set) var refusal: String?

    /// Whether planning the order again does something.
    public var canBeDone: Bool { refusal == nil && changes.contains { $0.way != .stays } }

    /// Compares.
    /// - Parameters:
    ///   - preview: The order under the new mapping.
    ///   - kept: The order's documents as they are, contacts left out.
    ///   - order: The key of the order's invoice.
    ///   - correction: The consent that would be given.
    public init(
        _ preview: OrderPreview, kept: [StandingDocument], order: DocumentKey, correction: Correction
    ) {
        let plan: OrderPlan
        switch preview.outcome {
        case .held(let reason, let findings):
            refusal = "would be held: \(([reason] + findings).joined(separator: "; "))"
            return
        case .ignored(let reason):
            refusal = kept.isEmpty ? nil : "would be left alone: \(reason)"
            return
        case .planned(let wanted): plan = wanted
        }
        switch PlanRevision.revise(plan, standing: kept, order: order, correction: correction) {
        case .objection(let reason): refusal = "cannot be done: \(reason)"
        case .plan(let revised): compare(plan, revised, kept)
        }
    }

    private mutating func compare(
        _ ideal: OrderPlan, _ revised: OrderPlan, _ kept: [StandingDocument]
    ) {
        let known = Dictionary(kept.map { ($0.reference, $0) }, uniquingKeysWith: { first, _ in first })
        let done = Dictionary(
            revised.documents.map { ($0.reference, $0) }, uniquingKeysWith: { first, _ in first })
        let isSettled = kept.contains {
            ![.invoice, .quote].contains($0.reference.kind) && $0.standing == .inXero
        }
        for document in ideal.documents
        where document.kind.isOfOrder && done[document.reference] == nil {
            guard let former = known[document.reference], former.standing == .inXero, !document.voided
            else { continue }
            let details = Self.differences(former.desired, document.desired)
            if !details.isEmpty {
                changes.append(Change(document: former.title, details: details, way: .stays))
            }
        }
        for document in revised.documents where document.kind.isOfOrder {
            let former = known[document.reference]
            guard let former, former.standing != .gone else {
                if !document.voided {
                    changes.append(Change(document: Self.title(document), details: [], way: .post))
                }
                continue
            }
            if document.voided {
                changes.append(
                    Change(document: former.title, details: [], way: former.isInXero ? .void : .drop))
                continue
            }
            if document.isInvoiced {
                changes.append(Change(document: former.title, details: [], way: .invoice))
                continue
            }
            let details = Self.differences(former.desired, document.desired)
            let way: Way =
                !former.isInXero ? .send : isSettled && document.kind == .invoice ? .recode : .update
            if !details.isEmpty {
                changes.append(Change(document: former.title, details: details, way: way))
            }
        }
        for former in kept where former.standing == .unsent && done[former.reference] == nil {
            changes.append(Change(document: former.title, details: [], way: .drop))
        }
    }

    /// Such as `credit note CN-S-5.2 of 110.00` or `payment of 110.00, account 090`.
    private static func title(_ document: PlannedDocument) -> String {
        let amount = "of \((document.total ?? .zero).fixed(2))"
        let name = [document.kind.rawValue.replacing("_", with: " "), document.number, amount]
            .compactMap(\.self)
        let account = document.desired["Account"]?["Code"]?.string.map { ", account \($0)," } ?? ""
        return "\(name.joined(separator: " "))\(account)"
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
        "ExpiryDate": "expires", "Code": "code", "Account": "account", "Quantity": "quantity", "UnitAmount": "price",
        "CurrencyRate": "rate",
    ]

    private static func leaves(_ value: JSONValue, _ path: String = "") -> [(name: String, value: String)] {
        switch value {
        case .object(let object):
            return object.flatMap { key, value -> [(name: String, value: String)] in
                switch key {
                case "InvoiceNumber", "CreditNoteNumber", "QuoteNumber": return []
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

extension StandingDocument {
    fileprivate var isInXero: Bool { standing == .inXero }
}
