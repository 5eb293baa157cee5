import Ledger

/// The clocks of a writer. Durations that are Xero's scale with its minute and day; HTTP time-outs and leases are real seconds.
struct WriterTime: Sendable {
    /// The monotonic clock.
    var now: @Sendable () -> ContinuousClock.Instant
    /// Waits. `isIdle` says that nothing of ours is in flight that could end the wait earlier.
    var wait: @Sendable (_ duration: Duration, _ isIdle: Bool) async throws -> Void
    /// The database's clock.
    var ledger: LedgerTime
    /// The length of Xero's minute in real seconds.
    var minuteSeconds: Double
    /// The length of Xero's day in real seconds.
    var daySeconds: Double

    /// The machine's clocks.
    static func live(minuteSeconds: Double, daySeconds: Double) -> WriterTime {
        WriterTime(
            now: { ContinuousClock.now }, wait: { duration, _ in try await Task.sleep(for: duration) },
            ledger: .database, minuteSeconds: minuteSeconds, daySeconds: daySeconds)
    }

    /// So many of Xero's seconds.
    func xeroSeconds(_ seconds: Double) -> Double { seconds * minuteSeconds / 60 }
}

extension ContinuousClock.Instant {
    func adding(seconds: Double) -> ContinuousClock.Instant { advanced(by: .nanoseconds(Int64(seconds * 1e9))) }

    func seconds(since other: ContinuousClock.Instant) -> Double {
        let (seconds, attoseconds) = other.duration(to: self).components
        return Double(seconds) + Double(attoseconds) / 1e18
    }
}
