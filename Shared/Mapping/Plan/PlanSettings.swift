public import Accounting

/// What a plan needs to know of the Xero organisation.
public struct OrgSettings: Sendable {
    /// Our id of the organisation.
    public var orgID: String
    /// The organisation's own currency, if known.
    public var baseCurrency: Currency?
    /// The currencies it may post in; `nil` when not known, and then none is refused.
    public var enabledCurrencies: Set<Currency>?
    /// The percent that Xero applies for a tax type. For tax types that are not here every line says its tax amount.
    public var taxRates: [String: ExactDecimal]
    /// The code of the account whose SystemAccount is ROUNDING, if known; the mapping's `accounts.rounding` goes before it.
    public var roundingAccount: String?
    /// The country in two letters, whose usual tax types are taken where the mapping names none; `nil` for none.
    public var country: String?
    /// What the organisation itself says of its accounts and tax rates, if it was read.
    public var reference: ReferenceData?
    /// The day it is in the organisation's time zone.
    public var date: @Sendable (Instant) -> CalendarDate

    /// Makes settings.
    /// - Parameters:
    ///   - orgID: Our id of the organisation.
    ///   - baseCurrency: The organisation's own currency.
    ///   - enabledCurrencies: The currencies it may post in; `nil` when not known.
    ///   - taxRates: The percent that Xero applies for a tax type.
    ///   - roundingAccount: The code of the account for rounding.
    ///   - country: The country in two letters.
    ///   - reference: What the organisation itself says of its accounts and tax rates.
    ///   - date: The day it is in the organisation's time zone; the day in UTC if not given.
    public init(
        orgID: String, baseCurrency: Currency? = nil, enabledCurrencies: Set<Currency>? = nil,
        taxRates: [String: ExactDecimal] = [:], roundingAccount: String? = nil, country: String? = nil,
        reference: ReferenceData? = nil,
        date: @escaping @Sendable (Instant) -> CalendarDate = { $0.date(utcOffsetSeconds: 0) }
    ) {
        self.orgID = orgID
        self.baseCurrency = baseCurrency
        self.enabledCurrencies = enabledCurrencies
        self.taxRates = taxRates
        self.roundingAccount = roundingAccount
        self.country = country
        self.reference = reference
        self.date = date
    }
}

/// What a plan needs to know of the store.
public struct StoreSettings: Sendable, Hashable {
    /// Our id of the store.
    public var storeID: String
    /// What stands before an order's number in an invoice's number, such as `SHOP-`.
    public var numberPrefix: String
    /// The store's address, such as `https://shop.example`; invoices link to the order below it.
    public var url: String?

    /// Makes settings.
    public init(storeID: String, numberPrefix: String = "", url: String? = nil) {
        self.storeID = storeID
        self.numberPrefix = numberPrefix
        self.url = url
    }
}
