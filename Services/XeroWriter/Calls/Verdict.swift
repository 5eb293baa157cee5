import Accounting
import JSON
import Ledger
import Mapping
import Xero

/// What an answer means for one document.
enum Verdict: Sendable {
    /// Xero has it. `difference`: what its totals say that they should not.
    case posted(XeroElement, difference: String?)
    /// Xero does not want it as it is.
    case refused(messages: [String])
    /// The answer does not tell.
    case unknown
}

/// Reads verdicts from answers. Pure.
enum VerdictReader {
    /// The verdict on each document of a call, from a clean answer.
    /// - Parameters:
    ///   - documents: what was sent, in order.
    ///   - elements: what was returned.
    ///   - isVoid: whether the call voided them.
    static func verdicts(
        _ documents: [StoredDocument], _ elements: [XeroElement], isVoid: Bool
    ) -> [Verdict] {
        let sent = documents.map { isVoid ? nil : naturalID(of: $0) }
        let answers = changedContacts(documents, elements) ?? XeroAnswer.correlate(sent: sent, returned: elements)
        var uses: [String: Int] = [:]
        for id in answers.compactMap({ $0?.id }) { uses[id, default: 0] += 1 }
        return zip(documents, answers).map { document, answer in
            // Two documents cannot have become the same one.
            guard let answer, answer.id.map({ uses[$0] == 1 }) ?? true else { return .unknown }
            return verdict(document, answer, isVoid: isVoid)
        }
    }

    /// The answers to changes of contacts, by Xero's ids: the numbers may be people's. Refused ones need not tell an id.
    private static func changedContacts(
        _ documents: [StoredDocument], _ elements: [XeroElement]
    ) -> [XeroElement?]? {
        guard documents.allSatisfy({ $0.key.kind == .contact && $0.xeroID != nil }) else { return nil }
        let byID = Dictionary(elements.map { ($0.id ?? "", $0) }, uniquingKeysWith: { first, _ in first })
        return documents.enumerated().map { position, document in
            if let element = byID[document.xeroID ?? ""] { return element }
            guard elements.count == documents.count, !elements[position].errors.isEmpty else { return nil }
            return elements[position]
        }
    }

    private static func verdict(_ document: StoredDocument, _ answer: XeroElement, isVoid: Bool) -> Verdict {
        if isVoid, answer.errors.isEmpty, !answer.hasErrorStatus, answer.value["IsDeleted"]?.bool == true {
            return .posted(answer, difference: nil)
        }
        if answer.isSuccess {
            if let known = document.xeroID, known != answer.id { return .unknown }
            guard isVoid ? showsVoid(answer) : shows(document, answer) else { return .unknown }
            return .posted(answer, difference: isVoid ? nil : difference(document, answer.value))
        }
        if !answer.errors.isEmpty { return .refused(messages: answer.errors) }
        if answer.hasErrorStatus { return .refused(messages: ["Xero reported an error without a message"]) }
        // No error and no id: reported fine, and perhaps not made.
        return .unknown
    }

    /// Whether an answer that reports success shows the document that was sent: what it leaves out may not have been made.
    static func shows(_ document: StoredDocument, _ answer: XeroElement) -> Bool {
        switch document.key.kind {
        case .contact: return answer.value["Name"]?.string != nil
        case .item: return answer.naturalID == naturalID(of: document)
        case .invoice, .creditNote, .quote:
            guard answer.value["Total"]?.decimal != nil, !answer.isGone else { return false }
            return answer.naturalID == naturalID(of: document)
        case .payment, .refund, .allocation: return answer.value["Amount"]?.decimal != nil && !answer.isGone
        }
    }

    /// Whether an answer that reports success does not show that the document is still there.
    private static func showsVoid(_ answer: XeroElement) -> Bool {
        answer.value["Status"]?.string.map { _ in answer.isGone } ?? true
    }

    /// What tells a document apart in an answer: its number, the contact's number, the payment's reference, the item's code.
    static func naturalID(of document: StoredDocument) -> String? {
        guard let field = BatchComposer.collection(document.key.kind).naturalField else { return nil }
        return document.desired[field]?.string
    }

    /// What Xero's totals say that they should not; nil if they are right.
    static func difference(_ document: StoredDocument, _ element: JSONValue) -> String? {
        switch document.key.kind {
        case .invoice, .creditNote, .quote:
            if let wanted = document.total, let total = element["Total"]?.decimal, total != wanted {
                return "Xero's total is \(total.fixed(2)), the order's is \(wanted.fixed(2))"
            }
            if let wanted = document.totalTax, let tax = element["TotalTax"]?.decimal, tax != wanted {
                return "Xero's tax is \(tax.fixed(2)), the order's is \(wanted.fixed(2))"
            }
            return document.key.kind == .quote ? standstill(document, element) : nil
        case .payment, .refund, .allocation:
            if let wanted = document.total, let amount = element["Amount"]?.decimal, amount != wanted {
                return "Xero's amount is \(amount.fixed(2)), the order's is \(wanted.fixed(2))"
            }
            return nil
        case .contact, .item: return nil
        }
    }

    /// What to say of a quote that Xero took, but left in the status that it had.
    private static func standstill(_ document: StoredDocument, _ element: JSONValue) -> String? {
        guard let status = element["Status"]?.string, document.isOnItsWay(element), status == document.postedStatus
        else { return nil }
        return "the quote stays \(status) in Xero, and is to be \(document.wantedStatus)"
    }
}
