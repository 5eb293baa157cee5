import ConnectionPool
import Logging

extension PostgresClient {
    /// How often a transaction that lost against concurrent ones is run again.
    private static let serializationRetries = 5

    /// Runs a transaction on a connection of its own: commits when `body` returns, rolls back when it throws.
    ///
    /// - Parameters:
    ///   - isolation: how much of concurrent transactions it sees; read committed unless told.
    ///   - retryingSerialization: whether `body` is run again, up to 5 times, when PostgreSQL refuses the transaction
    ///     because of concurrent ones (SQLSTATE 40001 and 40P01). `body` must then have no effects outside of it.
    ///   - body: what to do.
    /// - Returns: what `body` returned, after the commit.
    /// - Throws: what `body` threw; `commitOutcomeUnknown` when the connection was lost during the commit;
    ///   `transactionAborted` when `body` ignored the failure of one of its statements.
    public func withTransaction<R>(
        isolation: PostgresIsolation = .readCommitted, retryingSerialization: Bool = false,
        _ body: (PostgresTransaction) async throws -> R
    ) async throws -> R {
        var attempt = 0
        while true {
            do {
                return try await transaction(isolation, body)
            } catch let error as PostgresError
                where retryingSerialization && error.isSerializationFailure && attempt < Self.serializationRetries
            {
                attempt += 1
                logger.debug(
                    "a transaction lost against a concurrent one and runs again",
                    metadata: [PostgresLogKey.attempt: "\(attempt)"])
                try await Task.sleep(for: .milliseconds(Int.random(in: 1...(5 << attempt))))
            }
        }
    }

    private func transaction<R>(
        _ isolation: PostgresIsolation, _ body: (PostgresTransaction) async throws -> R
    ) async throws -> R {
        let lease = try await lease(from: exclusive)
        let transaction = PostgresTransaction(connection: lease.connection, isolation: isolation, metrics: metrics)
        let result: R
        do {
            result = try await body(transaction)
        } catch {
            let exclusive = exclusive
            await transaction.rollback { isUsable in
                if isUsable { exclusive.release(lease) } else { exclusive.discard(lease) }
            }
            throw error
        }
        defer { exclusive.release(lease) }
        try await transaction.commit()
        return result
    }
}
