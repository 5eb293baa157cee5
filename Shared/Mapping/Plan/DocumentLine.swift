import Accounting
import JSON

/// A line of an invoice or credit note.
struct DocumentLine {
    var description: String
    var quantity: ExactDecimal
    /// The amount of the whole line without tax, rounded.
    var net: ExactDecimal
    /// The tax of the whole line, rounded.
    var tax: ExactDecimal
    var account: String
    var taxType: String

    /// The order's line it comes from; `nil` for a line for rounding.
    var kind: LineKind?
    var lineID = ""
    /// Whether a rate of the order applies to it, even if its tax rounds to nothing.
    var isTaxed = false
    var tracking: [LineTracking] = []
    var itemCode: String?
    /// What decided its fields.
    var decisions: [Decision] = []

    var gross: ExactDecimal { net + tax }

    /// Keeps what decided a field.
    mutating func decide(_ field: String, _ decided: Decided<String>) {
        decisions.append(Decision(field: field, value: decided.value, because: decided.because))
    }

    /// Puts a credit note's line on the account for refunds, if the mapping names one. A gift card is no income, and giving it
    /// back is no loss of any.
    mutating func useRefundsAccount(of mapping: MappingConfiguration) {
        guard let refunds = mapping.accounts.refunds, refunds != account, kind != .giftCard else { return }
        account = refunds
        decisions.removeAll { $0.field == "account" }
        decide("account", Decided(refunds, "mapping.accounts.refunds"))
    }

    /// The line as Xero takes it.
    /// - Parameter rate: The percent that Xero applies for the tax type; `nil` when not known.
    func element(rate: ExactDecimal?) -> JSONValue {
        var text = description
        var count = quantity.normalized
        var unit = unitAmount(count)
        if unit == nil {
            // Neither mode of rounding gives the line from quantity and price: the price has more than four decimals.
            let suffix = " (quantity \(count))"
            text = XeroText.limited(text, 4000 - suffix.utf16.count) + suffix
            count = ExactDecimal(1)
            unit = net
        }
        var element: JSONObject = [
            "Description": .string(text.isEmpty ? "-" : XeroText.limited(text, 4000)),
            "Quantity": JSONValue(count), "UnitAmount": XeroText.amount(unit ?? net), "AccountCode": .string(account),
            "TaxType": .string(taxType),
        ]
        if let itemCode { element["ItemCode"] = .string(itemCode) }
        if !tracking.isEmpty {
            element["Tracking"] = .array(
                tracking.map { ["Name": .string($0.category), "Option": .string($0.option)] })
        }
        if !XeroRounding.gives(tax, on: net, percent: rate) { element["TaxAmount"] = XeroText.amount(tax) }
        return .object(element)
    }

    /// The price of four decimals that gives exactly this line, however halves are rounded.
    private func unitAmount(_ count: ExactDecimal) -> ExactDecimal? {
        guard count > .zero, count.scale <= 4, count.description.utf8.count <= 13,
            let unit = net.dividing(by: count, scale: 4)?.normalized
        else { return nil }
        for mode in [Rounding.halfUp, .halfEven] {
            guard unit.multiplied(by: count)?.rounded(scale: 2, mode) == net else { return nil }
        }
        return unit
    }
}

/// What Xero computes by itself. Which way it rounds halves is not documented, so both ways count.
///
/// Source: Xero, "Rounding in Xero": tax is computed for each line, rounded to two decimals, and summed.
enum XeroRounding {
    /// Whether Xero computes this very tax in either mode; false if its rate is not known.
    static func gives(_ tax: ExactDecimal, on net: ExactDecimal, percent: ExactDecimal?) -> Bool {
        guard let percent, let exact = net.multiplied(by: percent)?.multiplied(by: ExactDecimal(units: 1, scale: 2))
        else {
            return false
        }
        return exact.rounded(scale: 2, .halfUp) == tax && exact.rounded(scale: 2, .halfEven) == tax
    }
}
