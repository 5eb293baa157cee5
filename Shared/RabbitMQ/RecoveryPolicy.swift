/// How long to wait before connecting again.
///
/// The first retry comes within 150 ms, since most losses are a broker's or a proxy's restart of a moment; after that
/// the ceiling doubles from 500 ms to 30 s and the wait is drawn evenly below it ("full jitter"), so that many clients
/// that lost the broker together do not come back together.
struct RecoveryPolicy: Sendable {
    /// Draws a number of milliseconds from a range. A parameter so that tests decide.
    typealias Draw = @Sendable (ClosedRange<Int>) -> Int

    private final class Source: Sendable {
        let draw: Draw
        init(_ draw: @escaping Draw) { self.draw = draw }
    }

    private let source: Source

    init(draw: @escaping Draw = { Int.random(in: $0) }) { source = Source(draw) }

    /// The wait before an attempt.
    ///
    /// - Parameter failures: how many attempts, or short-lived connections, have failed in a row; 1 or more.
    func delay(afterFailures failures: Int) -> Duration {
        if failures <= 1 { return .milliseconds(source.draw(50...150)) }
        let doublings = min(failures - 2, 6)
        let ceiling = min(30_000, 500 << doublings)
        return .milliseconds(source.draw(50...ceiling))
    }
}
