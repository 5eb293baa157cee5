import Accounting
import Testing

@testable import StorefrontSync

@Suite("A reading of an order")
struct SnapshotDecisionTests {
    private func version(
        _ modified: Int64, read: Int64, _ hash: UInt8, isWebhook: Bool = false
    ) -> SnapshotDecision.Version {
        SnapshotDecision.Version(
            modifiedAt: Instant(seconds: modified), readStartedAt: Instant(seconds: read), contentHash: [hash],
            isWebhook: isWebhook)
    }

    @Test("is accepted when nothing is known or its stamp is newer")
    func newer() {
        #expect(SnapshotDecision.decide(version(1, read: 1, 1), known: nil) == .accept)
        #expect(SnapshotDecision.decide(version(2, read: 1, 2), known: version(1, read: 5, 1)) == .accept)
        #expect(SnapshotDecision.decide(version(2, read: 3, 1), known: version(1, read: 2, 1)) == .accept)
    }

    @Test("changes nothing when its stamp is older, however late it was read")
    func older() {
        #expect(SnapshotDecision.decide(version(1, read: 9, 2), known: version(2, read: 1, 1)) == .older)
    }

    @Test("with the same stamp counts if its content differs and it was read later, and is read once more")
    func ties() {
        let known = version(1, read: 5, 1)
        #expect(SnapshotDecision.decide(version(1, read: 6, 1), known: known) == .unchanged)
        #expect(SnapshotDecision.decide(version(1, read: 6, 2), known: known) == .acceptAndReadAgain)
        #expect(SnapshotDecision.decide(version(1, read: 4, 2), known: known) == .readAgain)
        #expect(
            SnapshotDecision.decide(version(1, read: 4, 2), known: version(1, read: 5, 1, isWebhook: true))
                == .acceptAndReadAgain)
    }
}

@Suite("The health of stores")
struct StoreHealthTests {
    @Test("leaves a failing store alone longer and longer, tries it with one read, and opens it with the first answer")
    func backsOff() {
        let clock = TestClock()
        let health = StoreHealth(now: { clock.now }, jitter: { 1 })
        #expect(health.room(for: ["a", "b"]) == ["a": 4, "b": 4])
        let first = health.failed("a", .unavailable(retryAfter: nil))
        #expect(first.isFirst)
        #expect(first.delay == .seconds(1))
        #expect(health.room(for: ["a", "b"]) == ["b": 4])
        clock.advance(by: .seconds(1))
        #expect(health.room(for: ["a"]) == ["a": 1])
        #expect(health.failed("a", .unavailable(retryAfter: nil)).delay == .seconds(2))
        clock.advance(by: .seconds(2))
        #expect(health.answered("a"))
        #expect(!health.answered("a"))
        #expect(health.room(for: ["a"]) == ["a": 4])
    }

    @Test("counts reads that failed together once, and keeps to what the store asked for")
    func countsOnce() {
        let clock = TestClock()
        let health = StoreHealth(now: { clock.now }, jitter: { 1 })
        #expect(health.failed("a", .unavailable(retryAfter: .seconds(30))).delay == .seconds(30))
        #expect(!health.failed("a", .unavailable(retryAfter: nil)).isFirst)
        clock.advance(by: .seconds(30))
        #expect(health.failed("a", .unavailable(retryAfter: nil)).delay == .seconds(2))
    }

    @Test("never lets more reads begin than fit")
    func bounds() {
        var limits = StoreHealth.Limits()
        limits.readsPerStore = 3
        limits.reads = 5
        let health = StoreHealth(limits: limits)
        #expect(health.room(for: ["a", "b"]) == ["a": 3, "b": 2])
        health.began("a")
        health.began("a")
        #expect(health.room(for: ["a"]) == ["a": 1])
        health.ended("a")
        #expect(health.room(for: ["a"]) == ["a": 2])
    }
}
