/// An account of the chart of accounts.
struct Account: Sendable {
    /// What an account is for, as Xero sorts accounts.
    enum Class: String, Sendable {
        case asset = "ASSET", liability = "LIABILITY", revenue = "REVENUE", expense = "EXPENSE"
    }

    let id: String
    let code: String
    let name: String
    let type: String
    let `class`: Class
    /// `DEBTORS`, `GST`, `ROUNDING`, or none for an ordinary account.
    var systemAccount: String?
    var taxType: String
    var isArchived = false
    var paymentsEnabled = false

    /// Whether payments can be made from or to it.
    var takesPayments: Bool { type == "BANK" || paymentsEnabled }

    /// Whether a line of an invoice or credit note may name it.
    var takesLines: Bool { type != "BANK" && (systemAccount == nil || systemAccount == "ROUNDING") }
}

/// A tax rate of an organisation.
struct TaxRate: Sendable {
    let taxType: String
    let name: String
    /// The percentage as text, such as `8.25`.
    let percent: String
    var appliesToRevenue = true
    var appliesToExpenses = true

    /// Whether a line on an account of this class may carry it.
    func applies(to accountClass: Account.Class) -> Bool {
        switch accountClass {
        case .revenue: appliesToRevenue
        case .expense: appliesToExpenses
        case .asset, .liability: true
        }
    }
}

/// The accounts and tax rates an organisation starts with.
enum ChartOfAccounts {
    private struct Row {
        let code: String
        let name: String
        let type: String
        let accountClass: Account.Class
        var system: String?
        var archived = false
        var payments = false
    }

    private static let rows: [Row] = [
        Row(code: "090", name: "Card Clearing", type: "BANK", accountClass: .asset),
        Row(code: "091", name: "PayPal Clearing", type: "BANK", accountClass: .asset),
        Row(code: "092", name: "Bank Transfer Clearing", type: "BANK", accountClass: .asset),
        Row(code: "093", name: "Cash Clearing", type: "BANK", accountClass: .asset),
        Row(code: "094", name: "Afterpay Clearing", type: "BANK", accountClass: .asset),
        Row(code: "095", name: "Klarna Clearing", type: "BANK", accountClass: .asset),
        Row(code: "200", name: "Sales", type: "REVENUE", accountClass: .revenue),
        Row(code: "201", name: "Shipping Income", type: "REVENUE", accountClass: .revenue),
        Row(code: "202", name: "Fee Income", type: "REVENUE", accountClass: .revenue),
        Row(code: "203", name: "Online Sales", type: "REVENUE", accountClass: .revenue),
        Row(code: "260", name: "Other Revenue", type: "REVENUE", accountClass: .revenue),
        Row(code: "290", name: "Sales (old)", type: "REVENUE", accountClass: .revenue, archived: true),
        Row(code: "404", name: "Bank Fees", type: "EXPENSE", accountClass: .expense),
        Row(code: "610", name: "Accounts Receivable", type: "CURRENT", accountClass: .asset, system: "DEBTORS"),
        Row(code: "800", name: "Accounts Payable", type: "CURRLIAB", accountClass: .liability, system: "CREDITORS"),
        Row(code: "820", name: "Sales Tax", type: "CURRLIAB", accountClass: .liability, system: "GST"),
        Row(code: "850", name: "Gift Cards", type: "CURRLIAB", accountClass: .liability, payments: true),
        Row(code: "860", name: "Rounding", type: "CURRLIAB", accountClass: .liability, system: "ROUNDING"),
    ]

    /// The accounts of a new organisation.
    static func accounts(country: String, generator: inout SeededGenerator) -> [Account] {
        let untaxed = untaxedType(country: country)
        let taxed = taxRates(country: country).first?.taxType ?? untaxed
        return rows.map { row in
            Account(
                id: generator.identifier(), code: row.code, name: row.name, type: row.type, class: row.accountClass,
                systemAccount: row.system, taxType: row.accountClass == .revenue ? taxed : untaxed,
                isArchived: row.archived, paymentsEnabled: row.payments)
        }
    }

    /// The tax type of what is outside tax altogether.
    static func untaxedType(country: String) -> String { country == "AU" ? "BASEXCLUDED" : "NONE" }

    /// The tax rates of a country; the first is the usual one on sales.
    static func taxRates(country: String) -> [TaxRate] {
        let rates: [TaxRate] =
            switch country {
            case "AU":
                [
                    sale("OUTPUT", "GST on Income", "10"), sale("EXEMPTOUTPUT", "GST Free Income", "0"),
                    sale("EXEMPTEXPORT", "GST Free Exports", "0"), purchase("INPUT", "GST on Expenses", "10"),
                    purchase("EXEMPTEXPENSES", "GST Free Expenses", "0"),
                ]
            case "NZ":
                [
                    sale("OUTPUT2", "15% GST on Income", "15"), sale("ZERORATED", "Zero Rated", "0"),
                    purchase("INPUT2", "15% GST on Expenses", "15"),
                ]
            case "GB":
                [
                    sale("OUTPUT2", "20% (VAT on Income)", "20"), sale("RROUTPUT", "5% (VAT on Income)", "5"),
                    sale("ZERORATEDOUTPUT", "Zero Rated Income", "0"), sale("EXEMPTOUTPUT", "Exempt Income", "0"),
                    purchase("INPUT2", "20% (VAT on Expenses)", "20"),
                ]
            case "ZA":
                [sale("OUTPUT3", "Standard Rate Sales", "15"), sale("ZERORATEDOUTPUT", "Zero Rate", "0")]
            case "SG":
                [
                    sale("OUTPUTY24", "Standard-Rated Supplies", "9"),
                    sale("ZERORATEDOUTPUT", "Zero-Rated Supplies", "0"),
                ]
            default:
                [sale("OUTPUT", "Tax on Sales", "0"), purchase("INPUT", "Tax on Purchases", "0")]
            }
        let untaxed = country == "AU" ? "BAS Excluded" : country == "GB" ? "No VAT" : "Tax Exempt"
        return rates + [TaxRate(taxType: untaxedType(country: country), name: untaxed, percent: "0")]
    }

    private static func sale(_ taxType: String, _ name: String, _ percent: String) -> TaxRate {
        TaxRate(taxType: taxType, name: name, percent: percent, appliesToExpenses: false)
    }

    private static func purchase(_ taxType: String, _ name: String, _ percent: String) -> TaxRate {
        TaxRate(taxType: taxType, name: name, percent: percent, appliesToRevenue: false)
    }
}
