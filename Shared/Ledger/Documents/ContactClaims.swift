import JSON
import Mapping
public import Postgres

/// Claims of contacts' names: made before any call, unique in the organisation as Xero compares names.
public enum ContactClaims {
    /// Claims a name for a contact: the name itself, or with the first number that nobody has claimed.
    ///
    /// A contact that already has the name, with or without a number, keeps it.
    /// - Parameters:
    ///   - document: the contact.
    ///   - base: the name that is wanted.
    ///   - present: the names that it has claimed.
    ///   - session: a transaction that holds the contact's row.
    /// - Returns: the name to use.
    static func claim(
        for document: StoredDocument, base: String, present: [String], in session: some PostgresSession
    ) async throws(PostgresError) -> String {
        let claimed = present.filter { ContactName.number(of: $0, base: base) != nil }
        // Names that Xero refused stay claimed beside the one that it has.
        if let name = claimed.first(where: { $0 == document.desired["Name"]?.string }) ?? claimed.first { return name }
        return try await claim(from: 1, for: document, base: base, in: session)
    }

    /// Gives up the present name, which Xero refuses because somebody else has it, and claims the next one.
    /// - Parameters:
    ///   - document: the contact.
    ///   - session: a transaction that holds the contact's row.
    /// - Returns: the name to use.
    public static func claimNext(
        for document: StoredDocument, in session: some PostgresSession
    ) async throws(PostgresError) -> String {
        let present = document.desired["Name"]?.string ?? document.key.sourceID
        let (base, number) = split(present)
        // The refused name stays claimed: it is taken in Xero, for every contact of ours.
        return try await claim(from: number + 1, for: document, base: base, in: session)
    }

    private static func claim(
        from first: Int, for document: StoredDocument, base: String, in session: some PostgresSession
    ) async throws(PostgresError) -> String {
        var number = first
        if try await insert(base, number, document, session) { return ContactName.suffixed(base, number) }
        // Many guests share a name: look for the end of the row by doubling, then by halving.
        var taken = number
        var step = 1
        while try await isTaken(base, taken + step, document, session) {
            taken += step
            step *= 2
        }
        var free = taken + step
        while free - taken > 1 {
            let middle = taken + (free - taken) / 2
            if try await isTaken(base, middle, document, session) { taken = middle } else { free = middle }
        }
        number = free
        while try await !insert(base, number, document, session) { number += 1 }
        return ContactName.suffixed(base, number)
    }

    private static func isTaken(
        _ base: String, _ number: Int, _ document: StoredDocument, _ session: some PostgresSession
    ) async throws(PostgresError) -> Bool {
        let folded = ContactName.folded(ContactName.suffixed(base, number))
        let rows = try await session.query(
            """
            SELECT 1 AS one FROM contact_name WHERE org_id = \(document.key.orgID) AND folded_name = \(folded)
            UNION ALL SELECT 1 FROM xero_contact
            WHERE org_id = \(document.key.orgID) AND folded_name = \(folded) AND status = 'ACTIVE'
            """)
        return !rows.isEmpty
    }

    private static func insert(
        _ base: String, _ number: Int, _ document: StoredDocument, _ session: some PostgresSession
    ) async throws(PostgresError) -> Bool {
        let name = ContactName.suffixed(base, number)
        let folded = ContactName.folded(name)
        // The name itself may be the customer's own contact in Xero; a numbered one that Xero has is somebody else's.
        return try await session.execute(
            """
            INSERT INTO contact_name (org_id, folded_name, document_id, name)
            SELECT \(document.key.orgID), \(folded), \(document.id)::bigint, \(name)
            WHERE \(number == 1) OR NOT EXISTS (SELECT 1 FROM xero_contact
                WHERE org_id = \(document.key.orgID) AND folded_name = \(folded) AND status = 'ACTIVE')
            ON CONFLICT DO NOTHING
            """) > 0
    }

    /// A name's base and number: `John Smith (2)` is John Smith's second.
    static func split(_ name: String) -> (base: String, number: Int) {
        guard name.hasSuffix(")"), let open = name.lastIndex(of: "("), open > name.startIndex,
            let number = Int(name[name.index(after: open)...].dropLast()), number > 1,
            name[..<open].hasSuffix(" ")
        else { return (name, 1) }
        return (String(name[..<open].dropLast()), number)
    }
}
