import Accounting
import JSON
import Ledger
import Mapping
import NIOConcurrencyHelpers
import Storefronts

/// What planning an order of a store takes: its mapping and settings, read once for each configuration.
struct PlanningRules: Sendable {
    var mapping: MappingConfiguration
    var org: OrgSettings
    var store: StoreSettings
    var since: Instant
    var mappingVersion: Int64
    var platform: Platform
    var reading: OrderReading
    /// What the organisation said about itself when the rules were made.
    private(set) var facts: OrgFacts

    init(store: StoreRecord, org: OrgRecord) throws(MappingError) {
        guard let platform = Platform(rawValue: store.platform) else {
            throw MappingError(path: "platform", message: "orders of '\(store.platform)' cannot be read")
        }
        self.platform = platform
        reading = OrderReading(storeID: store.id)
        mapping = try MappingConfiguration(json: store.mapping)
        let time = org.localTime
        facts = org.facts
        self.org = OrgSettings(
            orgID: org.id, roundingAccount: org.facts.roundingAccount, date: { time.date(of: $0) })
        self.store = StoreSettings(storeID: store.id, numberPrefix: store.numberPrefix, url: store.url)
        since = store.since
        mappingVersion = store.mappingVersion
    }
}

/// Why there are no rules for a store.
struct NoRules: Error, Sendable, Hashable, CustomStringConvertible {
    var description: String
}

/// The rules of every store, made again when the configuration changes.
final class StoreRules: Sendable {
    private struct Cache {
        var version: Int64 = -1
        var rules: [String: PlanningRules] = [:]
    }

    private let current: @Sendable (_ reload: Bool) async throws -> ConfigurationSnapshot
    private let cache = NIOLockedValueBox(Cache())

    convenience init(watch: ConfigurationWatch) {
        self.init { reload in reload ? try await watch.reload() : try await watch.current() }
    }

    init(_ current: @escaping @Sendable (_ reload: Bool) async throws -> ConfigurationSnapshot) {
        self.current = current
    }

    /// A store's rules.
    /// - Throws: ``NoRules`` in words for the operator; whatever reading the configuration throws.
    func rules(of storeID: String) async throws -> PlanningRules {
        var snapshot = try await current(false)
        // A store that was added a moment ago may not have been heard of yet.
        if snapshot.stores[storeID] == nil { snapshot = try await current(true) }
        let facts = snapshot.stores[storeID].flatMap { snapshot.orgs[$0.orgID]?.facts }
        if let known = cached(storeID, version: snapshot.version), known.facts == facts { return known }
        guard let store = snapshot.stores[storeID] else {
            throw NoRules(
                description: "the store is not in the configuration any more; add it again, or discard the order")
        }
        guard let org = snapshot.orgs[store.orgID] else {
            throw NoRules(description: "org \(store.orgID) is not in the configuration any more; add it and apply")
        }
        let rules: PlanningRules
        do {
            rules = try PlanningRules(store: store, org: org)
        } catch {
            throw NoRules(description: "the mapping cannot be used: \(error)")
        }
        cache.withLockedValue { cache in
            if cache.version != snapshot.version { cache = Cache(version: snapshot.version) }
            cache.rules[storeID] = rules
        }
        return rules
    }

    private func cached(_ storeID: String, version: Int64) -> PlanningRules? {
        cache.withLockedValue { $0.version == version ? $0.rules[storeID] : nil }
    }
}
