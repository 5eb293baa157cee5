import JSON
import Postgres

/// The statements behind `orders show`: from the order forward to its documents and calls, and back to what was said.
enum OrderQueries {
    /// Everything known of an order; nil if there is no such order.
    static func read(store: String, order: String, _ session: some PostgresSession) async throws -> JSONValue? {
        let sale = try await session.json(
            """
            SELECT to_json(t) FROM (
                SELECT store_id AS store, order_id AS id, order_number AS number, org_id AS org, state, reason, findings,
                    store_status AS status, currency, total::text, total_tax::text AS tax, refunded::text,
                    revision, planned_revision, mapping_version, created_at, modified_at, paid_at, attempts,
                    split_part(traceparent, '-', 2) AS trace
                FROM sale WHERE store_id = \(store) AND (order_number = \(order) OR order_id = \(order))
                ORDER BY order_number = \(order) DESC LIMIT 1
            ) t
            """)
        guard sale != .null else { return nil }
        let id = sale.cell("id")
        return [
            "order": sale,
            "versions": try await session.json(
                """
                SELECT coalesce(json_agg(t), '[]') FROM (
                    SELECT revision, modified_at, observed_at, source FROM snapshot
                    WHERE store_id = \(store) AND entity = 'order' AND entity_id = \(id) ORDER BY revision
                ) t
                """),
            "deliveries": try await session.json(
                """
                SELECT coalesce(json_agg(t), '[]') FROM (
                    SELECT received_at, topic, outcome, reason FROM event
                    WHERE store_id = \(store) AND entity = 'order' AND entity_id = \(id)
                    ORDER BY received_at DESC LIMIT 20
                ) t
                """),
            "anomalies": try await session.json(
                """
                SELECT coalesce(json_agg(t), '[]') FROM (
                    SELECT kind, message, flagged_at, accepted_at, accepted_by FROM anomaly
                    WHERE store_id = \(store) AND order_id = \(id) ORDER BY flagged_at, kind, subject
                ) t
                """),
            "documents": try await session.json(documents(store: store, id: id)),
            "summaries": try await session.json(summaries(store: store, id: id)),
            "payouts": try await session.json(PayoutQueries.of(order: id, store: store)),
            "summed": try await session.json(summed(store: store, id: id)),
            "calls": try await session.json(calls(store: store, id: id)),
            "letters": try await session.json(
                """
                SELECT coalesce(json_agg(t), '[]') FROM (
                    SELECT l.id, l.class, l.message, l.suggestion, l.state FROM dead_letter l
                    LEFT JOIN document d ON d.id = l.document_id
                    WHERE coalesce(d.store_id, l.store_id) = \(store) AND coalesce(d.order_id, l.order_id) = \(id)
                    ORDER BY l.id
                ) t
                """),
            "history": try await session.json(
                """
                SELECT coalesce(json_agg(t), '[]') FROM (
                    SELECT a.at, a.actor, a.subject, a.change, a.cause FROM audit a
                    WHERE a.subject = \("\(store)/\(id)")
                       OR a.subject IN (SELECT key FROM document WHERE store_id = \(store) AND order_id = \(id))
                    ORDER BY a.id LIMIT 500
                ) t
                """),
        ]
    }

    private static func documents(store: String, id: String) -> PostgresQuery {
        """
        SELECT coalesce(json_agg(t), '[]') FROM (
            SELECT d.key, d.kind, d.number, d.state, d.state_reason AS reason, d.total::text, d.total_tax::text AS tax,
                d.currency, d.document_date AS date, d.xero_id, d.desired_version, d.sent_version, d.posted_version,
                d.attempts, d.mapping_version, d.snapshot_revision
            FROM document d
            WHERE d.store_id = \(store) AND d.order_id = \(id) OR d.id IN (
                SELECT p.depends_on FROM document_dependency p JOIN document x ON x.id = p.document_id
                WHERE x.store_id = \(store) AND x.order_id = \(id))
            ORDER BY d.id
        ) t
        """
    }

    /// The daily summaries and payouts that an order is in, or will be.
    private static func summaries(store: String, id: String) -> PostgresQuery {
        """
        SELECT coalesce(json_agg(t), '[]') FROM (
            SELECT e.source, e.summary_id AS summary, s.state, d.number, d.xero_id, e.day, e.closes, e.happened_on,
                e.total::text, e.total_tax::text AS tax, e.currency, e.content::json AS content
            FROM summary_entry e
            LEFT JOIN sale s ON s.store_id = e.store_id AND s.order_id = e.summary_id
            LEFT JOIN document d ON d.store_id = e.store_id AND d.order_id = e.summary_id
                AND d.kind IN ('invoice', 'credit_note') AND (e.summary_id NOT LIKE 'day:%'
                    OR d.kind = CASE WHEN e.total < 0 THEN 'credit_note' ELSE 'invoice' END)
            WHERE e.store_id = \(store) AND e.order_id = \(id) ORDER BY e.id
        ) t
        """
    }

    /// The orders that a daily summary or a payout is made of.
    private static func summed(store: String, id: String) -> PostgresQuery {
        """
        SELECT coalesce(json_agg(t), '[]') FROM (
            SELECT e.order_id AS order, o.order_number AS number, e.source, e.happened_on, e.total::text,
                e.total_tax::text AS tax, e.content::json AS content
            FROM summary_entry e LEFT JOIN sale o ON o.store_id = e.store_id AND o.order_id = e.order_id
            WHERE e.store_id = \(store) AND e.summary_id = \(id) ORDER BY e.total < 0, e.id
        ) t
        """
    }

    private static func calls(store: String, id: String) -> PostgresQuery {
        """
        SELECT coalesce(json_agg(t), '[]') FROM (
            SELECT DISTINCT c.id, c.started_at, c.method, c.path, c.purpose, c.status, c.outcome, c.error
            FROM call c JOIN call_element e ON e.call_id = c.id JOIN document d ON d.id = e.document_id
            WHERE d.store_id = \(store) AND d.order_id = \(id) ORDER BY c.started_at
        ) t
        """
    }
}

/// The page of `orders show` for people.
struct OrderText {
    private let found: JSONValue

    init(_ found: JSONValue) { self.found = found }

    var lines: [String] {
        heading + section("Documents", documents) + section("Summaries", summaries)
            + section("Payouts", payouts) + section("Orders in this summary", summed) + section("Calls to Xero", calls)
            + section("Dead letters", letters)
            + section("What the store said", said) + section("History", history)
    }

    private var heading: [String] {
        let order = found["order"] ?? .null
        var lines = [
            "Order \(order.cell("number")) of \(order.cell("store")) (id \(order.cell("id"))): \(order.cell("state"))",
            "  \(order.cell("currency")) \(order.cell("total")), tax \(order.cell("tax")), refunded "
                + "\(order.cell("refunded").isEmpty ? "0" : order.cell("refunded")); status \(order.cell("status")); "
                + (order.cell("paid_at").isEmpty ? "not paid" : "paid \(order.cell("paid_at").prefix(10))"),
        ]
        if !order.cell("reason").isEmpty { lines.append("  \(order.cell("reason"))") }
        lines += order.list("findings").compactMap(\.string).map { "  - \($0)" }
        lines += found.list("anomalies").map { row in
            let by = row.cell("accepted_by")
            return "  flagged\(by.isEmpty ? "" : ", accepted by \(by)"): \(row.cell("message"))"
        }
        if order.count("planned_revision") < order.count("revision") {
            lines.append("  The newest version (\(order.cell("revision"))) waits to be planned.")
        }
        if !order.cell("trace").isEmpty { lines.append("  Trace of the newest version: \(order.cell("trace"))") }
        return lines
    }

    private func section(_ title: String, _ lines: [String]) -> [String] {
        lines.isEmpty ? [] : ["", title] + lines.map { "  \($0)" }
    }

    private var documents: [String] {
        var table = TextTable(
            ["kind", "number", "state", "total", "tax", "date", "xero id", "remark"], right: ["total", "tax"])
        for row in found.list("documents") {
            table.add([
                row.cell("kind"), row.cell("number"), row.cell("state"), row.cell("total"), row.cell("tax"),
                row.cell("date"), row.cell("xero_id"), oneLine(row.cell("reason"), limit: 80),
            ])
        }
        return table.isEmpty ? [] : table.lines
    }

    private var summaries: [String] {
        var table = TextTable(
            ["what", "total", "tax", "of", "posted as", "state", "xero id"], right: ["total", "tax"])
        for row in found.list("summaries") {
            let isOpen = row.cell("summary").isEmpty
            table.add([
                row.cell("source"), row.cell("total"), row.cell("tax"), row.cell("happened_on"),
                row.cell("number").isEmpty ? row.cell("summary") : row.cell("number"),
                isOpen ? open(row) : row.cell("state"), row.cell("xero_id"),
            ])
        }
        return table.isEmpty ? [] : table.lines
    }

    /// When something is posted that is in no summary yet.
    private func open(_ row: JSONValue) -> String {
        row.cell("closes").isEmpty ? "posted once its payout is imported" : "posted once \(row.cell("closes")) is over"
    }

    private var payouts: [String] {
        found.list("payouts").map { row in
            let settled = row.cell("settled_in")
            return "\(row.cell("payout")) of \(row.cell("provider")), \(row.cell("paid_on")): \(row.cell("kind")) "
                + "\(row.cell("amount")), fee \(row.cell("fee"))"
                + (settled.isEmpty ? "" : "; its money is in \(settled) already")
        }
    }

    private var summed: [String] {
        var table = TextTable(["order", "what", "of", "total", "tax", "accounts"], right: ["total", "tax"])
        for row in found.list("summed") {
            let accounts = (row["content"] ?? .null).list("lines").map { line in
                "\(line.cell("account")) \(line.cell("tax_type")) \(line.cell("net")) + \(line.cell("tax"))"
            }
            table.add([
                row.cell("number"), row.cell("source"), row.cell("happened_on"), row.cell("total"), row.cell("tax"),
                accounts.joined(separator: ", "),
            ])
        }
        return table.isEmpty ? [] : table.lines
    }

    private var calls: [String] {
        var table = TextTable(["when (UTC)", "call", "purpose", "status", "outcome"])
        for row in found.list("calls") {
            table.add([
                moment(row.cell("started_at")), "\(row.cell("method")) \(row.cell("path").prefix(50))",
                row.cell("purpose"),
                row.cell("status"), row.cell("outcome").isEmpty ? "no result yet" : row.cell("outcome"),
            ])
        }
        return table.isEmpty ? [] : table.lines
    }

    private var letters: [String] {
        found.list("letters").flatMap { letter in
            [
                "#\(letter.cell("id")) \(letter.cell("state")): \(letter.cell("message"))",
                "  \(letter.cell("suggestion"))",
            ]
        }
    }

    private var said: [String] {
        found.list("versions").map { row in
            "version \(row.cell("revision")) of \(moment(row.cell("modified_at"))), \(row.cell("source")), seen "
                + moment(row.cell("observed_at"))
        }
            + found.list("deliveries").map { row in
                "webhook \(row.cell("topic")) \(moment(row.cell("received_at"))): \(row.cell("outcome")) \(row.cell("reason"))"
            }
    }

    private var history: [String] {
        found.list("history").map { row in
            "\(moment(row.cell("at")))  \(row.cell("subject").split(separator: "/").suffix(3).joined(separator: "/"))  "
                + "\(row.cell("change"))  (\(row.cell("actor")): \(oneLine(row.cell("cause"), limit: 80)))"
        }
    }

    /// `2026-11-21T01:02:03.456+00:00` as `2026-11-21 01:02:03`.
    private func moment(_ text: String) -> String { String(text.prefix(19).replacing("T", with: " ")) }
}
