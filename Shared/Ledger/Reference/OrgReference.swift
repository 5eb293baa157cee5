public import Accounting
public import JSON
import Xero

/// What a Xero organisation says about itself, as it was read last.
public struct OrgReference: Sendable, Hashable {
    /// What is read of an organisation.
    public enum Name: String, Sendable, Hashable, CaseIterable {
        /// The organisation: base currency, time zone, lock dates.
        case organisation = "Organisation"
        /// The chart of accounts.
        case accounts = "Accounts"
        /// Tax types with their rates.
        case taxRates = "TaxRates"
        /// Categories and their options.
        case trackingCategories = "TrackingCategories"
        /// The currencies it may post in.
        case currencies = "Currencies"
        /// What its plan allows.
        case actions = "Organisation/Actions"
        /// What is sold.
        case items = "Items"
        /// How invoices look.
        case brandingThemes = "BrandingThemes"

        /// The member of the answer that holds the list.
        public var member: String {
            switch self {
            case .organisation: "Organisations"
            case .actions: "Actions"
            default: rawValue
            }
        }

        /// Xero's minutes after which it is read again: lock dates move while nobody tells.
        public var maximumMinutes: Double { self == .organisation ? 120 : 1440 }
    }

    /// An account of the chart of accounts.
    public struct Account: Sendable, Hashable {
        /// Its code; nil for one without, e.g. some bank accounts.
        public var code: String?
        /// Its name.
        public var name: String
        /// Its type, e.g. `REVENUE`, `BANK`.
        public var type: String
        /// What its type belongs to: `ASSET`, `EQUITY`, `EXPENSE`, `LIABILITY` or `REVENUE`.
        public var accountClass: String
        /// `ACTIVE` or `ARCHIVED`.
        public var status: String
        /// The tax type that lines on it get by default.
        public var taxType: String?
        /// What Xero uses it for itself, e.g. `ROUNDING`, `DEBTORS`.
        public var systemAccount: String?
        /// Whether payments can be made to it.
        public var takesPayments: Bool

        /// Whether it can be used.
        public var isActive: Bool { status == "ACTIVE" }
        /// Whether lines of documents can name it.
        public var takesLines: Bool {
            isActive && type != "BANK" && (systemAccount == nil || systemAccount == "ROUNDING")
        }

        init(_ value: JSONValue) {
            code = value["Code"]?.string.flatMap { $0.isEmpty ? nil : $0 }
            name = value["Name"]?.string ?? ""
            type = value["Type"]?.string ?? ""
            accountClass = value["Class"]?.string ?? ""
            status = value["Status"]?.string ?? "ACTIVE"
            taxType = value["TaxType"]?.string
            systemAccount = value["SystemAccount"]?.string.flatMap { $0.isEmpty ? nil : $0 }
            takesPayments = type == "BANK" || value["EnablePaymentsToAccount"]?.bool == true
        }
    }

    /// A tax rate.
    public struct TaxRate: Sendable, Hashable {
        /// What lines name it by, e.g. `OUTPUT2`.
        public var type: String
        /// Its name, which people may change.
        public var name: String
        /// `ACTIVE`, or why it cannot be used.
        public var status: String
        /// The percent that Xero applies.
        public var percent: ExactDecimal?
        /// The classes of accounts it may be used with, e.g. `REVENUE`.
        public var accountClasses: Set<String>

        /// Whether it can be used.
        public var isActive: Bool { status == "ACTIVE" }

        init(_ value: JSONValue) {
            type = value["TaxType"]?.string ?? ""
            name = value["Name"]?.string ?? ""
            status = value["Status"]?.string ?? "ACTIVE"
            percent = value["EffectiveRate"]?.decimal
            let uses = [
                ("CanApplyToAssets", "ASSET"), ("CanApplyToEquity", "EQUITY"), ("CanApplyToExpenses", "EXPENSE"),
                ("CanApplyToLiabilities", "LIABILITY"), ("CanApplyToRevenue", "REVENUE"),
            ]
            accountClasses = Set(uses.filter { value[$0.0]?.bool == true }.map(\.1))
        }
    }

    /// A tracking category.
    public struct TrackingCategory: Sendable, Hashable {
        /// Its name.
        public var name: String
        /// The names of the options that can be used.
        public var options: [String]
    }

    /// The organisation's name; nil if it was never read.
    public var name: String?
    /// The chart of accounts; nil if it was never read.
    public var accounts: [Account]?
    /// The tax rates; nil if they were never read.
    public var taxRates: [TaxRate]?
    /// The tracking categories that can be used; nil if they were never read.
    public var trackingCategories: [TrackingCategory]?
    /// The currencies it may post in; nil if they were never read.
    public var currencies: [String]?
    /// What its plan does not allow, e.g. `UseMulticurrency`; nil if it was never read.
    public var forbidden: [String]?
    /// Its own currency.
    public var baseCurrency: String?
    /// Its time zone by its IANA name.
    public var timeZone: String?
    /// The last day of what is locked.
    public var lockDate: CalendarDate?

    /// Reads what Xero answered.
    /// - Parameter bodies: the answers, by name.
    public init(bodies: [Name: JSONValue]) {
        func list(_ name: Name) -> [JSONValue]? { bodies[name]?[name.member]?.array }
        accounts = list(.accounts)?.map { Account($0) }
        taxRates = list(.taxRates)?.map { TaxRate($0) }
        trackingCategories = list(.trackingCategories)?.filter(Self.isActive).map { category in
            TrackingCategory(
                name: category["Name"]?.string ?? "",
                options: (category["Options"]?.array ?? []).filter(Self.isActive).compactMap { $0["Name"]?.string })
        }
        currencies = list(.currencies)?.compactMap { $0["Code"]?.string }
        forbidden = list(.actions)?.filter { $0["Status"]?.string != "ALLOWED" }.compactMap { $0["Name"]?.string }
        guard let organisation = list(.organisation)?.first else { return }
        name = organisation["Name"]?.string
        baseCurrency = organisation["BaseCurrency"]?.string
        timeZone = organisation["Timezone"]?.string.flatMap { XeroTimeZone.name($0) }
        lockDate = ["PeriodLockDate", "EndOfYearLockDate"].compactMap { name in
            organisation[name]?.string.flatMap { XeroDate.date($0) }
        }.max()
    }

    private static func isActive(_ value: JSONValue) -> Bool { value["Status"]?.string ?? "ACTIVE" == "ACTIVE" }
}

/// The little of what an organisation says about itself that every service needs, kept beside the rest.
public struct OrgFacts: Sendable, Hashable {
    /// The name of its row.
    static let row = "Facts"

    /// The organisation's time zone by its IANA name.
    public var timeZone: String?
    /// The last day of what is locked.
    public var lockDate: CalendarDate?

    /// Nothing known.
    public init() {}

    /// The facts of reference data.
    /// - Parameter reference: the data.
    public init(_ reference: OrgReference) {
        timeZone = reference.timeZone
        lockDate = reference.lockDate
    }

    init(text: String) {
        guard let value = try? JSONValue(parsing: text) else { return }
        timeZone = value["time_zone"]?.string
        lockDate = value["lock_date"]?.string.flatMap { CalendarDate($0) }
    }

    var text: String {
        JSONValue.object([
            "time_zone": timeZone.map { .string($0) } ?? .null,
            "lock_date": lockDate.map { .string($0.description) } ?? .null,
        ]).text
    }
}
