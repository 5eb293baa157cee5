import Accounting
import JSON
import Ledger
import Mapping
import Postgres

@testable import XeroWriter

/// Orders as plans, small and exact.
struct SampleOrder: Sendable {
    enum Kind: Sendable {
        /// Paid.
        case paid
        /// Paid, and partly refunded.
        case refunded
        /// Not paid, and a part taken off.
        case reduced
        /// Not paid.
        case unpaid
        /// Not paid, and a quote until it is.
        case quoted
        /// Cancelled while it was a quote.
        case declined
        /// Cancelled.
        case cancelled
        /// Paid, and cancelled with nothing left in it.
        case emptied
        /// Half of it paid.
        case deposit
        /// Paid in two halves.
        case split

        /// How many payments it has.
        var payments: Int {
            switch self {
            case .paid, .refunded, .deposit: 1
            case .split: 2
            case .reduced, .unpaid, .quoted, .declined, .cancelled, .emptied: 0
            }
        }

        /// Whether an invoice of it stands in Xero, void or not.
        var hasInvoice: Bool { self != .quoted && self != .declined }

        /// Whether it is paid in full.
        var isPaid: Bool { self == .paid || self == .refunded || self == .split }
    }

    var number: Int
    var customer: Int
    var kind: Kind = .paid
    var org = "acme"
    var store = "shop"
    var net = ExactDecimal(100)
    var tax = ExactDecimal(10)
    var account = "200"
    var quoteStatus = "DRAFT"
    var name: String?
    var email: String?
    /// The e-mail address by which all stores of the org share the contact; nil for a contact of the store's own.
    var shared: String?
    var date = "2026-11-20"
    /// How the invoice is posted.
    var status = "AUTHORISED"
    /// The code of the item that is sold; nil if the line has none.
    var item: String?
    /// Whether the invoice waits for the item for good.
    var insistsOnItem = false
    /// Whether the organisation's list is said to have the item, so that nobody makes it.
    var isItemListed = false
    /// The account of the item, where it is another than the line's.
    var itemAccount: String?

    var id: String { String(number) }
    var total: ExactDecimal { net + tax }
    var refundID: String { "\(number)9" }
    var invoiceNumber: String { "W-\(number)" }
    var quoteNumber: String { "Q-\(invoiceNumber)" }

    private func key(_ reference: DocumentKeyRef) -> DocumentKey {
        DocumentKey(reference, orgID: org, storeID: store)
    }

    var contact: DocumentKeyRef {
        DocumentKeyRef(kind: .contact, sourceID: shared.map { "o:e:\($0)" } ?? "c:\(customer)")
    }
    var invoice: DocumentKeyRef { DocumentKeyRef(kind: .invoice, sourceID: id) }
    var quote: DocumentKeyRef { DocumentKeyRef(kind: .quote, sourceID: id) }
    var payment: DocumentKeyRef { DocumentKeyRef(kind: .payment, sourceID: id) }
    var creditNote: DocumentKeyRef { DocumentKeyRef(kind: .creditNote, sourceID: refundID) }
    var refund: DocumentKeyRef { DocumentKeyRef(kind: .refund, sourceID: refundID) }
    var allocation: DocumentKeyRef { DocumentKeyRef(kind: .allocation, sourceID: refundID) }

    private var itemReference: DocumentKeyRef? {
        item.flatMap { isItemListed ? nil : DocumentKeyRef(kind: .item, sourceID: $0) }
    }

    private func amounts(_ total: ExactDecimal, tax: ExactDecimal?) -> DocumentAmounts? {
        guard let currency = Currency("AUD"), let date = CalendarDate(date) else { return nil }
        return DocumentAmounts(currency: currency, total: total, tax: tax, date: date)
    }

    private func reference(_ reference: DocumentKeyRef) -> JSONValue {
        .string("Order \(number) [\(key(reference).shortForm)]")
    }

    private func line(_ amount: ExactDecimal, item: String? = nil) -> JSONValue {
        var line: JSONObject = [
            "Description": "Things", "Quantity": 1, "UnitAmount": JSONValue(amount), "AccountCode": .string(account),
            "TaxType": tax.isZero ? "EXEMPTOUTPUT" : "OUTPUT",
        ]
        if let item { line["ItemCode"] = .string(item) }
        return .object(line)
    }

    private func link(_ name: String, _ reference: DocumentKeyRef) -> JSONValue {
        .object([name: .string(key(reference).text)])
    }

    var plan: OrderPlan {
        if kind == .quoted {
            var plan = OrderPlan(documents: [contactDocument, quoteDocument], taxRates: ["OUTPUT": ExactDecimal(10)])
            plan.onceInvoiced = [contactDocument, invoiceDocument]
            return plan
        }
        var documents = [contactDocument] + [itemDocument].compactMap { $0 } + [invoiceDocument]
        let refunded = ExactDecimal(units: 2200, scale: 2)
        if kind == .paid || kind == .refunded {
            documents.append(
                money(payment, of: ("Invoice", link("$invoice", invoice)), amount: total, dependsOn: [invoice]))
        }
        if kind == .deposit || kind == .split {
            let half = total.divided(by: ExactDecimal(2), scale: 2)
            for part in 1...kind.payments {
                documents.append(
                    money(
                        DocumentKeyRef(kind: .payment, sourceID: id, part: String(part)),
                        of: ("Invoice", link("$invoice", invoice)), amount: half, dependsOn: [invoice]))
            }
        }
        if kind == .refunded || kind == .reduced { documents.append(creditNoteDocument(refunded)) }
        if kind == .refunded {
            documents.append(
                money(
                    refund, of: ("CreditNote", link("$creditNote", creditNote)), amount: refunded,
                    dependsOn: [creditNote]))
        }
        if kind == .reduced {
            documents.append(
                PlannedDocument(
                    allocation,
                    desired: [
                        "CreditNote": link("$creditNote", creditNote), "Invoice": link("$invoice", invoice),
                        "Amount": JSONValue(refunded), "Date": .string(date),
                    ], dependsOn: [creditNote, invoice], amounts: amounts(refunded, tax: nil)))
        }
        return OrderPlan(
            documents: documents, isPaid: kind == .emptied ? true : nil, taxRates: ["OUTPUT": ExactDecimal(10)])
    }

    private var contactDocument: PlannedDocument {
        PlannedDocument(
            contact,
            desired: [
                "Name": .string(name ?? "Customer \(customer)"),
                "ContactNumber": .string("\(key(contact).storeID):\(contact.sourceID)"),
                "EmailAddress": .string(shared ?? email ?? "c\(customer)@example.com"),
            ])
    }

    private var itemDocument: PlannedDocument? {
        guard let itemReference, let item else { return nil }
        return PlannedDocument(
            itemReference, number: item,
            desired: [
                "Code": .string(item), "Name": "Thing", "Description": "Thing",
                "SalesDetails": ["AccountCode": .string(itemAccount ?? account), "TaxType": "OUTPUT"],
            ])
    }

    private var invoiceDocument: PlannedDocument {
        let needed = [itemReference].compactMap { $0 }
        var document = PlannedDocument(
            invoice, number: invoiceNumber,
            desired: [
                "Type": "ACCREC", "Contact": link("$contact", contact), "Status": .string(status),
                "LineAmountTypes": "Exclusive", "InvoiceNumber": .string(invoiceNumber),
                "Reference": .string("Order \(number)"), "Url": .string("http://shop/order/\(number)"),
                "Date": .string(date), "DueDate": .string(date), "CurrencyCode": "AUD",
                "LineItems": [line(net, item: item)],
            ], dependsOn: [contact] + (insistsOnItem ? needed : []), amounts: amounts(total, tax: tax),
            voided: [.cancelled, .emptied, .declined].contains(kind))
        if !insistsOnItem { document.prefers = needed }
        return document
    }

    private var quoteDocument: PlannedDocument {
        PlannedDocument(
            quote, number: quoteNumber,
            desired: [
                "Contact": link("$contact", contact), "Status": .string(quoteStatus), "LineAmountTypes": "EXCLUSIVE",
                "QuoteNumber": .string(quoteNumber), "Reference": reference(quote),
                "Title": .string("Order \(number)"), "Date": .string(date), "ExpiryDate": "2026-12-20",
                "CurrencyCode": "AUD", "LineItems": [line(net)],
            ], dependsOn: [contact], amounts: amounts(total, tax: tax))
    }

    private func creditNoteDocument(_ total: ExactDecimal) -> PlannedDocument {
        PlannedDocument(
            creditNote, number: "CN-\(invoiceNumber)",
            desired: [
                "Type": "ACCRECCREDIT", "Contact": link("$contact", contact), "Status": "AUTHORISED",
                "LineAmountTypes": "Exclusive", "CreditNoteNumber": .string("CN-\(invoiceNumber)"),
                "Reference": reference(creditNote), "Date": .string(date), "CurrencyCode": "AUD",
                "LineItems": [line(ExactDecimal(20))],
            ], dependsOn: [contact, invoice], amounts: amounts(total, tax: ExactDecimal(2)))
    }

    private func money(
        _ document: DocumentKeyRef, of target: (name: String, link: JSONValue), amount: ExactDecimal,
        dependsOn: [DocumentKeyRef]
    ) -> PlannedDocument {
        PlannedDocument(
            document,
            desired: .object([
                target.name: target.link, "Account": ["Code": "090"], "Date": .string(date),
                "Amount": JSONValue(amount), "Reference": reference(document),
            ]), dependsOn: dependsOn, amounts: amounts(amount, tax: nil))
    }
}

extension WriterHarness {
    /// Plans orders, each in a transaction of its own, as the transformer does.
    @discardableResult
    func plan(
        _ orders: [SampleOrder], revision: Int = 1, mappingVersion: Int64 = 1, traceparent: String? = nil
    ) async throws -> [PlanChange] {
        var changes: [PlanChange] = []
        for sample in orders {
            var placed = sample
            (placed.org, placed.store) = (org, store)
            let order = placed
            let change = try await database.withTransaction { session in
                try await session.execute(
                    """
                    INSERT INTO sale (store_id, order_id, order_number, org_id, revision, planned_revision, state,
                        created_at, modified_at)
                    VALUES (\(store), \(order.id), \(order.id), \(org), \(revision), \(revision), 'planned',
                        '2026-11-20'::timestamptz + make_interval(secs => \(order.number)), now())
                    ON CONFLICT (store_id, order_id) DO UPDATE SET revision = excluded.revision,
                        planned_revision = excluded.planned_revision, state = 'planned'
                    """)
                let change = try await PlanWriter.write(
                    plan: order.plan, storeID: store, orgID: org, orderID: order.id, revision: revision,
                    mappingVersion: mappingVersion, traceparent: traceparent, in: session)
                if change.orderState == .posted {
                    try await session.execute(
                        "UPDATE sale SET state = 'posted' WHERE store_id = \(store) AND order_id = \(order.id)")
                }
                return change
            }
            changes.append(change)
        }
        return changes
    }

    /// Plans many orders, several at a time.
    func planTogether(_ orders: [SampleOrder]) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for part in 0..<4 {
                group.addTask { try await plan(orders.filter { $0.number % 4 == part }) }
            }
            try await group.waitForAll()
        }
    }

    /// What is wrong with the books, given that they should hold exactly these orders.
    func discrepancies(_ orders: [SampleOrder]) -> [String] {
        let books = books
        var found: [String] = []
        func list(_ name: String) -> [JSONValue] { books[name]?.array ?? [] }
        func expect(_ name: String, _ count: Int) {
            if list(name).count != count { found.append("\(list(name).count) \(name) instead of \(count)") }
        }
        let refunded = orders.filter { $0.kind == .refunded }
        let reduced = orders.filter { $0.kind == .reduced }
        expect("contacts", Set(orders.map(\.customer)).count)
        expect("invoices", orders.count { $0.kind.hasInvoice })
        expect("payments", orders.reduce(refunded.count) { $0 + $1.kind.payments })
        expect("credit_notes", refunded.count + reduced.count)
        expect("allocations", reduced.count)
        expect("items", Set(orders.compactMap(\.item)).count)
        let byNumber = Dictionary(grouping: list("invoices")) { $0["InvoiceNumber"]?.string ?? "" }
        found += quoteDiscrepancies(orders, list("quotes"))
        for order in orders where order.kind.hasInvoice {
            let invoices = byNumber[order.invoiceNumber] ?? []
            guard invoices.count == 1, let invoice = invoices.first else {
                found.append("\(invoices.count) invoices \(order.invoiceNumber)")
                continue
            }
            if invoice["LineItems"]?[0]?["ItemCode"]?.string != order.item {
                found.append(
                    "\(order.invoiceNumber) has item \(invoice["LineItems"]?[0]?["ItemCode"]?.string ?? "none")")
            }
            if invoice["Total"]?.decimal != order.total { found.append("\(order.invoiceNumber) has another total") }
            if (invoice["Status"]?.string == "PAID") != order.kind.isPaid {
                found.append("\(order.invoiceNumber) is \(invoice["Status"]?.string ?? "?")")
            }
        }
        for note in list("credit_notes") where note["Status"]?.string != "PAID" {
            found.append("\(note["CreditNoteNumber"]?.string ?? "?") is not used up")
        }
        return found
    }

    /// A quote for each order that is one; of the others none that is open.
    private func quoteDiscrepancies(_ orders: [SampleOrder], _ quotes: [JSONValue]) -> [String] {
        let byNumber = Dictionary(grouping: quotes) { $0["QuoteNumber"]?.string ?? "" }
        return orders.compactMap { order in
            let own = byNumber[order.quoteNumber] ?? []
            let statuses = own.map { $0["Status"]?.string ?? "?" }
            guard order.kind == .quoted else {
                return statuses.allSatisfy(QuoteProgress.isOver) ? nil : "\(order.quoteNumber) is \(statuses)"
            }
            guard statuses == [order.quoteStatus] else { return "\(order.quoteNumber) is \(statuses)" }
            return own[0]["Total"]?.decimal == order.total ? nil : "\(order.quoteNumber) has another total"
        } + (quotes.count > orders.count ? ["\(quotes.count) quotes of \(orders.count) orders"] : [])
    }
}
