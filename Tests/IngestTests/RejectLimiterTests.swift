import Accounting
import NIOConcurrencyHelpers
import Testing

@testable import Ingest

@Suite struct RejectLimiterTests {
    private let time = NIOLockedValueBox(Instant(seconds: 60_000))

    private func limiter(_ rows: Int = 3) -> RejectLimiter {
        RejectLimiter(rowsPerMinute: rows) { time.withLockedValue { $0 } }
    }

    @Test func `A store gets so many rows a minute, then only a counter grows`() {
        let limiter = limiter()
        let admitted = (0..<10).map { limiter.admits(storeID: "a", source: "10.0.0.\($0)", reason: "wrong signature") }
        #expect(admitted.filter(\.self).count == 3)
        #expect(
            limiter.takeCounts() == [
                RejectLimiter.Count(minute: Instant(seconds: 60_000), storeID: "a", reason: "wrong signature"): 7
            ])
        #expect(limiter.takeCounts().isEmpty)
    }

    @Test func `A source gets so many rows a minute, whatever stores it names`() {
        let limiter = limiter()
        for number in 0..<10 {
            #expect(limiter.admits(storeID: nil, source: "10.0.0.1", reason: "unknown store") == (number < 3))
        }
        #expect(limiter.admits(storeID: nil, source: "10.0.0.2", reason: "unknown store"))
        #expect(limiter.takeCounts().map(\.key.storeID) == ["unknown"])
    }

    @Test func `The next minute begins anew`() {
        let limiter = limiter(1)
        #expect(limiter.admits(storeID: "a", source: nil, reason: "r"))
        #expect(!limiter.admits(storeID: "a", source: nil, reason: "r"))
        time.withLockedValue { $0 = Instant(seconds: 60_060) }
        #expect(limiter.admits(storeID: "a", source: nil, reason: "r"))
    }

    @Test func `Counts that could not be stored are not forgotten`() {
        let limiter = limiter(0)
        _ = limiter.admits(storeID: "a", source: nil, reason: "r")
        let counts = limiter.takeCounts()
        _ = limiter.admits(storeID: "a", source: nil, reason: "r")
        limiter.putBack(counts)
        #expect(limiter.takeCounts().values.reduce(0, +) == 2)
    }

    @Test func `Memory stays bounded however many addresses come`() {
        let limiter = limiter(60)
        var admitted = 0
        for number in 0..<50_000 where limiter.admits(storeID: nil, source: "s\(number)", reason: "unknown store") {
            admitted += 1
        }
        #expect(admitted == 20_000)
        #expect(limiter.takeCounts().values.reduce(0, +) == 30_000)
    }
}
