import JSON

/// The pages of `payouts` for people.
enum PayoutText {
    static func list(_ found: JSONValue) -> [String] {
        var table = TextTable(
            ["store", "payout", "provider", "paid on", "state", "charges", "refunds", "fees", "net", "", "reason"],
            right: ["charges", "refunds", "fees", "net"])
        for row in found.list("payouts") {
            table.add([
                row.cell("store"), row.cell("payout"), row.cell("provider"), row.cell("paid_on"), row.cell("state"),
                row.cell("charges"), row.cell("refunds"), row.cell("fees"), row.cell("net"), row.cell("currency"),
                oneLine(row.cell("reason"), limit: 70),
            ])
        }
        let payouts = table.isEmpty ? ["No payouts were imported yet."] : table.lines
        return payouts + section("Not paid out yet", unpaid(found.list("unpaid")))
            + section("Orders that are not paid out yet", orders(found.list("orders")))
    }

    /// One line for each store and currency.
    static func unpaid(_ rows: [JSONValue]) -> [String] {
        rows.map { row in
            let refunded = row.cell("refunded")
            return
                "\(row.cell("store")): \(row.count("orders")) orders, \(row.cell("currency")) \(row.cell("sold")) sold"
                + (refunded == "0" ? "" : ", \(refunded) refunded") + ", the oldest of \(row.cell("oldest"))"
        }
    }

    private static func orders(_ rows: [JSONValue]) -> [String] {
        var table = TextTable(["store", "order", "what", "of", "amount", ""], right: ["amount"])
        for row in rows {
            table.add([
                row.cell("store"), row.cell("number"), row.cell("source"), row.cell("happened_on"), row.cell("total"),
                row.cell("currency"),
            ])
        }
        return table.isEmpty ? [] : table.lines
    }

    static func show(_ found: JSONValue) -> [String] {
        let payout = found["payout"] ?? .null
        let adjustments = payout.cell("adjustments")
        var lines = [
            "Payout \(payout.cell("payout")) of \(payout.cell("provider")) to \(payout.cell("store")), paid on "
                + "\(payout.cell("paid_on")): \(payout.cell("state"))",
            "  charges \(payout.cell("charges")), refunds \(payout.cell("refunds")), fees -\(payout.cell("fees"))"
                + (adjustments == "0" ? "" : ", adjustments \(adjustments)")
                + ": net \(payout.cell("currency")) \(payout.cell("net"))",
        ]
        if !payout.cell("reason").isEmpty { lines.append("  \(payout.cell("reason"))") }
        lines += payout.list("findings").compactMap(\.string).map { "  - \($0)" }
        return lines + section("Documents", documents(found.list("documents")))
            + section("Lines", self.lines(found.list("lines")))
    }

    private static func documents(_ rows: [JSONValue]) -> [String] {
        var table = TextTable(
            ["kind", "number", "state", "total", "tax", "date", "account", "xero id", "remark"],
            right: ["total", "tax"])
        for row in rows {
            table.add([
                row.cell("kind"), row.cell("number"), row.cell("state"), row.cell("total"), row.cell("tax"),
                row.cell("date"), row.cell("account"), row.cell("xero_id"), oneLine(row.cell("reason"), limit: 60),
            ])
        }
        return table.isEmpty ? [] : table.lines
    }

    private static func lines(_ rows: [JSONValue]) -> [String] {
        var table = TextTable(
            ["line", "what", "order", "amount", "fee", "in", "remark"], right: ["line", "amount", "fee"])
        for row in rows {
            let settled = row.cell("settled_in")
            table.add([
                row.cell("position"), row.cell("kind"), row.cell("number"), row.cell("amount"), row.cell("fee"),
                row.cell("part"),
                settled.isEmpty ? row.cell("description") : "posted otherwise, its money is in \(settled)",
            ])
        }
        return table.isEmpty ? [] : table.lines
    }

    private static func section(_ title: String, _ lines: [String]) -> [String] {
        lines.isEmpty ? [] : ["", title] + lines.map { "  \($0)" }
    }
}
