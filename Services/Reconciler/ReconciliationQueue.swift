import Accounting
import JSON
import Postgres

/// One comparison somebody asked for.
struct ReconciliationRequest: Sendable, Hashable {
    var id: Int64
    var orgID: String
    /// Only this store; nil for all of the org's.
    var storeID: String?
    var since: Instant
}

/// Something that is not as it should be.
struct Finding: Sendable, Hashable {
    /// What kind of difference.
    enum Kind: String, Sendable, Hashable {
        /// Posted by us, and Xero does not have it.
        case missingInXero = "missing_in_xero"
        /// Xero has it more than once.
        case doubledInXero = "doubled_in_xero"
        /// Xero has it, with other amounts or another status.
        case differsInXero = "differs_in_xero"
        /// Xero has it with our key, and it is not known here.
        case unknownHere = "unknown_here"
        /// The storefront has it, and it was never read.
        case notObserved = "not_observed"
        /// The storefront has a newer version than the one read.
        case outdated = "outdated"
    }

    var kind: Kind
    /// A document's key, or STORE/ORDER.
    var subject: String
    /// What is wrong, in a sentence.
    var message: String
    /// Whether it is being put right already.
    var repaired = false
}

/// The rows of comparisons: asked for, under way, done.
struct ReconciliationQueue: Sendable {
    let database: PostgresClient
    let holder: String

    /// Takes the oldest request that nobody works on, or whose worker has gone.
    func claim() async throws -> ReconciliationRequest? {
        let rows = try await database.query(
            """
            UPDATE reconciliation SET state = 'running', claimed_by = \(holder),
                claimed_until = now() + interval '2 minutes', progress = 'begun'
            WHERE id = (SELECT id FROM reconciliation WHERE state = 'requested'
                            OR state = 'running' AND claimed_until < now()
                        ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED)
            RETURNING id, org_id, store_id, (extract(epoch FROM since) * 1000000)::bigint AS since
            """)
        guard let row = rows.first else { return nil }
        return ReconciliationRequest(
            id: try row.decode("id"), orgID: try row.decode("org_id"), storeID: row["store_id"],
            since: Instant(microseconds: try row.decode("since")))
    }

    /// Says how far it is, and that it is still worked on.
    func progress(_ id: Int64, _ text: String) async throws {
        try await database.execute(
            """
            UPDATE reconciliation SET progress = \(text), claimed_until = now() + interval '2 minutes'
            WHERE id = \(id) AND claimed_by = \(holder)
            """)
    }

    /// Stores what was found, in place of what an earlier worker may have left.
    func finish(_ id: Int64, _ result: ComparisonResult) async throws {
        let findings = result.findings
        try await database.withTransaction { transaction in
            try await transaction.execute("DELETE FROM reconciliation_finding WHERE reconciliation_id = \(id)")
            try await transaction.execute(
                """
                INSERT INTO reconciliation_finding (reconciliation_id, position, kind, subject, message, repaired)
                SELECT \(id), f.position, f.kind, f.subject, f.message, f.repaired = 'yes'
                FROM unnest(\(findings.map(\.kind.rawValue))::text[], \(findings.map(\.subject))::text[],
                    \(findings.map(\.message))::text[], \(findings.map { $0.repaired ? "yes" : "no" })::text[])
                    WITH ORDINALITY AS f (kind, subject, message, repaired, position)
                """)
            try await transaction.execute(
                """
                UPDATE reconciliation SET state = 'done', finished_at = now(), summary = \(result.summary.text)::jsonb
                WHERE id = \(id) AND claimed_by = \(holder)
                """)
        }
    }

    /// It could not be done.
    func fail(_ id: Int64, _ reason: String) async throws {
        try await database.execute(
            """
            UPDATE reconciliation SET state = 'failed', finished_at = now(), error = \(reason)
            WHERE id = \(id) AND claimed_by = \(holder)
            """)
    }
}
