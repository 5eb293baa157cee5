import Accounting
import JSON
import Mapping
import Planning

/// Previews for people.
struct PreviewText {
    private let preview: OrderPreview

    /// All previews, and what they come to.
    static func lines(_ previews: [OrderPreview]) -> [String] {
        let pages = previews.map { PreviewText(preview: $0).page }
        var lines = Array(pages.joined(separator: ["", String(repeating: "-", count: 72), ""]))
        if previews.count > 1 { lines += [""] + summary(previews) }
        return lines + ["", "This is a preview: nothing was posted."]
    }

    private static func summary(_ previews: [OrderPreview]) -> [String] {
        var totals: [String: (count: Int, total: ExactDecimal, tax: ExactDecimal)] = [:]
        var (held, ignored) = (0, 0)
        for preview in previews {
            switch preview.outcome {
            case .planned:
                guard let order = preview.order else { continue }
                let isQuote = preview.documents.contains { $0.planned.kind == .quote }
                let key = "\(isQuote ? "quotes" : "posted"): \(order.currency.code)"
                var sum = totals[key] ?? (0, .zero, .zero)
                sum.count += 1
                sum.total += order.totals.total
                sum.tax += order.totals.totalTax
                totals[key] = sum
            case .held: held += 1
            case .ignored: ignored += 1
            }
        }
        var lines = ["\(previews.count) orders:"]
        for (key, sum) in totals.sorted(by: { $0.key < $1.key }) {
            lines.append("  \(sum.count) would be \(key) \(sum.total.fixed(2)), tax \(sum.tax.fixed(2))")
        }
        if held > 0 { lines.append("  \(held) would be held for a person") }
        if ignored > 0 { lines.append("  \(ignored) would be left alone") }
        return lines
    }

    private var page: [String] {
        switch preview.outcome {
        case .planned:
            let alone = preview.postedAlone.map { ["", "not part of a daily summary: \($0)"] } ?? []
            guard preview.entries.isEmpty else { return heading + preview.entries.flatMap { [""] + lines($0) } }
            return heading + alone + preview.documents.flatMap { [""] + lines($0) }
        case .ignored(let reason): return heading + ["", "LEFT ALONE: \(reason)"]
        case .held(let reason, let findings):
            return heading + ["", "HELD for a person: \(reason)"] + findings.map { "  - \($0)" }
        }
    }

    private var heading: [String] {
        guard let order = preview.order else { return ["An order of \(preview.storeID)"] }
        let totals = order.totals
        var lines = [
            "Order \(order.number) of \(preview.storeID), \(order.status): \(order.currency.code) "
                + "\(amount(totals.total)), of which tax \(amount(totals.totalTax))"
        ]
        let tenders = order.tenders.map { "\(amount($0.amount)) \($0.title.isEmpty ? $0.method : $0.title)" }
        if order.paidAt == nil {
            lines.append("not paid")
        } else if !tenders.isEmpty {
            lines.append("paid: \(tenders.joined(separator: ", "))")
        }
        lines += order.refunds.map { "refunded: \(amount($0.amount))" }
        lines += preview.coupons.map { "coupon \($0.code): took off \(amount($0.amount)); the lines are net of it" }
        lines += preview.anomalies.map { "FLAGGED\($0.isAccepted ? ", and accepted" : ""): \($0.anomaly.message)" }
        return lines
    }

    // MARK: Summaries

    private func lines(_ entry: SummaryEntry) -> [String] {
        let (shown, isReturn) = (entry.isReturn ? -entry : entry, entry.isReturn)
        let id = SummaryID(day: entry.happenedOn, currency: entry.currency)
        let number = "\(isReturn ? "CN-" : "")\(preview.numberPrefix)\(id.documentNumber)"
        var table = TextTable(["", "account", "tax type", "net", "tax"], right: ["net", "tax"])
        for (place, line) in shown.lines.enumerated() {
            table.add(["\(place + 1)", named(line.account), taxed(line.taxType), amount(line.net), amount(line.tax)])
        }
        let what = "\(isReturn ? "REFUND" : "SALE") of \(amount(shown.total))"
        let place =
            preview.awaitsPayout
            ? ["\(what), part of its payout, once that is imported"]
            : [
                "\(what), part of the daily summary \(number)",
                "  (of a later day, or an addition to it, if that one is posted already)",
            ]
        return place + indented(table.lines)
            + shown.money.map {
                "  \(isReturn ? "paid back from" : "paid into") account \(named($0.account)): \(amount($0.amount))"
            }
    }

    // MARK: Documents

    private func lines(_ document: OrderPreview.Document) -> [String] {
        let planned = document.planned
        if planned.voided { return ["VOID \(planned.number ?? "")"] }
        switch planned.kind {
        case .contact: return ["CONTACT \(field("Name", planned))"] + decided(planned)
        case .item: return ["ITEM \(planned.number ?? ""), new: \(field("Name", planned))"] + decided(planned)
        case .invoice: return title("INVOICE", planned) + figures(document)
        case .creditNote: return title("CREDIT NOTE", planned) + figures(document)
        case .quote: return title("QUOTE", planned) + figures(document)
        case .payment, .refund:
            let what = planned.kind == .payment ? "PAYMENT of" : "REFUND of"
            let account = planned.desired["Account"]?["Code"]?.string ?? ""
            return [
                "\(what) \(amount(planned.total ?? .zero)) on \(planned.date?.description ?? ""), account \(named(account))"
            ] + decided(planned)
        case .allocation: return ["ALLOCATION of \(amount(planned.total ?? .zero)) to the invoice"]
        }
    }

    private func title(_ word: String, _ planned: PlannedDocument) -> [String] {
        let (due, expiry) = (field("DueDate", planned), field("ExpiryDate", planned))
        return [
            "\(word) \(planned.number ?? ""), \(field("Status", planned)), dated \(field("Date", planned))"
                + (due.isEmpty ? "" : ", due \(due)") + (expiry.isEmpty ? "" : ", expires \(expiry)"),
            "  reference: \(field("Reference", planned))",
        ]
    }

    private func figures(_ document: OrderPreview.Document) -> [String] {
        var table = TextTable(
            ["", "description", "quantity", "net", "tax", "account", "tax type"], right: ["quantity", "net", "tax"])
        for (place, line) in document.lines.enumerated() {
            table.add([
                "\(place + 1)", oneLine(line.description, limit: 40), line.quantity.normalized.description,
                amount(line.net), amount(line.tax), named(line.account), taxed(line.taxType),
            ])
        }
        let net = document.lines.lazy.map(\.net).sum()
        let tax = document.lines.lazy.map(\.tax).sum()
        table.add(["", "", "", amount(net), amount(tax), "total \(amount(net + tax))", ""])
        return indented(table.lines) + decided(document.planned)
    }

    /// What decided each field, the lines that agree together.
    private func decided(_ planned: PlannedDocument) -> [String] {
        let fields = planned.decisions.reduce(into: [String]()) { fields, decision in
            if !fields.contains(decision.field) { fields.append(decision.field) }
        }
        var groups: [(decision: Decision, lines: [Int])] = []
        for decision in fields.flatMap({ field in planned.decisions.filter { $0.field == field } }) {
            let place = groups.firstIndex { group in
                (group.decision.line == nil) == (decision.line == nil) && group.decision.field == decision.field
                    && group.decision.value == decision.value && group.decision.because == decision.because
            }
            if let place, let line = decision.line {
                groups[place].lines.append(line + 1)
            } else {
                groups.append((decision, decision.line.map { [$0 + 1] } ?? []))
            }
        }
        let width = groups.map { label($0).count }.max() ?? 0
        let lines = groups.map { group in
            let label = label(group)
            return "\(label)\(String(repeating: " ", count: width - label.count))  \(group.decision.because)"
        }
        return ["  decided by"] + indented(indented(lines))
    }

    private func label(_ group: (decision: Decision, lines: [Int])) -> String {
        let field = group.decision.field.replacing("_", with: " ")
        let lines = group.lines.map(String.init).joined(separator: ", ")
        let place = group.lines.isEmpty ? "" : group.lines.count == 1 ? "line \(lines): " : "lines \(lines): "
        return "\(place)\(field) \(oneLine(group.decision.value, limit: 40))"
    }

    // MARK: Words

    private func field(_ name: String, _ planned: PlannedDocument) -> String { planned.desired[name]?.string ?? "" }

    private func amount(_ value: ExactDecimal) -> String {
        value.fixed(max(min(2, preview.order?.currency.minorUnits ?? 2), value.significantScale))
    }

    private func named(_ code: String) -> String {
        guard let name = preview.reference?.accounts?[code]?.name, !name.isEmpty else { return code }
        return "\(code) \(name)"
    }

    private func taxed(_ type: String) -> String {
        guard let percent = preview.reference?.taxRates?[type]?.percent else { return type }
        return "\(type) (\(percent) %)"
    }

    private func indented(_ lines: [String]) -> [String] { lines.map { $0.isEmpty ? $0 : "  \($0)" } }
}
