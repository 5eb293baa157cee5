import ConnectionPool
public import Logging
public import ServiceLifecycle

/// PostgreSQL for the whole process: statements from any number of tasks, over few connections.
///
/// Statements outside transactions share a few pipelined connections: each is a transaction of its own, and a burst
/// travels together. Transactions have a connection each while they last. Lost connections are replaced by themselves;
/// until then callers wait, and fail after `leaseTimeout`.
///
/// ``run()`` has to be running, as a rule as the first service of a `ServiceGroup`.
public final class PostgresClient: PostgresSession, Service, Sendable {
    typealias Pool = ConnectionPool<PostgresConnection, ContinuousClock>

    /// The configuration it was made with.
    public let configuration: PostgresConfiguration
    let logger: Logger
    let pipelines: Pool
    let exclusive: Pool
    let metrics = PostgresMetrics()
    private let hub: NotificationHub
    /// A database that is back is found within this time.
    private static let longestBackoff = Duration.seconds(3)

    /// A client that connects when ``run()`` starts.
    /// - Parameters:
    ///   - configuration: where, and the limits.
    ///   - logger: told of connections at info, of the first failure in a row at warning, of notices at debug.
    public init(configuration: PostgresConfiguration, logger: Logger) {
        self.configuration = configuration
        var logger = logger
        logger[metadataKey: PostgresLogKey.address] = "\(configuration.displayName)"
        self.logger = logger
        var shared = PoolConfiguration()
        shared.minimumConnections = max(1, configuration.connections)
        shared.maximumConnections = shared.minimumConnections
        shared.leasesPerConnection = 16_384
        shared.maximumWaiters = configuration.maximumWaiters
        shared.leaseTimeout = configuration.leaseTimeout
        shared.longestBackoff = Self.longestBackoff
        pipelines = Self.pool("statements", shared, configuration, logger)
        var alone = PoolConfiguration()
        alone.maximumConnections = max(1, configuration.transactions)
        alone.maximumWaiters = configuration.maximumWaiters
        alone.leaseTimeout = configuration.leaseTimeout
        alone.longestBackoff = Self.longestBackoff
        exclusive = Self.pool("transactions", alone, configuration, logger)
        hub = NotificationHub(configuration: configuration, logger: logger)
    }

    private static func pool(
        _ name: String, _ pool: PoolConfiguration, _ configuration: PostgresConfiguration, _ logger: Logger
    ) -> Pool {
        var logger = logger
        logger[metadataKey: PostgresLogKey.pool] = "\(name)"
        return Pool(configuration: pool, clock: ContinuousClock(), observer: PoolLog(logger: logger)) {
            [logger] id, onClose in
            try await PostgresConnection.open(
                id: id, configuration: configuration, logger: logger, onClose: onClose)
        }
    }

    /// Whether at least one connection is open.
    public var isConnected: Bool { pipelines.statistics.open > 0 }

    /// Why statements cannot be run just now, for readiness; nil while they can.
    public var obstacle: String? {
        if isConnected { return nil }
        guard let trouble = pipelines.trouble else { return "not connected" }
        let circuit = pipelines.statistics.circuit == .closed ? "" : ", callers are refused at once"
        return "not connected for \(trouble.lasting.components.seconds) s\(circuit): \(trouble.failure)"
    }

    /// Keeps connections open until the task is cancelled or the service group shuts down gracefully, in which case it
    /// first lets everything that was begun finish.
    public func run() async throws {
        await withGracefulShutdownHandler {
            await withTaskGroup(of: Void.self) { group in
                group.addTask {
                    await withDiscardingTaskGroup { pools in
                        pools.addTask { await self.pipelines.run() }
                        pools.addTask { await self.exclusive.run() }
                    }
                }
                let hub = hub
                let background = Task {
                    await withDiscardingTaskGroup { others in
                        others.addTask { await hub.run() }
                        others.addTask { await self.sampleMetrics() }
                    }
                }
                await withTaskCancellationHandler {
                    await group.waitForAll()
                } onCancel: {
                    background.cancel()
                }
                background.cancel()
                await background.value
            }
        } onGracefulShutdown: {
            self.pipelines.drain()
            self.exclusive.drain()
        }
    }

    /// Makes one connection and closes it again.
    /// - Parameters:
    ///   - configuration: where.
    ///   - logger: for notices.
    /// - Throws: why it cannot be made.
    public static func probe(_ configuration: PostgresConfiguration, logger: Logger) async throws(PostgresError) {
        try await PostgresConnection.open(id: 0, configuration: configuration, logger: logger, onClose: {}).close()
    }

    private func sampleMetrics() async {
        let statements = PostgresMetrics.Pool(name: "statements")
        let transactions = PostgresMetrics.Pool(name: "transactions")
        repeat {
            statements.record(pipelines.statistics)
            transactions.record(exclusive.statistics)
        } while (try? await Task.sleep(for: .seconds(5))) != nil
    }

    // MARK: Statements

    /// Runs a statement as a transaction of its own and returns its rows.
    ///
    /// If the task is cancelled it throws `cancelled` at once, and the server is asked to stop; the statement may still
    /// be carried out.
    public func query(_ query: PostgresQuery) async throws(PostgresError) -> [PostgresRow] {
        try await autocommit([query]).first?.rows ?? []
    }

    /// Runs a statement as a transaction of its own and returns how many rows it inserted, changed, deleted or returned.
    @discardableResult
    public func execute(_ query: PostgresQuery) async throws(PostgresError) -> Int {
        try await autocommit([query]).first?.affected ?? 0
    }

    /// Runs statements as one transaction in one round trip, and returns the rows of each.
    ///
    /// All of them happen or none. This is the cheapest way to write many rows.
    /// - Throws: the first failure; `statementIndex` says which statement it was.
    public func batch(_ queries: [PostgresQuery]) async throws(PostgresError) -> [[PostgresRow]] {
        if queries.isEmpty { return [] }
        return try await autocommit(queries).map(\.rows)
    }

    /// Runs several statements in one text without values, all or nothing, on a connection of their own: for migrations.
    ///
    /// No statement of it may be a COPY.
    public func executeScript(_ sql: String) async throws(PostgresError) {
        let lease = try await lease(from: exclusive)
        let exclusive = exclusive
        let completion = Completion<[StatementResult]> { _ in
            // The script may have left settings or an open transaction behind.
            exclusive.discard(lease)
        }
        let connection = lease.connection
        connection.submit(Script(sql: sql, completion: completion))
        _ = try await metrics.measure(statements: 1) {
            await completion.wait { connection.cancel(completion) }
        }
    }

    /// Announcements on a channel from now on, also across lost connections.
    ///
    /// The first element, and one after each reconnection, has `isCatchUp` set: look for what was missed.
    public func listen(_ channel: String) -> AsyncStream<PostgresNotification> { hub.listen(channel) }

    private func autocommit(_ queries: [PostgresQuery]) async throws(PostgresError) -> [StatementResult] {
        var statements: [Statement] = []
        statements.reserveCapacity(queries.count)
        for query in queries { statements.append(try Statement(query)) }
        let pipelines = pipelines
        var attempt = 1
        while true {
            let lease = try await lease(from: pipelines)
            let completion = Completion<[StatementResult]> { _ in pipelines.release(lease) }
            let connection = lease.connection
            connection.submit(StatementGroup(statements: statements, completion: completion, isIndependent: true))
            do {
                return try await metrics.measure(statements: statements.count) {
                    await completion.wait { connection.cancel(completion) }
                }
            } catch {
                // The connection was lost before anything was sent: nobody has to know.
                guard error.isConnectionLoss, !error.wasSent, attempt < 3 else {
                    throw error
                }
                attempt += 1
            }
        }
    }

    func lease(from pool: Pool) async throws(PostgresError) -> Pool.Lease {
        do {
            return try await pool.lease()
        } catch {
            let translated = explain(error)
            metrics.count(translated)
            throw translated
        }
    }

    private func explain(_ error: PoolError) -> PostgresError {
        let place = configuration.displayName
        let because = error.lastConnectFailure.map { ": \($0)" } ?? ""
        switch error.code {
        case .unavailable:
            let seconds = error.failingFor.map { " for \($0.components.seconds) s" } ?? ""
            return PostgresError(
                .connection, "no connection to \(place) could be made\(seconds), so none is waited for\(because)")
        case .timedOut:
            if error.openConnections == 0 {
                return PostgresError(
                    .connection,
                    "no connection to \(place) could be made within \(configuration.leaseTimeout)\(because)")
            }
            return PostgresError(
                .poolExhausted,
                "no connection to \(place) became free within \(configuration.leaseTimeout): all are busy")
        case .queueFull:
            return PostgresError(
                .poolExhausted,
                "\(configuration.maximumWaiters) callers wait for a connection to \(place) already\(because)")
        case .shutDown: return PostgresError(.shutDown, "the connections to \(place) are shut down")
        case .cancelled: return PostgresError(.cancelled, "the calling task was cancelled while it waited")
        }
    }
}

/// Tells the log what happens to connections.
private struct PoolLog: PoolObserver {
    let logger: Logger

    func connectionOpened(id: Int) {
        logger.debug("connected to PostgreSQL", metadata: [PostgresLogKey.connection: "\(id)"])
    }

    func connectFailed(id: Int, message: String, failures: Int, retryAfter: Duration?) {
        logger.log(
            level: failures == 1 ? .warning : .info, "cannot connect to PostgreSQL",
            metadata: [
                PostgresLogKey.connection: "\(id)", PostgresLogKey.failures: "\(failures)",
                PostgresLogKey.error: "\(message)",
                PostgresLogKey.retryAfter: "\(retryAfter.map { "\($0)" } ?? "when needed")",
            ])
    }

    func circuitChanged(to circuit: PoolCircuit, failure: String?) {
        switch circuit {
        case .open:
            logger.warning(
                "PostgreSQL cannot be reached, callers are refused at once until it can",
                metadata: [PostgresLogKey.error: "\(failure ?? "")"])
        case .halfOpen: break
        case .closed: logger.info("PostgreSQL can be reached again")
        }
    }

    func connectionClosed(id: Int, expected: Bool) {
        logger.log(
            level: expected ? .debug : .info,
            expected ? "closed a connection to PostgreSQL" : "lost a connection to PostgreSQL",
            metadata: [PostgresLogKey.connection: "\(id)"])
    }
}
