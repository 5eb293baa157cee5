import Accounting
import JSON
import Testing

/// What Xero would make of a document's lines, computed from nothing but the element sent.
struct PredictedXero {
    var net = ExactDecimal.zero
    var tax = ExactDecimal.zero
    var total: ExactDecimal { net + tax }

    init(_ element: JSONValue, rates: [String: ExactDecimal], mode: Rounding) throws {
        #expect(element["LineAmountTypes"]?.string == "Exclusive")
        let lines = try #require(element["LineItems"]?.array)
        #expect(!lines.isEmpty)
        for line in lines {
            let quantity = try #require(line["Quantity"]?.decimal)
            let unit = try #require(line["UnitAmount"]?.decimal)
            #expect(unit.significantScale <= 4)
            #expect(quantity.significantScale <= 4)
            #expect(line["AccountCode"]?.string?.isEmpty == false)
            #expect(line["Description"]?.string?.isEmpty == false)
            let type = try #require(line["TaxType"]?.string)
            #expect(!type.isEmpty)
            let amount = (quantity * unit).rounded(scale: 2, mode)
            net += amount
            if let stated = line["TaxAmount"] {
                tax += try #require(stated.decimal)
            } else {
                let rate = try #require(rates[type], "without a known rate the tax must be stated")
                tax += (amount * rate * ExactDecimal(units: 1, scale: 2)).rounded(scale: 2, mode)
            }
        }
    }
}
