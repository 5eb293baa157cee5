import DequeModule
import Logging
import NIOConcurrencyHelpers
import ServiceLifecycle

/// Why a delivery could not be stored: the sender is asked to come again.
enum CommitFailure: Error, Sendable, Hashable {
    /// So many wait already that more would only time out.
    case queueFull
    /// The database did not take it, or not in time.
    case unavailable
    /// The service is stopping.
    case stopping
}

/// Writes deliveries that arrive together in one transaction, each sender waiting for its commit.
///
/// Nothing lingers: a worker that is free takes whatever waits, so batches form by themselves while earlier ones commit. When a
/// batch fails for a reason that one of its members may be to blame for, its members are written one by one.
final class GroupCommit<Record: Sendable>: Service, CustomStringConvertible {
    struct Limits: Sendable {
        /// The most records in a transaction.
        var batchRecords = 256
        /// The most weight in a transaction, except for a single record.
        var batchWeight = 8 << 20
        /// The most records that wait.
        var queueRecords = 10_000
        /// The most weight that waits.
        var queueWeight = 256 << 20
        /// How many transactions are open at once.
        var workers = 2
        /// How long a transaction may take.
        var timeout = Duration.seconds(10)
    }

    private struct Entry: Sendable {
        let record: Record
        let weight: Int
        let continuation: CheckedContinuation<Void, any Error>
    }

    private enum Action {
        case wait, refuse(CommitFailure)
        case start(CheckedContinuation<[Entry], Never>)
    }

    private struct State {
        var pending: Deque<Entry> = []
        var pendingWeight = 0
        var idle: [CheckedContinuation<[Entry], Never>] = []
        var isStopping = false
    }

    private final class Work: Sendable {
        let write: @Sendable ([Record]) async throws -> Void
        let isolates: @Sendable (any Error) -> Bool
        let weight: @Sendable (Record) -> Int

        init(
            write: @escaping @Sendable ([Record]) async throws -> Void,
            isolates: @escaping @Sendable (any Error) -> Bool, weight: @escaping @Sendable (Record) -> Int
        ) {
            self.write = write
            self.isolates = isolates
            self.weight = weight
        }
    }

    private let limits: Limits
    private let clock: any Clock<Duration>
    private let logger: Logger
    private let work: Work
    private let state = NIOLockedValueBox(State())

    /// Makes a group commit.
    ///
    /// - Parameters:
    ///   - limits: bounds of batches and of the queue.
    ///   - clock: of the time-out.
    ///   - logger: for what could not be stored.
    ///   - weight: what a record counts against the bounds.
    ///   - isolates: whether a batch's failure may be one member's fault, so that they are written one by one.
    ///   - write: writes a batch in one transaction.
    init(
        limits: Limits, clock: any Clock<Duration> = ContinuousClock(), logger: Logger,
        weight: @escaping @Sendable (Record) -> Int, isolates: @escaping @Sendable (any Error) -> Bool,
        write: @escaping @Sendable ([Record]) async throws -> Void
    ) {
        self.limits = limits
        self.clock = clock
        self.logger = logger
        work = Work(write: write, isolates: isolates, weight: weight)
    }

    var description: String { "group commit" }

    /// How many records wait for a worker.
    var waiting: Int { state.withLockedValue { $0.pending.count } }

    /// Stores a record; returns when its transaction has committed.
    ///
    /// - Throws: ``CommitFailure``.
    func store(_ record: Record) async throws {
        let weight = work.weight(record)
        try await withCheckedThrowingContinuation { continuation in
            let entry = Entry(record: record, weight: weight, continuation: continuation)
            let action = state.withLockedValue { state -> Action in
                if state.isStopping { return .refuse(.stopping) }
                if let worker = state.idle.popLast() { return .start(worker) }
                let isFull =
                    state.pending.count >= limits.queueRecords
                    || (!state.pending.isEmpty && state.pendingWeight + weight > limits.queueWeight)
                if isFull { return .refuse(.queueFull) }
                state.pending.append(entry)
                state.pendingWeight += weight
                return .wait
            }
            switch action {
            case .wait: break
            case .refuse(let failure): continuation.resume(throwing: failure)
            case .start(let worker): worker.resume(returning: [entry])
            }
        }
    }

    /// Commits until told to stop; what waits then is still committed.
    func run() async throws {
        await withTaskCancellationOrGracefulShutdownHandler {
            await withDiscardingTaskGroup { group in
                for _ in 0..<limits.workers {
                    group.addTask { await self.runWorker() }
                }
            }
        } onCancelOrGracefulShutdown: {
            self.stop()
        }
    }

    private func stop() {
        let idle = state.withLockedValue { state in
            state.isStopping = true
            defer { state.idle = [] }
            return state.idle
        }
        for worker in idle { worker.resume(returning: []) }
    }

    private func runWorker() async {
        while true {
            let batch = await nextBatch()
            if batch.isEmpty { return }
            await commit(batch)
        }
    }

    /// What is to be committed next; empty when stopping and nothing waits.
    private func nextBatch() async -> [Entry] {
        await withCheckedContinuation { continuation in
            let batch = state.withLockedValue { state -> [Entry]? in
                if state.pending.isEmpty {
                    if state.isStopping { return [] }
                    state.idle.append(continuation)
                    return nil
                }
                return takeBatch(&state)
            }
            if let batch { continuation.resume(returning: batch) }
        }
    }

    private func takeBatch(_ state: inout State) -> [Entry] {
        var batch: [Entry] = []
        var weight = 0
        while batch.count < limits.batchRecords, let next = state.pending.first {
            if !batch.isEmpty, weight + next.weight > limits.batchWeight { break }
            weight += next.weight
            batch.append(next)
            state.pending.removeFirst()
        }
        state.pendingWeight -= weight
        return batch
    }

    // MARK: Committing

    private func commit(_ batch: [Entry]) async {
        do {
            try await write(batch.map { $0.record })
            for entry in batch { entry.continuation.resume() }
        } catch {
            guard batch.count > 1, work.isolates(error) else { return fail(batch, error) }
            logger.notice(
                "a batch failed, its members are written one by one",
                metadata: ["records": "\(batch.count)", "error": "\(error)"])
            for entry in batch { await commitAlone(entry) }
        }
    }

    private func commitAlone(_ entry: Entry) async {
        do {
            try await write([entry.record])
            entry.continuation.resume()
        } catch {
            fail([entry], error)
        }
    }

    private func fail(_ batch: [Entry], _ error: any Error) {
        logger.warning(
            "deliveries could not be stored", metadata: ["records": "\(batch.count)", "error": "\(error)"])
        for entry in batch { entry.continuation.resume(throwing: CommitFailure.unavailable) }
    }

    private func write(_ records: [Record]) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await self.work.write(records) }
            group.addTask {
                try await self.clock.sleep(for: self.limits.timeout)
                throw CommitFailure.unavailable
            }
            defer { group.cancelAll() }
            try await group.next()
        }
    }
}
