import Accounting
import JSON

/// Makes of the plan of an order the documents that are still to be written, given those that Xero has already.
///
/// What nothing was paid against is edited or voided. What was paid stays, and the difference is posted: a supplementary invoice
/// for what rose, a credit note with its refund for what fell; and if customer, currency or tax treatment changed, a credit
/// note over all of it and a new invoice. Pure; the sum of all documents is always that of the plan, whatever the way to it.
/// A quote is edited until the order has an invoice, and marked as invoiced then.
public struct PlanRevision {
    /// What becomes of a plan.
    public enum Outcome: Sendable, Hashable {
        /// These documents are wanted, beside those that are settled in Xero.
        case plan(OrderPlan)
        /// It cannot be done: the reason in a person's words.
        case objection(String)
    }

    let ideal: OrderPlan
    let names: RevisionNames
    /// Whether, and when, somebody agreed to change what is settled.
    let correction: Correction?
    /// What Xero has, in the order of its parts, quotes left out.
    let inXero: [StandingDocument]
    /// Quotes in Xero that nothing came of yet.
    private let quotes: [StandingDocument]

    /// Revises a plan.
    /// - Parameters:
    ///   - plan: The documents that the order would have if nothing had been written.
    ///   - standing: The order's documents that were planned before.
    ///   - order: The key of the order's invoice.
    ///   - correction: Somebody's consent to change what is settled; without it another mapping alone changes none of it.
    /// - Returns: The documents to be written, or why they cannot be.
    public static func revise(
        _ plan: OrderPlan, standing: [StandingDocument], order: DocumentKey,
        correction: Correction? = nil
    ) -> Outcome {
        guard standing.contains(where: { $0.standing != .unsent }) else { return .plan(plan) }
        do throws(Hold) {
            return .plan(try PlanRevision(plan, standing, order, correction).revised())
        } catch {
            return .objection(error.reason)
        }
    }

    /// What has to go when an order is taken back altogether.
    /// - Parameter standing: The order's documents that were planned before.
    /// - Returns: Everything that Xero has or may have, to be voided; what is against a document before the document.
    public static func withdrawn(_ standing: [StandingDocument]) -> [PlannedDocument] {
        let order: [DocumentKind] = [.quote, .allocation, .refund, .payment, .creditNote, .invoice, .contact]
        return standing.filter { $0.standing == .inXero && !$0.isOver }
            .sorted { (order.firstIndex(of: $0.kind) ?? 0, $0.part) < (order.firstIndex(of: $1.kind) ?? 0, $1.part) }
            .map(voided)
    }

    private init(
        _ plan: OrderPlan, _ standing: [StandingDocument], _ order: DocumentKey, _ correction: Correction?
    ) {
        var (ideal, standing) = (plan, standing)
        if let correction {
            ideal.changedOn = max(plan.changedOn ?? correction.day, correction.day)
            for index in standing.indices { standing[index].isOfThisMapping = true }
        }
        let present = standing.filter { $0.standing == .inXero }.sorted { $0.part < $1.part }
        inXero = present.filter { $0.kind != .quote }
        quotes = present.filter { $0.kind == .quote && !$0.isOver }
        // What has an invoice stays an invoice, whatever the mapping makes of such orders now.
        if !inXero.isEmpty, !plan.onceInvoiced.isEmpty { ideal.documents = plan.onceInvoiced }
        self.ideal = ideal
        self.correction = correction
        names = RevisionNames(order: order, taken: standing.filter { $0.standing != .unsent })
    }

    func standing(_ kind: DocumentKind) -> [StandingDocument] { inXero.filter { $0.kind == kind } }

    // MARK: Which way

    private func revised() throws(Hold) -> OrderPlan {
        if let quote = ideal.documents(of: .quote).first { return result(quoted(quote)) }
        guard let invoice = ideal.documents(of: .invoice).first else {
            guard let first = (inXero + quotes).first else { return ideal }
            // A day or a payout on which more went back than came: there never was an invoice.
            if standing(.invoice).isEmpty, !ideal.documents(of: .creditNote).isEmpty { return ideal }
            throw Hold(
                "\(first.title) is in Xero, but the order no longer asks for it: void it in Xero, or restore the order")
        }
        let documents = try invoiced(invoice)
        let carrier = documents.first { $0.kind == .invoice && !$0.voided }?.reference
        return result(
            documents + quotes.map { invoice.voided ? Self.voided($0) : Self.invoiced($0, on: carrier) })
    }

    /// The documents of an order that has an invoice, or had one.
    private func invoiced(_ invoice: PlannedDocument) throws(Hold) -> [PlannedDocument] {
        let entries = inXero.filter { [.payment, .refund, .allocation].contains($0.kind) }
        if invoice.voided, entries.isEmpty { return inXero.map(Self.voided) }
        if invoice.voided, !ideal.isPaid, let entry = entries.first {
            throw Hold(
                "the order was cancelled after \(entry.title) went to Xero: refund it in the store, or take it back"
                    + " in Xero and void the order's documents there")
        }
        let paid = Set(entries.compactMap(\.invoiceKey))
        let invoices = Dictionary(grouping: standing(.invoice)) { paid.contains(names.key($0.reference)) }
        let fixed = standing(.creditNote).filter(isFixed)
        var settled = Settled(invoices: invoices[true] ?? [], notes: fixed)
        var open = invoices[false] ?? []
        let wanted = Set(ideal.documents(of: .creditNote).map(\.reference))
        let gone = standing(.creditNote).filter { !isFixed($0) && !wanted.contains($0.reference) }.map(Self.voided)
        if settled.invoices.isEmpty, fixed.allSatisfy({ isAsPlanned($0) }) {
            return fresh(open: open, notes: fixed) + gone
        }
        guard ideal.isPaid else { throw noLongerPaid(entries.first ?? settled.invoices.first ?? fixed[0]) }
        // What was paid back already is paid back from what is on the invoice, even if that is not paid yet.
        if settled.invoices.isEmpty { (settled.invoices, open) = (open, []) }
        var change = RevisionDraft(revision: self, invoice: invoice, settled: settled, open: open)
        return try change.documents() + gone
    }

    /// Whether a credit note cannot be changed any more: its money went back, or it takes back what was paid.
    private func isFixed(_ note: StandingDocument) -> Bool {
        let key = names.key(note.reference)
        return names.isRevision(note.reference) || inXero.contains { $0.noteKey == key }
    }

    /// Where a credit note of the plan goes: to itself if it can be written, else to the first later part that nobody has.
    func place(of note: DocumentKeyRef) -> DocumentKeyRef {
        standing(.creditNote).contains { $0.reference == note } ? note : names.free(note)
    }

    /// What cannot be changed any more: invoices with something against them, and credit notes.
    struct Settled {
        var invoices: [StandingDocument]
        let notes: [StandingDocument]
    }

    private func result(_ documents: [PlannedDocument]) -> OrderPlan {
        var plan = ideal
        plan.documents = documents
        return plan
    }

    private func noLongerPaid(_ document: StandingDocument) -> Hold {
        Hold(
            "\(document.title) is in Xero, but the order is not paid any more: take it back in Xero, or mark the order as"
                + " paid in the store")
    }

    static func voided(_ document: StandingDocument) -> PlannedDocument {
        PlannedDocument(document.reference, desired: document.desired, voided: true)
    }

    // MARK: Quotes

    /// The quote that Xero has, if it has one, edited; else a new one.
    private func quoted(_ quote: PlannedDocument) -> [PlannedDocument] {
        let target = quotes.first?.reference ?? names.free(quote.reference)
        return ideal.documents.map { names.moved($0, [quote.reference: target]) }
            + quotes.dropFirst().map(Self.voided)
    }

    /// A quote that an invoice took the place of, once that is in Xero.
    private static func invoiced(_ quote: StandingDocument, on invoice: DocumentKeyRef?) -> PlannedDocument {
        var document = PlannedDocument(
            quote.reference, desired: quote.desired, dependsOn: invoice.map { [$0] } ?? [])
        document.isInvoiced = true
        return document
    }

    private func isAsPlanned(_ note: StandingDocument) -> Bool {
        guard let planned = ideal.documents.first(where: { $0.reference == note.reference }),
            planned.total == note.total, planned.desired["Contact"]?["$contact"]?.string == note.contactKey,
            planned.desired["CurrencyCode"]?.string == note.currency
        else { return false }
        var (now, then) = (LinePosition(taxRates: ideal.taxRates), LinePosition(taxRates: ideal.taxRates))
        now.add(planned.desired, isCredit: true)
        then.add(note.desired, isCredit: true)
        return !note.isOfThisMapping || now.minus(then).isEmpty
    }

    // MARK: Nothing paid yet

    /// The plan itself, on the invoice that Xero has, if it has one.
    private func fresh(open: [StandingDocument], notes: [StandingDocument]) -> [PlannedDocument] {
        guard let invoice = ideal.documents(of: .invoice).first else { return [] }
        let target = open.first?.reference ?? names.free(invoice.reference)
        var moves = [invoice.reference: target]
        for note in ideal.documents(of: .creditNote) where !notes.contains(where: { $0.reference == note.reference }) {
            moves[note.reference] = place(of: note.reference)
        }
        let present = Set(notes.map(\.reference) + standing(.refund).map(\.reference))
        for document in ideal.documents
        where [.payment, .refund, .allocation].contains(document.kind) && !present.contains(document.reference) {
            moves[document.reference] = names.free(document.reference, besides: Set(moves.values))
        }
        return ideal.documents.filter { !present.contains($0.reference) }.map { names.moved($0, moves) }
            + open.dropFirst().map(Self.voided)
    }
}
