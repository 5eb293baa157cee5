import Accounting
import JSON
public import Ledger
public import Mapping
public import Postgres
import Storefronts

/// Gathers what suggestions are made from: the org's reference data, a store's latest orders, and what was mapped before.
public struct SuggestionSource: Sendable {
    /// Why there is nothing to suggest from.
    public struct Failure: Error, Sendable, CustomStringConvertible {
        /// In a person's words.
        public var description: String
    }

    /// How many of our own documents are looked at.
    static let mostDocuments = 2000

    /// What was gathered.
    public let input: SuggestionInput
    /// Seconds since the chart of accounts was read.
    public let referenceAge: Int

    /// Gathers.
    /// - Parameters:
    ///   - name: A store, or an org for what its stores share.
    ///   - last: How many of the store's latest orders are looked at.
    ///   - configuration: What is applied.
    ///   - session: Where to read.
    /// - Throws: ``Failure``; `PostgresError`.
    public init(
        _ name: String, last: Int, configuration: ConfigurationSnapshot, in session: some PostgresSession
    ) async throws {
        let store = configuration.stores[name]
        guard let org = configuration.orgs[store?.orgID ?? name] else {
            let known = (configuration.stores.keys.sorted() + configuration.orgs.keys.sorted()).joined(separator: ", ")
            throw Failure(
                description: "There is no store or org \(name). There are: \(known.isEmpty ? "none" : known).")
        }
        let reference = try await ReferenceStore.loadAll(in: session)[org.id]
        guard let reference, reference.accounts != nil, reference.taxRates != nil else {
            throw Failure(
                description: "The accounts and tax rates of org \(org.id) were not read yet: "
                    + "counterfoil xero accounts \(org.id)")
        }
        let ages = try await ReferenceStore.ages(orgID: org.id, time: .database, in: session)
        referenceAge = Int(max(ages[.accounts]?.seconds ?? 0, 0))
        let siblings = configuration.stores.values.filter { $0.orgID == org.id }.sorted { $0.id < $1.id }
        var input = SuggestionInput(
            orgID: org.id, storeID: store?.id, platform: store?.platform ?? "", storeIDs: siblings.map(\.id),
            reference: reference, country: org.country ?? reference.country, current: store?.mapping ?? org.mapping)
        input.past = try await Self.past(of: org.id, siblings, in: session)
        if let store { input.profile = try await Self.profile(of: store, last: last, in: session) }
        self.input = input
    }

    private static func profile(
        of store: StoreRecord, last: Int, in session: some PostgresSession
    ) async throws -> StoreProfile {
        var profile = StoreProfile()
        guard let platform = Platform(rawValue: store.platform) else { return profile }
        let rows = try await session.query(
            """
            SELECT s.body FROM (
                SELECT store_id, order_id, revision FROM sale WHERE store_id = \(store.id) AND order_id NOT LIKE 'day:%'
                    AND order_id NOT LIKE 'payout:%'
                ORDER BY created_at DESC NULLS LAST, order_id DESC LIMIT \(last)) o
            JOIN snapshot s ON s.store_id = o.store_id AND s.entity = 'order' AND s.entity_id = o.order_id
                AND s.revision = o.revision
            """)
        for row in rows {
            // An order that cannot be read shows nothing.
            guard let snapshot = try? JSONValue(parsing: row.decode("body", as: String.self)),
                let order = try? StorefrontOrders.order(
                    from: snapshot, platform: platform, reading: OrderReading(storeID: store.id))
            else { continue }
            profile.add(order)
        }
        return profile
    }

    private static func past(
        of orgID: String, _ stores: [StoreRecord], in session: some PostgresSession
    ) async throws -> PastUse {
        var past = PastUse()
        for store in stores { past.add(mapping: store.mapping, storeID: store.id) }
        let rows = try await session.query(
            """
            SELECT store_id, coalesce(planned, desired) AS element, decisions FROM document
            WHERE org_id = \(orgID) AND kind IN ('invoice', 'payment') AND state = 'posted' AND decisions IS NOT NULL
            ORDER BY id DESC LIMIT \(mostDocuments)
            """)
        for row in rows {
            guard let element = try? JSONValue(parsing: row.decode("element", as: String.self)),
                let decisions = try? JSONValue(parsing: row.decode("decisions", as: String.self))
            else { continue }
            past.add(element: element, decisions: decisions, storeID: try row.decode("store_id"))
        }
        return past
    }
}
