import JSON
public import Mapping

extension ConfigurationFile {
    /// A store and its org as they would be stored.
    /// - Parameters:
    ///   - storeID: the store.
    ///   - references: what was read of the organisations, by org id.
    /// - Returns: both; nil if the file has no such store.
    public func records(
        of storeID: String, knowing references: [String: ReferenceData]
    ) -> (store: StoreRecord, org: OrgRecord)? {
        guard let store = stores.first(where: { $0.id == storeID }),
            let org = orgs.first(where: { $0.id == store.orgID })
        else { return nil }
        let facts = references[org.id].map { OrgFacts($0) } ?? OrgFacts()
        return (
            StoreRecord(
                id: store.id, platform: store.platform, orgID: store.orgID, url: store.url, since: store.since,
                numberPrefix: store.numberPrefix, sweepSeconds: store.sweepSeconds, rereadSeconds: store.rereadSeconds,
                webhookSecret: store.webhookSecret, consumerKey: store.consumerKey,
                consumerSecret: store.consumerSecret, mapping: mergedMapping(of: store), mappingVersion: 0,
                isDryRun: store.isDryRun,
                localTime: LocalTime(configured: org.timeZone, own: facts.timeZone)),
            OrgRecord(
                id: org.id, appID: org.appID, tenantID: org.tenantID, dailyCalls: org.dailyCalls,
                timeZone: org.timeZone, country: org.country, policies: org.policies, mapping: org.mapping,
                state: .active, stateReason: nil, facts: facts)
        )
    }
}
