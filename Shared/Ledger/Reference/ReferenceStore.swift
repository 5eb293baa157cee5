public import JSON
public import Mapping
public import Postgres

/// Reference data as it is kept, with its age.
public enum ReferenceStore {
    /// Keeps what Xero answered. When it differs from what was known, the org's held orders are planned again: what they were
    /// held for may be there now.
    /// - Parameters:
    ///   - body: the answer.
    ///   - name: what was asked for.
    ///   - orgID: the org.
    ///   - time: the ledger's clock.
    ///   - session: a transaction.
    /// - Returns: whether it differs from what was known.
    @discardableResult
    public static func keep(
        _ body: JSONValue, as name: ReferencePart, of orgID: String, time: LedgerTime,
        in session: some PostgresSession
    ) async throws -> Bool {
        // One at a time for an org: the facts are made of all answers.
        try await session.execute("SELECT 1 FROM org WHERE id = \(orgID) FOR NO KEY UPDATE")
        // The rest of the answer, its id and time, differs every time.
        let text = JSONValue.object([name.member: body[name.member] ?? []]).text.filter { $0 != "\0" }
        let known = try await session.query(
            "SELECT body FROM org_reference WHERE org_id = \(orgID) AND name = \(name.rawValue)")
        let differs = known.first?["body"] != text
        try await put(text, as: name.rawValue, of: orgID, time, in: session)
        guard differs else { return false }
        let facts = OrgFacts(try await load(orgID: orgID, in: session))
        try await put(facts.text, as: OrgFacts.row, of: orgID, time, in: session)
        try await session.execute(
            """
            UPDATE sale SET planned_revision = least(planned_revision, revision - 1), attempts = 0, retry_at = NULL
            WHERE org_id = \(orgID) AND state = 'held'
            """)
        return true
    }

    private static func put(
        _ text: String, as name: String, of orgID: String, _ time: LedgerTime, in session: some PostgresSession
    ) async throws(PostgresError) {
        try await session.execute(
            """
            INSERT INTO org_reference AS r (org_id, name, body, fetched_at)
            VALUES (\(orgID), \(name), \(text), now() + make_interval(secs => \(time.offsetSeconds())::double precision))
            ON CONFLICT (org_id, name) DO UPDATE SET body = excluded.body, fetched_at = excluded.fetched_at,
                is_stale = false,
                changed_at = CASE WHEN r.body = excluded.body THEN r.changed_at ELSE clock_timestamp() END
            """)
    }

    /// What has to be read again: never read, too old, or said to have changed.
    /// - Parameters:
    ///   - orgID: the org.
    ///   - minuteSeconds: the length of Xero's minute in real seconds.
    ///   - time: the ledger's clock.
    ///   - session: where to ask.
    /// - Returns: what, in the order in which it is worth most.
    public static func due(
        orgID: String, minuteSeconds: Double, time: LedgerTime, in session: some PostgresSession
    ) async throws(PostgresError) -> [ReferencePart] {
        let ages = try await ages(orgID: orgID, time: time, in: session)
        return ReferencePart.allCases.filter { name in
            ages[name].map { $0.isStale || $0.seconds >= name.maximumMinutes * minuteSeconds } ?? true
        }
    }

    /// How old what is known of an org is.
    /// - Parameters:
    ///   - orgID: the org.
    ///   - time: the ledger's clock.
    ///   - session: where to ask.
    /// - Returns: by name, the real seconds since it was read, and whether an error said that it changed since.
    public static func ages(
        orgID: String, time: LedgerTime, in session: some PostgresSession
    ) async throws(PostgresError) -> [ReferencePart: (seconds: Double, isStale: Bool)] {
        let rows = try await session.query(
            """
            SELECT name, is_stale, (extract(epoch FROM now() - fetched_at)::double precision
                + \(time.offsetSeconds())::double precision)::double precision AS age
            FROM org_reference WHERE org_id = \(orgID)
            """)
        var ages: [ReferencePart: (seconds: Double, isStale: Bool)] = [:]
        for row in rows {
            guard let name = ReferencePart(rawValue: try row.decode("name")) else { continue }
            ages[name] = (try row.decode("age"), try row.decode("is_stale"))
        }
        return ages
    }

    /// Says that errors told of a change, so that it is read again soon.
    /// - Parameters:
    ///   - errorClasses: the classes of the errors.
    ///   - orgID: the org.
    ///   - minuteSeconds: the length of Xero's minute in real seconds.
    ///   - time: the ledger's clock.
    ///   - session: where to say so.
    public static func markStale(
        after errorClasses: Set<String>, orgID: String, minuteSeconds: Double, time: LedgerTime,
        in session: some PostgresSession
    ) async throws(PostgresError) {
        let names = Set(errorClasses.flatMap { Self.names(after: $0) }).map(\.rawValue).sorted()
        guard !names.isEmpty else { return }
        // Not for every document that fails for the same reason: once what is known is a few minutes old.
        let age = time.offsetSeconds() - 5 * minuteSeconds
        try await session.execute(
            """
            UPDATE org_reference SET is_stale = true
            WHERE org_id = \(orgID) AND name = ANY(\(names)::text[]) AND NOT is_stale
              AND fetched_at < now() + make_interval(secs => \(age)::double precision)
            """)
    }

    private static func names(after errorClass: String) -> [ReferencePart] {
        switch errorClass {
        case "mapping.account": [.accounts]
        case "mapping.tax": [.taxRates, .accounts]
        case "locked": [.organisation]
        case "plan.currency": [.currencies, .actions]
        case "plan.invoices": [.actions]
        case "mapping.item", "duplicate.item": [.items]
        default: []
        }
    }

    // MARK: Reading

    /// Reads what is known of an org.
    /// - Parameters:
    ///   - orgID: the org.
    ///   - session: where to read.
    /// - Returns: what is known.
    public static func load(orgID: String, in session: some PostgresSession) async throws -> ReferenceData {
        ReferenceData(answers: try await answers(of: orgID, in: session)[orgID] ?? [:])
    }

    /// Reads what is known of every org.
    /// - Parameter session: where to read.
    /// - Returns: what is known, by org id; nothing for an org that was never read.
    public static func loadAll(in session: some PostgresSession) async throws -> [String: ReferenceData] {
        try await answers(of: nil, in: session).mapValues { ReferenceData(answers: $0) }
    }

    private static func answers(
        of orgID: String?, in session: some PostgresSession
    ) async throws -> [String: [String: JSONValue]] {
        let rows = try await session.query(
            """
            SELECT org_id, name, body FROM org_reference
            WHERE name = ANY(\(ReferencePart.described.map(\.rawValue))::text[])
              AND (\(orgID as String?)::text IS NULL OR org_id = \(orgID as String?))
            """)
        var answers: [String: [String: JSONValue]] = [:]
        for row in rows {
            let body = try? JSONValue(parsing: row.decode("body", as: String.self))
            answers[try row.decode("org_id"), default: [:]][try row.decode("name")] = body
        }
        return answers
    }

    /// Reads the items of one organisation.
    /// - Parameters:
    ///   - orgID: the org.
    ///   - session: where to read.
    /// - Returns: the items; nil if they were never read.
    public static func items(of orgID: String, in session: some PostgresSession) async throws -> KnownItems? {
        let rows = try await session.query(
            "SELECT body FROM org_reference WHERE org_id = \(orgID) AND name = \(ReferencePart.items.rawValue)")
        return try rows.first.map { try KnownItems(answer: JSONValue(parsing: $0.decode("body", as: String.self))) }
    }

    /// A word that differs whenever what is known of any organisation does.
    /// - Parameter session: where to read.
    /// - Returns: the word; empty if nothing was ever read.
    public static func version(in session: some PostgresSession) async throws(PostgresError) -> String {
        let rows = try await session.query("SELECT max(changed_at)::text AS version FROM org_reference")
        return rows.first?["version"] ?? ""
    }
}
