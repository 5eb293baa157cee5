import Logging
import NIOConcurrencyHelpers
import Postgres
import ServiceLifecycle
import TestSupport
import Testing

@testable import Ingest

@Suite(.timeLimit(.minutes(5))) struct GroupCommitTests {
    /// Writes numbers; holds each write until told, and fails as told.
    private final class Writer: Sendable {
        let batches = NIOLockedValueBox<[[Int]]>([])
        let began = TestExpectation()
        let go = TestExpectation()
        let failure: @Sendable ([Int]) -> PostgresError?

        init(failure: @escaping @Sendable ([Int]) -> PostgresError? = { _ in nil }) { self.failure = failure }

        @Sendable func write(_ numbers: [Int]) async throws {
            batches.withLockedValue { $0.append(numbers) }
            began.fulfil()
            await go.wait()
            if let error = failure(numbers) { throw error }
        }
    }

    private func commits(
        _ writer: Writer, clock: any Clock<Duration> = ContinuousClock(),
        _ change: (inout GroupCommit<Int>.Limits) -> Void = { _ in }
    ) -> GroupCommit<Int> {
        var limits = GroupCommit<Int>.Limits()
        limits.workers = 1
        change(&limits)
        return GroupCommit(
            limits: limits, clock: clock, logger: IngestFixture.quiet, weight: { _ in 1 },
            isolates: DeliveryWriter.mayBeOneMembersFault, write: writer.write)
    }

    /// Stores numbers one after another, the first one alone in its batch.
    private func store(
        _ numbers: ClosedRange<Int>, _ commits: GroupCommit<Int>, _ writer: Writer
    ) async throws -> [Int: CommitFailure] {
        let failures = NIOLockedValueBox<[Int: CommitFailure]>([:])
        try await withServices([commits]) {
            await withTaskGroup(of: Void.self) { group in
                for number in numbers {
                    group.addTask {
                        do {
                            try await commits.store(number)
                        } catch {
                            failures.withLockedValue { $0[number] = error as? CommitFailure }
                        }
                    }
                    if number == numbers.lowerBound {
                        await writer.began.wait()
                    } else {
                        while commits.waiting < number - numbers.lowerBound { await Task.yield() }
                    }
                }
                writer.go.fulfil()
                await group.waitForAll()
            }
        }
        return failures.withLockedValue { $0 }
    }

    @Test func `What arrives while a batch commits is written together`() async throws {
        let writer = Writer()
        let failures = try await store(1...20, commits(writer), writer)
        #expect(failures.isEmpty)
        #expect(writer.batches.withLockedValue { $0 } == [[1], Array(2...20)])
    }

    @Test func `Batches are bounded`() async throws {
        let writer = Writer()
        _ = try await store(1...10, commits(writer) { $0.batchRecords = 4 }, writer)
        #expect(writer.batches.withLockedValue { $0.map(\.count) } == [1, 4, 4, 1])
    }

    @Test func `A record heavier than a batch goes alone`() async throws {
        let writer = Writer()
        _ = try await store(1...4, commits(writer) { $0.batchWeight = 0 }, writer)
        #expect(writer.batches.withLockedValue { $0.map(\.count) } == [1, 1, 1, 1])
    }

    @Test func `One bad member fails alone`() async throws {
        let writer = Writer { $0.contains(3) ? PostgresError(.server, "refused", sqlState: SQLState("22021")) : nil }
        let failures = try await store(1...5, commits(writer), writer)
        #expect(failures == [3: .unavailable])
        #expect(writer.batches.withLockedValue { $0 } == [[1], [2, 3, 4, 5], [2], [3], [4], [5]])
    }

    @Test func `A lost database fails all members at once`() async throws {
        let writer = Writer { $0.count > 1 ? PostgresError(.connection, "gone") : nil }
        let failures = try await store(1...5, commits(writer), writer)
        #expect(failures == [2: .unavailable, 3: .unavailable, 4: .unavailable, 5: .unavailable])
        #expect(writer.batches.withLockedValue { $0.count } == 2)
    }

    @Test func `Beyond the bound the sender is refused at once`() async throws {
        let writer = Writer()
        let commits = commits(writer) { $0.queueRecords = 1 }
        try await withServices([commits]) {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { try? await commits.store(1) }
                await writer.began.wait()
                group.addTask { try? await commits.store(2) }
                while commits.waiting < 1 { await Task.yield() }
                await #expect(throws: CommitFailure.queueFull) { try await commits.store(3) }
                writer.go.fulfil()
            }
        }
    }

    @Test func `A commit that takes too long is given up`() async throws {
        let clock = ManualClock()
        let commits = GroupCommit<Int>(
            limits: GroupCommit<Int>.Limits(workers: 1, timeout: .seconds(10)), clock: clock,
            logger: IngestFixture.quiet, weight: { _ in 1 }, isolates: { _ in false },
            write: { _ in try await ManualClock().sleep(for: .seconds(1)) })
        try await withServices([commits]) {
            await withTaskGroup(of: Void.self) { group in
                group.addTask {
                    await #expect(throws: CommitFailure.unavailable) { try await commits.store(1) }
                }
                await clock.waitForSleepers()
                clock.advance(by: .seconds(10))
            }
        }
    }

    @Test func `A stop commits what waits and refuses what comes later`() async throws {
        let writer = Writer()
        let commits = commits(writer)
        let group = ServiceGroup(services: [commits], logger: IngestFixture.quiet)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            tasks.addTask { try await commits.store(1) }
            await writer.began.wait()
            tasks.addTask { try await commits.store(2) }
            while commits.waiting < 1 { await Task.yield() }
            await group.triggerGracefulShutdown()
            writer.go.fulfil()
            try await tasks.waitForAll()
        }
        #expect(writer.batches.withLockedValue { $0 } == [[1], [2]])
        await #expect(throws: CommitFailure.stopping) { try await commits.store(3) }
    }
}
