import Accounting
import JSON
import Mapping
import Messaging
public import Postgres

/// The outbox rows that tell other services about documents. Messages wake; the rows decide.
public enum LedgerMessages {
    private static let ids = UUIDv7Generator()

    private static func envelope(_ type: String, _ origin: String, _ document: StoredDocument) -> Envelope {
        Envelope(
            id: ids.next().description, type: type, source: origin, subject: document.key.text, time: Instant.now(),
            traceparent: document.traceparent)
    }

    /// Announces documents that can be sent, to `ledger.commands` as `ORG.KIND`.
    /// - Parameters:
    ///   - documents: documents that are ready.
    ///   - origin: the service whose relay publishes it.
    ///   - session: the transaction that made them ready.
    public static func announce(
        _ documents: [StoredDocument], origin: String, in session: some PostgresSession
    ) async throws(PostgresError) {
        let messages = documents.map { document in
            OutboxMessage(
                exchange: PipelineTopology.ledgerCommands,
                routingKey: "\(document.key.orgID).\(document.key.kind.rawValue)",
                envelope: envelope(MessageType.command, origin, document),
                body: [
                    "org": .string(document.key.orgID), "kind": .string(document.key.kind.rawValue),
                    "document": .string(document.key.text),
                ])
        }
        guard !messages.isEmpty else { return }
        try await Outbox.add(messages, origin: origin, to: session)
    }

    /// Tells what became of a document, to `ledger.outcomes` as `ORG.KIND.OUTCOME`. The message stands on its own.
    /// - Parameters:
    ///   - outcomes: documents with what became of them: posted, adopted, updated, voided, held, dead.
    ///   - origin: the service whose relay publishes it.
    ///   - session: the transaction that records it.
    public static func report(
        _ outcomes: [(document: StoredDocument, outcome: String)], origin: String, in session: some PostgresSession
    ) async throws(PostgresError) {
        let messages = outcomes.map { document, outcome in
            OutboxMessage(
                exchange: PipelineTopology.ledgerOutcomes,
                routingKey: "\(document.key.orgID).\(document.key.kind.rawValue).\(outcome)",
                envelope: envelope(MessageType.outcome, origin, document),
                body: .object(body(document, outcome)))
        }
        guard !messages.isEmpty else { return }
        try await Outbox.add(messages, origin: origin, to: session)
    }

    private static func body(_ document: StoredDocument, _ outcome: String) -> JSONObject {
        func text(_ value: String?) -> JSONValue { value.map { .string($0) } ?? .null }
        return [
            "org": .string(document.key.orgID), "store": .string(document.key.storeID), "order": text(document.orderID),
            "kind": .string(document.key.kind.rawValue), "document": .string(document.key.text),
            "number": text(document.number), "xero_id": text(document.xeroID), "currency": text(document.currency),
            "total": text(document.total?.description), "tax": text(document.totalTax?.description),
            "date": text(document.date?.description), "outcome": .string(outcome), "reason": text(document.reason),
        ]
    }

    /// Tells that something failed for good, to `dead.letters`.
    /// - Parameters:
    ///   - letters: ids of dead letters with the documents they are about.
    ///   - origin: the service whose relay publishes it.
    ///   - session: the transaction that records it.
    public static func deadLetters(
        _ letters: [(id: Int64, document: StoredDocument)], origin: String, in session: some PostgresSession
    ) async throws(PostgresError) {
        let messages = letters.map { letter in
            OutboxMessage(
                exchange: PipelineTopology.deadLetters,
                routingKey: "\(letter.document.key.orgID).\(letter.document.key.kind.rawValue)",
                envelope: envelope(MessageType.deadLetter, origin, letter.document),
                body: ["dead_letter": .number(JSONNumber(letter.id))])
        }
        guard !messages.isEmpty else { return }
        try await Outbox.add(messages, origin: origin, to: session)
    }
}
