import Accounting
import ArgumentParser
import Foundation
import JSON
import Postgres

/// `counterfoil reconcile (STORE|ORG) [--since DATE]`
struct ReconcileCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reconcile",
        abstract: "Compare storefront, own state and Xero; list what is missing, doubled or different.",
        discussion: "Orders the storefront has and we have not are read at once. Exits 3 if something needs a person.")

    @Argument(help: "A store, or an org for all of its stores.")
    var subject: String

    @Option(name: .long, help: "Only what changed since this day, as 2026-07-01 (UTC). Default: 30 days ago.")
    var since: String?

    @Option(name: .long, help: "Seconds to wait for the reconciler.")
    var timeout = 900

    @OptionGroup var output: OutputOptions

    func validate() throws {
        if let since, CalendarDate(since) == nil { throw ValidationError("--since takes a date such as 2026-07-01.") }
    }

    func run() async throws {
        let access = DatabaseAccess()
        let (subject, since, timeout, actor) = (subject, since, timeout, access.actor)
        let shows = !output.json && isatty(1) != 0
        let result = try await access.withDatabase { client in
            let id = try await Self.request(subject, since: since, by: actor, client)
            return try await Self.wait(for: id, seconds: timeout, showing: shows, client)
        }
        output.show(result, text: Self.text(result))
        if result.cell("state") != "done" { throw CommandOutcome.failed }
        if result.list("findings").contains(where: { $0["repaired"]?.bool == false }) {
            throw CommandOutcome.needsPerson
        }
    }

    private static func request(
        _ subject: String, since: String?, by actor: String, _ session: some PostgresSession
    ) async throws -> Int64 {
        let rows = try await session.query(
            """
            INSERT INTO reconciliation (requested_by, org_id, store_id, since)
            SELECT \(actor), coalesce(s.org_id, o.id), s.id,
                coalesce((\(since as String?) || 'T00:00:00Z')::timestamptz, now() - interval '30 days')
            FROM (SELECT 1) one LEFT JOIN store s ON s.id = \(subject) AND s.removed_at IS NULL
                LEFT JOIN org o ON o.id = \(subject) AND o.removed_at IS NULL
            WHERE s.id IS NOT NULL OR o.id IS NOT NULL RETURNING id
            """)
        guard let id = try rows.first?.decode("id", as: Int64.self) else {
            throw CommandFailure("There is neither a store nor an org \(subject). 'counterfoil status' lists both.")
        }
        return id
    }

    private static func wait(
        for id: Int64, seconds: Int, showing: Bool, _ session: some PostgresSession
    ) async throws -> JSONValue {
        let deadline = ContinuousClock.now + .seconds(seconds)
        var shown = ""
        while true {
            let row = try await session.json(
                """
                SELECT to_json(t) FROM (
                    SELECT id, state, coalesce(progress, 'waiting for the reconciler') AS progress, summary, error,
                        coalesce((SELECT json_agg(f ORDER BY f.position) FROM reconciliation_finding f
                                  WHERE f.reconciliation_id = r.id), '[]') AS findings
                    FROM reconciliation r WHERE id = \(id)
                ) t
                """)
            if ["done", "failed"].contains(row.cell("state")) { return row }
            if showing, row.cell("progress") != shown {
                shown = row.cell("progress")
                FileHandle.standardError.write(Data("\(shown)…\n".utf8))
            }
            guard ContinuousClock.now < deadline else {
                throw CommandFailure(
                    "Reconciliation \(id) is not done after \(seconds) s (\(row.cell("progress"))). "
                        + "Is the service 'reconciler' running? It goes on by itself.")
            }
            try await Task.sleep(for: .milliseconds(300))
        }
    }

    static func text(_ result: JSONValue) -> [String] {
        guard result.cell("state") == "done" else {
            return ["Reconciliation \(result.cell("id")) failed: \(result.cell("error"))"]
        }
        var lines: [String] = []
        for (name, value) in result["summary"]?.object ?? [:] {
            lines.append("\(name): \(value.int.map(String.init) ?? value.text)")
        }
        let findings = result.list("findings")
        if findings.isEmpty { return lines + ["Storefront, own state and Xero agree."] }
        var table = TextTable(["finding", "subject", "", "what"])
        for finding in findings {
            table.add([
                finding.cell("kind"), finding.cell("subject"), finding["repaired"]?.bool == true ? "repaired" : "to do",
                finding.cell("message"),
            ])
        }
        return lines + [""] + table.lines
    }
}
