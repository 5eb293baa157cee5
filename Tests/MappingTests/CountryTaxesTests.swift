import Accounting
import Testing

@testable import Mapping

@Suite("The usual tax types of a country")
struct CountryTaxesTests {
    private static func type(
        _ percent: String?, _ country: String, to customer: String = "", knowing reference: ReferenceData? = nil
    ) -> String? {
        CountryTaxes.taxType(
            percent: percent.flatMap { ExactDecimal($0) }, country: country, customer: customer, reference: reference)?
            .type
    }

    @Test(
        "are those that its organisations have from the start, whatever zeros the percent is written with",
        arguments: [
            ("AU", "10", "OUTPUT"), ("AU", "10.0000", "OUTPUT"), ("AU", "0", "EXEMPTOUTPUT"), ("NZ", "15", "OUTPUT2"),
            ("NZ", "0", "ZERORATED"), ("GB", "20", "OUTPUT2"), ("GB", "5", "RROUTPUT"),
            ("GB", "0.00", "ZERORATEDOUTPUT"),
            ("ZA", "15", "OUTPUT3"), ("SG", "9", "OUTPUTY24"), ("US", "0", "NONE"), ("DE", "0", "NONE"),
            ("IE", "0", "NONE"),
        ])
    func usual(_ country: String, _ percent: String, _ expected: String) {
        #expect(Self.type(percent, country) == expected)
        #expect(Self.type(percent, country, to: country.lowercased()) == expected)
    }

    @Test("tell exports from Australia apart; a customer without a country is at home")
    func exports() {
        #expect(Self.type("0", "AU", to: "NZ") == "EXEMPTEXPORT")
        #expect(Self.type("0", "AU", to: "") == "EXEMPTOUTPUT")
        #expect(Self.type("10", "AU", to: "NZ") == "OUTPUT")
        #expect(Self.type("0", "NZ", to: "AU") == "ZERORATED")
    }

    @Test(
        "leave to a person what can mean several things, other percents, and what the store does not say",
        arguments: [
            ("ZA", "0"), ("SG", "0"), ("AU", "7.5"), ("GB", "17.5"), ("DE", "19"), ("US", "8.25"), ("BR", "0"),
            ("BR", "10"),
        ])
    func unknown(_ country: String, _ percent: String) {
        #expect(Self.type(percent, country) == nil)
        #expect(Self.type(nil, country) == nil)
    }

    @Test(
        "of the European Union and the United States are found among the organisation's own, if there is one alone",
        arguments: ["US", "IE", "DE"])
    func own(_ country: String) {
        let percent = DefaultChart.standardRate(country)
        #expect(Self.type(percent, country, knowing: DefaultChart.reference(country)) == "TAX001")
        let two = DefaultChart.reference(country, rates: [DefaultChart.rate("TAX003", "Another", percent)])
        #expect(Self.type(percent, country, knowing: two) == nil)
    }

    @Test("are not taken where the organisation is known not to have them")
    func missing() {
        let reference = DefaultChart.reference("US")
        #expect(Self.type("10", "AU", knowing: reference) == nil)
        // Its only one for sales at that percent instead.
        #expect(Self.type("0", "AU", knowing: reference) == "NONE")
    }

    @Test("are in the chart of an organisation of that country", arguments: DefaultChart.countries)
    func charts(_ country: String) {
        let reference = DefaultChart.reference(country)
        for percent in [DefaultChart.standardRate(country), "0"] {
            guard let type = Self.type(percent, country, knowing: reference) else { continue }
            #expect(reference.taxRates?[type]?.classes.contains("REVENUE") == true)
        }
    }
}
