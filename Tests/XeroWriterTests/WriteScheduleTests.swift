import Ledger
import Mapping
import NIOConcurrencyHelpers
import TestSupport
import Testing

@testable import XeroWriter

@Suite("Writing in rounds")
struct WriteScheduleTests {
    @Test("a round ends when nothing is left, and the next begins when it is due")
    func rounds() {
        var schedule = WriteSchedule(interval: 600)
        let few = BatchCandidate(shape: BatchShape(.invoice, .create), count: 3, ageSeconds: 0)
        let full = BatchCandidate(shape: BatchShape(.payment, .create), count: BatchPolicy.size, ageSeconds: 0)
        let lookup = BatchCandidate(shape: BatchShape(.payment, .create, isLookup: true), count: 1, ageSeconds: 0)
        let void = BatchCandidate(shape: BatchShape(.invoice, .void), count: 1, ageSeconds: 0)
        let all = [few, full, lookup, void]
        let first = schedule.admitted(all, at: 10)
        #expect(first == all)
        schedule.end()
        for moment in [20.0, 599.0] {
            let between = schedule.admitted(all, at: moment)
            #expect(between == [full, lookup, void])
        }
        let second = schedule.admitted(all, at: 600)
        #expect(second == all)
        schedule.end()
        // Another interval counts at once.
        schedule.interval = 0
        schedule.end()
        let always = schedule.admitted(all, at: 610)
        #expect(always == all)
    }

    @Test(
        "an org that is written every half hour gets what came in between with the next round, and everything then",
        .enabled(if: TestServers.areAvailable, "needs the private servers: make test"), .timeLimit(.minutes(5)))
    func everyHalfHour() async throws {
        try await WriterHarness.run { harness in
            let orders = [SampleOrder(number: 1, customer: 1), SampleOrder(number: 2, customer: 2)]
            try await harness.plan([orders[0]])
            let writer = harness.writer()
            var org = writer.org
            org.writeEveryMinutes = 30
            writer.update(org)
            let firstRound = NIOLockedValueBox<Double?>(nil)
            try await harness.write(writer) {
                guard try await harness.count("state <> 'posted'") == 0 else { return false }
                if firstRound.withLockedValue({ $0 }) != nil { return true }
                firstRound.withLockedValue { $0 = harness.clock.offset }
                try await harness.plan([orders[1]])
                return false
            }
            #expect(firstRound.withLockedValue { $0 } ?? .infinity < 300)
            // Moved clocks stand on the real one, which goes on meanwhile.
            #expect((1500...2100).contains(harness.clock.offset))
            #expect(harness.discrepancies(orders) == [])
        }
    }
}
