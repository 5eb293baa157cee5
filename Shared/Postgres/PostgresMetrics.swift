import ConnectionPool
import CoreMetrics

/// This module's instruments, made once.
struct PostgresMetrics: Sendable {
    /// The gauges of one pool.
    struct Pool: Sendable {
        private let connections: Gauge
        private let leases: Gauge
        private let waiters: Gauge
        private let circuit: Gauge

        init(name: String) {
            let dimensions = [("pool", name)]
            connections = Gauge(label: "postgres_pool_connections", dimensions: dimensions)
            leases = Gauge(label: "postgres_pool_leases", dimensions: dimensions)
            waiters = Gauge(label: "postgres_pool_waiters", dimensions: dimensions)
            circuit = Gauge(label: "postgres_pool_circuit", dimensions: dimensions)
        }

        func record(_ statistics: PoolStatistics) {
            connections.record(statistics.open)
            leases.record(statistics.leases)
            waiters.record(statistics.waiters)
            // 0 closed, 1 half-open, 2 open: an alert asks for more than 0.
            circuit.record(statistics.circuit == .closed ? 0 : statistics.circuit == .halfOpen ? 1 : 2)
        }
    }

    private let queries = Counter(label: "postgres_queries_total")
    private let duration = Timer(label: "postgres_query_seconds")
    private let errors: [PostgresError.Code: Counter]
    private let otherErrors = Self.errorCounter("other")

    init() {
        let codes: [PostgresError.Code] = [.server, .connection, .timeout, .poolExhausted, .cancelled]
        errors = Dictionary(uniqueKeysWithValues: codes.map { ($0, Self.errorCounter($0.description)) })
    }

    private static func errorCounter(_ code: String) -> Counter {
        Counter(label: "postgres_errors_total", dimensions: [("code", code)])
    }

    /// Counts statements and their failures, and measures the time from sending to the answer.
    func measure<Value: Sendable>(
        statements: Int, _ body: () async -> Result<Value, PostgresError>
    ) async throws(PostgresError) -> Value {
        let began = ContinuousClock.now
        let outcome = await body()
        let (seconds, attoseconds) = (ContinuousClock.now - began).components
        duration.recordNanoseconds(seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
        queries.increment(by: statements)
        if case .failure(let error) = outcome { count(error) }
        return try outcome.get()
    }

    /// Counts a failure that happened before anything was sent.
    func count(_ error: PostgresError) { (errors[error.code] ?? otherErrors).increment() }
}
