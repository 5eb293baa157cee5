import Accounting
import SimulatedWooCommerce

/// What is printed at the end: both sides, and what it took.
struct Report: Sendable {
    let orders: [PlayedOrder]
    let sales: [SaleKey: SaleRow]
    let books: Books
    let calls: CallReport
    let audit: Audit

    /// The whole report without the verdict.
    var text: String {
        var parts = [
            "Orders by outcome", outcomes.rendered(), "Totals per currency, storefront against ledger",
            totals.rendered(), "Documents in Xero: \(documents)", "Xero calls", endpoints.rendered(), callSummary,
        ]
        if !held.rows.isEmpty { parts += ["Held for a person", held.rendered()] }
        return parts.enumerated().map { index, part in
            part.hasPrefix(" ") || index == 0 ? part : "\n" + part
        }.joined(separator: "\n")
    }

    /// The last line.
    var verdict: String {
        guard !audit.ties else { return "The books tie." }
        let shown = audit.discrepancies.prefix(30).map { "  " + $0 }
        let more = audit.discrepancies.count - shown.count
        return "The books do NOT tie:\n" + shown.joined(separator: "\n") + (more > 0 ? "\n  and \(more) more" : "")
    }

    // MARK: Orders

    private func state(_ order: PlayedOrder) -> String {
        let state = sales[order.key]?.state ?? "unknown"
        return state == "posted" && order.expected.outcome == .ignored ? "voided" : state
    }

    private var outcomes: TextTable {
        var table = TextTable([.left("outcome"), .right("orders"), .left("which")])
        let groups = Dictionary(grouping: orders, by: state)
        for (state, members) in groups.sorted(by: { $0.key < $1.key }) {
            let stories = Dictionary(grouping: members) { $0.expected.story }
            let text = stories.sorted {
                $0.value.count > $1.value.count || $0.key < $1.key && $0.value.count == $1.value.count
            }
            .map { "\($0.key) \($0.value.count)" }
            for (index, line) in Self.wrapped(text, width: 90).enumerated() {
                table.add(index == 0 ? [state, String(members.count), line] : ["", "", line])
            }
        }
        table.add(["total", String(orders.count)])
        return table
    }

    private var held: TextTable {
        var table = TextTable([.left("store"), .left("order"), .left("reason")])
        for order in orders {
            guard let sale = sales[order.key], sale.state == "held" || sale.state == "dead" else { continue }
            let lines = [sale.reason] + sale.findings
            for (index, line) in lines.filter({ !$0.isEmpty }).enumerated() {
                table.add(index == 0 ? [order.store.id, order.expected.number, line] : ["", "", line])
            }
        }
        return table
    }

    /// For recorded payloads: every file with what became of it.
    func files(_ rest: [(file: String, reason: String)]) -> TextTable {
        var table = TextTable([.left("file"), .right("order"), .left("outcome"), .right("total"), .left("reason")])
        for order in orders {
            let sale = sales[order.key]
            let books = order.expected.books
            table.add([
                order.file ?? "", order.expected.number, sale?.state ?? "lost",
                books.map { "\($0.total) \(order.expected.currency)" } ?? "", sale?.reason ?? "",
            ])
            for finding in sale?.findings ?? [] where finding != sale?.reason { table.add(["", "", "", "", finding]) }
        }
        for entry in rest { table.add([entry.file, "", "not an order", "", entry.reason]) }
        return table
    }

    // MARK: Money

    private struct Side {
        var orders = 0
        var total = ExactDecimal.zero
        var tax = ExactDecimal.zero
        var paid = ExactDecimal.zero
        var credited = ExactDecimal.zero
        var notes = 0

        var cells: [String] {
            [
                String(orders), total.fixed(2), tax.fixed(2), paid.fixed(2), String(notes), credited.fixed(2),
                (total - credited).fixed(2),
            ]
        }
    }

    private var totals: TextTable {
        var store: [String: Side] = [:]
        var ledger: [String: Side] = [:]
        for order in orders where state(order) == "posted" {
            guard let books = order.expected.books else { continue }
            var side = store[order.expected.currency] ?? Side()
            side.orders += 1
            side.total += books.total
            side.tax += books.tax
            side.paid += books.paid
            side.notes += books.creditNotes
            side.credited += books.credited
            store[order.expected.currency] = side
        }
        for invoice in books.invoices where invoice.isLive {
            ledger[invoice.currency, default: Side()].orders += 1
            ledger[invoice.currency, default: Side()].total += invoice.total
            ledger[invoice.currency, default: Side()].tax += invoice.tax
            ledger[invoice.currency, default: Side()].paid += invoice.paid
        }
        for note in books.creditNotes where note.isLive {
            ledger[note.currency, default: Side()].notes += 1
            ledger[note.currency, default: Side()].credited += note.total
        }
        var table = TextTable([
            .left("currency"), .left("side"), .right("invoices"), .right("total"), .right("tax"), .right("paid"),
            .right("credit notes"), .right("credited"), .right("net"),
        ])
        for currency in Set(store.keys).union(ledger.keys).sorted() {
            table.add([currency, "storefront"] + (store[currency] ?? Side()).cells)
            table.add(["", "ledger"] + (ledger[currency] ?? Side()).cells)
        }
        return table
    }

    private var documents: String {
        let invoices = books.invoices.filter(\.isLive).count
        let payments = books.payments.filter { !$0.isRefund }.count
        let refunds = books.payments.filter(\.isRefund).count
        let notes = books.creditNotes.filter(\.isLive).count
        let changed = orders.count { $0.expected.books?.isChangedAfterPayment == true }
        let differences =
            changed == 0
            ? "" : "; \(changed) orders changed after payment have documents for the difference, so only net agrees"
        return "\(invoices) invoices, \(payments) payments, \(notes) credit notes with \(refunds) refunds, "
            + "\(books.contacts) contacts, \(books.items) items\(differences)"
    }

    // MARK: Calls

    private var endpoints: TextTable {
        var table = TextTable([.left("endpoint"), .right("calls"), .right("elements")])
        for endpoint in calls.endpoints {
            table.add([endpoint.name, String(endpoint.calls), String(endpoint.elements)])
        }
        table.add(["total", String(calls.total)])
        return table
    }

    private var callSummary: String {
        let perOrder =
            orders.isEmpty
            ? "-" : ExactDecimal(calls.total).divided(by: ExactDecimal(orders.count), scale: 3).fixed(3)
        return
            "  \(perOrder) calls an order; at most \(calls.inFlightMaximum) in flight; refused with 429: \(calls.refusedText)"
    }

    /// Words of a list in lines of a width.
    static func wrapped(_ items: [String], width: Int) -> [String] {
        var lines: [String] = []
        for (index, item) in items.enumerated() {
            let text = index == items.count - 1 ? item : item + ","
            if let last = lines.last, last.count + text.count + 1 <= width {
                lines[lines.count - 1] = last + " " + text
            } else {
                lines.append(text)
            }
        }
        return lines.isEmpty ? [""] : lines
    }
}
