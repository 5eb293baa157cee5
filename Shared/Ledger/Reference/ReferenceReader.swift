import Accounting
import JSON
import Messaging
public import Postgres
public import Xero

/// Reads reference data for a person who waits for it: one call each, recorded and counted like the writer's own.
public struct ReferenceReader: Sendable {
    /// Why something cannot be read.
    public struct Failure: Error, Sendable, Hashable, CustomStringConvertible {
        /// In a person's words.
        public var description: String
    }

    /// Real seconds after which a call without an answer is given up by whoever looks after it.
    private static let deadlineSeconds = 35.0

    private let orgID: String
    private let tenantID: String?
    private let database: PostgresClient
    private let transport: XeroTransport
    private let tokens: XeroTokenSource
    private let holder: String
    private let ids = UUIDv7Generator()

    /// A reader.
    /// - Parameters:
    ///   - orgID: the org.
    ///   - tenantID: its tenant; nil for a custom connection.
    ///   - database: where calls and answers are kept.
    ///   - transport: the way to Xero.
    ///   - tokens: its access tokens.
    ///   - holder: who reads.
    public init(
        orgID: String, tenantID: String?, database: PostgresClient, transport: XeroTransport, tokens: XeroTokenSource,
        holder: String
    ) {
        self.orgID = orgID
        self.tenantID = tenantID
        self.database = database
        self.transport = transport
        self.tokens = tokens
        self.holder = holder
    }

    /// Reads something and keeps it.
    /// - Parameter name: what to read.
    /// - Throws: ``Failure``; `XeroTokenError`; `PostgresError`.
    public func read(_ name: ReferencePart) async throws {
        let budget = try await OrgBudget.load(orgID: orgID, time: .database, in: database)
        if let seconds = budget.blockedSeconds {
            throw Failure(
                description: "\(budget.blockedReason ?? "a limit of Xero's was reached"): try again in "
                    + "\(Int(seconds) + 1) s")
        }
        let token = try await tokens.token()
        let request = XeroRequest.reference(name.rawValue)
        let record = CallRecord(
            id: ids.next().description, orgID: orgID, purpose: .reference, method: request.method.rawValue,
            path: request.path, holder: holder)
        try await CallStore.begin(record, deadlineSeconds: Self.deadlineSeconds, time: .database, in: database)
        let response: XeroResponse
        do {
            response = try await transport.api(
                request.authorised(token: token, tenantID: tenantID, idempotencyKey: nil))
        } catch {
            try await finish(record, CallResult(.resolved, error: "\(error)"))
            throw Failure(description: "Xero cannot be reached: \(error)")
        }
        let outcome: CallOutcome = response.status == 200 ? .done : response.status == 429 ? .throttled : .refused
        try await finish(record, CallResult(outcome, status: response.status))
        try await CallStore.count(record, isRefused: response.status == 429, in: database)
        guard response.status == 200, let body = try? JSONValue(parsing: response.body), body[name.member] != nil else {
            throw Failure(
                description: "Xero answered \(response.status) when asked for \(name.rawValue) of org \(orgID)"
                    + (response.status == 401 || response.status == 403
                        ? ": check that the app is connected, and has the scope accounting.settings.read" : ""))
        }
        try await database.withTransaction { session in
            _ = try await ReferenceStore.keep(body, as: name, of: orgID, time: .database, in: session)
        }
    }

    private func finish(_ record: CallRecord, _ result: CallResult) async throws {
        try await CallStore.finish(id: record.id, result, time: .database, in: database)
    }
}
