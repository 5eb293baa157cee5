import JSON

@testable import Mapping

/// The accounts and tax rates that organisations of some countries start with.
enum DefaultChart {
    static let countries = ["AU", "NZ", "GB", "US", "ZA", "SG", "IE", "DE"]

    /// What is usually charged there, in percent.
    static func standardRate(_ country: String) -> String {
        ["AU": "10", "NZ": "15", "GB": "20", "US": "8.25", "ZA": "15", "SG": "9", "IE": "23", "DE": "19"][country]
            ?? "0"
    }

    static func reference(
        _ country: String, adding accounts: [JSONValue] = [], rates: [JSONValue] = [],
        tracking: JSONValue = ["TrackingCategories": []]
    ) -> ReferenceData {
        ReferenceData(answers: [
            "Accounts": ["Accounts": .array(usual(country) + accounts)],
            "TaxRates": ["TaxRates": .array(taxRates(country) + rates)], "TrackingCategories": tracking,
            "Organisation": ["Organisations": [["CountryCode": .string(country)]]],
        ])
    }

    static func account(
        _ code: String, _ name: String, _ type: String, _ accountClass: String, payments: Bool = false,
        system: String = "", tax: String = "", status: String = "ACTIVE"
    ) -> JSONValue {
        [
            "Code": .string(code), "Name": .string(name), "Type": .string(type), "Class": .string(accountClass),
            "EnablePaymentsToAccount": .bool(payments), "SystemAccount": .string(system), "TaxType": .string(tax),
            "Status": .string(status),
        ]
    }

    static func rate(_ type: String, _ name: String, _ percent: String, sales: Bool = true, both: Bool = false)
        -> JSONValue
    {
        [
            "TaxType": .string(type), "Name": .string(name), "Status": "ACTIVE",
            "EffectiveRate": JSONNumber(text: percent).map { .number($0) } ?? .null,
            "CanApplyToRevenue": .bool(sales || both), "CanApplyToExpenses": .bool(!sales || both),
            "CanApplyToAssets": true, "CanApplyToLiabilities": true, "CanApplyToEquity": true,
        ]
    }

    private static func usual(_ country: String) -> [JSONValue] {
        let taxed = taxRates(country).first?["TaxType"]?.string ?? "NONE"
        return [
            account("090", "Business Bank Account", "BANK", "ASSET"),
            account("091", "Business Savings Account", "BANK", "ASSET"),
            account("200", "Sales", "REVENUE", "REVENUE", tax: taxed),
            account("260", "Other Revenue", "REVENUE", "REVENUE", tax: taxed),
            account("270", "Interest Income", "REVENUE", "REVENUE"),
            account("310", "Cost of Goods Sold", "DIRECTCOSTS", "EXPENSE"),
            account("404", "Bank Fees", "EXPENSE", "EXPENSE"),
            account("425", "Freight & Courier", "EXPENSE", "EXPENSE"),
            account("610", "Accounts Receivable", "CURRENT", "ASSET", system: "DEBTORS"),
            account("620", "Prepayments", "CURRENT", "ASSET"),
            account("800", "Accounts Payable", "CURRLIAB", "LIABILITY", system: "CREDITORS"),
            account("820", "Sales Tax", "CURRLIAB", "LIABILITY", system: "GST"),
            account("860", "Rounding", "CURRLIAB", "LIABILITY", system: "ROUNDING"),
            account("880", "Owner A Drawings", "CURRLIAB", "LIABILITY"),
        ]
    }

    private static func taxRates(_ country: String) -> [JSONValue] {
        switch country {
        case "AU":
            [
                rate("OUTPUT", "GST on Income", "10"), rate("INPUT", "GST on Expenses", "10", sales: false),
                rate("EXEMPTOUTPUT", "GST Free Income", "0"), rate("EXEMPTEXPORT", "GST Free Exports", "0"),
                rate("EXEMPTEXPENSES", "GST Free Expenses", "0", sales: false),
                rate("BASEXCLUDED", "BAS Excluded", "0", both: true),
            ]
        case "NZ":
            [
                rate("OUTPUT2", "15% GST on Income", "15"), rate("INPUT2", "15% GST on Expenses", "15", sales: false),
                rate("ZERORATED", "Zero Rated", "0", both: true), rate("NONE", "No GST", "0", both: true),
            ]
        case "GB":
            [
                rate("OUTPUT2", "20% (VAT on Income)", "20"),
                rate("INPUT2", "20% (VAT on Expenses)", "20", sales: false),
                rate("RROUTPUT", "5% (VAT on Income)", "5"), rate("ZERORATEDOUTPUT", "Zero Rated Income", "0"),
                rate("EXEMPTOUTPUT", "Exempt Income", "0"), rate("NONE", "No VAT", "0", both: true),
            ]
        case "ZA":
            [
                rate("OUTPUT3", "Standard Rate Sales", "15"),
                rate("ZERORATEDOUTPUT", "Zero Rate (Excluding Goods Exported)", "0"),
                rate("INPUT3", "Standard Rate Purchases", "15", sales: false), rate("NONE", "No VAT", "0", both: true),
            ]
        case "SG":
            [
                rate("OUTPUTY24", "Standard-Rated Supplies", "9"), rate("ZERORATEDOUTPUT", "Zero-Rated Supplies", "0"),
                rate("INPUTY24", "Standard-Rated Purchases", "9", sales: false),
                rate("NONE", "No Tax", "0", both: true),
            ]
        default:
            [
                rate("TAX001", "Tax on Sales", standardRate(country)),
                rate("TAX002", "Tax on Purchases", standardRate(country), sales: false),
                rate("NONE", "Tax Exempt", "0", both: true),
            ]
        }
    }
}
