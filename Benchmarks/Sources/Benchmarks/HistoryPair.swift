import Accounting
import JSON
import Postgres
import SimulatedWooCommerce

/// The cost of one more event beside a million known orders, against a thousand: ingest's share, then the transformer's,
/// each in turn on two databases that are alike but for their size.
struct HistoryPair: Sendable {
    /// How many orders are planned anew each time.
    private static let replanned = 1_000
    private static let sizes = [1_000, 1_000_000]

    let bench: Bench

    func measure() async throws -> [Row] {
        try await bench.withDatabase("few") { few in
            try await bench.withDatabase("many") { many in
                let urls = [few, many]
                for (url, size) in zip(urls, Self.sizes) {
                    bench.say("  filling a database with \(Text.number(Double(size))) orders…")
                    try await Installation(bench: bench, databaseURL: url).prepare()
                    try await fill(url, orders: size)
                }
                return try await events(urls) + plans(urls)
            }
        }
    }

    /// Known orders, each with its snapshot, its documents, its event and its trail.
    private func fill(_ url: String, orders: Int) async throws {
        try await bench.withClient(url) { client in
            var first = 1
            while first <= orders {
                let last = min(first + 99_999, orders)
                try await client.executeScript(Self.filling(first, last))
                bench.say("    \(last) of \(orders)")
                first = last + 1
            }
            try await client.executeScript("ANALYZE; CHECKPOINT")
        }
    }

    private static func filling(_ first: Int, _ last: Int) -> String {
        let orders = "generate_series(\(first), \(last)) AS n"
        return """
            INSERT INTO snapshot (store_id, entity, entity_id, revision, modified_at, read_started_at, content_hash, source, body)
            SELECT 'shop', 'order', n::text, 1, now() - interval '30 days', now(), sha256(n::text::bytea), 'read',
                   repeat(md5(n::text), 16) FROM \(orders);
            INSERT INTO sale (store_id, order_id, order_number, org_id, revision, planned_revision, state, created_at,
                              modified_at, total)
            SELECT 'shop', n::text, n::text, 'bench', 1, 1, 'posted', now() - interval '30 days',
                   now() - interval '30 days', 100 FROM \(orders);
            INSERT INTO document (org_id, store_id, kind, source_id, part, key, order_id, number, state, desired, posted,
                                  xero_id, posted_version, sent_version, total)
            SELECT 'bench', 'shop', kind, n::text, '0', 'bench/shop/' || kind || '/' || n || '/0', n::text,
                   CASE kind WHEN 'invoice' THEN 'B-' || n END, 'posted', repeat(md5(n::text), 8), repeat(md5(n::text), 8),
                   gen_random_uuid()::text, 1, 1, 100
            FROM \(orders), unnest(ARRAY['invoice', 'payment']) AS kind;
            INSERT INTO event (id, store_id, outcome, status, topic, entity, entity_id, delivery_key, headers, body, body_bytes)
            SELECT gen_random_uuid(), 'shop', 'accepted', 200, 'order.updated', 'order', n::text, sha256(n::text::bytea), '{}',
                   convert_to(repeat(md5(n::text), 16), 'UTF8'), 512 FROM \(orders);
            INSERT INTO delivery (store_id, delivery_key, event_id)
            SELECT 'shop', sha256(n::text::bytea), gen_random_uuid() FROM \(orders);
            INSERT INTO audit (actor, subject, change, cause)
            SELECT 'transformer', 'shop/' || n, 'version 1 -> planned', 'planned' FROM \(orders);
            """
    }

    private func events(_ urls: [String]) async throws -> [Row] {
        var series = [Series(), Series()]
        var ingests: [Installation.Running] = []
        for url in urls {
            ingests.append(
                try await Installation(bench: bench, databaseURL: url).start("ingest"))
        }
        // About orders that are known to both.
        let load = HTTPLoad(Installation.webhooks(20_000, firstID: 1))
        var first = 0
        for round in 0...bench.rounds {
            for index in round % 2 == 0 ? [0, 1] : [1, 0] {
                let outcome = try await load.run(
                    bench, port: ingests[index].port, connections: 8, seconds: 2, first: first)
                if round > 0 { series[index].add(1e6 / outcome.rate) }
            }
            first += 2_500
        }
        for ingest in ingests { await ingest.program.stop(bench) }
        return [row("one more event at 1,000,000 known orders: stored and answered", series)]
    }

    private func plans(_ urls: [String]) async throws -> [Row] {
        var series = [Series(), Series()]
        let bodies = Self.bodies(Self.replanned)
        for round in 0..<bench.rounds {
            for index in round % 2 == 0 ? [0, 1] : [1, 0] {
                series[index].add(try await replan(urls[index], bodies, revision: round + 2))
            }
        }
        return [
            row("the same: planned by the transformer with its database", series),
            Row("observed order to plan, with its database", "\(Text.number(1e6 / series[0].median)) orders/s"),
        ]
    }

    private static func bodies(_ count: Int) -> [String] {
        var generator = OrderGenerator(seed: 1, latest: .now(), firstID: 1, onlyPaid: true)
        return generator.stories(count).enumerated().compactMap { index, story in
            guard var order = story.steps.last?.order else { return nil }
            order["id"] = .number(JSONNumber(index + 1))
            return (["order": .object(order), "refunds": []] as JSONValue).text
        }
    }

    /// Gives known orders a new version, starts a transformer and times it from its first plan to its last.
    /// - Returns: microseconds an order.
    private func replan(_ url: String, _ bodies: [String], revision: Int) async throws -> Double {
        try await bench.withClient(url) { client in
            _ = try await client.batch([
                """
                INSERT INTO snapshot (store_id, entity, entity_id, revision, modified_at, read_started_at, content_hash,
                                      source, body)
                SELECT 'shop', 'order', n::text, \(revision), now(), now(), sha256(convert_to(body, 'UTF8')), 'read', body
                FROM unnest(\(bodies)::text[]) WITH ORDINALITY AS o (body, n)
                """,
                """
                UPDATE sale SET revision = \(revision), state = 'observed'
                WHERE store_id = 'shop' AND order_id IN (SELECT n::text FROM generate_series(1, \(bodies.count)) AS n)
                """,
            ])
            let transformer = try await Installation(bench: bench, databaseURL: url).start("transformer", waits: false)
            let result = try await time(client, bodies.count)
            await transformer.program.stop(bench)
            return result
        }
    }

    private func time(_ client: PostgresClient, _ count: Int) async throws -> Double {
        let deadline = ContinuousClock.now + .seconds(120)
        var first: (at: ContinuousClock.Instant, left: Int)?
        while ContinuousClock.now < deadline {
            let left =
                try await client.query("SELECT count(*) AS n FROM sale WHERE planned_revision < revision")
                .first?.decode("n", as: Int.self) ?? 0
            if let first, left == 0 { return (ContinuousClock.now - first.at) / .microseconds(max(first.left, 1)) }
            if first == nil, left < count { first = (.now, left) }
            try await Task.sleep(for: .milliseconds(5))
        }
        throw BenchError("the transformer did not plan \(count) orders within 120 s")
    }

    private func row(_ what: String, _ series: [Series]) -> Row {
        let ratio = 100 * series[1].median / series[0].median
        return Row(
            what, aim: "as at 1,000 (within 15 %)",
            "\(Text.number(ratio)) %: \(series[1].text()) µs against \(series[0].text()) µs", ratio <= 115)
    }
}
