import Accounting

/// The tax types of sales that an organisation of a country has from the start, for shops that map none themselves.
///
/// Source: Xero, tax rates by country. The countries of the European Union and the United States have rates that each
/// organisation makes for itself: these are found by their percent among the organisation's own, once they have been read.
public enum CountryTaxes {
    /// The countries that need no `taxes:` for their usual rates.
    public static let countries = ["AU", "NZ", "GB", "ZA", "SG", "US"] + names.keys.sorted()

    /// The countries of the European Union.
    static let europeanUnion = Set(names.keys)

    /// The countries of the European Union by name.
    static let names = [
        "AT": "Austria", "BE": "Belgium", "BG": "Bulgaria", "CY": "Cyprus", "CZ": "Czech", "DE": "Germany",
        "DK": "Denmark", "EE": "Estonia", "ES": "Spain", "FI": "Finland", "FR": "France", "GR": "Greece",
        "HR": "Croatia", "HU": "Hungary", "IE": "Ireland", "IT": "Italy", "LT": "Lithuania", "LU": "Luxembourg",
        "LV": "Latvia", "MT": "Malta", "NL": "Netherlands", "PL": "Poland", "PT": "Portugal", "RO": "Romania",
        "SE": "Sweden", "SI": "Slovenia", "SK": "Slovakia",
    ]

    /// The tax type of a sale.
    /// - Parameters:
    ///   - percent: What the storefront charged; `nil` if it does not say.
    ///   - country: The organisation's country.
    ///   - customer: The customer's country; may be empty.
    ///   - reference: What is known of the organisation, if anything.
    /// - Returns: The tax type with why; `nil` if a person has to choose.
    static func taxType(
        percent: ExactDecimal?, country: String, customer: String, reference: ReferenceData?
    ) -> (type: String, because: String)? {
        guard let percent else { return nil }
        let rate = percent.normalized.description
        // A tax type that the organisation is known not to have would be refused by Xero.
        if let type = usual(rate, country, isAbroad: !customer.isEmpty && customer.uppercased() != country),
            reference?.taxRates.map({ $0[type] != nil }) ?? true
        {
            return (type, "usual for \(country) at \(rate) %")
        }
        let same = reference?.salesTaxTypes(at: percent) ?? []
        guard same.count == 1 else { return nil }
        return (same[0], "the org's only tax type of sales at \(rate) %")
    }

    /// The tax type of what is outside tax altogether.
    /// - Parameter country: The organisation's country; `nil` if it is not known.
    static func untaxed(country: String?) -> String { country == "AU" ? "BASEXCLUDED" : "NONE" }

    private static func usual(_ rate: String, _ country: String, isAbroad: Bool) -> String? {
        switch (country, rate) {
        case ("AU", "10"): "OUTPUT"
        case ("AU", "0"): isAbroad ? "EXEMPTEXPORT" : "EXEMPTOUTPUT"
        case ("NZ", "15"): "OUTPUT2"
        case ("NZ", "0"): "ZERORATED"
        case ("GB", "20"): "OUTPUT2"
        case ("GB", "5"): "RROUTPUT"
        case ("GB", "0"): "ZERORATEDOUTPUT"
        case ("ZA", "15"): "OUTPUT3"
        case ("SG", "9"): "OUTPUTY24"
        case ("ZA", "0"), ("SG", "0"): nil
        case (_, "0"): countries.contains(country) ? "NONE" : nil
        default: nil
        }
    }
}
