import JSON
public import Postgres
public import Xero

/// Xero's contacts as rows: read once as a whole and then by what changed, archived ones included, so that names and merged
/// contacts are known without asking.
public enum ContactMirror {
    /// Xero's minutes after which what changed is read again.
    public static let maximumMinutes = 30.0
    /// Xero's minutes from which a reading overlaps the one before: clocks differ.
    static let marginMinutes = 5.0
    /// Pages of a thousand beyond which an organisation's contacts are not read: Xero's refusals tell of the rest.
    public static let pageLimit = 200

    /// A page that is to be read.
    public struct Reading: Sendable, Hashable {
        /// The page, from 1.
        public var page: Int
        /// Only what changed since, in seconds from the epoch; nil for everything.
        public var since: Double?
        /// When the reading began, in seconds from the epoch.
        var beganAt: Double
    }

    /// What is known of an organisation's contacts.
    public struct Age: Sendable, Hashable {
        /// How many are known.
        public var contacts: Int
        /// Real seconds since they were last read; nil if they never were.
        public var seconds: Double?
        /// Whether there are more than are read.
        public var isCut: Bool
    }

    /// The page that is to be read next.
    /// - Parameters:
    ///   - orgID: the org.
    ///   - minuteSeconds: the length of Xero's minute in real seconds.
    ///   - time: the ledger's clock.
    ///   - session: where to ask.
    /// - Returns: nil while what is known is young enough.
    public static func next(
        orgID: String, minuteSeconds: Double, time: LedgerTime, in session: some PostgresSession
    ) async throws(PostgresError) -> Reading? {
        let margin = marginMinutes * max(60, minuteSeconds)
        let rows = try await session.query(
            """
            SELECT n.at, extract(epoch FROM r.began_at)::double precision AS began, coalesce(r.next_page, 1) AS page,
                extract(epoch FROM r.watermark)::double precision AS watermark,
                n.at - extract(epoch FROM r.finished_at)::double precision AS age
            FROM (SELECT extract(epoch FROM now())::double precision + \(time.offsetSeconds())::double precision AS at) n
            LEFT JOIN contact_reading r ON r.org_id = \(orgID)
            """)
        guard let row = rows.first else { return nil }
        let watermark: Double? = try row.decode("watermark")
        let since = watermark.map { $0 - margin }
        if let began: Double = try row.decode("began") {
            return Reading(page: try row.decode("page"), since: since, beganAt: began)
        }
        if let age: Double = try row.decode("age"), age < maximumMinutes * minuteSeconds { return nil }
        return Reading(page: 1, since: since, beganAt: try row.decode("at"))
    }

    /// Keeps a page.
    /// - Parameters:
    ///   - elements: the contacts on it.
    ///   - reading: the page.
    ///   - isLast: whether it is the last one.
    ///   - orgID: the org.
    ///   - session: a transaction.
    public static func keep(
        _ elements: [XeroElement], of reading: Reading, isLast: Bool, orgID: String, in session: some PostgresSession
    ) async throws(PostgresError) {
        try await keep(elements, orgID: orgID, in: session)
        let isCut = !isLast && reading.page >= pageLimit
        let isOver = isLast || isCut
        try await session.execute(
            """
            INSERT INTO contact_reading AS r (org_id, watermark, began_at, next_page, finished_at, is_cut)
            SELECT \(orgID), CASE WHEN \(isOver) THEN t.began END, CASE WHEN NOT \(isOver) THEN t.began END,
                CASE WHEN \(isOver) THEN 1 ELSE \(reading.page + 1)::integer END,
                CASE WHEN \(isOver) THEN t.began END, \(isCut)
            FROM (SELECT to_timestamp(\(reading.beganAt)::double precision) AS began) t
            ON CONFLICT (org_id) DO UPDATE SET watermark = coalesce(excluded.watermark, r.watermark),
                began_at = excluded.began_at, next_page = excluded.next_page,
                finished_at = coalesce(excluded.finished_at, r.finished_at), is_cut = r.is_cut OR excluded.is_cut
            """)
    }

    /// Keeps contacts that Xero returned.
    /// - Parameters:
    ///   - elements: the contacts.
    ///   - orgID: the org.
    ///   - isOurs: whether they were just written from here, so that new ones need not be followed.
    ///   - isDoubted: whether they are to be followed even if nothing about them is new.
    ///   - session: a transaction.
    public static func keep(
        _ elements: [XeroElement], orgID: String, isOurs: Bool = false, isDoubted: Bool = false,
        in session: some PostgresSession
    ) async throws(PostgresError) {
        var contacts: [String: MirroredContact] = [:]
        for element in elements {
            if let contact = MirroredContact(element) { contacts[contact.id] = contact }
        }
        guard !contacts.isEmpty else { return }
        // Rows are locked in one order, whoever keeps them.
        let list = contacts.values.sorted { $0.id < $1.id }
        try await session.execute(
            """
            INSERT INTO xero_contact AS c
                (org_id, xero_id, name, folded_name, number, email, status, merged_to, content, is_followed)
            SELECT \(orgID), n.id, n.name, n.folded, n.number, n.email, n.status, n.merged, n.content,
                \(isOurs) AND n.status = 'ACTIVE' AND n.merged IS NULL
            FROM unnest(\(list.map(\.id))::text[], \(list.map(\.name))::text[],
                \(list.map { ContactName.folded($0.name) })::text[], \(list.map(\.number))::text[],
                \(list.map(\.email))::text[], \(list.map(\.status))::text[], \(list.map(\.mergedTo))::text[],
                \(list.map { $0.fields.json.text.filter { $0 != "\0" } })::text[])
                AS n (id, name, folded, number, email, status, merged, content)
            ON CONFLICT (org_id, xero_id) DO UPDATE SET name = excluded.name, folded_name = excluded.folded_name,
                number = excluded.number, email = excluded.email, status = excluded.status,
                merged_to = excluded.merged_to, content = excluded.content, read_at = now(),
                is_followed = c.is_followed AND NOT \(isDoubted) AND c.name = excluded.name
                    AND c.status = excluded.status AND c.merged_to IS NOT DISTINCT FROM excluded.merged_to
            """)
    }

    /// Forgets a contact that Xero may not have after all: it is looked up, and known again if it is there.
    static func forget(_ id: String, orgID: String, in session: some PostgresSession) async throws(PostgresError) {
        try await session.execute("DELETE FROM xero_contact WHERE org_id = \(orgID) AND xero_id = \(id)")
    }

    /// Contacts by their ids.
    static func contacts(
        ids: [String], orgID: String, in session: some PostgresSession
    ) async throws(PostgresError) -> [String: MirroredContact] {
        guard !ids.isEmpty else { return [:] }
        let rows = try await session.query(
            """
            SELECT \(unsafeSQL: MirroredContact.columns) FROM xero_contact
            WHERE org_id = \(orgID) AND xero_id = ANY(\(ids)::text[])
            """)
        var found: [String: MirroredContact] = [:]
        for row in rows {
            let contact = try MirroredContact(row: row)
            found[contact.id] = contact
        }
        return found
    }

    /// How much is known, and how old it is.
    /// - Parameters:
    ///   - orgID: the org.
    ///   - time: the ledger's clock.
    ///   - session: where to ask.
    /// - Returns: what is known.
    public static func age(
        orgID: String, time: LedgerTime, in session: some PostgresSession
    ) async throws(PostgresError) -> Age {
        let rows = try await session.query(
            """
            SELECT (SELECT count(*) FROM xero_contact WHERE org_id = \(orgID)) AS contacts,
                (SELECT extract(epoch FROM now() - finished_at)::double precision
                    + \(time.offsetSeconds())::double precision FROM contact_reading WHERE org_id = \(orgID)) AS age,
                coalesce((SELECT is_cut FROM contact_reading WHERE org_id = \(orgID)), false) AS is_cut
            """)
        guard let row = rows.first else { return Age(contacts: 0, seconds: nil, isCut: false) }
        return Age(
            contacts: try row.decode("contacts"), seconds: try row.decode("age"), isCut: try row.decode("is_cut"))
    }
}
