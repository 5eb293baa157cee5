import NIOConcurrencyHelpers
import Synchronization

/// Whether the thread of an ``IOThread`` comes back to `poll`: read by watchdogs on other threads.
final class ThreadPulse: Sendable {
    let ticks = Atomic<UInt64>(0)
    private let origin = ContinuousClock.now
    /// Microseconds from `origin` to the beginning of the present round, plus one; 0 while the thread waits.
    private let roundBegan = Atomic<UInt64>(0)

    func roundBegins(at now: ContinuousClock.Instant) {
        ticks.wrappingAdd(1, ordering: .relaxed)
        roundBegan.store(Self.microseconds(origin.duration(to: now)) + 1, ordering: .relaxed)
    }

    func roundEnds() { roundBegan.store(0, ordering: .relaxed) }

    func busyFor(now: ContinuousClock.Instant) -> Duration? {
        let began = roundBegan.load(ordering: .relaxed)
        if began == 0 { return nil }
        let elapsed = Self.microseconds(origin.duration(to: now))
        return .microseconds(Int64(elapsed) - Int64(began - 1))
    }

    private static func microseconds(_ duration: Duration) -> UInt64 {
        let (seconds, attoseconds) = duration.components
        return UInt64(max(0, seconds)) * 1_000_000 + UInt64(max(0, attoseconds / 1_000_000_000_000))
    }
}

/// Lets tasks wait for the end of a thread.
final class ThreadExit: Sendable {
    private struct State {
        var hasEnded = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state = NIOLockedValueBox(State())

    func ended() {
        let waiting = state.withLockedValue { state in
            state.hasEnded = true
            let waiting = state.waiting
            state.waiting = []
            return waiting
        }
        for continuation in waiting { continuation.resume() }
    }

    func wait() async {
        await withCheckedContinuation { continuation in
            let hasEnded = state.withLockedValue { state in
                if !state.hasEnded { state.waiting.append(continuation) }
                return state.hasEnded
            }
            if hasEnded { continuation.resume() }
        }
    }
}
