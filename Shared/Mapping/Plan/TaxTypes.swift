import Accounting

/// Finds the tax type of a line from the rates its tax is made of.
struct TaxTypes {
    private let taxes: [String: CanonicalTax]
    private let mapping: [String: String]

    init(order: CanonicalOrder, mapping: MappingConfiguration) {
        taxes = Dictionary(order.taxes.map { ($0.rateID, $0) }, uniquingKeysWith: { first, _ in first })
        self.mapping = mapping.taxes
    }

    enum Lookup {
        case found(String)
        /// What to add to the mapping.
        case missing(String)
    }

    /// The tax type of a line: by its rate's code, else by the combined rate in percent, else the default.
    func taxType(of line: CanonicalLine) -> Lookup {
        let rates = applied(to: line)
        let codes = rates.map(\.code).filter { !$0.isEmpty }
        let code = codes.isEmpty ? nil : codes.joined(separator: "+")
        let percent = combinedPercent(rates)?.normalized.description
        if let type = code.flatMap({ mapping[$0] }) ?? percent.flatMap({ mapping[$0] }) ?? mapping["default"] {
            return .found(type)
        }
        let names = [percent.map { "of \($0) %" }, code.map { "with the code '\($0)'" }].compactMap { $0 }
        let key = percent ?? code ?? "default"
        return .missing(
            "the mapping knows no tax type for the rate \(names.isEmpty ? "without name" : names.joined(separator: " ")); "
                + "add mapping.taxes.\"\(key)\"")
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
