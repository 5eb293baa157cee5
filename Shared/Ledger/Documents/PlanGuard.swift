import Accounting
import JSON
import Mapping

/// What a plan may not do to documents that Xero has, or may have, already.
enum PlanGuard {
    /// Looks for a reason why the plan cannot be written as it is.
    /// - Returns: the reason in a person's words; nil if there is none.
    static func objection(to order: PlannedOrder, present: [StoredDocument]) -> String? {
        let wanted = Dictionary(
            order.plan.documents.map { (order.key($0), $0) }, uniquingKeysWith: { first, _ in first })
        let ours = present.filter { $0.orderID == order.orderID && $0.key.storeID == order.storeID }
        let onInvoice = ours.filter { $0.key.kind != .invoice && $0.isInXero && $0.machine.state != .voided }
        for document in ours where document.isInXero {
            let planned = wanted[document.key.text]
            let objection =
                document.key.kind == .invoice
                ? invoiceObjection(document, planned, order: order, onInvoice: onInvoice)
                : otherObjection(document, planned, order: order)
            if let objection { return objection }
        }
        return nil
    }

    private static func invoiceObjection(
        _ document: StoredDocument, _ planned: PlannedDocument?, order: PlannedOrder, onInvoice: [StoredDocument]
    ) -> String? {
        guard let planned else {
            return
                "\(document.title) is in Xero, but the order no longer asks for it: void it in Xero, or restore the order"
        }
        if document.machine.state == .voided {
            return planned.voided
                ? nil
                : "\(document.title) was voided in Xero and its number is never used again: enter the order by hand"
        }
        guard let first = onInvoice.first else { return nil }
        if planned.voided {
            return "the order was cancelled after \(first.title) went to Xero: refund it in the store,"
                + " or take the payment back in Xero and void \(document.title) there"
        }
        if differs(document, planned, order: order) {
            return
                "the order was edited after \(first.title) went to Xero, and \(document.title) can no longer be changed"
                + amounts(document, planned) + ": enter the difference in Xero by hand"
        }
        return nil
    }

    private static func otherObjection(
        _ document: StoredDocument, _ planned: PlannedDocument?, order: PlannedOrder
    ) -> String? {
        if document.machine.state == .voided { return nil }
        guard let planned, !planned.voided else {
            return "\(document.title) is in Xero, but the order no longer has it: remove it in Xero by hand"
        }
        if document.key.kind != .contact && differs(document, planned, order: order) {
            return "\(document.title) is in Xero and can no longer be changed, but the order now says something else"
                + amounts(document, planned)
        }
        return nil
    }

    private static func amounts(_ document: StoredDocument, _ planned: PlannedDocument) -> String {
        guard let was = document.total, let wanted = planned.total, was != wanted else { return "" }
        return " (it says \(was.fixed(2)), the order now says \(wanted.fixed(2)))"
    }

    /// Whether what is wanted is another sale. A document planned with another mapping may word the same sale differently.
    static func differs(_ document: StoredDocument, _ planned: PlannedDocument, order: PlannedOrder) -> Bool {
        if document.total != planned.total || document.totalTax != planned.tax { return true }
        if document.currency != planned.currency?.code { return true }
        if document.mappingVersion != order.mappingVersion { return false }
        let former = document.planned.flatMap { try? JSONValue(parsing: $0) } ?? document.desired
        return figures(former) != figures(planned.desired)
    }

    /// The figures of an element: what changes the books.
    private static func figures(_ element: JSONValue) -> [JSONValue] {
        var figures = [element["Type"] ?? .null, element["LineAmountTypes"] ?? .null, element["Amount"] ?? .null]
        for line in element["LineItems"]?.array ?? [] {
            for field in ["Quantity", "UnitAmount", "LineAmount", "TaxType", "TaxAmount", "AccountCode"] {
                figures.append(line[field] ?? .null)
            }
        }
        return figures
    }
}

extension StoredDocument {
    /// Whether Xero has it, or may have it.
    var isInXero: Bool { xeroID != nil || machine.state.isOpen || lookupFirst }
}
