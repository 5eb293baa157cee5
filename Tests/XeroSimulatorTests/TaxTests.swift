import Accounting
import JSON
import SimulatedXero
import Testing

@Suite struct TaxTests {
    private func total(_ bench: Bench, _ lines: [JSONObject], types: JSONValue = "Exclusive") -> (String?, String?) {
        let invoice = bench.invoice(
            "A-1", ["LineAmountTypes": types, "LineItems": .array(lines.map { Bench.line($0) })])
        #expect(invoice.isAccepted, "\(invoice.errors)")
        return (invoice.number("TotalTax"), invoice.number("Total"))
    }

    @Test func taxIsRoundedPerLineAndThenAdded() {
        let bench = Bench(OrganisationDefinition(key: "demo", country: "NZ"))
        let lines = ["25.06", "25.61", "25.63"].map { ["UnitAmount": number($0), "TaxType": "OUTPUT2"] as JSONObject }
        #expect(total(bench, lines) == ("11.44", "87.74"))
    }

    @Test func theMidpointIsRoundedAsSet() {
        let line: JSONObject = ["UnitAmount": number("0.45")]
        #expect(total(Bench(), [line]) == ("0.05", "0.50"))
        let even = Bench()
        even.xero.configure { $0.rounding = .halfEven }
        #expect(total(even, [line]) == ("0.04", "0.49"))
        let negative = Bench()
        let refunded: [JSONObject] = [["UnitAmount": number("-0.45")], ["UnitAmount": 10]]
        #expect(total(negative, refunded) == ("0.95", "10.50"))
    }

    @Test func inclusiveLinesContainTheirTax() {
        #expect(total(Bench(), [["UnitAmount": number("19.99")]], types: "Inclusive") == ("1.82", "19.99"))
    }

    @Test func withoutTaxNothingIsAdded() {
        #expect(total(Bench(), [["UnitAmount": 50, "TaxAmount": 5]], types: "NoTax") == ("0.00", "50.00"))
    }

    @Test func aTaxAmountOverridesWhatXeroWouldCalculate() {
        #expect(total(Bench(), [["TaxAmount": number("9.99")]]) == ("9.99", "109.99"))
    }

    @Test func unitAmountsHaveTwoDecimalsUnlessFourAreAskedFor() {
        let bench = Bench()
        let line = Bench.line(["UnitAmount": number("3.3333"), "Quantity": 3])
        let contact = bench.contact()
        let two = bench.send(
            "PUT", "Invoices", Bench.invoice("A-1", contact: contact, ["LineItems": [line]]), unitdp: false)
        #expect(two.number("SubTotal") == "9.99")
        #expect(two["LineItems"]?[0]?.number("UnitAmount") == "3.33")
        let four = bench.send("PUT", "Invoices", Bench.invoice("A-2", contact: contact, ["LineItems": [line]]))
        #expect(four.number("SubTotal") == "10.00")
        #expect(four["LineItems"]?[0]?.number("UnitAmount") == "3.3333")
        let read = bench.list("/Invoices/\(four["InvoiceID"]?.string ?? "")").first
        #expect(read?["LineItems"]?[0]?.number("UnitAmount") == "3.33")
    }

    @Test func aLineAmountAloneIsEnough() {
        let line: JSONObject = ["UnitAmount": nil, "Quantity": 3, "LineAmount": 10]
        #expect(total(Bench(), [line]) == ("1.00", "11.00"))
    }

    @Test func discountsComeOffTheLine() {
        #expect(total(Bench(), [["DiscountRate": 10]]) == ("9.00", "99.00"))
        #expect(total(Bench(), [["DiscountAmount": number("0.50")]]) == ("9.95", "109.45"))
        let note = Bench().creditNote("CN-1", ["LineItems": [Bench.line(["DiscountRate": 10])]])
        #expect(note.errors == ["Discounts may not be applied to credit notes."])
        let bill = Bench().invoice("B-1", ["Type": "ACCPAY", "LineItems": [Bench.line(["DiscountRate": 10])]])
        #expect(bill.errors.contains("Discounts may not be applied to ACCPAY invoices."))
    }

    @Test func withoutATaxTypeTheAccountsOwnIsUsed() {
        #expect(total(Bench(), [["TaxType": nil]]) == ("10.00", "110.00"))
    }

    @Test func anOrganisationMayHaveRatesOfItsOwn() {
        var definition = OrganisationDefinition(key: "demo", country: "US")
        definition.extraTaxRates = [
            OrganisationDefinition.ExtraTaxRate(taxType: "TAX001", name: "CA State", percent: "7.25")
        ]
        let bench = Bench(definition)
        #expect(total(bench, [["TaxType": "TAX001"]]) == ("7.25", "107.25"))
        let shown = bench.list("/TaxRates/TAX001").first
        #expect(shown?.number("EffectiveRate") == "7.2500")
    }

    @Test func theRoundingAccountTakesALineWithoutTax() {
        let rounding: JSONObject = ["UnitAmount": number("0.01"), "AccountCode": "860", "TaxType": "BASEXCLUDED"]
        #expect(total(Bench(), [[:], rounding]) == ("10.00", "110.01"))
    }
}
