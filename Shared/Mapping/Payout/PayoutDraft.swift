public import Accounting
import JSON

/// Makes the documents of a part of a payout: gross sales, refunds, fees and adjustments on one invoice whose total is the net,
/// and one payment of it. If the provider took more than it paid, they are on a credit note, and the money is its refund.
public struct PayoutDraft: Sendable {
    /// A line of the payout, with where its money is if the order was posted otherwise.
    public struct Line: Sendable, Hashable {
        /// The line.
        public var line: PayoutLine
        /// The account that its money is in already.
        public var settledIn: String?

        /// Makes a line.
        public init(_ line: PayoutLine, settledIn: String? = nil) {
            self.line = line
            self.settledIn = settledIn
        }
    }

    private let part: PayoutPart
    private let payout: Payout
    private let date: CalendarDate
    private let settings: PayoutSettings
    private let rateSettings: CurrencyRateSettings
    private let org: OrgSettings
    private let store: StoreSettings

    /// Makes a draft.
    /// - Parameters:
    ///   - part: Which documents of the payout.
    ///   - payout: The payout; its lines are not looked at.
    ///   - date: The date of the documents.
    ///   - mapping: The store's mapping, merged over its org's.
    ///   - org: The Xero organisation.
    ///   - store: The store.
    public init(
        _ part: PayoutPart, of payout: Payout, date: CalendarDate, mapping: MappingConfiguration, org: OrgSettings,
        store: StoreSettings
    ) {
        self.part = part
        self.payout = payout
        self.date = date
        settings = mapping.payoutSettings(of: payout.provider)
        rateSettings = mapping.currencyRates
        self.org = org
        self.store = store
    }

    /// The settings that a payout needs and the mapping lacks.
    static func missing(_ payout: Payout, _ settings: PayoutSettings) -> [String] {
        let key = "mapping.payouts.\(payout.provider)"
        var missing: [String] = []
        if settings.account == nil {
            missing.append("no account is named for the payout's money; add \(key).account, such as \"090\"")
        }
        if settings.fees == nil, payout.lines.contains(where: { !$0.allFee.isZero }) {
            missing.append("the payout has fees of \(payout.fees.fixed(2)); add \(key).fees, such as \"404\"")
        }
        if settings.feeTax == nil, payout.lines.contains(where: { !($0.feeTax ?? .zero).isZero }) {
            missing.append("the payout's fees state tax; add \(key).fee_tax, such as INPUT")
        }
        if settings.adjustments == nil, payout.lines.contains(where: { $0.kind == .adjustment && !$0.amount.isZero }) {
            missing.append("the payout has adjustments; add \(key).adjustments, the account they belong on")
        }
        return missing
    }

    /// The documents.
    /// - Parameters:
    ///   - entries: The sales and refunds that the part pays.
    ///   - lines: The lines of the payout that are in this part.
    ///   - table: The imported rates of the payout's currency, up to its days.
    /// - Returns: Contact, invoice or credit note, and the money; or why they cannot be made.
    public func plan(_ entries: [SummaryEntry], lines: [Line], table: DailyRates? = nil) -> PlanOutcome {
        var part = payout
        part.lines = lines.map(\.line)
        let missing = Self.missing(part, settings)
        guard missing.isEmpty, let account = settings.account else {
            return .held(reason: "the mapping lacks settings that the payout needs", findings: missing)
        }
        let sold = entries.filter { !$0.isReturn }
        let returned = entries.filter(\.isReturn)
        var made = Self.lines(sold, word: ("sale", "sales")) + Self.lines(returned, word: ("refund", "refunds"))
        switch fees(part.lines) {
        case .failure(let unknown): return .held(reason: unknown.reason, findings: [])
        case .success(let fee): made += fee.map { [$0] } ?? []
        }
        made += adjustments(part.lines) + moved(lines, into: account)
        do throws(Hold) {
            let rates = try DocumentRates(payout.currency, rateSettings, org: org, table: table)
            var documents = documents(made, account: account)
            for place in documents.indices { documents[place] = try converted(documents[place], rates) }
            return .planned(OrderPlan(documents: documents))
        } catch {
            return .held(reason: error.reason, findings: error.findings)
        }
    }

    /// A document with the rate of its day, where Xero converts it.
    private func converted(_ document: PlannedDocument, _ rates: DocumentRates) throws(Hold) -> PlannedDocument {
        guard let day = document.date, let rate = try rates.rate(on: day) else { return document }
        var converted = document
        converted.decisions.append(rate.decision)
        if let element = rate.element, var desired = document.desired.object {
            desired["CurrencyRate"] = element
            converted.desired = .object(desired)
        }
        return converted
    }

    // MARK: Lines

    private struct Posted {
        var description: String
        var line: SummaryEntry.Line
    }

    private static func lines(_ entries: [SummaryEntry], word: (one: String, many: String)) -> [Posted] {
        SummaryEntry.added(entries.flatMap(\.lines)).map { line in
            let count = entries.lazy.filter { entry in entry.lines.contains { $0.group == line.group } }.count
            return Posted(description: "\(count) \(count == 1 ? word.one : word.many)", line: line)
        }
    }

    private struct UnknownRate: Error {
        let reason: String
    }

    /// One line of all fees, with the tax that the provider states, else what their tax type makes of them.
    private func fees(_ lines: [PayoutLine]) -> Result<Posted?, UnknownRate> {
        let charged = lines.filter { !$0.allFee.isZero }
        let total = charged.lazy.map(\.allFee).sum()
        guard !charged.isEmpty, let account = settings.fees else { return .success(nil) }
        var tax = charged.lazy.compactMap(\.feeTax).sum()
        let unstated = charged.lazy.filter { $0.feeTax == nil }.map(\.allFee).sum()
        if let type = settings.feeTax, charged.contains(where: { $0.feeTax == nil }) {
            guard let percent = org.taxRates[type] else {
                return .failure(
                    UnknownRate(
                        reason: "what tax type \(type) comes to is not known; read it with counterfoil xero accounts "
                            + "\(org.orgID) --refresh, or state the tax of the fees in the payout"))
            }
            tax += (unstated * percent).divided(by: ExactDecimal(100) + percent, scale: 2)
        }
        let untaxed = CountryTaxes.untaxed(country: org.country)
        let line = SummaryEntry.Line(
            account: account, taxType: settings.feeTax ?? untaxed, net: tax - total, tax: -tax)
        guard !line.net.isZero || !line.tax.isZero else { return .success(nil) }
        return .success(Posted(description: "Fees of \(payout.provider)", line: line))
    }

    /// One line for each thing that the provider names.
    private func adjustments(_ lines: [PayoutLine]) -> [Posted] {
        guard let account = settings.adjustments else { return [] }
        let named = Dictionary(grouping: lines.filter { $0.kind == .adjustment }, by: \.text)
        return named.sorted { $0.key < $1.key }.compactMap { text, lines in
            let amount = lines.lazy.map(\.amount).sum()
            return amount.isZero ? nil : untaxed(text.isEmpty ? "Adjustment" : text, account, amount)
        }
    }

    /// Money of orders that were posted otherwise, where the payout takes it from another account than its own.
    private func moved(_ lines: [Line], into account: String) -> [Posted] {
        let others = Dictionary(grouping: lines) { $0.settledIn ?? account }.filter { $0.key != account }
        return others.sorted { $0.key < $1.key }.compactMap { source, lines in
            let amount = lines.lazy.map(\.line.amount).sum()
            return amount.isZero ? nil : untaxed("Paid into \(source) before", source, amount)
        }
    }

    private func untaxed(_ text: String, _ account: String, _ amount: ExactDecimal) -> Posted {
        Posted(
            description: XeroText.limited(text, 1000),
            line: SummaryEntry.Line(
                account: account, taxType: CountryTaxes.untaxed(country: org.country), net: amount, tax: .zero))
    }

    // MARK: Documents

    private func documents(_ made: [Posted], account: String) -> [PlannedDocument] {
        guard !made.isEmpty else { return [] }
        let total = made.lazy.map { $0.line.net + $0.line.tax }.sum()
        let isTaken = total.isNegative
        let contact = contact()
        let reference = DocumentKeyRef(kind: isTaken ? .creditNote : .invoice, sourceID: part.text)
        let number = "\(isTaken ? "CN-" : "")\(store.numberPrefix)\(part.documentNumber)"
        let title = "Payout \(part.title)"
        var element: JSONObject = [
            "Type": isTaken ? "ACCRECCREDIT" : "ACCREC", "Contact": link("$contact", contact.reference),
            "Status": "AUTHORISED", "LineAmountTypes": "Exclusive",
            isTaken ? "CreditNoteNumber" : "InvoiceNumber": .string(number),
            "Reference": isTaken ? tagged(title, reference) : .string(title), "Date": .string(date.description),
        ]
        if !isTaken { element["DueDate"] = .string(max(date, payout.paidOn).description) }
        element["CurrencyCode"] = .string(payout.currency.code)
        element["LineItems"] = .array(made.map { self.element($0, isTaken: isTaken) })
        let tax = made.lazy.map(\.line.tax).sum()
        let document = PlannedDocument(
            reference, number: number, desired: .object(element), dependsOn: [contact.reference],
            amounts: amounts(total.magnitude, tax: isTaken ? -tax : tax, date: date))
        let money = total.isZero ? [] : [money(total.magnitude, of: reference, account: account)]
        return [contact, document] + money
    }

    private func contact() -> PlannedDocument {
        let source = "payouts:\(payout.provider)"
        let number = "\(store.storeID):\(source)"
        let name = XeroText.name(settings.contact ?? "Payouts of \(payout.provider)")
        return PlannedDocument(
            DocumentKeyRef(kind: .contact, sourceID: DocumentKey.source(escaping: source)),
            desired: [
                "Name": .string(name),
                "ContactNumber": .string(
                    number.utf8.count <= 50 ? number : "\(store.storeID):h:\(XeroText.hash(source).prefix(15))"),
            ])
    }

    private func element(_ posted: Posted, isTaken: Bool) -> JSONValue {
        let line = posted.line
        let (net, tax) = isTaken ? (-line.net, -line.tax) : (line.net, line.tax)
        var element: JSONObject = [
            "Description": .string(posted.description), "Quantity": 1, "UnitAmount": XeroText.amount(net),
            "AccountCode": .string(line.account), "TaxType": .string(line.taxType),
        ]
        if let tracking = line.tracking { element["Tracking"] = tracking }
        if !XeroRounding.gives(tax, on: net, percent: org.taxRates[line.taxType]) {
            element["TaxAmount"] = XeroText.amount(tax)
        }
        return .object(element)
    }

    private func money(_ amount: ExactDecimal, of document: DocumentKeyRef, account: String) -> PlannedDocument {
        let isTaken = document.kind == .creditNote
        let reference = DocumentKeyRef(kind: isTaken ? .refund : .payment, sourceID: part.text)
        let day = max(date, payout.paidOn)
        let desired: JSONValue = [
            isTaken ? "CreditNote" : "Invoice": link(isTaken ? "$creditNote" : "$invoice", document),
            "Account": ["Code": .string(account)], "Date": .string(day.description), "Amount": XeroText.amount(amount),
            "Reference": tagged("Payout \(payout.id)", reference),
        ]
        return PlannedDocument(
            reference, desired: desired, dependsOn: [document], amounts: amounts(amount, tax: nil, date: day))
    }

    private func key(_ reference: DocumentKeyRef) -> DocumentKey {
        DocumentKey(reference, orgID: org.orgID, storeID: store.storeID)
    }

    private func link(_ name: String, _ reference: DocumentKeyRef) -> JSONValue {
        [name: .string(key(reference).text)]
    }

    /// Text with the key that decides a match in Xero.
    private func tagged(_ text: String, _ reference: DocumentKeyRef) -> JSONValue {
        .string("\(text) [\(key(reference).shortForm)]")
    }

    private func amounts(_ total: ExactDecimal, tax: ExactDecimal?, date: CalendarDate) -> DocumentAmounts {
        DocumentAmounts(currency: payout.currency, total: total, tax: tax, date: date)
    }
}
