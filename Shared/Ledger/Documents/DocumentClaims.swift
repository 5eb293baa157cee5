public import Mapping
public import Postgres

/// Documents of one kind that one kind of call can carry.
public struct BatchShape: Sendable, Hashable {
    /// The kind of document.
    public var kind: DocumentKind
    /// What the call would do with them.
    public var operation: DocumentOperation
    /// Whether they are to be looked up before anything is sent.
    public var isLookup: Bool

    /// A shape.
    /// - Parameters:
    ///   - kind: the kind of document.
    ///   - operation: what the call would do with them.
    ///   - isLookup: whether they are to be looked up before anything is sent.
    public init(_ kind: DocumentKind, _ operation: DocumentOperation, isLookup: Bool = false) {
        self.kind = kind
        self.operation = operation
        self.isLookup = isLookup
    }

    /// The shapes there are.
    public static let all: [BatchShape] = [
        BatchShape(.contact, .create), BatchShape(.contact, .update), BatchShape(.invoice, .create),
        BatchShape(.invoice, .update), BatchShape(.invoice, .void), BatchShape(.payment, .create),
        BatchShape(.creditNote, .create), BatchShape(.creditNote, .update), BatchShape(.creditNote, .void),
        BatchShape(.refund, .create), BatchShape(.allocation, .create), BatchShape(.payment, .void),
        BatchShape(.refund, .void), BatchShape(.allocation, .void),
        BatchShape(.item, .create), BatchShape(.item, .create, isLookup: true),
        BatchShape(.contact, .create, isLookup: true), BatchShape(.invoice, .create, isLookup: true),
        BatchShape(.payment, .create, isLookup: true), BatchShape(.creditNote, .create, isLookup: true),
        BatchShape(.refund, .create, isLookup: true), BatchShape(.allocation, .create, isLookup: true),
        BatchShape(.invoice, .void, isLookup: true), BatchShape(.creditNote, .void, isLookup: true),
        BatchShape(.contact, .update, isLookup: true), BatchShape(.invoice, .update, isLookup: true),
        BatchShape(.creditNote, .update, isLookup: true), BatchShape(.payment, .void, isLookup: true),
        BatchShape(.refund, .void, isLookup: true), BatchShape(.allocation, .void, isLookup: true),
        BatchShape(.quote, .create), BatchShape(.quote, .update), BatchShape(.quote, .void),
        BatchShape(.quote, .create, isLookup: true), BatchShape(.quote, .update, isLookup: true),
        BatchShape(.quote, .void, isLookup: true),
    ]
}

/// What is ready of one shape.
public struct BatchCandidate: Sendable, Hashable {
    /// The shape.
    public var shape: BatchShape
    /// How many are ready, counted up to a batch.
    public var count: Int
    /// Seconds since the first of them became ready.
    public var ageSeconds: Double
    /// The lane of the one that goes first.
    public var lane: Int

    /// A candidate.
    /// - Parameters:
    ///   - shape: the shape.
    ///   - count: how many are ready, counted up to a batch.
    ///   - ageSeconds: seconds since the first of them became ready.
    ///   - lane: the lane of the one that goes first.
    public init(shape: BatchShape, count: Int, ageSeconds: Double, lane: Int = 0) {
        self.shape = shape
        self.count = count
        self.ageSeconds = ageSeconds
        self.lane = lane
    }
}

/// What a writer takes next, from rows.
public enum DocumentClaims {
    /// What is ready, by shape.
    /// - Parameters:
    ///   - orgID: the organisation.
    ///   - limit: the size of a batch.
    ///   - maximumLane: the last lane that may be worked now; backfill waits when the day's calls run out.
    ///   - time: the ledger's clock.
    ///   - session: where to ask.
    /// - Returns: the shapes that have something ready.
    public static func candidates(
        orgID: String, limit: Int, maximumLane: Int, time: LedgerTime, in session: some PostgresSession
    ) async throws(PostgresError) -> [BatchCandidate] {
        let shapes = BatchShape.all
        let offset = time.offsetSeconds()
        let rows = try await session.query(
            """
            SELECT s.position, c.n, c.age, c.lane
            FROM unnest(\(shapes.map(\.kind.rawValue))::text[], \(shapes.map(\.operation.rawValue))::text[],
                        \(shapes.map(\.isLookup))::boolean[]) WITH ORDINALITY AS s (kind, operation, lookup, position)
            CROSS JOIN LATERAL (
                SELECT count(*) AS n, max(x.age)::double precision AS age, min(x.lane) AS lane FROM (
                    SELECT extract(epoch FROM now() - d.ready_at)::double precision + \(offset)::double precision AS age,
                        d.lane
                    FROM document d
                    WHERE d.org_id = \(orgID) AND d.kind = s.kind AND d.operation = s.operation AND d.state = 'ready'
                      AND d.store_id NOT IN (\(unsafeSQL: DryRun.stores))
                      AND d.lookup_first = s.lookup AND d.lane <= \(maximumLane)::integer
                      AND d.ready_at <= now() + make_interval(secs => \(offset)::double precision)
                    ORDER BY d.lane, d.id LIMIT \(limit)::integer) x) c
            WHERE c.n > 0
            """)
        var found: [BatchCandidate] = []
        for row in rows {
            let position: Int = try row.decode("position")
            found.append(
                BatchCandidate(
                    shape: shapes[position - 1], count: try row.decode("n"), ageSeconds: try row.decode("age"),
                    lane: try row.decode("lane")))
        }
        return found
    }

    /// Locks the documents that go first, leaving out those that somebody is planning at this moment.
    /// - Parameters:
    ///   - shape: which documents.
    ///   - orgID: the organisation.
    ///   - limit: the most that one call carries.
    ///   - isByAge: whether the oldest go first whatever their lane, so that no lane waits for ever.
    ///   - only: only these documents; nil for any.
    ///   - maximumLane: the last lane that may be worked now.
    ///   - time: the ledger's clock.
    ///   - session: the transaction that marks them.
    /// - Returns: the documents, those that go first first.
    public static func take(
        _ shape: BatchShape, orgID: String, limit: Int, isByAge: Bool, only: [Int64]? = nil, maximumLane: Int,
        time: LedgerTime, in session: some PostgresSession
    ) async throws(PostgresError) -> [StoredDocument] {
        let order = isByAge ? "id" : "lane, id"
        return try DocumentStore.read(
            await session.query(
                """
                SELECT \(unsafeSQL: StoredDocument.columns) FROM document
                WHERE org_id = \(orgID) AND kind = \(shape.kind.rawValue) AND operation = \(shape.operation.rawValue)
                  AND state = 'ready' AND lookup_first = \(shape.isLookup) AND lane <= \(maximumLane)::integer
                  AND store_id NOT IN (\(unsafeSQL: DryRun.stores))
                  AND (\((only ?? []).isEmpty) OR id = ANY(\(only ?? [])::bigint[]))
                  AND ready_at <= now() + make_interval(secs => \(time.offsetSeconds())::double precision)
                ORDER BY \(unsafeSQL: order) LIMIT \(limit)::integer FOR NO KEY UPDATE SKIP LOCKED
                """))
    }

    /// Marks what depends on adopted documents to be looked up before it is sent: it may be in Xero as well.
    /// - Parameters:
    ///   - ids: documents that were found in Xero.
    ///   - session: the transaction of the adoption.
    public static func lookUpDependants(of ids: [Int64], in session: some PostgresSession) async throws(PostgresError) {
        guard !ids.isEmpty else { return }
        try await session.execute(
            """
            WITH RECURSIVE needing (id) AS (
                SELECT document_id FROM document_dependency WHERE depends_on = ANY(\(ids)::bigint[])
                UNION SELECT x.document_id FROM document_dependency x JOIN needing n ON x.depends_on = n.id
            )
            UPDATE document d SET lookup_first = true
            FROM needing n
            WHERE d.id = n.id AND d.xero_id IS NULL AND d.sent_version = 0 AND d.state IN ('planned', 'waiting', 'ready')
            """)
    }
}
