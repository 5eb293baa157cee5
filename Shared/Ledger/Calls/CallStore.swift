import Mapping
public import Postgres

/// Calls' rows: written before a call is sent, finished with its result.
public enum CallStore {
    /// Characters of a response that are kept.
    public static let responseLimit = 200_000

    /// Records a call that is about to be sent.
    /// - Parameters:
    ///   - record: the call.
    ///   - deadlineSeconds: real seconds after which its sender is certain to have given up.
    ///   - time: the ledger's clock.
    ///   - session: the transaction that marks its documents.
    public static func begin(
        _ record: CallRecord, deadlineSeconds: Double, time: LedgerTime, in session: some PostgresSession
    ) async throws(PostgresError) {
        let offset = time.offsetSeconds()
        try await session.execute(
            """
            INSERT INTO call (id, org_id, purpose, kind, method, path, body, idempotency_key, holder, traceparent,
                started_at, first_sent_at, deadline)
            VALUES (\(record.id)::uuid, \(record.orgID), \(record.purpose.rawValue),
                \((record.kind?.rawValue).postgresValue), \(record.method), \(record.path), \(record.body.postgresValue),
                \(record.idempotencyKey.postgresValue), \(record.holder), \(record.traceparent.postgresValue),
                now() + make_interval(secs => \(offset)::double precision),
                now() + make_interval(secs => \(offset)::double precision),
                now() + make_interval(secs => \(offset + deadlineSeconds)::double precision))
            """)
        guard !record.elements.isEmpty else { return }
        try await session.execute(
            """
            INSERT INTO call_element (call_id, position, document_id, version, traceparent)
            SELECT \(record.id)::uuid, n.position - 1, n.document, n.version, n.trace
            FROM unnest(\(record.elements.map(\.documentID))::bigint[], \(record.elements.map(\.version))::integer[],
                \(record.elements.map(\.traceparent))::text[]) WITH ORDINALITY AS n (document, version, trace, position)
            """)
    }

    /// Records that the same bytes are about to be sent again under the same key.
    /// - Parameters:
    ///   - id: the call.
    ///   - holder: who sends them.
    ///   - deadlineSeconds: real seconds after which the sender is certain to have given up.
    ///   - time: the ledger's clock.
    ///   - session: where to say so.
    /// - Returns: false if the call has a result by now.
    public static func beginAgain(
        id: String, holder: String, deadlineSeconds: Double, time: LedgerTime, in session: some PostgresSession
    ) async throws(PostgresError) -> Bool {
        try await session.execute(
            """
            UPDATE call SET holder = \(holder), sends = sends + 1,
                deadline = now() + make_interval(secs => \(time.offsetSeconds() + deadlineSeconds)::double precision)
            WHERE id = \(id)::uuid AND finished_at IS NULL
            """) > 0
    }

    /// Locks a call that has no final result yet.
    /// - Parameters:
    ///   - id: the call.
    ///   - session: a transaction.
    /// - Returns: false if it has one: whoever comes later has nothing to add.
    public static func lockUnfinished(
        id: String, in session: some PostgresSession
    ) async throws(PostgresError) -> Bool {
        let rows = try await session.query(
            """
            SELECT 1 AS one FROM call WHERE id = \(id)::uuid AND (finished_at IS NULL OR outcome = 'uncertain')
            FOR NO KEY UPDATE
            """)
        return !rows.isEmpty
    }

    /// Stores a call's result.
    /// - Parameters:
    ///   - id: the call.
    ///   - result: what it came to.
    ///   - time: the ledger's clock.
    ///   - session: the transaction that moves its documents.
    public static func finish(
        id: String, _ result: CallResult, time: LedgerTime, in session: some PostgresSession
    ) async throws(PostgresError) {
        let offset = time.offsetSeconds()
        let response = result.response.map { String($0.prefix(responseLimit)).filter { $0 != "\0" } }
        try await session.execute(
            """
            UPDATE call SET finished_at = now() + make_interval(secs => \(offset)::double precision),
                outcome = \(result.outcome.rawValue), status = coalesce(\(result.status.postgresValue)::integer, status),
                response = coalesce(\(response.postgresValue)::text, response),
                error = coalesce(\(result.error.postgresValue)::text, error),
                settle_until = CASE WHEN \(result.settleSeconds.postgresValue)::double precision IS NULL THEN settle_until
                    ELSE now() + make_interval(secs => \(offset + (result.settleSeconds ?? 0))::double precision) END
            WHERE id = \(id)::uuid
            """)
    }

    /// Stores what became of a call's elements.
    /// - Parameters:
    ///   - id: the call.
    ///   - outcomes: for each document: posted, adopted, refused, unknown or absent, with Xero's words.
    ///   - session: the transaction of the result.
    public static func finishElements(
        id: String, _ outcomes: [(documentID: Int64, outcome: String, message: String?)],
        in session: some PostgresSession
    ) async throws(PostgresError) {
        guard !outcomes.isEmpty else { return }
        try await session.execute(
            """
            UPDATE call_element e SET outcome = n.outcome, message = n.message
            FROM unnest(\(outcomes.map(\.documentID))::bigint[], \(outcomes.map(\.outcome))::text[],
                \(outcomes.map(\.message))::text[]) AS n (document, outcome, message)
            WHERE e.call_id = \(id)::uuid AND e.document_id = n.document
            """)
    }

    /// Counts a call in the ledger of calls per day, endpoint and purpose.
    /// - Parameters:
    ///   - record: the call.
    ///   - isRefused: whether it was refused by a limit.
    ///   - session: where to count.
    public static func count(
        _ record: CallRecord, isRefused: Bool, in session: some PostgresSession
    ) async throws(PostgresError) {
        let endpoint = "\(record.method) \(endpoint(of: record.path))"
        try await session.execute(
            """
            INSERT INTO call_count AS c (org_id, day, endpoint, purpose, calls, refused)
            VALUES (\(record.orgID), (now() AT TIME ZONE 'UTC')::date, \(endpoint), \(record.purpose.rawValue), 1,
                \(isRefused ? 1 : 0))
            ON CONFLICT (org_id, day, endpoint, purpose)
            DO UPDATE SET calls = c.calls + 1, refused = c.refused + excluded.refused
            """)
    }

    /// The endpoint in a path: without the root, ids and query.
    public static func endpoint(of path: String) -> String {
        let words = path.prefix { $0 != "?" }.split(separator: "/").dropFirst(2)
        return words.enumerated().map { $0.offset == 1 ? "{id}" : String($0.element) }.joined(separator: "/")
    }

    /// The calls of an organisation that have no final result: open ones, and uncertain ones that are settling.
    /// - Parameters:
    ///   - orgID: the organisation.
    ///   - time: the ledger's clock.
    ///   - session: where to ask.
    /// - Returns: the calls with their elements, oldest first.
    public static func unfinished(
        orgID: String, time: LedgerTime, in session: some PostgresSession
    ) async throws(PostgresError) -> [UnfinishedCall] {
        let offset = time.offsetSeconds()
        let rows = try await session.query(
            """
            SELECT c.id, c.purpose, c.kind, c.method, c.path, c.body, c.idempotency_key, c.holder, c.finished_at,
                c.traceparent,
                n.present - extract(epoch FROM c.first_sent_at)::double precision AS age,
                extract(epoch FROM c.deadline)::double precision - n.present AS deadline,
                extract(epoch FROM c.settle_until)::double precision - n.present AS settle,
                extract(epoch FROM c.first_sent_at)::double precision AS sent_at,
                ARRAY(SELECT document_id FROM call_element e WHERE e.call_id = c.id AND
                      (e.outcome IS NULL OR e.outcome = 'unknown') ORDER BY position) AS documents,
                ARRAY(SELECT version FROM call_element e WHERE e.call_id = c.id AND
                      (e.outcome IS NULL OR e.outcome = 'unknown') ORDER BY position) AS versions,
                ARRAY(SELECT coalesce(traceparent, '') FROM call_element e WHERE e.call_id = c.id AND
                      (e.outcome IS NULL OR e.outcome = 'unknown') ORDER BY position) AS traces
            FROM call c, (SELECT extract(epoch FROM now())::double precision + \(offset)::double precision AS present) n
            WHERE c.org_id = \(orgID) AND (c.finished_at IS NULL OR c.outcome = 'uncertain')
            ORDER BY c.started_at, c.id
            """)
        var calls: [UnfinishedCall] = []
        for row in rows { calls.append(try unfinished(row, orgID: orgID)) }
        return calls
    }

    private static func unfinished(_ row: PostgresRow, orgID: String) throws(PostgresError) -> UnfinishedCall {
        let documents: [Int64] = try row.decode("documents")
        let versions: [Int] = try row.decode("versions")
        let traces: [String] = try row.decode("traces")
        let elements = zip(zip(documents, versions), traces).map { element, trace in
            CallRecord.Element(
                documentID: element.0, version: element.1, traceparent: trace.isEmpty ? nil : trace)
        }
        let purpose: String = try row.decode("purpose")
        let record = CallRecord(
            id: try row.decode("id"), orgID: orgID, purpose: CallPurpose(rawValue: purpose) ?? .probe,
            kind: row["kind"].flatMap { DocumentKind(rawValue: $0) }, method: try row.decode("method"),
            path: try row.decode("path"), body: row["body"], idempotencyKey: row["idempotency_key"],
            holder: try row.decode("holder"), elements: elements,
            traceparent: row["traceparent"])
        let isSettling = row["finished_at"] != nil
        return UnfinishedCall(
            record: record, ageSeconds: try row.decode("age"), deadlineSeconds: try row.decode("deadline"),
            settleSeconds: isSettling ? try row.decode("settle", as: Double?.self) ?? 0 : nil,
            sentAtSeconds: try row.decode("sent_at"))
    }

    /// When calls to an organisation were made lately, whoever made them: what a new holder of the lease has to pace itself by.
    /// - Parameters:
    ///   - orgID: the organisation.
    ///   - seconds: how far to look back.
    ///   - time: the ledger's clock.
    ///   - session: where to ask.
    /// - Returns: the ages of the calls in seconds, oldest first.
    public static func recentAges(
        orgID: String, within seconds: Double, time: LedgerTime, in session: some PostgresSession
    ) async throws(PostgresError) -> [Double] {
        let offset = time.offsetSeconds()
        let rows = try await session.query(
            """
            SELECT extract(epoch FROM now() - started_at)::double precision + \(offset)::double precision AS age
            FROM call WHERE org_id = \(orgID)
              AND started_at > now() + make_interval(secs => \(offset - seconds)::double precision)
            ORDER BY started_at
            """)
        var ages: [Double] = []
        for row in rows { ages.append(try row.decode("age")) }
        return ages
    }
}
