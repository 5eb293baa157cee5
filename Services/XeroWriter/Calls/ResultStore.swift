import JSON
import Ledger
import Mapping
import Postgres
import Xero

/// What storing a result led to.
struct ResultSummary: Sendable {
    /// Whether anything was stored: false if somebody else stored a final result before.
    var isStored = false
    /// Documents that nobody knows the fate of.
    var unknown: [Int64] = []
    /// Whether documents became ready.
    var hasReady = false
    /// How many documents are in Xero now.
    var posted = 0
    /// What became of each document.
    var outcomes: [DocumentOutcome] = []
    /// The HTTP status of the answer; nil if none came.
    var status: Int?
}

/// What became of a document.
struct DocumentOutcome: Sendable {
    /// As it was stored.
    var document: StoredDocument
    /// In a word: posted, adopted, refused, unknown, absent or released.
    var text: String
}

/// Stores what calls came to: documents, dependants, outcomes, dead letters and the call, in one transaction.
struct ResultStore: Sendable {
    /// The name of the service in audit trail and outbox.
    static let service = "xero-writer"
    /// Calls for one document that end in the same kind of refusal, after which a person is asked.
    static let attemptLimit = 4

    let database: PostgresClient
    let time: WriterTime
    let settleSeconds: Double

    /// Stores a clean answer.
    /// - Parameters:
    ///   - record: the call.
    ///   - elements: what was returned.
    ///   - response: the status and body.
    func store(
        _ record: CallRecord, elements: [XeroElement], status: Int, body: String
    ) async throws -> ResultSummary {
        try await transaction(record) { change, documents in
            let verdicts = VerdictReader.verdicts(documents, elements, isVoid: record.purpose == .void)
            for (document, verdict) in zip(documents, verdicts) {
                try change.apply(verdict, to: document)
            }
            let result =
                change.summary.unknown.isEmpty
                ? CallResult(.done, status: status, response: body)
                : CallResult(
                    .uncertain, status: status, response: body, error: "the answer does not tell about every element",
                    settleSeconds: time.xeroSeconds(settleSeconds))
            return result
        }
    }

    /// Stores that a call was certainly not carried out: its documents can go again.
    func storeNotCarriedOut(_ record: CallRecord, _ result: CallResult, costsAttempt: Bool) async throws
        -> ResultSummary
    {
        try await transaction(record) { change, documents in
            for document in documents {
                try change.release(document, costsAttempt: costsAttempt, cause: result.error ?? result.outcome.rawValue)
            }
            return result
        }
    }

    /// Stores that a call for one document was refused.
    func storeRefusal(_ record: CallRecord, _ result: CallResult, messages: [String]) async throws -> ResultSummary {
        try await transaction(record) { change, documents in
            for document in documents { try change.apply(.refused(messages: messages), to: document) }
            return result
        }
    }

    /// Stores that nobody knows what became of a call: its documents are looked up after the settle time.
    func storeUncertain(_ record: CallRecord, status: Int?, body: String?, error: String) async throws -> ResultSummary
    {
        try await transaction(record) { change, documents in
            for document in documents { try change.apply(.unknown, to: document) }
            return CallResult(
                .uncertain, status: status, response: body, error: error,
                settleSeconds: time.xeroSeconds(settleSeconds))
        }
    }

    private func transaction(
        _ record: CallRecord,
        _ body: @Sendable (inout ResultChange, [StoredDocument]) throws -> CallResult
    ) async throws -> ResultSummary {
        try await database.withTransaction(retryingSerialization: true) { session in
            let ids = record.elements.map(\.documentID)
            try await Readiness.lockSales(of: ids, in: session)
            guard try await CallStore.lockUnfinished(id: record.id, in: session) else { return ResultSummary() }
            let locked = try await DocumentStore.lock(ids: ids, in: session)
            let byID = Dictionary(locked.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
            // Only documents that this call still carries: others were settled by a lookup meanwhile.
            let documents = ids.compactMap { byID[$0] }.filter { $0.openCall == record.id }
            var change = ResultChange(record: record)
            let result = try body(&change, documents)
            try await change.store(in: session)
            try await CallStore.finish(id: record.id, result, time: time.ledger, in: session)
            var summary = change.summary
            summary.status = result.status
            return summary
        }
    }
}
