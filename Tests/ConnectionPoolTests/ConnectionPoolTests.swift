import NIOConcurrencyHelpers
import Testing

@testable import ConnectionPool

/// A connection that does nothing but remember that it was closed.
private final class FakeConnection: PooledConnection {
    let id: Int
    let onClose: @Sendable () -> Void
    init(id: Int, onClose: @escaping @Sendable () -> Void) {
        self.id = id
        self.onClose = onClose
    }
    func close() { onClose() }
}

private struct Refused: Error, CustomStringConvertible {
    var description: String { "refused" }
}

@Suite("The pool with tasks", .timeLimit(.minutes(5)))
struct ConnectionPoolTests {
    private typealias Pool = ConnectionPool<FakeConnection, ContinuousClock>

    private func configuration(maximum: Int) -> PoolConfiguration {
        var configuration = PoolConfiguration()
        configuration.maximumConnections = maximum
        configuration.firstBackoff = .milliseconds(1)
        return configuration
    }

    @Test("many tasks share few connections, and every lease comes back")
    func contention() async throws {
        let pool = Pool(configuration: configuration(maximum: 3), clock: ContinuousClock()) { id, onClose in
            FakeConnection(id: id, onClose: onClose)
        }
        let running = Task { await pool.run() }
        let inUse = NIOLockedValueBox<Set<Int>>([])
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<500 {
                group.addTask {
                    let lease = try await pool.lease()
                    let inserted = inUse.withLockedValue { $0.insert(lease.id).inserted }
                    #expect(inserted)
                    await Task.yield()
                    inUse.withLockedValue { _ = $0.remove(lease.id) }
                    pool.release(lease)
                }
            }
            try await group.waitForAll()
        }
        #expect(pool.statistics.leases == 0)
        #expect(pool.statistics.open <= 3)
        pool.drain()
        await running.value
        #expect(pool.statistics == PoolStatistics())
    }

    @Test("a cancelled waiter is answered and its lease goes to the next")
    func cancellation() async throws {
        let pool = Pool(configuration: configuration(maximum: 1), clock: ContinuousClock()) { id, onClose in
            FakeConnection(id: id, onClose: onClose)
        }
        let running = Task { await pool.run() }
        let first = try await pool.lease()
        let waiting = Task { try await pool.lease() }
        while pool.statistics.waiters == 0 { await Task.yield() }
        waiting.cancel()
        let error = await #expect(throws: PoolError.self) { try await waiting.value }
        #expect(error?.code == .cancelled)
        pool.release(first)
        let second = try await pool.lease()
        #expect(second.id == first.id)
        pool.release(second)
        running.cancel()
        await running.value
    }

    @Test("connections are opened again after failures and losses")
    func recovery() async throws {
        let attempts = NIOLockedValueBox(0)
        let pool = Pool(configuration: configuration(maximum: 1), clock: ContinuousClock()) { id, onClose in
            let attempt = attempts.withLockedValue { attempts in
                attempts += 1
                return attempts
            }
            if attempt <= 3 { throw Refused() }
            return FakeConnection(id: id, onClose: onClose)
        }
        let running = Task { await pool.run() }
        let first = try await pool.lease()
        #expect(attempts.withLockedValue { $0 } == 4)
        first.connection.close()
        pool.release(first)
        let second = try await pool.lease()
        #expect(second.id != first.id)
        pool.release(second)
        running.cancel()
        await running.value
        let error = await #expect(throws: PoolError.self) { try await pool.lease() }
        #expect(error?.code == .shutDown)
    }
}
