public import Accounting
public import JSON

/// What an organisation itself says of its accounts, tax rates, tracking and currencies, as last read; parts that were never
/// read are `nil`.
///
/// Source: Xero Accounting API, Accounts, TaxRates, TrackingCategories, Currencies, Organisation and its Actions.
public struct ReferenceData: Sendable, Hashable {
    /// An account.
    public struct Account: Sendable, Hashable {
        /// Its code; empty for one without, which some bank accounts are.
        public var code: String
        /// Its name.
        public var name: String
        /// Its type, such as `REVENUE`, `BANK` or `CURRLIAB`.
        public var type: String
        /// `REVENUE`, `ASSET`, `LIABILITY`, `EXPENSE` or `EQUITY`.
        public var accountClass: String
        /// The tax type that lines on it get by default; empty if the organisation does not say.
        public var taxType: String
        /// What Xero uses it for itself, such as `ROUNDING` or `DEBTORS`; empty for nothing.
        public var systemAccount: String
        /// Whether payments can go into it.
        public var takesPayments: Bool
        /// Whether it is out of use.
        public var isArchived: Bool

        /// Whether lines of invoices can name it: no bank account, and none that Xero keeps for itself.
        public var takesLines: Bool { type != "BANK" && (systemAccount.isEmpty || systemAccount == "ROUNDING") }

        /// Code and name, as explanations name it.
        var named: String { name.isEmpty ? code : "\(code) (\(name))" }
    }

    /// A tax rate.
    public struct TaxRate: Sendable, Hashable {
        /// Its tax type.
        public var type: String
        /// Its name.
        public var name: String
        /// What it comes to, in percent.
        public var percent: ExactDecimal
        /// The classes of account whose lines may carry it.
        public var classes: Set<String>
        /// `ACTIVE`, or why it cannot be used.
        public var status: String
    }

    /// The accounts, archived ones too, by code.
    public var accounts: [String: Account]?
    /// Accounts without a code, which no mapping can name.
    public var uncodedAccounts: [Account]
    /// The active tax rates, by tax type.
    public var taxRates: [String: TaxRate]?
    /// Tax rates out of use, in order.
    public var retiredTaxRates: [TaxRate]
    /// The active options, by tracking category.
    public var tracking: [String: Set<String>]?
    /// The organisation's name.
    public var name: String?
    /// The country, in two letters.
    public var country: String?
    /// The organisation's own currency.
    public var baseCurrency: Currency?
    /// The currencies it can post in.
    public var currencies: Set<Currency>?
    /// What its plan does not allow, such as `UseMulticurrency`.
    public var forbidden: Set<String>?
    /// Its time zone, as Xero names it.
    public var timeZoneName: String?
    /// Its lock dates, as Xero writes them.
    public var lockDates: [String]
    /// The code of the account for rounding.
    public var roundingAccount: String?
    /// The items; read only for who needs them, since there may be thousands.
    public var items: KnownItems?

    /// Reads what Xero answered.
    /// - Parameter answers: The bodies of the answers by resource: `Accounts`, `TaxRates`, `TrackingCategories`, `Currencies`,
    ///   `Organisation`, `Organisation/Actions`, `Items`.
    public init(answers: [String: JSONValue]) {
        let chart = answers["Accounts"].map { ($0["Accounts"]?.array ?? []).map(Self.account) }
        accounts = chart.map { Self.keyed($0.filter { !$0.code.isEmpty }, by: \.code) }
        uncodedAccounts = (chart ?? []).filter(\.code.isEmpty)
        let rates = answers["TaxRates"].map { ($0["TaxRates"]?.array ?? []).compactMap(Self.taxRate) }
        taxRates = rates.map { Self.keyed($0.filter { $0.status == "ACTIVE" }, by: \.type) }
        retiredTaxRates = (rates ?? []).filter { $0.status != "ACTIVE" }
        tracking = answers["TrackingCategories"].map(Self.tracking)
        items = answers["Items"].map { KnownItems(answer: $0) }
        let organisation = answers["Organisation"]?["Organisations"]?[0]
        name = organisation?["Name"]?.string
        country = organisation?["CountryCode"]?.string
        timeZoneName = organisation?["Timezone"]?.string
        lockDates = ["PeriodLockDate", "EndOfYearLockDate"].compactMap { organisation?[$0]?.string }
        forbidden = answers["Organisation/Actions"]?["Actions"]?.array.map { actions in
            Set(actions.filter { $0["Status"]?.string != "ALLOWED" }.compactMap { $0["Name"]?.string })
        }
        baseCurrency = organisation?["BaseCurrency"]?.string.flatMap { Currency($0) }
        currencies = answers["Currencies"].map { body in
            Set((body["Currencies"]?.array ?? []).compactMap { $0["Code"]?.string.flatMap { Currency($0) } })
        }
        roundingAccount = chart?.first { $0.systemAccount == "ROUNDING" }?.code
    }

    /// The names of accounts in use that take payments and have no code.
    public var accountsWithoutCode: [String] {
        uncodedAccounts.filter { !$0.isArchived && $0.takesPayments }.map(\.name)
    }

    /// The percent of each tax type.
    public var percents: [String: ExactDecimal] { taxRates?.mapValues(\.percent) ?? [:] }

    /// The tax types of sales that come to a percentage, in order.
    func salesTaxTypes(at percent: ExactDecimal) -> [String] {
        (taxRates ?? [:]).values.filter { $0.percent == percent && $0.classes.contains("REVENUE") }.map(\.type).sorted()
    }

    private static func keyed<Item>(_ items: [Item], by key: (Item) -> String) -> [String: Item] {
        Dictionary(items.map { (key($0), $0) }, uniquingKeysWith: { first, _ in first })
    }

    private static func account(_ json: JSONValue) -> Account {
        let type = json["Type"]?.string ?? ""
        return Account(
            code: json["Code"]?.string ?? "", name: json["Name"]?.string ?? "", type: type,
            accountClass: json["Class"]?.string ?? "", taxType: json["TaxType"]?.string ?? "",
            systemAccount: json["SystemAccount"]?.string ?? "",
            takesPayments: type == "BANK" || json["EnablePaymentsToAccount"]?.bool == true,
            isArchived: json["Status"]?.string ?? "ACTIVE" != "ACTIVE")
    }

    private static func taxRate(_ json: JSONValue) -> TaxRate? {
        guard let type = json["TaxType"]?.string, let percent = json["EffectiveRate"]?.decimal else { return nil }
        let classes = [
            ("REVENUE", "CanApplyToRevenue"), ("EXPENSE", "CanApplyToExpenses"), ("ASSET", "CanApplyToAssets"),
            ("LIABILITY", "CanApplyToLiabilities"), ("EQUITY", "CanApplyToEquity"),
        ].filter { json[$0.1]?.bool ?? true }
        return TaxRate(
            type: type, name: json["Name"]?.string ?? "", percent: percent.normalized, classes: Set(classes.map(\.0)),
            status: json["Status"]?.string ?? "ACTIVE")
    }

    private static func tracking(_ body: JSONValue) -> [String: Set<String>] {
        var found: [String: Set<String>] = [:]
        for category in body["TrackingCategories"]?.array ?? [] where category["Status"]?.string ?? "ACTIVE" == "ACTIVE"
        {
            guard let name = category["Name"]?.string else { continue }
            found[name] = Set(
                (category["Options"]?.array ?? []).filter { $0["Status"]?.string ?? "ACTIVE" == "ACTIVE" }
                    .compactMap { $0["Name"]?.string })
        }
        return found
    }
}
