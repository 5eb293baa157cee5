import Accounting
import JSON

/// A page for people that lists the books plainly.
enum LedgerPage {
    private static let shownRows = 500

    static func html(_ state: SimulatorState) -> String {
        var page = """
            <!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Simulated Xero</title><style>
            body{font:14px/1.4 system-ui,sans-serif;margin:2rem;color:#222}table{border-collapse:collapse;margin:.5rem 0 1.5rem}
            th,td{border-bottom:1px solid #ddd;padding:.2rem .8rem .2rem 0;text-align:left;vertical-align:top}
            td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}</style></head><body><h1>Simulated Xero</h1>
            """
        page += "<p>\(state.traffic.reduce(0) { $0 + $1.calls }) calls so far.</p>"
        for (book, traffic) in zip(state.books, state.traffic) { page += section(book, traffic) }
        return page + "</body></html>"
    }

    private static func section(_ book: OrganisationBook, _ traffic: OrganisationTraffic) -> String {
        let refused = traffic.refused.values.reduce(0, +)
        return """
            <h2>\(XMLText.escape(book.definition.name)) (\(XMLText.escape(book.definition.currency)))</h2>
            <p>\(traffic.calls) calls, at most \(traffic.inFlightMaximum) at once, \(refused) refused by limits.</p>
            """ + balances(book) + documents(book, .invoice) + documents(book, .creditNote) + payments(book)
                + quotes(book) + contacts(book) + items(book)
    }

    private static func table(_ title: String, _ heads: [String], _ rows: [[String]], total: Int) -> String {
        if total == 0 { return "<h3>\(title): none</h3>" }
        let shown = total > rows.count ? " (\(total), the last \(rows.count) shown)" : " (\(total))"
        func cell(_ tag: String, _ position: Int, _ text: String) -> String {
            let isNumber = heads[position].hasSuffix("#")
            return "<\(tag)\(isNumber ? " class=\"n\"" : "")>\(XMLText.escape(text))</\(tag)>"
        }
        let head = heads.enumerated().map { cell("th", $0.offset, $0.element.filter { $0 != "#" }) }.joined()
        let body = rows.map { row in
            "<tr>\(row.enumerated().map { cell("td", $0.offset, $0.element) }.joined())</tr>"
        }
        return "<h3>\(title)\(shown)</h3><table><tr>\(head)</tr>\(body.joined())</table>"
    }

    private static func balances(_ book: OrganisationBook) -> String {
        let names = Dictionary(book.accounts.map { ($0.code, $0.name) }) { first, _ in first }
        let rows = LedgerSummary(book).balances.sorted { $0.key < $1.key }.map { key, balance in
            [key.name, names[key.name] ?? "", key.currency, balance.fixed(2)]
        }
        return table("Accounts", ["Code", "Name", "Currency", "Balance#"], rows, total: rows.count)
    }

    private static func documents(_ book: OrganisationBook, _ kind: SalesDocument.Kind) -> String {
        let records = book.documents(kind).records
        let rows = records.suffix(shownRows).map { document in
            [
                document.number, document.reference, book.contacts[document.contactID]?.name ?? "",
                document.date.description, document.status.rawValue, document.currency, document.totalTax.fixed(2),
                document.total.fixed(2), document.status.isOver ? "0.00" : document.outstanding.fixed(2),
            ]
        }
        return table(
            kind == .invoice ? "Invoices" : "Credit notes",
            ["Number", "Reference", "Contact", "Date", "Status", "Currency", "Tax#", "Total#", "Open#"], rows,
            total: records.count)
    }

    private static func payments(_ book: OrganisationBook) -> String {
        let records = book.payments.records
        let rows = records.suffix(shownRows).map { payment in
            [
                book.document(payment.targetKind, payment.targetID)?.number ?? "", payment.reference ?? "",
                book.account(payment.accountID)?.name ?? "", payment.date.description,
                payment.isDeleted ? "DELETED" : "AUTHORISED", payment.amount.fixed(2),
            ]
        }
        return table(
            "Payments", ["For", "Reference", "Account", "Date", "Status", "Amount#"], rows, total: records.count)
    }

    private static func items(_ book: OrganisationBook) -> String {
        let items = book.items.records.filter { !$0.isDeleted }
        let rows = items.suffix(shownRows).map { item in
            [item.code, item.details.text("Name") ?? "", item.salesAccount ?? "", item.salesPrice?.fixed(4) ?? ""]
        }
        return table("Items", ["Code", "Name", "Account", "Price#"], rows, total: items.count)
    }

    private static func quotes(_ book: OrganisationBook) -> String {
        let rows = book.quotes.records.suffix(shownRows).map { quote in
            [
                quote.number, quote.content.reference, book.contacts[quote.content.contactID]?.name ?? "",
                quote.content.date.description, quote.status.rawValue, quote.content.currency,
                quote.totalTax.fixed(2), quote.total.fixed(2),
            ]
        }
        return table(
            "Quotes", ["Number", "Reference", "Contact", "Date", "Status", "Currency", "Tax#", "Total#"], rows,
            total: book.quotes.count)
    }

    private static func contacts(_ book: OrganisationBook) -> String {
        let rows = book.contacts.records.suffix(shownRows).map { contact in
            [
                contact.name, contact.details.text("EmailAddress") ?? "", contact.number ?? "",
                contact.mergedInto.map { "MERGED into \(book.contacts[$0]?.name ?? $0)" } ?? contact.status,
            ]
        }
        return table("Contacts", ["Name", "E-mail", "Number", "Status"], rows, total: book.contacts.count)
    }
}
