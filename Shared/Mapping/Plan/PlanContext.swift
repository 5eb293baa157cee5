import Accounting
import JSON

/// What every document of an order's plan is made from.
struct PlanContext {
    let order: CanonicalOrder
    let mapping: MappingConfiguration
    let org: OrgSettings
    let store: StoreSettings
    let invoiceDate: CalendarDate
    /// What the mapping decides of the order.
    let decisions: MappingDecisions
    /// By which rates its documents are converted.
    var rates = DocumentRates.none

    init(
        order: CanonicalOrder, mapping: MappingConfiguration, org: OrgSettings, store: StoreSettings,
        invoiceDate: CalendarDate
    ) {
        self.order = order
        self.mapping = mapping
        self.org = org
        self.store = store
        self.invoiceDate = invoiceDate
        decisions = MappingDecisions(
            order: order, mapping: mapping, org: org, storeID: store.storeID, date: invoiceDate)
    }

    /// Digits after the point that are posted: Xero keeps two.
    var scale: Int { min(2, order.currency.minorUnits) }

    var invoiceReference: DocumentKeyRef { DocumentKeyRef(kind: .invoice, sourceID: order.orderID) }

    /// The value of all lines with tax: what is paid in money, with gift cards and with store credit.
    var invoiceTotal: ExactDecimal { order.totals.total + order.redeemed }

    /// What was taken off before anything was paid: it is taken off the invoice. Later refunds are documents of their own.
    func isBeforePayment(_ refund: CanonicalRefund) -> Bool { order.paidAt.map { refund.createdAt < $0 } ?? true }

    var quoteReference: DocumentKeyRef { DocumentKeyRef(kind: .quote, sourceID: order.orderID) }

    /// Quotes have a prefix of their own, apart from the one that Xero gives by itself.
    var quoteNumber: String { "Q-" + invoiceNumber }

    var invoiceNumber: String { XeroText.number(store.numberPrefix, order.number, id: order.orderID) }

    func key(_ reference: DocumentKeyRef) -> DocumentKey {
        DocumentKey(reference, orgID: org.orgID, storeID: store.storeID)
    }

    /// Stands in a document for another one, whose id only Xero knows.
    func link(_ name: String, _ reference: DocumentKeyRef) -> JSONValue { [name: .string(key(reference).text)] }

    /// What stands in the Reference of a document that has no number of ours.
    func referenceText(_ reference: DocumentKeyRef) -> JSONValue {
        .string(referenceText("Order \(order.number.prefix(100))", reference))
    }

    /// Words, and the document's key in brackets.
    func referenceText(_ words: String, _ reference: DocumentKeyRef) -> String {
        "\(XeroText.limited(words, 110)) [\(key(reference).shortForm)]"
    }

    func amounts(_ total: ExactDecimal, tax: ExactDecimal?, date: CalendarDate) -> DocumentAmounts {
        DocumentAmounts(currency: order.currency, total: total, tax: tax, date: date)
    }

    /// The plan of these documents.
    func plan(_ documents: [PlannedDocument], onceInvoiced: [PlannedDocument] = []) -> OrderPlan {
        var plan = OrderPlan(
            documents: documents, isPaid: order.paidAt != nil, changedOn: org.date(order.modifiedAt),
            taxRates: org.taxRates)
        plan.onceInvoiced = onceInvoiced
        plan.rates = rates
        plan.posting = decisions.posting.value
        plan.moneyTenders = order.tenders.count { $0.kind == .money }
        return plan
    }

    /// The invoice as it should be once the order is cancelled: not there.
    func voidedInvoice() -> PlannedDocument {
        PlannedDocument(
            invoiceReference, number: invoiceNumber,
            desired: ["Type": "ACCREC", "InvoiceNumber": .string(invoiceNumber), "Status": "VOIDED"],
            amounts: amounts(invoiceTotal, tax: order.totals.totalTax, date: invoiceDate), voided: true)
    }

    /// The order's page in the store's administration, if its address is one that Xero takes: with a scheme, without a
    /// port, and without Xero's name in it.
    var orderURL: String? {
        guard let path = order.orderPath, var base = store.url else { return nil }
        while base.hasSuffix("/") { base.removeLast() }
        let scheme = ["https://", "http://"].first { base.lowercased().hasPrefix($0) }
        guard let scheme else { return nil }
        let host = base.dropFirst(scheme.count).prefix { $0 != "/" }
        let url = "\(base)/\(path)"
        guard host.contains("."), !host.contains(":"), !host.contains("@"), !url.lowercased().contains("xero"),
            url.utf8.count <= 1000, url.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
        else { return nil }
        return url
    }
}
