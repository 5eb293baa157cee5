import Accounting

/// What must be true of an order before it is posted.
struct OrderChecks {
    let order: CanonicalOrder
    let org: OrgSettings

    /// What is left over within rounding.
    struct Residuals {
        let net: ExactDecimal
        let tax: ExactDecimal
    }

    func residuals() throws(Hold) -> Residuals {
        try checkCurrency()
        try checkDecimals()
        try checkRefunds()
        switch TieOut.check(order) {
        case .ties(let net, let tax): return Residuals(net: net, tax: tax)
        case .fails(let findings): throw Hold("the order does not add up", findings: findings.map(\.description))
        }
    }

    private func checkCurrency() throws(Hold) {
        guard let enabled = org.enabledCurrencies, !enabled.contains(order.currency), order.currency != org.baseCurrency
        else {
            return
        }
        let plan = org.reference?.forbidden?.contains("UseMulticurrency") == true
        throw Hold(
            "the order is in \(order.currency), which the Xero organisation does not have; "
                + (plan ? "its plan allows no other currencies: change the plan" : "add the currency in Xero")
                + ", or map the store to another organisation")
    }

    private func checkDecimals() throws(Hold) {
        let totals = order.totals
        var amounts: [(String, ExactDecimal)] = [("total", totals.total), ("total tax", totals.totalTax)]
        amounts += order.refunds.map { ("refund \($0.id)", $0.amount) }
        amounts += order.tenders.filter { $0.kind != .money }.map {
            ($0.title.isEmpty ? $0.method : $0.title, $0.amount)
        }
        amounts.append(("cash rounding", totals.cashRounding))
        if order.currency.minorUnits > 2 {
            // Stores of such currencies price in thousandths; rounding them away would change the line.
            let lines = order.lines + order.refunds.flatMap(\.lines).map(\.line)
            amounts += lines.flatMap { [("line '\($0.name)'", $0.net), ("tax of '\($0.name)'", $0.tax)] }
        }
        let decimals = min(2, order.currency.minorUnits)
        for (name, amount) in amounts {
            if amount.significantScale > decimals {
                let limit = decimals == 0 ? "\(order.currency) has no decimals" : "Xero keeps two decimals"
                throw Hold("\(name) is \(amount.normalized) \(order.currency), but \(limit)")
            }
            if amount.magnitude > Self.largestAmount {
                throw Hold("\(name) is \(amount.normalized) \(order.currency), more than Xero can keep")
            }
        }
        if totals.total.isNegative {
            throw Hold("the order's total is \(totals.total.fixed(2)), and an invoice cannot be less than zero")
        }
        if let line = order.lines.first(where: { $0.net.magnitude > Self.largestAmount }) {
            throw Hold("line '\(line.name)' is \(line.net.normalized), more than Xero can keep")
        }
    }

    private func checkRefunds() throws(Hold) {
        let total = order.totals.total
        let refunded = order.refunded
        if refunded > total {
            let sum = order.refunds.map { $0.amount.fixed(2) }.joined(separator: " + ")
            throw Hold(
                "more was refunded than was paid",
                findings: [
                    "refunds \(sum) = \(refunded.fixed(2)), but the order's total is \(total.fixed(2)): "
                        + "\((refunded - total).fixed(2)) too much"
                ])
        }
        if order.claimsFullRefund, refunded != total {
            throw Hold(
                "the order's status is \(order.status), but not all of it was refunded",
                findings: [
                    "refunds are \(refunded.fixed(2)), but the order's total is \(total.fixed(2)): "
                        + "\((total - refunded).fixed(2)) missing"
                ])
        }
    }

    /// The largest line amount. Source: Xero Accounting API, invoices.
    private static let largestAmount = ExactDecimal(units: 999_999_999_999, scale: 2)
}
