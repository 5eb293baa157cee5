import NIOConcurrencyHelpers

/// Time that stands still until a test moves it.
final class TestClock: Sendable {
    private let instant = NIOLockedValueBox(ContinuousClock.now)

    var now: ContinuousClock.Instant { instant.withLockedValue { $0 } }

    func advance(by duration: Duration) { instant.withLockedValue { $0 += duration } }
}
