import JSON
public import Mapping
public import Postgres

/// What organisations said of their accounts, tax rates and tracking, as it was last read.
public enum ReferenceDataStore {
    /// Reads what is known of organisations.
    /// - Parameter session: where to read.
    /// - Returns: what is known, by org id; nothing for an org that was never read.
    /// - Throws: `PostgresError` when the database cannot be read.
    public static func load(from session: some PostgresSession) async throws -> [String: ReferenceData] {
        var answers: [String: [String: JSONValue]] = [:]
        for row in try await session.query(
            """
            SELECT org_id, name, body FROM org_reference
            WHERE name IN ('Organisation', 'Accounts', 'TaxRates', 'TrackingCategories', 'Currencies')
            """)
        {
            let body = try? JSONValue(parsing: row.decode("body", as: String.self))
            answers[try row.decode("org_id"), default: [:]][try row.decode("name")] = body
        }
        return answers.mapValues { ReferenceData(answers: $0) }
    }

    /// Reads the items of one organisation.
    /// - Parameters:
    ///   - orgID: the org.
    ///   - session: where to read.
    /// - Returns: the items; nil if they were never read.
    /// - Throws: `PostgresError` when the database cannot be read.
    public static func items(of orgID: String, in session: some PostgresSession) async throws -> KnownItems? {
        let rows = try await session.query(
            "SELECT body FROM org_reference WHERE org_id = \(orgID) AND name = \(OrgReference.Name.items.rawValue)")
        return try rows.first.map { try KnownItems(answer: JSONValue(parsing: $0.decode("body", as: String.self))) }
    }

    /// A word that differs whenever what is known of any organisation does.
    /// - Parameter session: where to read.
    /// - Returns: the word; empty if nothing was ever read.
    /// - Throws: `PostgresError` when the database cannot be read.
    public static func version(in session: some PostgresSession) async throws(PostgresError) -> String {
        let rows = try await session.query("SELECT max(changed_at)::text AS version FROM org_reference")
        return rows.first?["version"] ?? ""
    }
}
