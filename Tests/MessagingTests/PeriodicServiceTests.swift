import Logging
import NIOConcurrencyHelpers
import ServiceLifecycle
import TestSupport
import Testing

@testable import Messaging

@Suite(.timeLimit(.minutes(5))) struct PeriodicServiceTests {
    private struct Trouble: Error {}

    private func quiet() -> Logger { Logger(label: "test") { _ in SwiftLogNoOpLogHandler() } }

    @Test func `A round comes at once, then after every pause`() async {
        let clock = ManualClock()
        let rounds = NIOLockedValueBox(0)
        let service = PeriodicService(name: "test", every: .seconds(10), clock: clock, jitter: 0, logger: quiet()) {
            rounds.withLockedValue { $0 += 1 }
        }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { try? await service.run() }
            for expected in 1...3 {
                await clock.waitForSleepers()
                #expect(rounds.withLockedValue { $0 } == expected)
                clock.advance(by: .seconds(10))
            }
            await clock.waitForSleepers()
            group.cancelAll()
        }
    }

    @Test func `A wake brings the next round before its time`() async {
        let clock = ManualClock()
        let first = TestExpectation()
        let second = TestExpectation(count: 2)
        let service = PeriodicService(name: "test", every: .seconds(10), clock: clock, jitter: 0, logger: quiet()) {
            first.fulfil()
            second.fulfil()
        }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { try? await service.run() }
            await first.wait()
            service.wake()
            await second.wait()
            group.cancelAll()
        }
    }

    @Test func `Again means at once, without a pause`() async {
        let clock = ManualClock()
        let rounds = NIOLockedValueBox(0)
        let service = PeriodicService(
            name: "test", every: .seconds(10), clock: clock, jitter: 0, logger: quiet(),
            rounds: {
                let number = rounds.withLockedValue { rounds in
                    rounds += 1
                    return rounds
                }
                return number < 5 ? .again : .after(.seconds(3))
            })
        await withTaskGroup(of: Void.self) { group in
            group.addTask { try? await service.run() }
            await clock.waitForSleepers()
            #expect(rounds.withLockedValue { $0 } == 5)
            clock.advance(by: .seconds(3))
            await clock.waitForSleepers()
            #expect(rounds.withLockedValue { $0 } == 6)
            group.cancelAll()
        }
    }

    @Test func `A round that throws is tried again soon`() async {
        let clock = ManualClock()
        let rounds = NIOLockedValueBox(0)
        let service = PeriodicService(name: "test", every: .seconds(10), clock: clock, jitter: 0, logger: quiet()) {
            rounds.withLockedValue { $0 += 1 }
            throw Trouble()
        }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { try? await service.run() }
            await clock.waitForSleepers()
            clock.advance(by: .seconds(1))
            await clock.waitForSleepers()
            #expect(rounds.withLockedValue { $0 } == 2)
            group.cancelAll()
        }
    }

    @Test func `A graceful stop ends it during a pause`() async throws {
        let clock = ManualClock()
        let service = PeriodicService(name: "test", every: .seconds(10), clock: clock, logger: quiet()) {}
        let group = ServiceGroup(services: [service], logger: quiet())
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            await clock.waitForSleepers()
            await group.triggerGracefulShutdown()
            try await tasks.next()
        }
    }
}
