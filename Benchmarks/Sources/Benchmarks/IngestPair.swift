import Postgres

/// Webhooks stored and answered, beside the same HTTP server answering 200.
struct IngestPair: Sendable {
    private static let seconds = 4.0

    let bench: Bench

    func measure() async throws -> [Row] {
        try await bench.withDatabase("ingest") { url in
            let installation = Installation(bench: bench, databaseURL: url)
            try await installation.prepare()
            let load = HTTPLoad(Installation.webhooks(40_000))
            let port = try Program.freePort()
            let bare = try Program(bench, "Benchmarks", ["bare-server", "--port", "\(port)"])
            try await bare.waitUntilReady("http://127.0.0.1:\(port)/")
            let ingest = try await installation.start("ingest")
            let rows = try await bench.withClient(url) { client in
                try await rounds(client, load, bare: .init(program: bare, port: port), ingest: ingest)
            }
            await ingest.program.stop(bench)
            await bare.stop(bench)
            return rows
        }
    }

    private func rounds(
        _ client: PostgresClient, _ load: HTTPLoad, bare: Installation.Running, ingest: Installation.Running
    ) async throws -> [Row] {
        _ = try await load.run(bench, port: bare.port, seconds: 1)
        _ = try await load.run(bench, port: ingest.port, seconds: 1)
        var (ratios, rates, bareRates, p99s, cpu) = (Series(), Series(), Series(), Series(), Series())
        for _ in 0..<bench.rounds {
            let without = try await load.run(bench, port: bare.port, seconds: Self.seconds)
            // Every round stores deliveries never seen before.
            try await client.executeScript("TRUNCATE event, delivery, hint, outbox")
            let began = ingest.program.cpuSeconds
            let with = try await load.run(bench, port: ingest.port, seconds: Self.seconds)
            let answered = with.rate * Self.seconds
            cpu.add((ingest.program.cpuSeconds - began) * 1e6 / answered)
            let stored = try await client.query("SELECT count(*) AS n FROM event").first?.decode("n", as: Int.self) ?? 0
            // What was on its way when the client stopped may be stored as well; nothing answered may be missing.
            guard Double(stored) >= answered.rounded() - 1 else {
                throw BenchError("\(Int(answered)) deliveries were answered, \(stored) are stored")
            }
            ratios.add(100 * with.rate / without.rate)
            rates.add(with.rate)
            bareRates.add(without.rate)
            p99s.add(with.latencies.percentile(99))
        }
        return [
            Row(
                "webhooks stored and answered (4 KB, HMAC, 64 connections, relay held)",
                aim: "25 % of the bare HTTP server",
                "\(ratios.text()) %: \(rates.text())/s against \(bareRates.text())/s", ratios.median >= 25),
            Row("the same, p99", aim: "under 25 ms", p99s.text(decimals: 1, unit: " ms"), p99s.median < 25),
            Row("processor time of ingest, a webhook", cpu.text(unit: " µs")),
        ]
    }
}
