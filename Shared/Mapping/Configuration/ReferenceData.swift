public import Accounting
public import JSON

/// What an organisation itself says of its accounts, tax rates, tracking and currencies, as last read; parts that were never
/// read are `nil`.
///
/// Source: Xero Accounting API, Accounts, TaxRates, TrackingCategories, Currencies, Organisation and its Actions.
public struct ReferenceData: Sendable, Hashable {
    /// An account of the chart of accounts.
    public struct Account: Sendable, Hashable {
        /// Its code; `nil` for one without, which some bank accounts are.
        public var code: String?
        /// Its name.
        public var name: String
        /// Its type, such as `REVENUE` or `BANK`.
        public var type: String
        /// `REVENUE`, `ASSET`, `LIABILITY`, `EXPENSE` or `EQUITY`.
        public var accountClass: String
        /// The tax type that lines on it get by default.
        public var taxType: String?
        /// What Xero uses it for itself, such as `ROUNDING` or `DEBTORS`.
        public var systemAccount: String?
        /// Whether payments can go into it.
        public var takesPayments: Bool
        /// Whether it is out of use.
        public var isArchived: Bool

        /// Whether lines of invoices can name it: no bank account, and none that Xero keeps for itself.
        public var takesLines: Bool { type != "BANK" && (systemAccount == nil || systemAccount == "ROUNDING") }

        /// Code and name, as explanations name it.
        var named: String {
            guard let code else { return name }
            return name.isEmpty ? code : "\(code) (\(name))"
        }
    }

    /// A tax rate.
    public struct TaxRate: Sendable, Hashable {
        /// Its tax type, such as `OUTPUT2`.
        public var type: String
        /// Its name, which people may change.
        public var name: String
        /// `ACTIVE`, or why it cannot be used.
        public var status: String
        /// What it comes to, in percent; `nil` if the organisation does not say.
        public var percent: ExactDecimal?
        /// The classes of account whose lines may carry it.
        public var classes: Set<String>

        /// Whether it can be used.
        public var isActive: Bool { status == "ACTIVE" }
    }

    /// A tracking category that can be used.
    public struct TrackingCategory: Sendable, Hashable {
        /// Its name.
        public var name: String
        /// The names of the options that can be used.
        public var options: [String]
    }

    /// The accounts, archived ones too.
    public let accounts: [Account]?
    /// The tax rates, those out of use too.
    public let taxRates: [TaxRate]?
    /// The tracking categories that can be used.
    public let tracking: [TrackingCategory]?
    /// The organisation's name.
    public let name: String?
    /// The country, in two letters.
    public let country: String?
    /// The organisation's own currency.
    public let baseCurrency: Currency?
    /// The currencies it can post in.
    public let currencies: Set<Currency>?
    /// What its plan does not allow, such as `UseMulticurrency`.
    public let forbidden: Set<String>?
    /// Its time zone, as Xero names it.
    public let timeZoneName: String?
    /// Its lock dates, as Xero writes them.
    public let lockDates: [String]

    private let accountsByCode: [String: Account]
    private let activeRates: [String: TaxRate]

    /// Reads what Xero answered.
    /// - Parameter answers: The bodies of the answers by resource: `Accounts`, `TaxRates`, `TrackingCategories`, `Currencies`,
    ///   `Organisation`, `Organisation/Actions`.
    public init(answers: [String: JSONValue]) {
        accounts = Self.list("Accounts", in: answers)?.map { Account($0) }
        taxRates = Self.list("TaxRates", in: answers)?.compactMap { TaxRate($0) }
        tracking = Self.list("TrackingCategories", in: answers)?.compactMap { TrackingCategory($0) }
        currencies = Self.list("Currencies", in: answers).map { list in
            Set(list.compactMap { $0["Code"]?.string.flatMap { Currency($0) } })
        }
        forbidden = answers["Organisation/Actions"]?["Actions"]?.array.map { actions in
            Set(actions.filter { $0["Status"]?.string != "ALLOWED" }.compactMap { $0["Name"]?.string })
        }
        let organisation = answers["Organisation"]?["Organisations"]?[0]
        name = organisation?["Name"]?.string
        country = organisation?["CountryCode"]?.string
        baseCurrency = organisation?["BaseCurrency"]?.string.flatMap { Currency($0) }
        timeZoneName = organisation?["Timezone"]?.string
        lockDates = ["PeriodLockDate", "EndOfYearLockDate"].compactMap { organisation?[$0]?.string }
        accountsByCode = Dictionary(
            (accounts ?? []).compactMap { account in account.code.map { ($0, account) } },
            uniquingKeysWith: { first, _ in first })
        activeRates = Dictionary(
            (taxRates ?? []).filter { $0.isActive && $0.percent != nil }.map { ($0.type, $0) },
            uniquingKeysWith: { first, _ in first })
    }

    private static func list(_ resource: String, in answers: [String: JSONValue]) -> [JSONValue]? {
        answers[resource].map { $0[resource]?.array ?? [] }
    }

    // MARK: Finding

    /// The account of a code, archived or not; `nil` if there is none.
    public func account(_ code: String) -> Account? { accountsByCode[code] }

    /// The tax rate of a tax type that can be used; `nil` if there is none.
    public func taxRate(_ type: String) -> TaxRate? { activeRates[type] }

    /// The tax types that can be used, in order.
    var taxTypes: [String] { activeRates.keys.sorted() }

    /// The percent of each tax type that can be used.
    public var percents: [String: ExactDecimal] { activeRates.compactMapValues(\.percent) }

    /// The code of the account for rounding.
    public var roundingAccount: String? { accounts?.first { $0.systemAccount == "ROUNDING" }?.code }

    /// The tax types of sales that come to a percentage, in order.
    func salesTaxTypes(at percent: ExactDecimal) -> [String] {
        activeRates.values.filter { $0.percent == percent && $0.classes.contains("REVENUE") }.map(\.type).sorted()
    }
}

// MARK: Reading

extension ReferenceData.Account {
    init(_ json: JSONValue) {
        func text(_ key: String) -> String? { json[key]?.string.flatMap { $0.isEmpty ? nil : $0 } }
        code = text("Code")
        name = json["Name"]?.string ?? ""
        type = json["Type"]?.string ?? ""
        accountClass = json["Class"]?.string ?? ""
        taxType = text("TaxType")
        systemAccount = text("SystemAccount")
        takesPayments = type == "BANK" || json["EnablePaymentsToAccount"]?.bool == true
        isArchived = json["Status"]?.string ?? "ACTIVE" != "ACTIVE"
    }
}

extension ReferenceData.TaxRate {
    init?(_ json: JSONValue) {
        guard let type = json["TaxType"]?.string else { return nil }
        self.type = type
        name = json["Name"]?.string ?? ""
        status = json["Status"]?.string ?? "ACTIVE"
        percent = json["EffectiveRate"]?.decimal?.normalized
        let uses = [
            ("REVENUE", "CanApplyToRevenue"), ("EXPENSE", "CanApplyToExpenses"), ("ASSET", "CanApplyToAssets"),
            ("LIABILITY", "CanApplyToLiabilities"), ("EQUITY", "CanApplyToEquity"),
        ]
        classes = Set(uses.filter { json[$0.1]?.bool ?? true }.map(\.0))
    }
}

extension ReferenceData.TrackingCategory {
    /// `nil` for a category out of use.
    init?(_ json: JSONValue) {
        func isActive(_ json: JSONValue) -> Bool { json["Status"]?.string ?? "ACTIVE" == "ACTIVE" }
        guard isActive(json), let name = json["Name"]?.string else { return nil }
        self.name = name
        options = (json["Options"]?.array ?? []).filter(isActive).compactMap { $0["Name"]?.string }
    }
}
