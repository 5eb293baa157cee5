import JSON
import Mapping
public import Postgres

/// Why a document failed for good.
public struct DocumentFailure: Sendable, Hashable {
    /// Groups failures of one kind, e.g. `mapping.account`.
    public var errorClass: String
    /// The other side's own words.
    public var message: String
    /// What happened, in a person's words.
    public var sentence: String
    /// What to do about it.
    public var suggestion: String

    /// A failure.
    /// - Parameters:
    ///   - errorClass: groups failures of one kind.
    ///   - message: the other side's own words.
    ///   - sentence: what happened, in a person's words.
    ///   - suggestion: what to do about it.
    public init(errorClass: String, message: String, sentence: String, suggestion: String) {
        self.errorClass = errorClass
        self.message = message
        self.sentence = sentence
        self.suggestion = suggestion
    }
}

/// Dead letters of documents: one open row a document.
public enum DeadLetters {
    /// Records that documents failed for good, with the messages that say so.
    /// - Parameters:
    ///   - failures: the documents with the reasons.
    ///   - service: who gave up; also the origin of the outbox rows.
    ///   - callID: the call that failed.
    ///   - session: the transaction that records the last attempt.
    public static func add(
        _ failures: [(document: StoredDocument, failure: DocumentFailure)], service: String, callID: String?,
        in session: some PostgresSession
    ) async throws(PostgresError) {
        var letters: [(id: Int64, document: StoredDocument)] = []
        for (document, failure) in failures {
            let group = "\(document.key.orgID)/\(failure.errorClass)/\(shape(of: failure.message))"
            let rows = try await session.query(
                """
                INSERT INTO dead_letter AS l (service, org_id, store_id, order_id, document_id, call_id, class, message,
                    suggestion, detail, group_key)
                VALUES (\(service), \(document.key.orgID), \(document.key.storeID), \(document.orderID.postgresValue),
                    \(document.id), \(callID.postgresValue)::uuid, \(failure.errorClass), \(failure.message),
                    \(failure.suggestion), \(String(document.desired.text.prefix(20_000))), \(group))
                ON CONFLICT (document_id) WHERE state IN ('open', 'retrying', 'held')
                DO UPDATE SET updated_at = now(), call_id = excluded.call_id, class = excluded.class,
                    message = excluded.message, suggestion = excluded.suggestion, detail = excluded.detail,
                    group_key = excluded.group_key, occurrences = l.occurrences + 1, state = 'open'
                RETURNING id
                """)
            if let row = rows.first { letters.append((try row.decode("id"), document)) }
        }
        try await LedgerMessages.deadLetters(letters, origin: service, in: session)
    }

    /// Closes the letters of documents that made it after all.
    /// - Parameters:
    ///   - ids: documents that are posted now.
    ///   - session: the transaction that records it.
    public static func resolve(_ ids: [Int64], in session: some PostgresSession) async throws(PostgresError) {
        guard !ids.isEmpty else { return }
        try await session.execute(
            """
            UPDATE dead_letter SET state = 'resolved', updated_at = now()
            WHERE document_id = ANY(\(ids)::bigint[]) AND state IN ('open', 'retrying', 'held')
            """)
    }

    /// A message without what differs from case to case: numbers and what is quoted.
    static func shape(of message: String) -> String {
        var shape = ""
        var quote: Character?
        for character in message.lowercased() {
            if let open = quote {
                if character == open { quote = nil }
            } else if character == "\"" || character == "'" {
                quote = character
                shape += "…"
            } else if character.isNumber {
                if shape.last != "#" { shape.append("#") }
            } else {
                shape.append(character)
            }
        }
        return String(shape.prefix(200))
    }
}
