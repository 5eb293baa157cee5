import Accounting
import Foundation
import JSON
import Ledger
import Mapping
import NIOConcurrencyHelpers
import Postgres
import TestSupport
import Testing
import Xero

@testable import XeroWriter

/// A small generator of its own, so that a run's kills can be repeated by its seed.
struct TestDice: Sendable {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func roll(_ sides: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int((state >> 33) % UInt64(sides))
    }
}

@Suite(
    "Two writers for one organisation", .serialized,
    .enabled(if: TestServers.areAvailable, "needs the private servers: make test"))
struct ReplicaTests {
    private static let isSoak = ProcessInfo.processInfo.environment["SOAK"] != nil
    private static let seed = UInt64(ProcessInfo.processInfo.environment["SEED"] ?? "") ?? 11
    /// Simulated seconds for which orders come and writers are killed.
    private static let length = isSoak ? 3600 : 600

    /// What is shared by the replicas of a run.
    private final class Run: Sendable {
        struct State {
            var writers: [OrgWriter] = []
            var gates: [CallGate] = []
            var kills = 0
            var isMortal = true
            var isOver = false
        }

        let state = NIOLockedValueBox(State())

        func begin(_ writer: OrgWriter, _ gate: CallGate) -> Bool {
            state.withLockedValue { state in
                state.writers.append(writer)
                state.gates.append(gate)
                return !state.isOver
            }
        }

        func end() {
            let writers = state.withLockedValue { state in
                state.isOver = true
                return state.writers
            }
            for writer in writers { writer.retire() }
        }
    }

    @Test("killed at any moment, they double nothing, and no lease or slot is stuck", .timeLimit(.minutes(10)))
    func killedAtRandom() async throws {
        try await WriterHarness.run(minuteSeconds: 1) { harness in
            let kinds: [SampleOrder.Kind] = [.paid, .refunded, .reduced, .unpaid, .split]
            let orders = (1...Self.length / 10).map {
                SampleOrder(number: $0, customer: $0 % 17, kind: kinds[$0 % kinds.count])
            }
            let run = Run()
            var stuck: [String] = []
            try await withThrowingTaskGroup(of: Void.self) { group in
                for slot in 1...2 { group.addTask { await Self.replica(slot, harness, run) } }
                let time = harness.time()
                for order in orders {
                    try await harness.plan([order])
                    // An order in ten seconds of Xero's.
                    try await time.wait(.seconds(time.xeroSeconds(10)), true)
                    stuck += try await Self.stuck(harness)
                }
                run.state.withLockedValue { $0.isMortal = false }
                while try await !harness.isQuiet() {
                    try await time.wait(.seconds(time.xeroSeconds(10)), true)
                    stuck += try await Self.stuck(harness)
                }
                run.end()
                for gate in run.state.withLockedValue({ $0.gates }) where gate.isReached { gate.open() }
                try await group.waitForAll()
            }
            let kills = run.state.withLockedValue { $0.kills }
            print(
                "two writers, \(Self.length) s of Xero's, seed \(Self.seed): \(orders.count) orders, \(kills) kills,"
                    + " \(harness.calls["calls"]?.int ?? 0) calls")
            #expect(kills > 3)
            #expect(stuck == [])
            #expect(harness.discrepancies(orders) == [])
            #expect(try await harness.count("state NOT IN ('posted', 'voided', 'superseded')") == 0)
        }
    }

    /// One replica: whenever it is killed, the next one starts.
    private static func replica(_ slot: Int, _ harness: WriterHarness, _ run: Run) async {
        var dice = TestDice(seed: seed &+ UInt64(slot))
        await withTaskGroup(of: Void.self) { group in
            var life = 0
            while true {
                life += 1
                let calls = NIOLockedValueBox(2 + dice.roll(12))
                let gate = CallGate(dice.roll(2) == 0 ? .before : .after, isKill: true) { _ in
                    calls.withLockedValue { left in
                        left -= 1
                        return left <= 0 && run.state.withLockedValue { $0.isMortal }
                    }
                }
                let writer = harness.writer("replica-\(slot)-\(life)", gate: gate)
                guard run.begin(writer, gate) else { break }
                group.addTask {
                    await writer.run()
                    gate.giveUp()
                }
                guard await gate.reached() else { break }
                run.state.withLockedValue { $0.kills += 1 }
            }
            // What was killed stays dead until the end of the run.
            await group.waitForAll()
        }
    }

    /// Leases nobody took although they ran out, and calls that keep their slots although their deadline has passed, by more
    /// than it takes to notice.
    private static func stuck(_ harness: WriterHarness) async throws -> [String] {
        let rows = try await harness.database.query(
            """
            SELECT 'lease of ' || holder AS what FROM org_lease WHERE expires_at < now() - interval '5 seconds'
            UNION ALL SELECT 'call ' || id || ' of ' || holder FROM call
            WHERE finished_at IS NULL AND deadline < now() - interval '5 seconds'
            """)
        return rows.compactMap { $0["what"] }
    }
}
