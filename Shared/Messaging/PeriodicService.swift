public import Logging
import NIOConcurrencyHelpers
public import ServiceLifecycle

/// Does something again and again: at once when started, then after every pause, and whenever woken.
///
/// A round that throws is logged and tried again after 1 s at most, then more and more rarely up to once a minute or the usual
/// pause; it never ends the service. A graceful stop lets the
/// round in progress finish.
public final class PeriodicService: Service, CustomStringConvertible {
    /// What follows a round.
    public enum Next: Sendable, Hashable {
        /// The usual pause.
        case pause
        /// Another round at once: there is more to do.
        case again
        /// A pause of this length, if it is shorter than the usual one.
        case after(Duration)
    }

    private static let retry = RetryPolicy(base: .seconds(1), cap: .seconds(60), floor: .milliseconds(100))

    private let name: String
    private let pause: Duration
    private let jitter: Double
    private let clock: any Clock<Duration>
    private let logger: Logger
    private let round: Round
    private let signal = WakeSignal()
    private let stopping = NIOLockedValueBox(false)

    private final class Round: Sendable {
        let body: @Sendable () async throws -> Next

        init(_ body: @escaping @Sendable () async throws -> Next) { self.body = body }
    }

    /// Makes a service whose rounds all are followed by the same pause.
    ///
    /// - Parameters:
    ///   - name: for logs.
    ///   - every: the pause between the end of a round and the next.
    ///   - clock: the clock of the pauses.
    ///   - jitter: by what part of itself a pause is made longer or shorter at random, 0 to 1; 0.1 by default.
    ///   - logger: for rounds that fail.
    ///   - body: one round.
    public convenience init(
        name: String, every: Duration, clock: any Clock<Duration> = ContinuousClock(), jitter: Double = 0.1,
        logger: Logger, body: @escaping @Sendable () async throws -> Void
    ) {
        self.init(
            name: name, every: every, clock: clock, jitter: jitter, logger: logger,
            rounds: {
                try await body()
                return .pause
            })
    }

    /// Makes a service whose rounds say what follows.
    ///
    /// - Parameters: as for the other one; `rounds` is one round. A closure without a label is the other one's `body`.
    @_disfavoredOverload
    public init(
        name: String, every: Duration, clock: any Clock<Duration> = ContinuousClock(), jitter: Double = 0.1,
        logger: Logger, rounds: @escaping @Sendable () async throws -> Next
    ) {
        self.name = name
        self.pause = every
        self.jitter = min(max(jitter, 0), 1)
        self.clock = clock
        self.logger = logger
        self.round = Round(rounds)
    }

    /// The service's name in lifecycle logs.
    public var description: String { name }

    /// Has the next round begin at once, or right after the present one.
    public func wake() { signal.wake() }

    /// Works until told to stop.
    public func run() async throws {
        await withGracefulShutdownHandler {
            var failures = 0
            while !isStopping {
                await signal.wait(for: await work(&failures), clock: clock)
            }
        } onGracefulShutdown: {
            self.stopping.withLockedValue { $0 = true }
            self.signal.wake()
        }
    }

    private var isStopping: Bool { Task.isCancelled || stopping.withLockedValue { $0 } }

    /// Rounds until there is nothing more to do at once.
    ///
    /// - Returns: how long to pause.
    private func work(_ failures: inout Int) async -> Duration {
        while !isStopping {
            do {
                let next = try await round.body()
                failures = 0
                switch next {
                case .again: continue
                case .pause: return jittered(pause)
                case .after(let duration): return min(duration, jittered(pause))
                }
            } catch {
                if Task.isCancelled { return .zero }
                logger.warning("round failed", metadata: ["round": "\(name)", "error": "\(error)"])
                failures += 1
                return min(Self.retry.delay(afterFailures: failures), jittered(pause))
            }
        }
        return .zero
    }

    private func jittered(_ duration: Duration) -> Duration {
        jitter == 0 ? duration : duration * Double.random(in: (1 - jitter)...(1 + jitter))
    }
}
