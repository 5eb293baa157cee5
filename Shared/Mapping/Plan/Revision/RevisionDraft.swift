import Accounting
import JSON

/// Makes the documents that turn what was paid already into what the plan says now.
struct RevisionDraft {
    private let revision: PlanRevision
    /// The invoice that the order would have if nothing had been written.
    private let invoice: PlannedDocument
    private var settled: PlanRevision.Settled
    /// Invoices in Xero that nothing was paid against.
    private let open: [StandingDocument]
    private let target: LinePosition
    private var used: Set<DocumentKeyRef> = []
    private var result: [PlannedDocument] = []
    /// A rate that something to be posted needs and the table lacks.
    private var missingRate: Hold?

    private var ideal: OrderPlan { revision.ideal }
    private var names: RevisionNames { revision.names }
    private var date: CalendarDate? { ideal.changedOn ?? invoice.date }

    init(
        revision: PlanRevision, invoice: PlannedDocument, settled: PlanRevision.Settled, open: [StandingDocument]
    ) {
        self.revision = revision
        self.invoice = invoice
        self.settled = settled
        self.open = open
        var target = LinePosition(taxRates: revision.ideal.taxRates)
        if !invoice.voided { target.add(invoice.desired, isCredit: false) }
        for note in settled.notes {
            if let planned = revision.ideal.documents.first(where: { $0.reference == note.reference }) {
                target.add(planned.desired, isCredit: true)
            }
        }
        self.target = target
    }

    mutating func documents() throws(Hold) -> [PlannedDocument] {
        if let edited = try edited() { return edited }
        if let difference = try difference() { return difference }
        result = []
        used = []
        missingRate = nil
        guard post(target, takingBack: sides) else {
            let first = (settled.invoices + settled.notes).first
            throw Hold(
                "the order was changed after \(first?.title ?? "it") was paid in a way that payments in Xero do not"
                    + " allow: enter the difference in Xero by hand")
        }
        return try finished()
    }

    /// The settled invoice itself, changed as far as Xero allows, and the rest of the difference; `nil` if nothing of it can be
    /// changed, or all of it has to be taken back anyway.
    private func edited() throws(Hold) -> [PlannedDocument]? {
        guard let correction = revision.correction, settled.invoices.count == 1,
            let former = settled.invoices.first, let edited = correction.edit(of: former, wanted: invoice)
        else { return nil }
        var draft = self
        draft.settled.invoices = [edited]
        guard let difference = try draft.difference() else { return nil }
        var position = LinePosition(taxRates: ideal.taxRates)
        position.add(edited.desired, isCredit: false)
        let date = edited.desired["Date"]?.string.flatMap { CalendarDate($0) }
        var document = PlannedDocument(
            edited.reference, number: edited.desired["InvoiceNumber"]?.string, desired: edited.desired,
            dependsOn: invoice.dependsOn,
            amounts: amounts(edited.total, tax: position.tax, edited.currency, date))
        document.decisions = invoice.decisions
        return difference + [document]
    }

    /// What has to be posted beside what is settled; `nil` if that alone cannot be done.
    private mutating func difference() throws(Hold) -> [PlannedDocument]? {
        let all = settled.invoices + settled.notes
        let sides = sides
        let others = sides.filter { !isOurs($0) }
        let own = sides.first(where: isOurs)?.position ?? LinePosition(taxRates: ideal.taxRates)
        let isOfThisMapping = all.allSatisfy(\.isOfThisMapping)
        var difference = target.minus(own)
        // Another mapping words the same sale otherwise; that alone is no reason to post it again.
        if !isOfThisMapping, others.isEmpty, difference.total.isZero, difference.tax.isZero {
            difference = LinePosition(taxRates: ideal.taxRates)
        }
        let isTaxedOtherwise = isOfThisMapping && target.isTaxedOtherwise(than: own)
        return !isTaxedOtherwise && post(difference, takingBack: others) ? try finished() : nil
    }

    private func finished() throws(Hold) -> [PlannedDocument] {
        if let missingRate { throw missingRate }
        return rest() + result
    }

    private var contactKey: String? { invoice.desired["Contact"]?["$contact"]?.string }
    private var currency: String? { invoice.desired["CurrencyCode"]?.string }

    /// What stands for a customer in a currency.
    private struct Side {
        let contact: String?
        let currency: String?
        /// The rate by which its invoice was converted, if that was stated.
        let rate: JSONValue?
        let position: LinePosition
    }

    /// What stands for each customer and currency, where that is anything.
    private var sides: [Side] {
        let groups = Dictionary(grouping: settled.invoices + settled.notes) {
            [$0.contactKey ?? "", $0.currency ?? ""]
        }
        return groups.sorted { $0.key.lexicographicallyPrecedes($1.key) }.compactMap { _, documents in
            var position = LinePosition(taxRates: ideal.taxRates)
            for document in documents { position.add(document.desired, isCredit: document.kind == .creditNote) }
            guard !position.isEmpty, let first = documents.first else { return nil }
            return Side(
                contact: first.contactKey, currency: first.currency, rate: first.desired["CurrencyRate"],
                position: position)
        }
    }

    private func isOurs(_ side: Side) -> Bool { side.contact == contactKey && side.currency == currency }

    // MARK: Invoices and credit notes

    /// A supplementary invoice for what rose or a credit note for what fell, and credit notes over what is taken back.
    /// - Returns: false if payments do not allow it.
    private mutating func post(_ difference: LinePosition, takingBack sides: [Side]) -> Bool {
        guard sides.allSatisfy({ !$0.position.total.isNegative }) else { return false }
        let nothing = LinePosition(taxRates: ideal.taxRates)
        var notes = sides.map { addNote(nothing.minus($0.position), for: $0) }
        var invoices: [CashPlan.Slot] = []
        if !difference.isEmpty, difference.total.isNegative {
            notes.append(
                addNote(difference, for: Side(contact: contactKey, currency: currency, rate: nil, position: nothing)))
        } else if !difference.isEmpty {
            invoices = [addInvoice(difference)]
        }
        return addMoney(invoices, notes)
    }

    private mutating func addInvoice(_ position: LinePosition) -> CashPlan.Slot {
        let part = String(names.nextRevision)
        let reference =
            open.first?.reference ?? DocumentKeyRef(kind: .invoice, sourceID: invoice.sourceID, part: part)
        let day = open.first?.desired["Date"]?.string.flatMap { CalendarDate($0) } ?? date
        var element = invoice.desired.object ?? [:]
        let number = names.number(invoice.number ?? "", reference)
        element["InvoiceNumber"] = .string(number)
        if let day, let first = invoice.date,
            let due = element["DueDate"]?.string.flatMap({ CalendarDate($0) })
        {
            let terms = due.daysSince1970 - first.daysSince1970
            element["Date"] = .string(day.description)
            element["DueDate"] = .string(day.adding(days: terms).description)
        }
        element["CurrencyRate"] = rate(on: day)
        element["LineItems"] = position.elements(isCredit: false)
        result.append(
            PlannedDocument(
                reference, number: number, desired: .object(element),
                dependsOn: invoice.dependsOn.filter { $0.kind != .item },
                amounts: amounts(position.total, tax: position.tax, currency, day)))
        return CashPlan.Slot(document: reference, amount: position.total)
    }

    private mutating func addNote(_ position: LinePosition, for side: Side) -> CashPlan.Slot {
        let (contact, currency) = (side.contact, side.currency)
        let part = names.nextRevision + result.count { $0.kind == .creditNote }
        let reference = DocumentKeyRef(kind: .creditNote, sourceID: invoice.sourceID, part: String(part))
        let number = "CN-" + names.number(invoice.number ?? "", reference)
        let dependsOn = [contact.flatMap { DocumentKey($0)?.reference }, settled.invoices.first?.reference]
        var element: JSONObject = [
            "Type": "ACCRECCREDIT", "Contact": ["$contact": contact.map { JSONValue.string($0) } ?? .null],
            "Status": "AUTHORISED", "LineAmountTypes": "Exclusive", "CreditNoteNumber": .string(number),
            "Reference": names.referenceText(invoice.desired["Reference"]?.string ?? "", reference),
            "Date": .string(date?.description ?? ""), "CurrencyCode": currency.map { JSONValue.string($0) } ?? .null,
        ]
        element["CurrencyRate"] = currency == self.currency ? rate(on: date) : side.rate
        element["LineItems"] = position.elements(isCredit: true)
        result.append(
            PlannedDocument(
                reference, number: number, desired: .object(element), dependsOn: dependsOn.compactMap { $0 },
                amounts: amounts(-position.total, tax: -position.tax, currency, date)))
        return CashPlan.Slot(document: reference, amount: -position.total)
    }

    private func amounts(
        _ total: ExactDecimal, tax: ExactDecimal?, _ code: String?, _ date: CalendarDate?
    ) -> DocumentAmounts? {
        guard let currency = code.flatMap({ Currency($0) }), let date else { return nil }
        return DocumentAmounts(currency: currency, total: total, tax: tax, date: date)
    }

    // MARK: Money

    /// Adds the payments and refunds that are missing, in each currency; false if it cannot be done.
    private mutating func addMoney(_ newInvoices: [CashPlan.Slot], _ newNotes: [CashPlan.Slot]) -> Bool {
        let created = Dictionary(
            result.map { ($0.reference, $0.currency?.code ?? "") }, uniquingKeysWith: { first, _ in first })
        let standing = Dictionary(
            (settled.invoices + settled.notes).map { ($0.reference, $0.currency ?? "") },
            uniquingKeysWith: { first, _ in first })
        let currencyOf = created.merging(standing) { first, _ in first }
        let invoices = settled.invoices.map { slot($0) } + newInvoices
        let notes = settled.notes.map { slot($0) } + newNotes
        for code in Set(currencyOf.values).union([currency ?? ""]).sorted() {
            let plan = CashPlan(
                need: need(code, currencyOf), invoices: invoices.filter { currencyOf[$0.document] == code },
                notes: notes.filter { currencyOf[$0.document] == code }, account: account(code, currencyOf),
                isPart: isPart)
            guard let plan else { return false }
            for flow in plan.payments { addPayment(flow, code) }
            for flow in plan.refunds { addRefund(flow, code) }
        }
        return true
    }

    /// Whether less was paid than the invoice comes to.
    private var isPart: Bool {
        ideal.documents(of: .payment).lazy.compactMap(\.total).sum() < (invoice.voided ? .zero : invoice.total ?? .zero)
    }

    /// What is left to be settled of a document.
    private func slot(_ document: StandingDocument) -> CashPlan.Slot {
        let key = names.key(document.reference)
        let entries = revision.inXero.filter { $0.invoiceKey == key || $0.noteKey == key }
        return CashPlan.Slot(document: document.reference, amount: document.total - entries.map(\.total).sum())
    }

    /// What the books lack, by account.
    private func need(_ code: String, _ currencyOf: [DocumentKeyRef: String]) -> [String: ExactDecimal] {
        var need: [String: ExactDecimal] = [:]
        let fixed = Set(settled.notes.map { names.key($0.reference) })
        if code == currency {
            for payment in ideal.documents(of: .payment) {
                need[Self.account(payment.desired), default: .zero] += payment.total ?? .zero
            }
            for refund in ideal.documents(of: .refund)
            where refund.desired["CreditNote"]?["$creditNote"]?.string.map({ fixed.contains($0) }) == true {
                need[Self.account(refund.desired), default: .zero] -= refund.total ?? .zero
            }
        }
        for entry in revision.inXero where self.currency(of: entry, currencyOf) == code {
            need[account(of: entry), default: .zero] +=
                entry.kind == .payment ? -entry.total : entry.total
        }
        return need.filter { !$0.value.isZero }
    }

    private static func account(_ element: JSONValue) -> String { element["Account"]?["Code"]?.string ?? "" }

    /// The account of money that is in Xero, as the mapping that holds now names it: another mapping alone moves no money.
    private func account(of entry: StandingDocument) -> String {
        if entry.isOfThisMapping { return entry.account }
        func named(_ standing: StandingDocument) -> String? {
            ideal.documents.first { $0.reference == standing.reference }.map { Self.account($0.desired) }
        }
        let alike = revision.inXero.lazy.filter { !$0.isOfThisMapping && $0.account == entry.account }
        return named(entry) ?? alike.compactMap(named).first ?? entry.account
    }

    /// Of a payment or refund: that of the document it settles.
    private func currency(of entry: StandingDocument, _ currencyOf: [DocumentKeyRef: String]) -> String? {
        guard entry.kind == .payment || entry.kind == .refund,
            let key = (entry.invoiceKey ?? entry.noteKey).flatMap({ DocumentKey($0) })
        else { return nil }
        return currencyOf[key.reference]
    }

    private func account(_ code: String, _ currencyOf: [DocumentKeyRef: String]) -> String {
        let former = revision.standing(.payment).first { self.currency(of: $0, currencyOf) == code }
        return former.map(account(of:)) ?? ideal.documents(of: .payment).first.map {
            Self.account($0.desired)
        } ?? ""
    }

    private mutating func addPayment(_ flow: CashPlan.Flow, _ code: String) {
        let link: JSONValue = ["$invoice": .string(names.key(flow.document))]
        let planned = ideal.documents(of: .payment).first { payment in
            Self.account(payment.desired) == flow.account && payment.total == flow.amount
                && !names.isTaken(payment.reference) && !used.contains(payment.reference)
        }
        let first = DocumentKeyRef(kind: .payment, sourceID: invoice.sourceID)
        let besides = used.union(ideal.documents(of: .payment).map(\.reference))
        let reference = planned?.reference ?? names.free(first, besides: besides)
        add(reference, "Invoice", link, flow, code, date: planned?.date)
    }

    private mutating func addRefund(_ flow: CashPlan.Flow, _ code: String) {
        let link: JSONValue = ["$creditNote": .string(names.key(flow.document))]
        let own = DocumentKeyRef(kind: .refund, sourceID: flow.document.sourceID, part: flow.document.part)
        let planned = ideal.documents.first { $0.reference == own && $0.total == flow.amount }
        add(names.free(own, besides: used), "CreditNote", link, flow, code, date: planned?.date)
    }

    private mutating func add(
        _ reference: DocumentKeyRef, _ member: String, _ link: JSONValue, _ flow: CashPlan.Flow, _ code: String,
        date planned: CalendarDate?
    ) {
        let day = planned ?? date
        used.insert(reference)
        var element: JSONObject = [
            member: link, "Account": ["Code": .string(flow.account)], "Date": .string(day?.description ?? ""),
            "Amount": XeroText.amount(flow.amount),
            "Reference": names.referenceText(invoice.desired["Reference"]?.string ?? "", reference),
        ]
        element["CurrencyRate"] = code == currency ? rate(on: day) : statedRate(of: flow.document)
        result.append(
            PlannedDocument(
                reference, desired: .object(element), dependsOn: [flow.document],
                amounts: amounts(flow.amount, tax: nil, code, day)))
    }

    // MARK: Rates

    /// The rate of what is posted with this date; what has none waits.
    private mutating func rate(on day: CalendarDate?) -> JSONValue? {
        guard let day else { return nil }
        do throws(Hold) { return try ideal.rates.rate(on: day)?.element } catch {
            missingRate = error
            return nil
        }
    }

    /// The rate that a document was given: what settles one in a currency that the order had before is converted likewise.
    private func statedRate(of document: DocumentKeyRef) -> JSONValue? {
        let made = result.first { $0.reference == document }?.desired
        let standing = (settled.invoices + settled.notes).first { $0.reference == document }?.desired
        return (made ?? standing)?["CurrencyRate"]
    }

    // MARK: The rest

    /// Who bought, and the refunds that Xero does not have yet; invoices that are not needed any more are voided.
    private func rest() -> [PlannedDocument] {
        let fixed = Set(settled.notes.map(\.reference))
        let present = result.first { $0.kind == .invoice }?.reference
        let carrier = settled.invoices.first?.reference ?? present ?? invoice.reference
        var moves = [invoice.reference: carrier]
        var others: [PlannedDocument] = ideal.documents(of: .contact) + ideal.documents(of: .item)
        for note in ideal.documents(of: .creditNote) where !fixed.contains(note.reference) {
            moves[note.reference] = revision.place(of: note.reference)
            others.append(names.moved(note, moves))
            for refund in ideal.documents(of: .refund) where refund.dependsOn == [note.reference] {
                moves[refund.reference] = names.free(refund.reference, besides: used)
                others.append(names.moved(refund, moves))
            }
        }
        return others + open.filter { $0.reference != present }.map(PlanRevision.voided)
    }
}
