import Accounting
import JSON

/// Makes the documents of one order. What the mapping lacks is collected, so that a person sees all of it at once.
struct OrderDraft {
    let context: PlanContext
    private var missing: [String] = []
    private var missingRates: [String] = []
    private(set) var lines: [DocumentLine] = []
    private var documents: [PlannedDocument] = []
    private var items = ItemDrafts()
    /// What was refunded before anything was paid.
    private var takenOff = ExactDecimal.zero

    private var order: CanonicalOrder { context.order }
    private var mapping: MappingConfiguration { context.mapping }

    init(_ context: PlanContext) {
        self.context = context
    }

    mutating func plan(_ residuals: OrderChecks.Residuals) throws(Hold) -> OrderPlan {
        let contact = ContactDraft(context: context).document()
        try makeLines(residuals)
        var refunds = RefundDraft(context: context, invoiceLines: lines)
        let counted = order.refunds.filter { !($0.amount.isZero && $0.lines.isEmpty) }
        for refund in counted where context.isBeforePayment(refund) {
            _ = try refunds.lines(of: refund) { self.decided($0) }
            takenOff += refund.amount
        }
        if !takenOff.isZero {
            lines = Self.left(refunds.remaining)
            // Nothing is left to be paid, or to be told.
            if lines.isEmpty { return context.plan([context.voidedInvoice()]) }
        }
        documents = [contact, invoice(contact: contact.reference)]
        if order.paidAt == nil, context.decisions.document.value == .quote { return try quoted(contact) }
        // Only what is approved in Xero can be paid.
        if status.value == .authorised { addPayments() }
        for refund in counted where !context.isBeforePayment(refund) {
            let lines = try refunds.lines(of: refund) { self.decided($0) }
            addRefund(refund, lines, contact: contact.reference)
        }
        if refunds.needsRoundingAccount { requireRoundingAccount() }
        try checkMissing()
        return context.plan(items.placed(in: documents, mapping.items.refused))
    }

    /// Contact and quote. What was refunded was taken off already: nothing was paid.
    private func quoted(_ contact: PlannedDocument) throws(Hold) -> OrderPlan {
        try checkMissing()
        let amounts = context.amounts(
            context.invoiceTotal - takenOff, tax: lines.lazy.map(\.tax).sum(), date: context.quoteDate)
        let quote = QuoteDraft(context: context).document(
            contact: contact.reference, lines: elements(lines), amounts: amounts, decisions: Self.decisions(lines))
        return context.plan(
            items.placed(in: [contact, quote], mapping.items.refused),
            onceInvoiced: items.placed(in: documents, mapping.items.refused))
    }

    private func checkMissing() throws(Hold) {
        if let first = missing.first {
            throw missing.count == 1
                ? Hold(first)
                : Hold("the mapping lacks \(missing.count) settings that the order needs", findings: missing)
        }
        if let first = missingRates.first {
            throw missingRates.count == 1
                ? Hold(first) : Hold("\(missingRates.count) rates are missing", findings: missingRates)
        }
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
            var made = decided(line)
            made.quantity = line.quantity
            made.net = line.net.rounded(scale: scale)
            made.tax = line.tax.rounded(scale: scale)
            lines.append(made)
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

    private mutating func invoice(contact: DocumentKeyRef) -> PlannedDocument {
        let date = context.invoiceDate
        let rate = rate(on: date)
        let (reference, due) = (context.decisions.reference, context.decisions.due(from: date))
        var element: JSONObject = [
            "Type": "ACCREC", "Contact": context.link("$contact", contact), "Status": .string(status.value.rawValue),
            "LineAmountTypes": "Exclusive", "InvoiceNumber": .string(context.invoiceNumber),
            "Reference": .string(reference.value), "Date": .string(date.description),
            "DueDate": .string(due.value.description),
            "CurrencyCode": .string(order.currency.code),
        ]
        element["CurrencyRate"] = rate?.element
        if let url = context.orderURL { element["Url"] = .string(url) }
        element["LineItems"] = .array(elements(lines))
        var document = PlannedDocument(
            context.invoiceReference, number: context.invoiceNumber, desired: .object(element), dependsOn: [contact],
            amounts: context.amounts(
                context.invoiceTotal - takenOff, tax: lines.lazy.map(\.tax).sum(), date: date))
        document.decisions =
            [
                Decision(field: "status", value: status.value.rawValue, because: status.because),
                Decision(field: "reference", value: reference.value, because: reference.because),
                Decision(field: "due", value: due.value.description, because: due.because),
            ] + posting + [rate?.decision].compactMap(\.self) + Self.decisions(lines)
        return document
    }

    /// How the order is posted, where something says so.
    private var posting: [Decision] {
        let mode = context.decisions.posting
        guard mode.because != "default" else { return [] }
        return [Decision(field: "posting", value: mode.value.rawValue, because: mode.because)]
    }

    /// What decided the lines' fields, each with its line's place.
    private static func decisions(_ lines: [DocumentLine]) -> [Decision] {
        lines.enumerated().flatMap { place, line in
            line.decisions.map { decision in
                var decision = decision
                decision.line = place
                return decision
            }
        }
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
            documents.append(
                payment(
                    reference, of: context.invoiceReference,
                    ("Invoice", context.link("$invoice", context.invoiceReference)), account: account(of: tender),
                    amount: amount, date: date))
        }
    }

    /// A payment of an invoice, or of a credit note.
    private mutating func payment(
        _ reference: DocumentKeyRef, of settled: DocumentKeyRef, _ member: (name: String, link: JSONValue),
        account: Decided<String>, amount: ExactDecimal, date: CalendarDate
    ) -> PlannedDocument {
        let rate = rate(on: date)
        var element: JSONObject = [
            member.name: member.link, "Account": ["Code": .string(account.value)], "Date": .string(date.description),
            "Amount": XeroText.amount(amount), "Reference": context.referenceText(reference),
        ]
        element["CurrencyRate"] = rate?.element
        var document = PlannedDocument(
            reference, desired: .object(element), dependsOn: [settled],
            amounts: context.amounts(amount, tax: nil, date: date))
        document.decisions =
            [Decision(field: "account", value: account.value, because: account.because)]
            + [rate?.decision].compactMap(\.self)
        return document
    }

    /// The rate of a document; the plan waits for one that is missing.
    private mutating func rate(on day: CalendarDate) -> DocumentRates.Rate? {
        do throws(Hold) { return try context.rates.rate(on: day) } catch {
            if !missingRates.contains(error.reason) { missingRates.append(error.reason) }
            return nil
        }
    }

    private mutating func addRefund(_ refund: CanonicalRefund, _ lines: [DocumentLine], contact: DocumentKeyRef) {
        let date = context.org.date(refund.createdAt)
        let note = DocumentKeyRef(kind: .creditNote, sourceID: refund.id)
        let number = "CN-\(context.invoiceNumber)-\(refund.id)"
        let rate = rate(on: date)
        var element: JSONObject = [
            "Type": "ACCRECCREDIT", "Contact": context.link("$contact", contact),
            "Status": .string(status.value.rawValue),
            "LineAmountTypes": "Exclusive", "CreditNoteNumber": .string(number),
            "Reference": context.referenceText(note),
            "Date": .string(date.description), "CurrencyCode": .string(order.currency.code),
        ]
        element["CurrencyRate"] = rate?.element
        element["LineItems"] = .array(elements(lines))
        var document = PlannedDocument(
            note, number: number, desired: .object(element), dependsOn: [contact, context.invoiceReference],
            amounts: context.amounts(refund.amount, tax: lines.lazy.map(\.tax).sum(), date: date))
        document.decisions = [rate?.decision].compactMap(\.self) + Self.decisions(lines)
        documents.append(document)
        guard status.value == .authorised, refund.amount > .zero else { return }
        let account = account(
            of: order.tenders.first { $0.kind == .money } ?? Tender(kind: .money, method: "", amount: refund.amount))
        documents.append(
            payment(
                DocumentKeyRef(kind: .refund, sourceID: refund.id), of: note,
                ("CreditNote", context.link("$creditNote", note)), account: account, amount: refund.amount, date: date))
    }

    // MARK: Mapping

    private var status: Decided<DocumentStatus> { context.decisions.status }

    /// A line with all that the mapping decides of it, and no amounts yet.
    private mutating func decided(_ line: CanonicalLine) -> DocumentLine {
        let decisions = context.decisions
        let item = decisions.item(line)
        let account = decisions.account(line, item)
        var made = DocumentLine(
            description: Self.description(line), quantity: ExactDecimal(1), net: .zero, tax: .zero,
            account: account.value, taxType: "", kind: line.kind, lineID: line.id,
            isTaxed: !line.tax.isZero || !line.taxComponents.isEmpty)
        made.decide("account", account)
        switch decisions.taxType(line, item, account: account.value) {
        case .success(let type):
            made.taxType = type.value
            made.decide("tax_type", type)
        case .failure(let missing): require(missing.setting)
        }
        if let description = decisions.description(line) {
            made.description = description.value
            made.decide("description", description)
        }
        if let item {
            made.itemCode = item.code.value
            made.decide("item_code", item.code)
            items.add(item, for: line, as: made, context)
        } else if decisions.awaitsItems(line) {
            require("the organisation's items have not been read from Xero yet; the order goes on once they are")
        }
        if let tracking = decisions.tracking(line) {
            made.tracking = tracking.value
            let text = tracking.value.map { "\($0.category): \($0.option)" }.joined(separator: ", ")
            made.decide("tracking", Decided(text, tracking.because))
        }
        return made
    }

    /// The account that a tender's money comes from or goes back to.
    private mutating func account(of tender: Tender) -> Decided<String> {
        if let account = context.decisions.paymentAccount(tender) { return account }
        switch tender.kind {
        case .money:
            require(
                tender.method.isEmpty
                    ? "the order names no payment method; add mapping.payments.default"
                    : "payment method '\(tender.method)' has no clearing account; add mapping.payments.\(tender.method)"
            )
        case .giftCard: require("the order was paid with a gift card; add mapping.accounts.gift_cards")
        case .storeCredit: require("the order was paid with store credit; add mapping.accounts.store_credit")
        }
        return Decided("", "")
    }

    private mutating func requireRoundingAccount() {
        guard mapping.accounts.rounding ?? context.org.roundingAccount == nil else { return }
        require("the order needs a line for rounding; add mapping.accounts.rounding")
    }

    private mutating func require(_ setting: String) {
        if !missing.contains(setting) { missing.append(setting) }
    }
}
