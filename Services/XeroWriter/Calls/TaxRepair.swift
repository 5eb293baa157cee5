import Accounting
import JSON
import Ledger
import Mapping

/// Puts right what Xero's rounding made of a document's tax, by stating each line's tax. Pure.
enum TaxRepair {
    private static let cent = ExactDecimal(units: 1, scale: 2)

    /// The element to send instead, so that Xero's tax becomes the order's.
    /// - Parameters:
    ///   - document: an invoice, credit note or quote as it is wanted.
    ///   - element: what Xero returned for it.
    /// - Returns: nil if its tax is right, or something else than rounding is wrong: a person has to look then.
    static func repaired(_ document: StoredDocument, _ element: JSONValue) -> JSONValue? {
        guard [.invoice, .creditNote, .quote].contains(document.key.kind),
            let wanted = document.totalTax, let wantedTotal = document.total,
            let tax = element["TotalTax"]?.decimal, let total = element["Total"]?.decimal, tax != wanted,
            var object = document.desired.object, let lines = object["LineItems"]?.array,
            let returned = element["LineItems"]?.array, lines.count == returned.count
        else { return nil }
        // What the lines come to without tax has to be right: with prices that include tax, the total itself.
        let isInclusive = object["LineAmountTypes"]?.string == "Inclusive"
        guard isInclusive ? total == wantedTotal : total - tax == wantedTotal - wanted else { return nil }
        guard let taxes = spread(wanted - tax, over: returned.map { $0["TaxAmount"]?.decimal ?? .zero }) else {
            return nil
        }
        object["LineItems"] = .array(
            zip(lines, taxes).map { line, tax in
                guard var line = line.object else { return line }
                line["TaxAmount"] = JSONValue(tax)
                return .object(line)
            })
        let repaired = JSONValue.object(object)
        return repaired.canonical() == document.desired.canonical() ? nil : repaired
    }

    /// Adds a difference to taxes, a cent a line, the largest first. Rounding is never off by more.
    private static func spread(_ difference: ExactDecimal, over taxes: [ExactDecimal]) -> [ExactDecimal]? {
        var taxes = taxes
        var left = difference
        let step = difference.isNegative ? -cent : cent
        let order = taxes.indices.filter { !taxes[$0].isZero }.sorted { first, second in
            let (one, other) = (magnitude(taxes[first]), magnitude(taxes[second]))
            return one == other ? first < second : one > other
        }
        for index in order {
            guard !left.isZero else { break }
            taxes[index] += step
            left -= step
        }
        return left.isZero ? taxes : nil
    }

    private static func magnitude(_ value: ExactDecimal) -> ExactDecimal { value.isNegative ? -value : value }
}
