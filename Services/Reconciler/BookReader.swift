import Accounting
import JSON
import Ledger
import Mapping
import Messaging
import Postgres
import Xero

/// Reads an org's documents in bulk, gently: one call at a time, ten a minute at the most, each recorded like any other.
struct BookReader: Sendable {
    /// The most calls a minute; the writer has the rest.
    static let callsPerMinute = 10
    /// How often one page is tried.
    static let mostTries = 8

    let orgID: String
    let tenantID: String?
    let database: PostgresClient
    let transport: XeroTransport
    let tokens: XeroTokenSource
    let minute: Duration
    private let ids = UUIDv7Generator()

    init(
        orgID: String, tenantID: String?, database: PostgresClient, transport: XeroTransport,
        tokens: XeroTokenSource, minute: Duration
    ) {
        self.orgID = orgID
        self.tenantID = tenantID
        self.database = database
        self.transport = transport
        self.minute = minute
        self.tokens = tokens
    }

    /// Every element of a collection that changed since a time.
    func elements(
        _ collection: XeroCollection, since: Instant, progress: (String) async throws -> Void
    ) async throws -> [JSONValue] {
        var found: [JSONValue] = []
        var page = 1
        while true {
            let body = try await read(.page(collection, page, modifiedSince: since, includeArchived: true), collection)
            let elements = body[collection.rawValue]?.array ?? []
            found += elements
            try await progress("org \(orgID): \(found.count) \(collection.rawValue) read from Xero")
            let pages = body["pagination"]?["pageCount"]?.int
            if elements.isEmpty || pages.map({ page >= $0 }) ?? (elements.count < collection.pageSize) { return found }
            page += 1
        }
    }

    /// One page, tried until Xero answers.
    private func read(_ request: XeroRequest, _ collection: XeroCollection) async throws -> JSONValue {
        var last = ""
        for attempt in 1...Self.mostTries {
            try await Task.sleep(for: minute / Self.callsPerMinute)
            let token: String
            do { token = try await tokens.token() } catch {
                last = "\(error)"
                continue
            }
            guard let response = await send(request, token: token) else {
                last = "Xero did not answer"
                continue
            }
            switch XeroAnswer(response, collection: collection) {
            case .elements(_, let body): return body
            case .throttled(let limits):
                if limits.problem == .day {
                    throw ComparisonError("the day's calls of org \(orgID) are used up; try again tomorrow")
                }
                last = "Xero's limit was reached"
                try await Task.sleep(for: .seconds(limits.retryAfterSeconds ?? attempt))
            case .unauthorised(let status, let message):
                tokens.invalidate(token)
                last = "Xero refuses the connection (\(status)): \(message)"
            case .refused(let status, let message, _): throw ComparisonError("Xero answered \(status): \(message)")
            case .unclear(let status, let message): last = "Xero answered \(status): \(message)"
            }
        }
        throw ComparisonError("\(collection.rawValue) of org \(orgID) cannot be read: \(last)")
    }

    /// Sends a request that is recorded first, as every call is.
    private func send(_ request: XeroRequest, token: String) async -> XeroResponse? {
        let record = CallRecord(
            id: ids.next().description, orgID: orgID, purpose: .reconcile, kind: nil, method: request.method.rawValue,
            path: request.path, body: nil, idempotencyKey: nil, holder: "reconciler", elements: [])
        do {
            try await CallStore.begin(record, deadlineSeconds: 35, time: .database, in: database)
        } catch { return nil }
        let response = try? await transport.api(
            request.authorised(token: token, tenantID: tenantID, idempotencyKey: nil))
        let throttled = response?.status == 429
        // A result that cannot be stored leaves a call that its deadline ends; it carries no documents.
        try? await CallStore.finish(
            id: record.id,
            CallResult(
                response == nil ? .refused : throttled ? .throttled : .done, status: response?.status,
                error: response == nil ? "no answer" : nil), time: .database, in: database)
        try? await CallStore.count(record, isRefused: throttled, in: database)
        return response
    }
}
