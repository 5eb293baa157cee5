import ArgumentParser
import JSON
import Postgres

/// `counterfoil status`
struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "What waits, how old it is, which orgs are paused and why, and how many calls are left.",
        discussion:
            "Exits 3 when something needs a person: held orders, open dead letters, a paused org, a store in trouble.")

    @OptionGroup var output: OutputOptions

    func run() async throws {
        let status = try await DatabaseAccess().withDatabase { client in try await StatusQueries.read(client) }
        let text = StatusText(status)
        output.show(status, text: text.lines)
        if text.needsPerson { throw CommandOutcome.needsPerson }
    }
}

/// The statements behind `status`; each answers in JSON.
enum StatusQueries {
    static func read(_ session: some PostgresSession) async throws -> JSONValue {
        [
            "backlog": try await session.json(backlog),
            "orders": try await session.json(orders),
            "documents": try await session.json(documents),
            "orgs": try await session.json(orgs),
            "xero": try await session.json(xero),
            "stores": try await session.json(stores),
            "dead_letters": try await session.json(deadLetters),
            "flagged": try await session.json(flagged),
            "payouts_held": try await session.json(PayoutQueries.held),
            "not_paid_out": try await session.json(PayoutQueries.unpaidSums(store: nil)),
        ]
    }

    private static let backlog: PostgresQuery = """
        SELECT json_agg(t) FROM (
            SELECT 'orders to read' AS what, count(*) AS waiting,
                coalesce(extract(epoch FROM now() - min(due_at)), 0)::bigint AS oldest_seconds
            FROM hint WHERE due_at <= now()
            UNION ALL
            SELECT 'orders to plan', count(*), coalesce(extract(epoch FROM now() - min(coalesce(planned_at, first_seen_at))), 0)::bigint
            FROM sale WHERE planned_revision < revision
            UNION ALL
            SELECT 'documents to write', count(*), coalesce(extract(epoch FROM now() - min(changed_at)), 0)::bigint
            FROM document WHERE state IN ('planned', 'waiting', 'ready', 'sending', 'uncertain')
            UNION ALL
            SELECT 'messages to publish', count(*), coalesce(extract(epoch FROM now() - min(created_at)), 0)::bigint
            FROM outbox
        ) t
        """

    private static let orders: PostgresQuery = """
        SELECT coalesce(json_agg(t), '[]') FROM (
            SELECT store_id AS store, state, count(*) FILTER (WHERE order_id NOT LIKE 'day:%' AND order_id NOT LIKE 'payout:%') AS orders,
                count(*) FILTER (WHERE order_id LIKE 'day:%' OR order_id LIKE 'payout:%') AS summaries
            FROM sale GROUP BY store_id, state ORDER BY 1, 2
        ) t
        """

    private static let documents: PostgresQuery = """
        SELECT coalesce(json_agg(t), '[]') FROM (
            SELECT org_id AS org, kind, state, count(*) AS documents FROM document
            GROUP BY org_id, kind, state ORDER BY 1, 2, 3
        ) t
        """

    private static let orgs: PostgresQuery = """
        SELECT coalesce(json_agg(t), '[]') FROM (
            SELECT o.id AS org,
                CASE WHEN a.type = 'custom_connection' OR c.org_id IS NOT NULL OR o.state = 'disconnected' THEN o.state
                     ELSE 'not connected' END AS state,
                CASE WHEN a.type = 'custom_connection' OR c.org_id IS NOT NULL OR o.state = 'disconnected'
                     THEN o.state_reason ELSE 'run counterfoil xero connect ' || o.id END AS reason,
                coalesce((o.settings->>'daily_calls')::integer, 1000) AS daily_calls,
                coalesce(b.day_used, 0) AS calls_today, b.day_remaining AS xero_says_left,
                CASE WHEN b.blocked_until > now() THEN b.blocked_reason END AS blocked,
                CASE WHEN k.held_by IS NOT NULL THEN 'held by ' || k.held_by || ': ' || k.held_reason
                     WHEN k.open_until IS NOT NULL THEN 'Xero failed ' || k.failures || ' times in a row ('
                        || coalesce(k.reason, 'no answer') || '); one call at a time is tried' END AS breaker,
                (SELECT count(*) FROM call c WHERE c.org_id = o.id AND c.finished_at IS NULL) AS in_flight,
                (SELECT count(*) FROM call c WHERE c.org_id = o.id AND c.outcome = 'uncertain') AS uncertain
            FROM org o JOIN app a ON a.id = o.app_id LEFT JOIN xero_connection c ON c.org_id = o.id
                LEFT JOIN org_budget b ON b.org_id = o.id
                LEFT JOIN breaker k ON k.id = 'org/' || o.id
            WHERE o.removed_at IS NULL ORDER BY o.id
        ) t
        """

    private static let xero: PostgresQuery = """
        SELECT coalesce((SELECT json_build_object(
                'breaker', CASE WHEN held_by IS NOT NULL THEN 'held' WHEN open_until > now() THEN 'open'
                    WHEN open_until IS NOT NULL THEN 'half-open' ELSE 'closed' END,
                'failures', failures, 'open_until', open_until, 'reason', reason, 'held_by', held_by,
                'held_reason', held_reason)
            FROM breaker WHERE id = 'xero'), '{"breaker": "closed"}')
        """

    private static let stores: PostgresQuery = """
        SELECT coalesce(json_agg(t), '[]') FROM (
            SELECT s.id AS store, s.org_id AS org, s.url, w.watermark AS swept_until,
                extract(epoch FROM now() - w.last_finished)::bigint AS swept_seconds_ago, w.failures, w.last_error,
                (SELECT count(*) FROM hint h WHERE h.store_id = s.id AND h.due_at <= now()) AS waiting,
                (SELECT h.last_error FROM hint h WHERE h.store_id = s.id AND h.last_error IS NOT NULL
                 ORDER BY h.due_at LIMIT 1) AS read_error
            FROM store s LEFT JOIN sweep w ON w.store_id = s.id WHERE s.removed_at IS NULL ORDER BY s.id
        ) t
        """

    private static let flagged: PostgresQuery = """
        SELECT coalesce(json_agg(t), '[]') FROM (
            SELECT a.store_id AS store, count(DISTINCT a.order_id) AS orders FROM anomaly a
            JOIN sale s ON s.store_id = a.store_id AND s.order_id = a.order_id AND s.state <> 'held'
            WHERE a.accepted_at IS NULL GROUP BY a.store_id ORDER BY a.store_id
        ) t
        """

    private static let deadLetters: PostgresQuery = """
        SELECT coalesce(json_agg(t), '[]') FROM (
            SELECT class, count(*) AS letters, extract(epoch FROM now() - min(created_at))::bigint AS oldest_seconds
            FROM dead_letter WHERE state = 'open' GROUP BY class ORDER BY 2 DESC, 1
        ) t
        """
}

/// The page of `status` for people.
struct StatusText {
    private let status: JSONValue

    init(_ status: JSONValue) { self.status = status }

    /// Orders of a state, or daily summaries, over all stores.
    private func orders(_ state: String, _ what: String = "orders") -> Int {
        status.list("orders").filter { $0.cell("state") == state }.reduce(0) { $0 + $1.count(what) }
    }

    private var pausedOrgs: [JSONValue] { status.list("orgs").filter { $0.cell("state") != "active" } }
    private var troubledStores: [JSONValue] { status.list("stores").filter { $0.count("failures") > 2 } }

    /// Whether somebody has to do something.
    var needsPerson: Bool {
        ["held", "dead"].contains { orders($0) + orders($0, "summaries") > 0 } || !status.list("dead_letters").isEmpty
            || !pausedOrgs.isEmpty || !troubledStores.isEmpty || !status.list("payouts_held").isEmpty
    }

    var lines: [String] {
        var lines = ["Waiting"] + indented(backlog)
        lines += ["", "Orders"] + indented(orderTable)
        lines += ["", "Orgs"] + indented(xero + orgTable)
        lines += ["", "Stores"] + indented(storeTable)
        let unpaid = PayoutText.unpaid(status.list("not_paid_out"))
        if !unpaid.isEmpty { lines += ["", "Not paid out yet"] + indented(unpaid) }
        return lines + ["", "To do"] + indented(toDo)
    }

    private func indented(_ lines: [String]) -> [String] { lines.map { "  \($0)" } }

    private var backlog: [String] {
        var table = TextTable(["what", "waiting", "oldest"], right: ["waiting", "oldest"])
        for row in status.list("backlog") {
            let waiting = row.count("waiting")
            table.add([
                row.cell("what"), "\(waiting)", waiting == 0 ? "-" : ageText(seconds: row.count("oldest_seconds")),
            ])
        }
        return table.lines
    }

    private var orderTable: [String] {
        let states = ["observed", "ignored", "planned", "posted", "voided", "held", "dead"]
        var table = TextTable(["store"] + states, right: Set(states))
        for store in status.list("stores") {
            let own = status.list("orders").filter { $0.cell("store") == store.cell("store") }
            for (what, name) in [("orders", ""), ("summaries", ", summaries")] {
                let counts = states.map { state in
                    own.filter { $0.cell("state") == state }.reduce(0) { $0 + $1.count(what) }
                }
                if what == "summaries", counts.allSatisfy({ $0 == 0 }) { continue }
                table.add([store.cell("store") + name] + counts.map(String.init))
            }
        }
        return table.isEmpty ? ["no stores yet: counterfoil apply -f FILE"] : table.lines
    }

    private var orgTable: [String] {
        var table = TextTable(
            ["org", "state", "calls today", "left", "in flight", "uncertain", "remark"],
            right: ["calls today", "left", "in flight", "uncertain"])
        for org in status.list("orgs") {
            let used = org.count("calls_today")
            let ours = max(0, org.count("daily_calls") - used)
            let left = org["xero_says_left"]?.int.map { min($0, ours) } ?? ours
            let remark =
                [org.cell("reason"), org.cell("breaker"), org.cell("blocked")].first { !$0.isEmpty } ?? ""
            table.add([
                org.cell("org"), org.cell("state"), "\(used)", "\(left)", org.cell("in_flight"), org.cell("uncertain"),
                oneLine(remark),
            ])
        }
        return table.isEmpty ? ["none"] : table.lines
    }

    /// What holds back the calls of all orgs; nothing if nothing does.
    private var xero: [String] {
        let breaker = status["xero"] ?? .null
        switch breaker.cell("breaker") {
        case "held": return ["all calls are held by \(breaker.cell("held_by")): \(breaker.cell("held_reason"))", ""]
        case "open", "half-open":
            return ["Xero fails for all orgs (\(oneLine(breaker.cell("reason")))): one call at a time is tried", ""]
        default: return []
        }
    }

    private var storeTable: [String] {
        var table = TextTable(["store", "org", "last sweep", "to read", "remark"], right: ["to read"])
        for store in status.list("stores") {
            let swept = store["swept_seconds_ago"]?.int.map { ageText(seconds: $0) + " ago" } ?? "never"
            let remark = store.cell("last_error").isEmpty ? store.cell("read_error") : store.cell("last_error")
            table.add([store.cell("store"), store.cell("org"), swept, store.cell("waiting"), oneLine(remark)])
        }
        return table.isEmpty ? ["none"] : table.lines
    }

    private var toDo: [String] {
        var lines: [String] = []
        if orders("held") > 0 {
            lines.append("\(orders("held")) held orders: counterfoil orders list --state held")
        }
        if orders("held", "summaries") > 0 {
            lines.append(
                "\(orders("held", "summaries")) held summaries: counterfoil orders list --summaries --state held")
        }
        let flagged = status.list("flagged").reduce(0) { $0 + $1.count("orders") }
        if flagged > 0 {
            lines.append("\(flagged) orders look odd and were posted: counterfoil orders list --flagged")
        }
        let letters = status.list("dead_letters").reduce(0) { $0 + $1.count("letters") }
        if letters > 0 { lines.append("\(letters) dead letters: counterfoil dead-letters list") }
        for held in status.list("payouts_held") {
            lines.append(
                "\(held.cell("payouts")) held payouts of store \(held.cell("store")): counterfoil payouts list \(held.cell("store"))"
            )
        }
        for org in pausedOrgs { lines.append("org \(org.cell("org")) is \(org.cell("state")): \(org.cell("reason"))") }
        for store in troubledStores {
            lines.append("store \(store.cell("store")) cannot be read: \(oneLine(store.cell("last_error")))")
        }
        return lines.isEmpty ? ["nothing"] : lines
    }
}
