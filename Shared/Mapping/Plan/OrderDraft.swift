import Accounting
import JSON

/// Makes the documents of one order. What the mapping lacks is collected, so that a person sees all of it at once.
struct OrderDraft {
    let context: PlanContext
    private let taxTypes: TaxTypes
    private var missing: [String] = []
    private(set) var lines: [DocumentLine] = []
    private var documents: [PlannedDocument] = []
    /// What was refunded before anything was paid.
    private var takenOff = ExactDecimal.zero

    private var order: CanonicalOrder { context.order }
    private var mapping: MappingConfiguration { context.mapping }

    init(_ context: PlanContext) {
        self.context = context
        taxTypes = TaxTypes(order: context.order, mapping: context.mapping)
    }

    mutating func plan(_ residuals: OrderChecks.Residuals) throws(Hold) -> OrderPlan {
        let contact = ContactDraft(context: context).document()
        try makeLines(residuals)
        var refunds = RefundDraft(context: context, invoiceLines: lines)
        let counted = order.refunds.filter { !($0.amount.isZero && $0.lines.isEmpty) }
        for refund in counted where context.isBeforePayment(refund) {
            _ = try refunds.lines(of: refund) { self.taxType(of: $0) }
            takenOff += refund.amount
        }
        if !takenOff.isZero {
            lines = Self.left(refunds.remaining)
            // Nothing is left to be paid, or to be told.
            if lines.isEmpty { return context.plan([context.voidedInvoice()]) }
        }
        documents = [contact, invoice(contact: contact.reference)]
        addPayments()
        for refund in counted where !context.isBeforePayment(refund) {
            let lines = try refunds.lines(of: refund) { self.taxType(of: $0) }
            addRefund(refund, lines, contact: contact.reference)
        }
        if refunds.needsRoundingAccount { requireRoundingAccount() }
        if let first = missing.first {
            throw missing.count == 1
                ? Hold(first)
                : Hold("the mapping lacks \(missing.count) settings that the order needs", findings: missing)
        }
        return context.plan(documents)
    }

    // MARK: Invoice

    private mutating func makeLines(_ residuals: OrderChecks.Residuals) throws(Hold) {
        let scale = context.scale
        for line in order.lines {
            // What costs nothing is told apart from what was sold for nothing.
            if line.kind == .giftCard, mapping.accounts.giftCards == nil {
                require("the order sells gift card '\(line.name)'; add mapping.accounts.gift_cards")
            }
            if line.kind != .product, line.net.isZero, line.tax.isZero, order.lines.count > 1 { continue }
            lines.append(
                DocumentLine(
                    description: Self.description(line), quantity: line.quantity, net: line.net.rounded(scale: scale),
                    tax: line.tax.rounded(scale: scale), account: mapping.account(for: line.kind),
                    taxType: taxType(of: line), kind: line.kind, lineID: line.id,
                    isTaxed: !line.tax.isZero || !line.taxComponents.isEmpty))
        }
        try spread(residuals.tax)
        for (amount, name) in [(order.totals.cashRounding, "Cash rounding"), (residuals.net, "Rounding")]
        where !amount.isZero {
            requireRoundingAccount()
            lines.append(RefundDraft.roundingLine(amount, context, description: name))
        }
    }

    /// What is left of an invoice of which something was taken off.
    private static func left(_ lines: [DocumentLine]) -> [DocumentLine] {
        lines.filter { !$0.net.isZero || !$0.tax.isZero }.map { line in
            var line = line
            if !(line.quantity > .zero) { line.quantity = ExactDecimal(1) }
            return line
        }
    }

    /// Adds a cent each to the lines of the largest taxes, until the lines' taxes are the order's.
    private mutating func spread(_ residual: ExactDecimal) throws(Hold) {
        guard !residual.isZero else { return }
        let unit = ExactDecimal(units: residual.isNegative ? -1 : 1, scale: context.scale)
        let taxed = lines.indices.filter { lines[$0].isTaxed }.sorted {
            (lines[$1].tax.magnitude, $0) < (lines[$0].tax.magnitude, $1)
        }
        guard !taxed.isEmpty else {
            throw Hold("the order's total tax is \(residual.fixed(2)) more than its lines', none of which is taxed")
        }
        var left = residual
        var position = 0
        while !left.isZero {
            lines[taxed[position % taxed.count]].tax += unit
            left -= unit
            position += 1
        }
    }

    private func invoice(contact: DocumentKeyRef) -> PlannedDocument {
        let date = context.invoiceDate
        var element: JSONObject = [
            "Type": "ACCREC", "Contact": context.link("$contact", contact), "Status": "AUTHORISED",
            "LineAmountTypes": "Exclusive", "InvoiceNumber": .string(context.invoiceNumber),
            "Reference": .string("Order \(order.number)"), "Date": .string(date.description),
            "DueDate": .string(date.adding(days: mapping.termsDays).description),
            "CurrencyCode": .string(order.currency.code),
        ]
        if let url = context.orderURL { element["Url"] = .string(url) }
        element["LineItems"] = .array(elements(lines))
        return PlannedDocument(
            context.invoiceReference, number: context.invoiceNumber, desired: .object(element), dependsOn: [contact],
            amounts: context.amounts(
                context.invoiceTotal - takenOff, tax: lines.lazy.map(\.tax).sum(), date: date))
    }

    private func elements(_ lines: [DocumentLine]) -> [JSONValue] {
        lines.map { $0.element(rate: context.org.taxRates[$0.taxType]) }
    }

    private static func description(_ line: CanonicalLine) -> String {
        let fallback =
            switch line.kind {
            case .product: ""
            case .shipping: "Shipping"
            case .fee: "Fee"
            case .giftCard: "Gift card"
            case .tip: "Tip"
            }
        let name = line.name.isEmpty ? fallback : line.name
        guard let sku = line.sku else { return name }
        return name.isEmpty ? sku : "\(name) (\(sku))"
    }

    // MARK: Money

    private mutating func addPayments() {
        guard let paidAt = order.paidAt else { return }
        let date = context.org.date(paidAt)
        // Money is always part 1, so that a gift card's number does not depend on whether there was any.
        var part = order.tenders.first?.kind == .money ? 1 : 2
        for tender in order.tenders {
            let reference = DocumentKeyRef(kind: .payment, sourceID: order.orderID, part: String(part))
            part += 1
            let amount = tender.kind == .money ? tender.amount - takenOff : tender.amount
            guard amount > .zero else { continue }
            let account = account(of: tender)
            documents.append(
                PlannedDocument(
                    reference,
                    desired: payment(
                        reference, of: ("Invoice", context.link("$invoice", context.invoiceReference)),
                        account: account,
                        amount: amount, date: date),
                    dependsOn: [context.invoiceReference], amounts: context.amounts(amount, tax: nil, date: date)))
        }
    }

    private func payment(
        _ reference: DocumentKeyRef, of document: (name: String, link: JSONValue), account: String,
        amount: ExactDecimal,
        date: CalendarDate
    ) -> JSONValue {
        [
            document.name: document.link, "Account": ["Code": .string(account)], "Date": .string(date.description),
            "Amount": XeroText.amount(amount), "Reference": context.referenceText(reference),
        ]
    }

    private mutating func addRefund(_ refund: CanonicalRefund, _ lines: [DocumentLine], contact: DocumentKeyRef) {
        let date = context.org.date(refund.createdAt)
        let note = DocumentKeyRef(kind: .creditNote, sourceID: refund.id)
        let number = "CN-\(context.invoiceNumber)-\(refund.id)"
        let element: JSONValue = [
            "Type": "ACCRECCREDIT", "Contact": context.link("$contact", contact), "Status": "AUTHORISED",
            "LineAmountTypes": "Exclusive", "CreditNoteNumber": .string(number),
            "Reference": context.referenceText(note),
            "Date": .string(date.description), "CurrencyCode": .string(order.currency.code),
            "LineItems": .array(elements(lines)),
        ]
        documents.append(
            PlannedDocument(
                note, number: number, desired: element, dependsOn: [contact, context.invoiceReference],
                amounts: context.amounts(refund.amount, tax: lines.lazy.map(\.tax).sum(), date: date)))
        guard refund.amount > .zero else { return }
        let reference = DocumentKeyRef(kind: .refund, sourceID: refund.id)
        let account = clearingAccount(order.tenders.first { $0.kind == .money }?.method ?? "")
        documents.append(
            PlannedDocument(
                reference,
                desired: payment(
                    reference, of: ("CreditNote", context.link("$creditNote", note)), account: account,
                    amount: refund.amount, date: date),
                dependsOn: [note], amounts: context.amounts(refund.amount, tax: nil, date: date)))
    }

    // MARK: Mapping

    private mutating func taxType(of line: CanonicalLine) -> String {
        switch taxTypes.taxType(of: line) {
        case .found(let type): return type
        case .missing(let setting):
            require(setting)
            return ""
        }
    }

    private mutating func clearingAccount(_ method: String) -> String {
        if let account = mapping.payments[method] ?? mapping.payments["default"] { return account }
        require(
            method.isEmpty
                ? "the order names no payment method; add mapping.payments.default"
                : "payment method '\(method)' has no clearing account; add mapping.payments.\(method)")
        return ""
    }

    private mutating func account(of tender: Tender) -> String {
        switch tender.kind {
        case .money: return clearingAccount(tender.method)
        case .giftCard:
            if let account = mapping.accounts.giftCards { return account }
            require("the order was paid with a gift card; add mapping.accounts.gift_cards")
        case .storeCredit:
            if let account = mapping.accounts.storeCredit { return account }
            require("the order was paid with store credit; add mapping.accounts.store_credit")
        }
        return ""
    }

    private mutating func requireRoundingAccount() {
        guard mapping.accounts.rounding ?? context.org.roundingAccount == nil else { return }
        require("the order needs a line for rounding; add mapping.accounts.rounding")
    }

    private mutating func require(_ setting: String) {
        if !missing.contains(setting) { missing.append(setting) }
    }
}

extension MappingConfiguration {
    /// The account of a line.
    func account(for kind: LineKind) -> String {
        switch kind {
        case .product: accounts.sales
        case .shipping: accounts.shipping
        case .fee: accounts.fees
        case .giftCard: accounts.giftCards ?? ""
        case .tip: accounts.tips
        }
    }
}
