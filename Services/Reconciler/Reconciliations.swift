import Accounting
import JSON
import Ledger
import Logging
import Postgres
import Storefronts

/// What a comparison came to.
struct ComparisonResult: Sendable {
    var findings: [Finding] = []
    /// How many of what was compared, by name.
    var counts: [(name: String, count: Int)] = []

    var summary: JSONValue {
        .object(counts.reduce(into: JSONObject()) { $0[$1.name] = .number(JSONNumber($1.count)) })
    }
}

/// Works comparisons one after another.
struct Reconciliations: Sendable {
    let queue: ReconciliationQueue
    let watch: ConfigurationWatch
    let storefront: @Sendable (StoreRecord) -> WooCommerceClient
    let books: @Sendable (OrgRecord, AppRecord) -> BookReader
    let logger: Logger

    /// Works the oldest request.
    /// - Returns: false if there was none.
    func workNext() async throws -> Bool {
        guard let request = try await queue.claim() else { return false }
        do {
            try await queue.finish(request.id, compare(request))
        } catch let error as PostgresError {
            // The claim runs out, and it is begun again.
            throw error
        } catch {
            logger.warning("reconciliation failed", metadata: ["reconciliation": "\(request.id)", "error": "\(error)"])
            try await queue.fail(request.id, "\(error)")
        }
        return true
    }

    private func compare(_ request: ReconciliationRequest) async throws -> ComparisonResult {
        let configuration = try await watch.reload()
        guard let org = configuration.orgs[request.orgID], let app = configuration.apps[org.appID] else {
            throw ComparisonError("org \(request.orgID) is not in the configuration any more")
        }
        var result = ComparisonResult()
        let stores = configuration.stores.values.filter {
            $0.orgID == org.id && (request.storeID == nil || $0.id == request.storeID)
        }
        for store in stores.sorted(by: { $0.id < $1.id }) {
            let comparison = StoreComparison(database: queue.database, client: storefront(store), store: store)
            try await comparison.run(since: request.since, into: &result) { progress in
                try await queue.progress(request.id, progress)
            }
        }
        let comparison = BookComparison(database: queue.database, reader: books(org, app), storeID: request.storeID)
        try await comparison.run(since: request.since, into: &result) { progress in
            try await queue.progress(request.id, progress)
        }
        return result
    }
}

/// A comparison that cannot be done, in words for the operator.
struct ComparisonError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
