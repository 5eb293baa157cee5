import Postgres

/// One row of `dead_letter`, as far as this service reads it.
struct Letter: Sendable, Hashable {
    var id: Int64
    var service: String
    var errorClass: String
    var groupKey: String
    var message: String
    var state: String
    var occurrences: Int
}

/// How many letters of a class are open, and since when the oldest is.
struct OpenLetters: Sendable, Hashable {
    var errorClass: String
    var count: Int
    var oldestSeconds: Int
}

/// The statements of this service on `dead_letter`.
struct LetterStore: Sendable {
    let session: any PostgresSession

    /// The letter a message announces; nil if it is gone.
    func letter(id: Int64) async throws(PostgresError) -> Letter? {
        let rows = try await session.query(
            """
            SELECT id, service, class, group_key, message, state, occurrences FROM dead_letter WHERE id = \(id)
            """)
        guard let row = rows.first else { return nil }
        return Letter(
            id: try row.decode("id"), service: try row.decode("service"), errorClass: try row.decode("class"),
            groupKey: try row.decode("group_key"), message: try row.decode("message"), state: try row.decode("state"),
            occurrences: try row.decode("occurrences"))
    }

    /// Records a message nobody could handle; a repeat only counts.
    func record(_ message: UndeliverableMessage) async throws(PostgresError) {
        try await session.execute(
            """
            INSERT INTO dead_letter (service, message_id, class, message, suggestion, detail, group_key)
            VALUES ('broker', \(message.id), 'message.undeliverable', \(message.message), \(message.suggestion),
                    \(message.detail), \("message.undeliverable/\(message.origin)/\(message.reason)"))
            ON CONFLICT (message_id) WHERE message_id IS NOT NULL
            DO UPDATE SET occurrences = dead_letter.occurrences + 1, updated_at = now()
            """)
    }

    /// Closes the letters whose document or order is right again.
    /// - Returns: how many were closed.
    func settle() async throws(PostgresError) -> Int {
        let documents = try await session.execute(
            """
            UPDATE dead_letter l SET state = 'resolved', updated_at = now()
            FROM document d
            WHERE l.document_id = d.id AND l.state IN ('open', 'retrying', 'held')
              AND d.state IN ('posted', 'voided', 'superseded')
            """)
        let orders = try await session.execute(
            """
            UPDATE dead_letter l SET state = 'resolved', updated_at = now()
            FROM sale s
            WHERE l.document_id IS NULL AND l.order_id = s.order_id AND l.store_id = s.store_id
              AND l.state IN ('open', 'retrying', 'held')
              AND s.planned_revision = s.revision AND s.state IN ('ignored', 'planned', 'posted', 'voided')
            """)
        return documents + orders
    }

    /// What is open, by class.
    func open() async throws(PostgresError) -> [OpenLetters] {
        let rows = try await session.query(
            """
            SELECT class, count(*) AS letters, extract(epoch FROM now() - min(created_at))::bigint AS oldest
            FROM dead_letter WHERE state = 'open' GROUP BY class ORDER BY class
            """)
        var found: [OpenLetters] = []
        for row in rows {
            found.append(
                OpenLetters(
                    errorClass: try row.decode("class"), count: try row.decode("letters"),
                    oldestSeconds: try row.decode("oldest")))
        }
        return found
    }
}
