import Accounting
import JSON

/// The books as one JSON value, with exact totals.
enum LedgerDump {
    static func json(_ state: SimulatorState, key: String?, summaryOnly: Bool) -> JSONValue {
        let books = state.books.filter { key == nil || $0.definition.key == key }
        return ["orgs": .array(books.map { json($0, summaryOnly: summaryOnly) })]
    }

    private static func json(_ book: OrganisationBook, summaryOnly: Bool) -> JSONValue {
        let detail = RenderingDetail(unitScale: 4)
        var object: JSONObject = [
            "key": .string(book.definition.key), "tenant_id": .string(book.tenantID),
            "name": .string(book.definition.name), "country": .string(book.definition.country),
            "currency": .string(book.definition.currency),
        ]
        object["summary"] = LedgerSummary(book).json
        if summaryOnly { return .object(object) }
        object["contacts"] = .array(book.contacts.records.map { .object(book.render($0, detail)) })
        object["invoices"] = .array(book.invoices.records.map { .object(book.render($0, detail)) })
        object["credit_notes"] = .array(book.creditNotes.records.map { .object(book.render($0, detail)) })
        object["items"] = .array(book.items.records.filter { !$0.isDeleted }.map { .object(book.render($0, detail)) })
        object["quotes"] = .array(book.quotes.records.map { .object(book.render($0, detail)) })
        object["payments"] = .array(book.payments.records.map { .object(book.render($0, detail)) })
        object["allocations"] = .array(
            book.creditNotes.records.flatMap(\.allocationIDs).compactMap { id in
                guard let allocation = book.allocations[id] else { return nil }
                var shown = book.render(allocation)
                shown["CreditNote"] = ["CreditNoteID": .string(allocation.creditNoteID)]
                return .object(shown)
            })
        return .object(object)
    }
}

/// Totals of the books: per currency and status, and the balance of each account.
struct LedgerSummary {
    /// Totals of documents of one kind, currency and status.
    struct Group {
        var count = 0
        var total = ExactDecimal.zero
        var tax = ExactDecimal.zero
        var outstanding = ExactDecimal.zero
    }

    /// What groups are kept by.
    struct Key: Hashable, Comparable {
        let currency: String
        let name: String

        static func < (left: Key, right: Key) -> Bool { (left.currency, left.name) < (right.currency, right.name) }
    }

    let contacts: Int
    private(set) var invoices: [Key: Group] = [:]
    private(set) var creditNotes: [Key: Group] = [:]
    private(set) var payments: [Key: Group] = [:]
    private(set) var refunds: [Key: Group] = [:]
    /// Balances by currency and account code; debits are positive, so that each currency adds up to zero.
    private(set) var balances: [Key: ExactDecimal] = [:]
    private var names: [String: String] = [:]

    init(_ book: OrganisationBook) {
        contacts = book.contacts.records.count { !$0.isArchived }
        for account in book.accounts { names[account.code] = account.name }
        for document in book.invoices.records { add(document, sign: 1) }
        for document in book.creditNotes.records { add(document, sign: -1) }
        for payment in book.payments.records where !payment.isDeleted { add(payment, book) }
    }

    private mutating func add(_ document: SalesDocument, sign: Int) {
        let key = Key(currency: document.currency, name: document.status.rawValue)
        var group = (document.kind == .invoice ? invoices[key] : creditNotes[key]) ?? Group()
        group.count += 1
        group.total += document.total
        group.tax += document.totalTax
        if !document.status.isOver { group.outstanding += document.outstanding }
        if document.kind == .invoice { invoices[key] = group } else { creditNotes[key] = group }
        guard document.status.isPosted else { return }
        let factor = ExactDecimal(sign)
        post("610", document.currency, document.total * factor)
        post("820", document.currency, -document.totalTax * factor)
        for line in document.lines where !line.isTextOnly {
            let net = document.amountTypes == .inclusive ? line.lineAmount - line.taxAmount : line.lineAmount
            post(line.accountCode ?? "", document.currency, -net * factor)
        }
    }

    private mutating func add(_ payment: Payment, _ book: OrganisationBook) {
        guard let target = book.document(payment.targetKind, payment.targetID) else { return }
        let code = book.account(payment.accountID)?.code ?? ""
        let key = Key(currency: target.currency, name: code)
        let isRefund = payment.targetKind == .creditNote
        var group = (isRefund ? refunds[key] : payments[key]) ?? Group()
        group.count += 1
        group.total += payment.amount
        if isRefund { refunds[key] = group } else { payments[key] = group }
        let amount = isRefund ? -payment.amount : payment.amount
        post(code, target.currency, amount)
        post("610", target.currency, -amount)
    }

    private mutating func post(_ code: String, _ currency: String, _ amount: ExactDecimal) {
        balances[Key(currency: currency, name: code), default: .zero] += amount
    }

    var json: JSONValue {
        [
            "contacts": .number(JSONNumber(contacts)), "invoices": Self.json(invoices, named: "status"),
            "credit_notes": Self.json(creditNotes, named: "status"),
            "payments": Self.json(payments, named: "account"), "refunds": Self.json(refunds, named: "account"),
            "accounts": .array(
                balances.sorted { $0.key < $1.key }.map { key, balance in
                    [
                        "currency": .string(key.currency), "code": .string(key.name),
                        "name": .string(names[key.name] ?? ""), "balance": .amount(balance),
                    ]
                }),
        ]
    }

    private static func json(_ groups: [Key: Group], named: String) -> JSONValue {
        .array(
            groups.sorted { $0.key < $1.key }.map { key, group in
                [
                    "currency": .string(key.currency), named: .string(key.name),
                    "count": .number(JSONNumber(group.count)), "total": .amount(group.total),
                    "tax": .amount(group.tax), "outstanding": .amount(group.outstanding),
                ]
            })
    }
}
