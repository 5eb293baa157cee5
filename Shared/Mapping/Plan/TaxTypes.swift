import Accounting

/// Finds the rates that a line's tax is made of.
struct TaxTypes: Sendable {
    private let taxes: [String: CanonicalTax]

    init(order: CanonicalOrder) {
        taxes = Dictionary(order.taxes.map { ($0.rateID, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// No tax type is known for these rates.
    struct Missing: Error, Sendable {
        let rates: LineRates

        /// What to add to the mapping.
        var setting: String {
            let (percent, code) = (rates.percentText, rates.code)
            let names = [percent.map { "of \($0) %" }, code.map { "with the code '\($0)'" }].compactMap { $0 }
            let key = percent ?? code ?? "default"
            return "the mapping knows no tax type for the rate "
                + "\(names.isEmpty ? "without name" : names.joined(separator: " ")); add mapping.taxes.\"\(key)\""
        }
    }

    /// The rates of a line, by code and combined percent.
    func rates(of line: CanonicalLine) -> LineRates {
        let rates = applied(to: line)
        return LineRates(codes: rates.map(\.code).filter { !$0.isEmpty }, percent: combinedPercent(rates))
    }

    /// The rates that make the line's tax. A rate of the order that made no tax on an amount did not apply to it, unless it
    /// is a rate of zero.
    private func applied(to line: CanonicalLine) -> [CanonicalTax] {
        if line.taxComponents.isEmpty, !line.tax.isZero {
            // Taxed, but not by which rate: clear only if the order has a single one.
            if taxes.count == 1, let only = taxes.values.first { return [only] }
            return [CanonicalTax(rateID: "", code: "", percent: nil, amount: line.tax)]
        }
        return line.taxComponents.compactMap { component in
            guard let tax = taxes[component.rateID] else {
                // The order does not list the rate; it has neither code nor percent.
                return component.amount.isZero
                    ? nil : CanonicalTax(rateID: component.rateID, code: "", percent: nil, amount: component.amount)
            }
            return !component.amount.isZero || line.net.isZero || tax.percent?.isZero == true ? tax : nil
        }
    }

    /// Compound rates are charged on top of everything before them; `nil` if a rate does not say its percent.
    private func combinedPercent(_ rates: [CanonicalTax]) -> ExactDecimal? {
        var simple = ExactDecimal.zero
        for rate in rates where !rate.isCompound {
            guard let percent = rate.percent else { return nil }
            simple += percent
        }
        var factor = simple
        for rate in rates where rate.isCompound {
            guard let percent = rate.percent,
                let onTop = (ExactDecimal(100) + factor).multiplied(by: percent)?.dividing(
                    by: ExactDecimal(100), scale: 6)
            else { return nil }
            factor += onTop
        }
        return factor.rounded(scale: 6)
    }
}
