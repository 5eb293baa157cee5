import Accounting
import JSON
import Ledger
import Mapping
import Postgres
import Xero

/// A document we posted, as recorded here.
struct PostedDocument: Sendable, Hashable {
    var key: DocumentKey
    var number: String?
    var xeroID: String
    var total: ExactDecimal?
    var isVoided: Bool

    var title: String { number ?? key.text }
}

/// Compares what was posted with what Xero has.
struct BookComparison: Sendable {
    /// Clocks differ, and Xero compares to the second.
    static let overlap = Duration.seconds(300)

    let database: PostgresClient
    let reader: BookReader
    let storeID: String?

    func run(
        since: Instant, into result: inout ComparisonResult, progress: (String) async throws -> Void
    ) async throws {
        let kinds: [(DocumentKind, XeroCollection)] = [
            (.invoice, .invoices), (.creditNote, .creditNotes), (.payment, .payments),
            (.quote, .quotes),
        ]
        for (kind, collection) in kinds {
            let known = try await keys(kind)
            // Few shops make quotes: no calls for the others.
            if kind == .quote, known.isEmpty { continue }
            let elements = try await reader.elements(collection, since: since - Self.overlap, progress: progress)
            let posted = try await posted(kind, since: since)
            let all = kind == .payment ? try await posted + self.posted(.refund, since: since) : posted
            let findings = Self.findings(all, elements: elements, collection: collection)
            result.findings += try await repaired(findings)
            result.findings += Self.strangers(elements, collection: collection, known: known, storeID: storeID)
            result.counts.append(("\(collection.rawValue) compared", all.count))
        }
    }

    /// What was posted and is not in Xero is looked up once more by the writer, and posted again if it is not there.
    private func repaired(_ findings: [Finding]) async throws -> [Finding] {
        let missing = findings.filter { $0.kind == .missingInXero }.map(\.subject)
        guard !missing.isEmpty else { return findings }
        let doubted = try await database.withTransaction(retryingSerialization: true) { session in
            try await Doubts.raise(
                keys: missing, cause: "the comparison with Xero did not find it there", by: "reconciler", in: session)
        }
        return findings.map { finding in
            guard finding.kind == .missingInXero, doubted.contains(finding.subject) else { return finding }
            var finding = finding
            finding.repaired = true
            return finding
        }
    }

    /// What was posted since a time.
    private func posted(_ kind: DocumentKind, since: Instant) async throws -> [PostedDocument] {
        let rows = try await database.query(
            """
            SELECT key, number, xero_id, total::text AS total, state FROM document
            WHERE org_id = \(reader.orgID) AND kind = \(kind.rawValue) AND state IN ('posted', 'voided')
                AND xero_id IS NOT NULL AND posted_at >= \(since.rfc3339)::timestamptz
                AND (\(storeID as String?)::text IS NULL OR store_id = \(storeID as String?)) ORDER BY id
            """)
        return try rows.compactMap { row in
            guard let key = DocumentKey(try row.decode("key", as: String.self)) else { return nil }
            return PostedDocument(
                key: key, number: row["number"], xeroID: try row.decode("xero_id"),
                total: row["total"].flatMap { ExactDecimal($0) },
                isVoided: try row.decode("state", as: String.self) == "voided")
        }
    }

    /// The short keys of every document of a kind, whatever became of it; payments and refunds share a collection.
    private func keys(_ kind: DocumentKind) async throws -> Set<String> {
        let kinds = kind == .payment ? ["payment", "refund"] : [kind.rawValue]
        let rows = try await database.query(
            "SELECT key FROM document WHERE org_id = \(reader.orgID) AND kind = ANY(\(kinds)::text[])")
        return Set(try rows.compactMap { DocumentKey(try $0.decode("key", as: String.self))?.shortForm })
    }

    /// Compares documents with the elements Xero returned.
    static func findings(
        _ posted: [PostedDocument], elements: [JSONValue], collection: XeroCollection
    ) -> [Finding] {
        let byID = Dictionary(
            elements.compactMap { element in element[collection.idField]?.string.map { ($0, element) } },
            uniquingKeysWith: { _, last in last })
        var alive: [String: Int] = [:]
        for element in elements where !isGone(element) {
            if let reference = element["Reference"]?.string { alive[reference, default: 0] += 1 }
        }
        return posted.compactMap { document in
            let subject = document.key.text
            guard let element = byID[document.xeroID] else {
                return Finding(
                    kind: .missingInXero, subject: subject,
                    message:
                        "\(document.title) was posted, and Xero does not have it: it is looked up, and posted again.")
            }
            let reference = element["Reference"]?.string ?? ""
            if collection != .invoices, document.key.isNamed(in: reference), alive[reference, default: 0] > 1 {
                return Finding(
                    kind: .doubledInXero, subject: subject,
                    message: "Xero has \(alive[reference, default: 0]) of these with the reference \(reference): "
                        + "delete all but \(document.xeroID).")
            }
            return difference(document, element, subject)
        }
    }

    private static func difference(_ document: PostedDocument, _ element: JSONValue, _ subject: String) -> Finding? {
        let status = element["Status"]?.string ?? ""
        if isGone(element) != document.isVoided {
            return Finding(
                kind: .differsInXero, subject: subject,
                message: document.isVoided
                    ? "\(document.title) was voided by us, and is \(status) in Xero."
                    : "\(document.title) is \(status) in Xero: somebody removed it there.")
        }
        guard let wanted = document.total, !document.isVoided else { return nil }
        guard let has = (element["Total"] ?? element["Amount"])?.decimal, has != wanted else { return nil }
        return Finding(
            kind: .differsInXero, subject: subject,
            message: "\(document.title) is \(has.fixed(2)) in Xero, and was posted as \(wanted.fixed(2)): "
                + "somebody changed it there.")
    }

    /// What carries a key of ours and is not known here: what a restored backup forgot.
    static func strangers(
        _ elements: [JSONValue], collection: XeroCollection, known: Set<String>, storeID: String?
    ) -> [Finding] {
        guard collection != .invoices else { return [] }
        return elements.compactMap { element in
            guard !isGone(element), let reference = element["Reference"]?.string,
                let short = reference.split(whereSeparator: { " []".contains($0) }).map(String.init).first(
                    where: isShortKey),
                storeID == nil || short.hasPrefix("\(storeID ?? ""):"), !known.contains(short)
            else { return nil }
            return Finding(
                kind: .unknownHere, subject: short,
                message:
                    "Xero has \(collection.rawValue.lowercased()) \(element[collection.idField]?.string ?? "") with our "
                    + "reference \(reference), and it is not recorded here: read the order again, and it is adopted.")
        }
    }

    /// `STORE:KIND:SOURCE:PART`
    private static func isShortKey(_ word: String) -> Bool {
        let parts = word.split(separator: ":", omittingEmptySubsequences: false)
        return parts.count >= 4 && DocumentKind(rawValue: String(parts[1])) != nil
    }

    private static func isGone(_ element: JSONValue) -> Bool {
        ["VOIDED", "DELETED", "DECLINED"].contains(element["Status"]?.string ?? "")
    }
}
