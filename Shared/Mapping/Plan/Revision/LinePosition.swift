import Accounting
import JSON

/// What documents say in all, by line: what is on invoices less what is on credit notes.
struct LinePosition {
    /// What makes lines of several documents the same line.
    struct Key: Hashable {
        let description: String
        let account: String
        let taxType: String
        let tracking: JSONValue?
    }

    private var order: [Key] = []
    private var amounts: [Key: (net: ExactDecimal, tax: ExactDecimal)] = [:]
    /// The percent that Xero applies where a line does not say its tax.
    let taxRates: [String: ExactDecimal]

    init(taxRates: [String: ExactDecimal]) { self.taxRates = taxRates }

    /// Adds the lines of an element, or takes them off.
    mutating func add(_ element: JSONValue, isCredit: Bool) {
        for line in element["LineItems"]?.array ?? [] {
            let key = Key(
                description: line["Description"]?.string ?? "", account: line["AccountCode"]?.string ?? "",
                taxType: line["TaxType"]?.string ?? "", tracking: line["Tracking"])
            let net = Self.net(line)
            let tax = line["TaxAmount"]?.decimal ?? Self.tax(on: net, percent: taxRates[key.taxType] ?? .zero)
            add(key, net: isCredit ? -net : net, tax: isCredit ? -tax : tax)
        }
    }

    /// Quantity and price give the same amount however halves are rounded: the planner sees to that.
    private static func net(_ line: JSONValue) -> ExactDecimal {
        let quantity = line["Quantity"]?.decimal ?? ExactDecimal(1)
        return (quantity * (line["UnitAmount"]?.decimal ?? .zero)).rounded(scale: 2)
    }

    private static func tax(on net: ExactDecimal, percent: ExactDecimal) -> ExactDecimal {
        (net * percent * ExactDecimal(units: 1, scale: 2)).rounded(scale: 2)
    }

    private mutating func add(_ key: Key, net: ExactDecimal, tax: ExactDecimal) {
        if let former = amounts[key] {
            amounts[key] = (former.net + net, former.tax + tax)
        } else {
            order.append(key)
            amounts[key] = (net, tax)
        }
    }

    /// What this has beyond another position.
    func minus(_ other: LinePosition) -> LinePosition {
        var difference = self
        for key in other.order {
            guard let amount = other.amounts[key] else { continue }
            difference.add(key, net: -amount.net, tax: -amount.tax)
        }
        return difference
    }

    /// The lines that say something, in order.
    private var lines: [(key: Key, net: ExactDecimal, tax: ExactDecimal)] {
        var lines: [(key: Key, net: ExactDecimal, tax: ExactDecimal)] = []
        for key in order {
            guard let amount = amounts[key], !amount.net.isZero || !amount.tax.isZero else { continue }
            lines.append((key: key, net: amount.net, tax: amount.tax))
        }
        return lines
    }

    var isEmpty: Bool { lines.isEmpty }
    var tax: ExactDecimal { lines.lazy.map(\.tax).sum() }
    var total: ExactDecimal { lines.lazy.map { $0.net + $0.tax }.sum() }

    /// Whether a line of both is taxed in one way here and in another there: the sale's tax treatment changed.
    func isTaxedOtherwise(than other: LinePosition) -> Bool {
        let here = Dictionary(grouping: lines.map(\.key)) { $0.description }
        return other.lines.contains { line in
            guard let types = here[line.key.description]?.map(\.taxType) else { return false }
            return !types.contains(line.key.taxType)
        }
    }

    /// The lines as Xero takes them, one piece each and without items, since a difference is one of money; on a credit note with the other sign.
    func elements(isCredit: Bool) -> JSONValue {
        .array(
            lines.map { line in
                let net = isCredit ? -line.net : line.net
                let tax = isCredit ? -line.tax : line.tax
                var element: JSONObject = [
                    "Description": .string(line.key.description), "Quantity": 1, "UnitAmount": XeroText.amount(net),
                    "AccountCode": .string(line.key.account), "TaxType": .string(line.key.taxType),
                ]
                if let tracking = line.key.tracking { element["Tracking"] = tracking }
                if !XeroRounding.gives(tax, on: net, percent: taxRates[line.key.taxType]) {
                    element["TaxAmount"] = XeroText.amount(tax)
                }
                return .object(element)
            })
    }
}
