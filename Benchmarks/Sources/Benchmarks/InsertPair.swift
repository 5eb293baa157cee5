import CRawLoops
import Foundation
import Postgres

/// The PostgreSQL driver beside libpq in pipeline mode: many single-row inserts to a transaction.
struct InsertPair: Sendable {
    private static let count = 102_400
    private static let batch = 128
    private static let inFlight = 8
    private static let bodyBytes = 200

    let bench: Bench

    func measure() async throws -> [Row] {
        try await bench.withDatabase("insert") { url in
            try await bench.withClient(url) { client in
                try await client.executeScript("CREATE TABLE raw_insert (id bigint PRIMARY KEY, body text NOT NULL)")
                _ = try await driver(client)
                var (ratios, ours, raws) = (Series(), Series(), Series())
                for round in 0..<bench.rounds {
                    var (mine, theirs) = (0.0, 0.0)
                    for turn in 0..<2 {
                        try await client.executeScript("TRUNCATE raw_insert")
                        if (turn + round) % 2 == 0 {
                            mine = try await driver(client)
                        } else {
                            theirs = try await raw(url)
                        }
                    }
                    ratios.add(100 * mine / theirs)
                    ours.add(mine)
                    raws.add(theirs)
                }
                return [
                    Row(
                        "multi-row insert through the driver", aim: "80 % of raw libpq pipeline",
                        "\(ratios.text()) %: \(ours.text()) rows/s against \(raws.text())", ratios.median >= 80)
                ]
            }
        }
    }

    private func driver(_ client: PostgresClient) async throws -> Double {
        let body = String(repeating: "x", count: Self.bodyBytes)
        let start = ContinuousClock.now
        try await withThrowingTaskGroup(of: Void.self) { group in
            for task in 0..<Self.inFlight {
                group.addTask {
                    let step = Self.inFlight * Self.batch
                    for first in stride(from: task * Self.batch, to: Self.count, by: step) {
                        _ = try await client.batch(
                            (first..<first + Self.batch).map { id in
                                "INSERT INTO raw_insert (id, body) VALUES (\(id), \(body)) ON CONFLICT DO NOTHING"
                            })
                    }
                }
            }
            try await group.waitForAll()
        }
        return Double(Self.count) / ((ContinuousClock.now - start) / .seconds(1))
    }

    private func raw(_ url: String) async throws -> Double {
        let result = await bench.onThread { () -> RawResult in
            var result = raw_result()
            raw_insert(url, 0, Self.count, Int32(Self.batch), Int32(Self.inFlight), Int32(Self.bodyBytes), &result)
            return RawResult(result)
        }
        if !result.error.isEmpty { throw BenchError("the loop in C: \(result.error)") }
        return Double(result.count) / result.seconds
    }
}
