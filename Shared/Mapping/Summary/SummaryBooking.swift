public import Accounting
import JSON

/// From an order's plan to what it adds to its days.
public enum SummaryBooking {
    /// What an order's plan comes to.
    public enum Reading: Sendable, Hashable {
        /// What the order adds, by source; empty if it wants no documents.
        case entries([SummaryEntry])
        /// It cannot be part of a day's total, for this reason.
        case unfit(String)
    }

    /// Takes from the documents that an order would have what it adds to its days.
    /// - Parameters:
    ///   - plan: The order's own documents.
    ///   - rates: The percent that Xero applies for a tax type, as the plan was made with.
    /// - Returns: The sale and each refund; or why the order needs documents of its own.
    public static func read(_ plan: OrderPlan, rates: [String: ExactDecimal]) -> Reading {
        var entries: [SummaryEntry] = []
        let live = plan.documents.filter { !$0.voided }
        for document in live where document.kind == .invoice || document.kind == .creditNote {
            guard let read = entry(document, of: live, rates: rates) else {
                return .unfit("\(document.number ?? document.reference.description) cannot be added up")
            }
            guard document.desired["Status"]?.string == "AUTHORISED", read.isSettled else {
                return .unfit("the order is not paid in full")
            }
            if let same = entries.firstIndex(where: { $0.source == read.source }) {
                entries[same] = entries[same].adding(read)
            } else {
                entries.append(read)
            }
        }
        return .entries(entries)
    }

    private static func entry(
        _ document: PlannedDocument, of documents: [PlannedDocument], rates: [String: ExactDecimal]
    ) -> SummaryEntry? {
        guard let currency = document.currency, let date = document.date,
            document.desired["LineAmountTypes"]?.string == "Exclusive"
        else { return nil }
        let elements = document.desired["LineItems"]?.array ?? []
        let lines = elements.compactMap { line($0, rates: rates) }
        let isSale = document.kind == .invoice
        let money = documents.compactMap { payment -> SummaryEntry.Money? in
            guard payment.kind == (isSale ? .payment : .refund), payment.dependsOn.contains(document.reference),
                let account = payment.desired["Account"]?["Code"]?.string, let amount = payment.total
            else { return nil }
            return SummaryEntry.Money(account: account, amount: amount)
        }
        let entry = SummaryEntry(
            source: isSale ? "sale" : "refund:\(document.sourceID)", happenedOn: date, currency: currency, lines: lines,
            money: money)
        // The lines are read from what Xero would be told, so they must come to what the document says.
        guard lines.count == elements.count, entry.total == document.total, entry.tax == document.tax else {
            return nil
        }
        return isSale ? entry : -entry
    }

    private static func line(_ element: JSONValue, rates: [String: ExactDecimal]) -> SummaryEntry.Line? {
        guard let account = element["AccountCode"]?.string, let taxType = element["TaxType"]?.string,
            let quantity = element["Quantity"]?.decimal, let unit = element["UnitAmount"]?.decimal,
            let net = quantity.multiplied(by: unit)?.rounded(scale: 2)
        else { return nil }
        let stated = element["TaxAmount"]?.decimal
        // A tax that is not stated is one that Xero computes, whichever way it rounds.
        let computed = rates[taxType].map { (net * $0).divided(by: ExactDecimal(100), scale: 2) }
        guard let tax = stated ?? computed else { return nil }
        return SummaryEntry.Line(
            account: account, taxType: taxType, tracking: element["Tracking"], net: net, tax: tax)
    }

    /// What is to be entered so that what was posted of an order becomes what is wanted.
    /// - Parameters:
    ///   - posted: What is in summaries that are closed.
    ///   - wanted: What the order should come to.
    ///   - rewords: Whether the same amounts may have been put on other accounts: another mapping alone changes nothing
    ///     that was posted.
    /// - Returns: What is new, and for what differs the difference.
    public static func changes(
        posted: [SummaryEntry], wanted: [SummaryEntry], rewords: Bool = false
    ) -> [SummaryEntry] {
        let former = Dictionary(grouping: posted, by: \.source)
        let sources = Set(wanted.map(\.source))
        let removed = former.keys.filter { !sources.contains($0) }.sorted()
        return wanted.flatMap { change($0, from: former[$0.source] ?? [], rewords: rewords) }
            + removed.flatMap { source in byCurrency(former[source] ?? []).map { -$0 } }.filter { !$0.isEmpty }
    }

    private static func change(
        _ wanted: SummaryEntry, from posted: [SummaryEntry], rewords: Bool
    ) -> [SummaryEntry] {
        guard !posted.isEmpty else { return [wanted] }
        let sums = byCurrency(posted).filter { !$0.isEmpty }
        guard let sum = sums.first else { return wanted.isEmpty ? [] : [wanted] }
        guard sums.count == 1, sum.currency == wanted.currency else {
            return sums.map { -$0 } + (wanted.isEmpty ? [] : [wanted])
        }
        if rewords, sum.total == wanted.total, sum.tax == wanted.tax { return [] }
        let difference = wanted.adding(-sum)
        if difference.isEmpty { return [] }
        // Money that leaves one account for another is no difference that a document could say: all of it goes back, and
        // all of it comes anew.
        let isMixed = Set(difference.money.map(\.amount.isNegative)).count > 1
        return isMixed ? [-sum, wanted] : [difference]
    }

    private static func byCurrency(_ entries: [SummaryEntry]) -> [SummaryEntry] {
        var sums: [SummaryEntry] = []
        for entry in entries {
            if let same = sums.firstIndex(where: { $0.currency == entry.currency }) {
                sums[same] = sums[same].adding(entry)
            } else {
                sums.append(entry)
            }
        }
        return sums
    }

    /// Where an entry goes.
    public struct Place: Sendable, Hashable {
        /// The day whose date its document has.
        public var day: CalendarDate
        /// The day after which it is posted; `nil` if it is posted with its payout.
        public var closes: CalendarDate?

        /// Where something goes that waits for its payout.
        public static func withPayout(happenedOn: CalendarDate) -> Place { Place(day: happenedOn, closes: nil) }
    }

    /// Decides with which day something is posted.
    /// - Parameters:
    ///   - happenedOn: When it was sold or given back.
    ///   - isClosed: Whether that day was posted already.
    ///   - today: The present day in the organisation's time zone.
    ///   - late: What becomes of what comes late.
    public static func place(
        happenedOn: CalendarDate, isClosed: Bool, today: CalendarDate, late: SummarySettings.Late
    ) -> Place {
        guard isClosed else { return Place(day: happenedOn, closes: happenedOn) }
        let learnt = max(today, happenedOn)
        switch late {
        case .nextDay: return Place(day: learnt, closes: learnt)
        case .adjust: return Place(day: happenedOn, closes: learnt)
        }
    }
}
