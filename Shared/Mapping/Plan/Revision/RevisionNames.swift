import Accounting
import JSON

/// Keys, numbers and references of an order's documents when it has several of a kind.
struct RevisionNames {
    /// The key of the order's first invoice.
    let order: DocumentKey
    /// References that Xero knows, or knew.
    private let taken: Set<DocumentKeyRef>
    /// The number of the order's next revision, from 2.
    let nextRevision: Int

    init(order: DocumentKey, taken: [StandingDocument]) {
        self.order = order
        self.taken = Set(taken.map(\.reference))
        let parts = taken.filter {
            $0.reference.sourceID == order.sourceID && [.invoice, .creditNote].contains($0.kind)
        }
        nextRevision = max(1, parts.map(\.part).max() ?? 1) + 1
    }

    func key(_ reference: DocumentKeyRef) -> String {
        DocumentKey(reference, orgID: order.orgID, storeID: order.storeID).text
    }

    func isTaken(_ reference: DocumentKeyRef) -> Bool { taken.contains(reference) }

    /// Whether a credit note is one of the order itself, and not of a refund.
    func isRevision(_ reference: DocumentKeyRef) -> Bool {
        reference.kind == .creditNote && reference.sourceID == order.sourceID && reference.part != "1"
    }

    /// The reference itself, or the first later part that nobody has.
    func free(_ reference: DocumentKeyRef, besides used: Set<DocumentKeyRef> = []) -> DocumentKeyRef {
        var part = Int(reference.part) ?? 1
        var candidate = reference
        while taken.contains(candidate) || used.contains(candidate) {
            part += 1
            candidate = DocumentKeyRef(kind: reference.kind, sourceID: reference.sourceID, part: String(part))
        }
        return candidate
    }

    /// A number with its part, if it is not the first.
    func number(_ base: String, _ reference: DocumentKeyRef) -> String {
        reference.part == "1" ? base : "\(base).\(reference.part)"
    }

    /// The Reference of a document, of which `text` is that of a sibling.
    func referenceText(_ text: String, _ reference: DocumentKeyRef) -> JSONValue {
        var words = text.prefix { $0 != "[" }.prefix(110)
        while words.last == " " { words.removeLast() }
        let key = DocumentKey(reference, orgID: order.orgID, storeID: order.storeID)
        return .string("\(words) [\(key.shortForm)]")
    }

    /// A planned document under other references: its own, and those it refers to.
    func moved(_ document: PlannedDocument, _ moves: [DocumentKeyRef: DocumentKeyRef]) -> PlannedDocument {
        var moved = document
        moved.dependsOn = document.dependsOn.map { moves[$0] ?? $0 }
        guard var desired = document.desired.object else { return moved }
        for (from, to) in moves where from != to {
            for (member, link) in [("Invoice", "$invoice"), ("CreditNote", "$creditNote")]
            where desired[member]?[link]?.string == key(from) {
                desired[member] = [link: .string(key(to))]
            }
        }
        if let to = moves[document.reference], to != document.reference {
            moved.part = to.part
            if let number = document.number {
                let name = self.number(number, to)
                moved.number = name
                if let field = document.kind.numberField { desired[field] = .string(name) }
            }
            if document.kind != .invoice, let text = desired["Reference"]?.string {
                desired["Reference"] = referenceText(text, to)
            }
        }
        moved.desired = .object(desired)
        return moved
    }
}
