import Accounting
import JSON

/// Makes the documents of a summary: an invoice of all that was sold, and a credit note of all that was given back.
public struct SummaryDraft: Sendable {
    private let id: SummaryID
    private let settings: SummarySettings
    private let org: OrgSettings
    private let store: StoreSettings
    private let rateSettings: CurrencyRateSettings

    /// Makes a draft.
    /// - Parameters:
    ///   - id: Which summary.
    ///   - mapping: The store's mapping, merged over its org's.
    ///   - org: The Xero organisation.
    ///   - store: The store.
    public init(_ id: SummaryID, mapping: MappingConfiguration, org: OrgSettings, store: StoreSettings) {
        self.id = id
        settings = mapping.summary
        rateSettings = mapping.currencyRates
        self.org = org
        self.store = store
    }

    /// The documents of these entries, all of which are in the summary's currency.
    /// - Parameters:
    ///   - entries: The entries.
    ///   - table: The imported rates of the summary's currency, up to its day.
    /// - Returns: Contact, invoice with its payments, credit note with its refunds; nothing if the entries add nothing; or why
    ///   they have to wait.
    public func plan(_ entries: [SummaryEntry], table: DailyRates? = nil) -> PlanOutcome {
        do throws(Hold) {
            let rates = try DocumentRates(id.currency, rateSettings, org: org, table: table)
            return .planned(plan(entries, rate: try rates.rate(on: id.day)))
        } catch {
            return .held(reason: error.reason, findings: error.findings)
        }
    }

    private func plan(_ entries: [SummaryEntry], rate: DocumentRates.Rate?) -> OrderPlan {
        let counted = entries.filter { !$0.isEmpty }
        let sold = counted.filter { !$0.isReturn }
        let returned = counted.filter(\.isReturn).map { -$0 }
        let contact = DocumentKeyRef(kind: .contact, sourceID: "daily")
        let name = XeroText.name(settings.contact ?? "Daily sales of \(store.storeID)")
        var documents =
            self.documents(.invoice, sold, contact: contact) + self.documents(.creditNote, returned, contact: contact)
        if let rate {
            for index in documents.indices {
                documents[index].decisions.append(rate.decision)
                guard let element = rate.element, var desired = documents[index].desired.object else { continue }
                desired["CurrencyRate"] = element
                documents[index].desired = .object(desired)
            }
        }
        guard !documents.isEmpty else { return OrderPlan(documents: []) }
        return OrderPlan(
            documents: [
                PlannedDocument(
                    contact, desired: ["Name": .string(name), "ContactNumber": .string("\(store.storeID):daily")])
            ] + documents)
    }

    /// A document and the money that settles it, one amount for each account.
    private func documents(
        _ kind: DocumentKind, _ entries: [SummaryEntry], contact: DocumentKeyRef
    ) -> [PlannedDocument] {
        let isSale = kind == .invoice
        let reference = DocumentKeyRef(kind: kind, sourceID: id.text)
        let number = "\(isSale ? "" : "CN-")\(store.numberPrefix)\(id.documentNumber)"
        let lines = SummaryEntry.added(entries.flatMap(\.lines))
        guard !lines.isEmpty else { return [] }
        var element: JSONObject = [
            "Type": isSale ? "ACCREC" : "ACCRECCREDIT", "Contact": link("$contact", contact), "Status": "AUTHORISED",
            "LineAmountTypes": "Exclusive", isSale ? "InvoiceNumber" : "CreditNoteNumber": .string(number),
            "Reference": isSale ? .string("Daily sales \(id.title)") : tagged("Daily refunds \(id.title)", reference),
            "Date": .string(id.day.description),
        ]
        if isSale { element["DueDate"] = .string(id.day.description) }
        element["CurrencyCode"] = .string(id.currency.code)
        element["LineItems"] = .array(lines.map { line($0, entries, isSale: isSale) })
        let total = lines.lazy.map { $0.net + $0.tax }.sum()
        let document = PlannedDocument(
            reference, number: number, desired: .object(element), dependsOn: [contact],
            amounts: amounts(total, tax: lines.lazy.map(\.tax).sum()))
        return [document] + SummaryEntry.added(entries.flatMap(\.money)).map { payment($0, of: reference) }
    }

    private func line(_ line: SummaryEntry.Line, _ entries: [SummaryEntry], isSale: Bool) -> JSONValue {
        let count = entries.lazy.filter { entry in entry.lines.contains { $0.group == line.group } }.count
        let noun = isSale ? (count == 1 ? "sale" : "sales") : (count == 1 ? "refund" : "refunds")
        var element: JSONObject = [
            "Description": .string("\(count) \(noun), \(id.title)"), "Quantity": 1,
            "UnitAmount": XeroText.amount(line.net), "AccountCode": .string(line.account),
            "TaxType": .string(line.taxType),
        ]
        if let tracking = line.tracking { element["Tracking"] = tracking }
        if !XeroRounding.gives(line.tax, on: line.net, percent: org.taxRates[line.taxType]) {
            element["TaxAmount"] = XeroText.amount(line.tax)
        }
        return .object(element)
    }

    private func payment(_ money: SummaryEntry.Money, of document: DocumentKeyRef) -> PlannedDocument {
        let isSale = document.kind == .invoice
        let reference = DocumentKeyRef(
            kind: isSale ? .payment : .refund, sourceID: id.text, part: DocumentKey.source(escaping: money.account))
        let desired: JSONValue = [
            isSale ? "Invoice" : "CreditNote": link(isSale ? "$invoice" : "$creditNote", document),
            "Account": ["Code": .string(money.account)], "Date": .string(id.day.description),
            "Amount": XeroText.amount(money.amount),
            "Reference": tagged("Daily \(isSale ? "sales" : "refunds") \(id.title)", reference),
        ]
        return PlannedDocument(
            reference, desired: desired, dependsOn: [document], amounts: amounts(money.amount, tax: nil))
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

    private func amounts(_ total: ExactDecimal, tax: ExactDecimal?) -> DocumentAmounts {
        DocumentAmounts(currency: id.currency, total: total, tax: tax, date: id.day)
    }
}
