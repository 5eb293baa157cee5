public import Accounting
public import Ledger
public import Mapping
public import Storefronts

/// What planning an order of a store takes: its mapping and settings, read once for each configuration.
public struct PlanningRules: Sendable {
    /// The store's mapping, merged over its org's.
    public var mapping: MappingConfiguration
    /// The Xero organisation.
    public var org: OrgSettings
    /// The store.
    public var store: StoreSettings
    /// The store's start.
    public var since: Instant
    /// The configuration version at which the mapping last changed.
    public var mappingVersion: Int64
    /// The storefront's software, which says how its orders are read.
    public var platform: Platform
    /// What reading the store's orders takes besides.
    public var reading: OrderReading
    /// The last day that the organisation has locked.
    public var lockDate: CalendarDate?
    /// Whether nothing of the store may be sent.
    public var isDryRun: Bool

    /// Makes the rules of a store.
    /// - Parameters:
    ///   - store: The store, with its merged mapping.
    ///   - org: Its org; its facts, or what is configured, say the time zone of every date that is made.
    ///   - reference: What the organisation itself says of its accounts and tax rates, if it was read.
    /// - Throws: ``MappingError`` naming all that is wrong with the mapping.
    public init(store: StoreRecord, org: OrgRecord, reference: ReferenceData? = nil) throws(MappingError) {
        guard let platform = Platform(rawValue: store.platform) else {
            throw MappingError([
                MappingProblem(MappingPath(), "is of a store whose orders cannot be read: '\(store.platform)'")
            ])
        }
        self.platform = platform
        reading = OrderReading(storeID: store.id)
        mapping = try MappingConfiguration(json: store.mapping)
        let time = org.localTime
        self.org = OrgSettings(
            orgID: org.id, baseCurrency: reference?.baseCurrency, enabledCurrencies: reference?.currencies,
            taxRates: reference?.percents ?? [:], roundingAccount: reference?.roundingAccount,
            country: org.country ?? reference?.country, reference: reference, date: { time.date(of: $0) })
        self.store = StoreSettings(storeID: store.id, numberPrefix: store.numberPrefix, url: store.url)
        since = store.since
        mappingVersion = store.mappingVersion
        lockDate = org.facts.lockDate
        isDryRun = store.isDryRun
    }

    /// Adds the organisation's items, for a mapping that uses them.
    /// - Parameter items: the items; nil if they were never read.
    public mutating func know(_ items: KnownItems?) {
        var reference = org.reference ?? ReferenceData(answers: [:])
        reference.items = items
        org.reference = reference
    }
}
