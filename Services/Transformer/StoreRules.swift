import Ledger
import Mapping
import NIOConcurrencyHelpers
import Planning
import Postgres

/// Why there are no rules for a store.
struct NoRules: Error, Sendable, Hashable, CustomStringConvertible {
    var description: String
}

/// The rules of every store, made again when the configuration changes, or what is known of an organisation.
final class StoreRules: Sendable {
    private struct Cache {
        var version: Int64 = -1
        var referenceVersion = ""
        var rules: [String: PlanningRules] = [:]
    }

    private let current: @Sendable (_ reload: Bool) async throws -> ConfigurationSnapshot
    private let cache = NIOLockedValueBox(Cache())
    private let references: @Sendable () async throws -> [String: ReferenceData]
    private let items: @Sendable (_ orgID: String) async throws -> KnownItems?

    convenience init(watch: ConfigurationWatch, database: PostgresClient) {
        self.init(
            references: { try await ReferenceStore.loadAll(in: database) },
            items: { try await ReferenceStore.items(of: $0, in: database) }
        ) { reload in
            reload ? try await watch.reload() : try await watch.current()
        }
    }

    init(
        references: @escaping @Sendable () async throws -> [String: ReferenceData] = { [:] },
        items: @escaping @Sendable (_ orgID: String) async throws -> KnownItems? = { _ in nil },
        _ current: @escaping @Sendable (_ reload: Bool) async throws -> ConfigurationSnapshot
    ) {
        self.references = references
        self.items = items
        self.current = current
    }

    /// A store's rules.
    /// - Throws: ``NoRules`` in words for the operator; whatever reading the configuration throws.
    func rules(of storeID: String) async throws -> PlanningRules {
        var snapshot = try await current(false)
        // A store that was added a moment ago may not have been heard of yet.
        if snapshot.stores[storeID] == nil { snapshot = try await current(true) }
        if let known = cached(storeID, snapshot) { return known }
        guard let store = snapshot.stores[storeID] else {
            throw NoRules(
                description: "the store is not in the configuration any more; add it again, or discard the order")
        }
        guard let org = snapshot.orgs[store.orgID] else {
            throw NoRules(description: "org \(store.orgID) is not in the configuration any more; add it and apply")
        }
        let reference = try await references()[org.id]
        var rules: PlanningRules
        do {
            rules = try PlanningRules(store: store, org: org, reference: reference)
        } catch {
            throw NoRules(description: "the mapping cannot be used: \(error)")
        }
        if rules.mapping.usesItems { rules.know(try await items(org.id)) }
        let made = rules
        cache.withLockedValue { cache in
            if cache.version != snapshot.version || cache.referenceVersion != snapshot.referenceVersion {
                cache = Cache(version: snapshot.version, referenceVersion: snapshot.referenceVersion)
            }
            cache.rules[storeID] = made
        }
        return made
    }

    private func cached(_ storeID: String, _ snapshot: ConfigurationSnapshot) -> PlanningRules? {
        cache.withLockedValue { cache in
            guard cache.version == snapshot.version, cache.referenceVersion == snapshot.referenceVersion else {
                return nil
            }
            return cache.rules[storeID]
        }
    }
}
