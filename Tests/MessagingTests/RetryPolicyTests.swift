import Messaging
import Testing

@Suite struct RetryPolicyTests {
    private struct Fixed: RandomNumberGenerator {
        var value: UInt64
        mutating func next() -> UInt64 { value }
    }

    private let policy = RetryPolicy(base: .milliseconds(100), cap: .seconds(5))

    @Test func `The bound doubles up to the cap`() {
        let bounds = (1...8).map { policy.bound(afterFailures: $0) }
        #expect(
            bounds == [100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000].map { Duration.milliseconds($0) })
        #expect(policy.bound(afterFailures: 1_000_000) == .seconds(5))
        #expect(policy.bound(afterFailures: 0) == .milliseconds(100))
    }

    @Test func `The wait is anything between the floor and the bound`() {
        var low = Fixed(value: 1 << 42)
        var high = Fixed(value: .max)
        #expect(policy.delay(afterFailures: 3, using: &low) == .milliseconds(10))
        #expect(policy.delay(afterFailures: 3, using: &high) == .milliseconds(400))
        for failures in 1...20 {
            let delay = policy.delay(afterFailures: failures)
            #expect(delay >= policy.floor && delay <= policy.bound(afterFailures: failures))
        }
    }

    @Test func `A floor above the cap is the cap`() {
        let policy = RetryPolicy(base: .seconds(1), cap: .seconds(2), floor: .seconds(9))
        #expect(policy.delay(afterFailures: 1) == .seconds(2))
    }
}
