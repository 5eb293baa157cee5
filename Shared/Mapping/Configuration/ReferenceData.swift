public import Accounting
public import JSON

/// What an organisation itself says of its accounts, tax rates and tracking, as last read; parts that were never read are `nil`.
///
/// Source: Xero Accounting API, Accounts, TaxRates, TrackingCategories, Currencies, Organisation.
public struct ReferenceData: Sendable, Hashable {
    /// An account.
    public struct Account: Sendable, Hashable {
        /// Its code.
        public var code: String
        /// Its name.
        public var name: String
        /// Its type, such as `REVENUE`, `BANK` or `CURRLIAB`.
        public var type: String
        /// `REVENUE`, `ASSET`, `LIABILITY`, `EXPENSE` or `EQUITY`.
        public var accountClass: String
        /// The tax type that lines on it get by default; empty if the organisation does not say.
        public var taxType: String
        /// Whether payments can go into it.
        public var takesPayments: Bool
        /// Whether lines of invoices can name it: no bank account, and none that Xero keeps for itself.
        public var takesLines: Bool
        /// Whether it is out of use.
        public var isArchived: Bool

        /// Code and name, as explanations name it.
        var named: String { name.isEmpty ? code : "\(code) (\(name))" }
    }

    /// A tax rate that can be used.
    public struct TaxRate: Sendable, Hashable {
        /// Its tax type.
        public var type: String
        /// Its name.
        public var name: String
        /// What it comes to, in percent.
        public var percent: ExactDecimal
        /// The classes of account whose lines may carry it.
        public var classes: Set<String>
    }

    /// The accounts, archived ones too, by code.
    public var accounts: [String: Account]?
    /// The names of accounts in use that take payments and have no code, which no mapping can name.
    public var accountsWithoutCode: [String]
    /// The active tax rates, by tax type.
    public var taxRates: [String: TaxRate]?
    /// The active options, by tracking category.
    public var tracking: [String: Set<String>]?
    /// The country, in two letters.
    public var country: String?
    /// The organisation's own currency.
    public var baseCurrency: Currency?
    /// The currencies it can post in.
    public var currencies: Set<Currency>?
    /// The code of the account for rounding.
    public var roundingAccount: String?
    /// The items; read only for who needs them, since there may be thousands.
    public var items: KnownItems?

    /// Reads what Xero answered.
    /// - Parameter answers: The bodies of the answers by resource: `Accounts`, `TaxRates`, `TrackingCategories`, `Currencies`,
    ///   `Organisation`, `Items`.
    public init(answers: [String: JSONValue]) {
        accounts = answers["Accounts"].map { Self.keyed($0["Accounts"], Self.account, by: \.code) }
        accountsWithoutCode = (answers["Accounts"]?["Accounts"]?.array ?? []).filter { account in
            (account["Code"]?.string ?? "").isEmpty && account["Status"]?.string ?? "ACTIVE" == "ACTIVE"
                && (account["Type"]?.string == "BANK" || account["EnablePaymentsToAccount"]?.bool == true)
        }.compactMap { $0["Name"]?.string }
        taxRates = answers["TaxRates"].map { Self.keyed($0["TaxRates"], Self.taxRate, by: \.type) }
        tracking = answers["TrackingCategories"].map(Self.tracking)
        items = answers["Items"].map { KnownItems(answer: $0) }
        let organisation = answers["Organisation"]?["Organisations"]?[0]
        country = organisation?["CountryCode"]?.string
        baseCurrency = organisation?["BaseCurrency"]?.string.flatMap { Currency($0) }
        currencies = answers["Currencies"].map { body in
            Set((body["Currencies"]?.array ?? []).compactMap { $0["Code"]?.string.flatMap { Currency($0) } })
        }
        roundingAccount =
            answers["Accounts"]?["Accounts"]?.array?.first { $0["SystemAccount"]?.string == "ROUNDING" }?["Code"]?
            .string
    }

    /// The percent of each tax type.
    public var percents: [String: ExactDecimal] { taxRates?.mapValues(\.percent) ?? [:] }

    /// The tax types of sales that come to a percentage, in order.
    func salesTaxTypes(at percent: ExactDecimal) -> [String] {
        (taxRates ?? [:]).values.filter { $0.percent == percent && $0.classes.contains("REVENUE") }.map(\.type).sorted()
    }

    private static func keyed<Item>(
        _ list: JSONValue?, _ read: (JSONValue) -> Item?, by key: (Item) -> String
    ) -> [String: Item] {
        Dictionary((list?.array ?? []).compactMap(read).map { (key($0), $0) }, uniquingKeysWith: { first, _ in first })
    }

    private static func account(_ json: JSONValue) -> Account? {
        guard let code = json["Code"]?.string, !code.isEmpty else { return nil }
        let isBank = json["Type"]?.string == "BANK"
        let system = json["SystemAccount"]?.string ?? ""
        return Account(
            code: code, name: json["Name"]?.string ?? "", type: json["Type"]?.string ?? "",
            accountClass: json["Class"]?.string ?? "", taxType: json["TaxType"]?.string ?? "",
            takesPayments: isBank || json["EnablePaymentsToAccount"]?.bool == true,
            takesLines: !isBank && (system.isEmpty || system == "ROUNDING"),
            isArchived: json["Status"]?.string ?? "ACTIVE" != "ACTIVE")
    }

    private static func taxRate(_ json: JSONValue) -> TaxRate? {
        guard let type = json["TaxType"]?.string, json["Status"]?.string ?? "ACTIVE" == "ACTIVE",
            let percent = json["EffectiveRate"]?.decimal
        else { return nil }
        let classes = [
            ("REVENUE", "CanApplyToRevenue"), ("EXPENSE", "CanApplyToExpenses"), ("ASSET", "CanApplyToAssets"),
            ("LIABILITY", "CanApplyToLiabilities"), ("EQUITY", "CanApplyToEquity"),
        ].filter { json[$0.1]?.bool ?? true }
        return TaxRate(
            type: type, name: json["Name"]?.string ?? "", percent: percent.normalized, classes: Set(classes.map(\.0)))
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
