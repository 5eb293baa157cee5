import Accounting
import Foundation
import JSON
import Ledger
import Logging
import Mapping
import NIOConcurrencyHelpers
import Postgres
import TestSupport
import Testing
import Xero

@testable import XeroWriter

@Suite(
    "Twenty organisations, one with a backlog", .serialized,
    .enabled(if: TestServers.areAvailable, "needs the private servers: make test"))
struct FairnessTests {
    private static let isSoak = ProcessInfo.processInfo.environment["SOAK"] != nil
    private static let backlog = isSoak ? 50_000 : 1000
    private static let rounds = isSoak ? 10 : 3
    /// Real seconds of one of Xero's minutes: shorter ones would count the time of this machine for too much.
    private static let minute = 30.0

    @Test("a live order of another organisation is posted within a round of its own limit", .timeLimit(.minutes(20)))
    func fairness() async throws {
        try await withTemporaryDatabase(migrations: SchemaMigrations.all, configure: { $0.connections = 8 }) {
            database in
            try await WriterHarness.prepare(database)
            var harnesses: [WriterHarness] = []
            for index in 0..<20 {
                harnesses.append(
                    try await WriterHarness(
                        database: database, org: "f\(index)", store: "s\(index)", minuteSeconds: Self.minute))
            }
            let others = Array(harnesses.dropFirst())
            let quiet = try await Self.latencies(others, from: 1)
            let orders = (1...Self.backlog).map { SampleOrder(number: $0, customer: $0 % 500) }
            try await harnesses[0].planTogether(orders)
            let busy = try await Self.latencies(others, besides: harnesses[0], from: 100)
            let (before, after) = (Self.percentiles(quiet), Self.percentiles(busy))
            print("live orders of 19 organisations, seconds of Xero's to be posted (three calls each):")
            print("  without a backlog: \(before)")
            print("  beside a backlog of \(Self.backlog) orders: \(after)")
            let slowest = busy.max() ?? .infinity
            #expect(busy.count == others.count * Self.rounds)
            #expect(slowest < 60, "a round of an organisation's limit is a minute")
        }
    }

    /// Runs all writers, and gives each of the others one order after another.
    /// - Returns: the seconds of Xero's that each took to be posted.
    private static func latencies(
        _ others: [WriterHarness], besides busy: WriterHarness? = nil, from first: Int
    ) async throws -> [Double] {
        let found = NIOLockedValueBox<[Double]>([])
        try await withThrowingTaskGroup(of: Void.self) { group in
            let busyWriter = busy.map { $0.writer() }
            if let busyWriter { group.addTask { await busyWriter.run() } }
            try await withThrowingTaskGroup(of: Void.self) { inner in
                for harness in others {
                    inner.addTask {
                        for round in 0..<rounds {
                            let seconds = try await post(first + round, harness)
                            found.withLockedValue { $0.append(seconds * 60 / minute) }
                        }
                    }
                }
                try await inner.waitForAll()
            }
            busyWriter?.retire()
            try await group.waitForAll()
        }
        return found.withLockedValue { $0 }
    }

    /// Plans an order, and waits until its organisation's writer has posted it.
    private static func post(_ number: Int, _ harness: WriterHarness) async throws -> Double {
        let (outcomes, told) = AsyncStream<Void>.makeStream()
        let writer = harness.writer(onOutcome: { told.yield() })
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await writer.run() }
            let began = ContinuousClock.now
            try await harness.plan([SampleOrder(number: number, customer: number)])
            writer.wake()
            for await _ in outcomes {
                if try await harness.count("order_id = '\(number)' AND state = 'posted'") == 2 { break }
            }
            let seconds = ContinuousClock.now.seconds(since: began)
            writer.retire()
            try await group.waitForAll()
            return seconds
        }
    }

    private static func percentiles(_ values: [Double]) -> String {
        let sorted = values.sorted()
        guard let last = sorted.last else { return "nothing" }
        func at(_ part: Double) -> Double { sorted[min(sorted.count - 1, Int(Double(sorted.count) * part))] }
        return [("p50", at(0.5)), ("p95", at(0.95)), ("p99", at(0.99)), ("max", last)]
            .map { "\($0.0) \(String(format: "%.1f", $0.1))" }.joined(separator: ", ")
    }
}
