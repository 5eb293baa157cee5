/// A part of what a Xero organisation says about itself: read, kept and aged by itself.
public enum ReferencePart: String, Sendable, Hashable, CaseIterable {
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

    /// What planning and people need: `ReferenceData` is made of these.
    static let described: [ReferencePart] = [
        .organisation, .accounts, .taxRates, .trackingCategories, .currencies, .actions,
    ]
}
