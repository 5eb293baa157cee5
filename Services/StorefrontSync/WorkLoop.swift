import NIOConcurrencyHelpers
import ServiceLifecycle

/// Claims work whenever woken and does it beside what is under way already: a slow piece delays no other.
final class WorkLoop: Service {
    /// One claimed piece of work.
    typealias Work = @Sendable () async -> Void

    private let claim: @Sendable () async -> [Work]
    private let wakes: AsyncStream<Void>
    private let wakeUp: AsyncStream<Void>.Continuation
    private let underWay = NIOLockedValueBox(0)

    /// - Parameter claim: takes what may be begun now; it is called again after each piece has ended.
    init(claim: @escaping @Sendable () async -> [Work]) {
        self.claim = claim
        (wakes, wakeUp) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Looks for work, now.
    func wake() { wakeUp.yield() }

    /// Works until the service is stopped; what has begun is finished.
    func run() async throws {
        await withGracefulShutdownHandler {
            await work(untilIdle: false)
        } onGracefulShutdown: {
            self.wakeUp.finish()
        }
    }

    /// Works everything that can be claimed, then returns.
    func runUntilIdle() async {
        await work(untilIdle: true)
    }

    private func work(untilIdle: Bool) async {
        wake()
        await withDiscardingTaskGroup { group in
            for await _ in wakes {
                let claimed = await claim()
                for work in claimed {
                    underWay.withLockedValue { $0 += 1 }
                    group.addTask {
                        await work()
                        self.underWay.withLockedValue { $0 -= 1 }
                        self.wake()
                    }
                }
                if untilIdle, claimed.isEmpty, underWay.withLockedValue({ $0 == 0 }) { return }
            }
        }
    }
}
