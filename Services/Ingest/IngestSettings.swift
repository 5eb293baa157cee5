import ServiceKit

/// What ingest takes from its environment beyond what every service takes.
struct IngestSettings: Sendable {
    /// HTTP_BIND: where webhooks are received. Default `0.0.0.0:8080`.
    var bind = BindTarget(host: "0.0.0.0", port: 8_080)
    /// INGEST_BODY_LIMIT_BYTES: larger bodies are answered 413. Default 16 MB, at least 1 KB.
    var bodyLimitBytes = 16 << 20
    /// INGEST_BODY_MEMORY_BYTES: what all bodies being received may take together; beyond it 503 is answered. Default 256 MB,
    /// at least the limit of one.
    var bodyMemoryBytes = 256 << 20
    /// EVENT_DAYS: how long raw events are kept. Default 90.
    var eventDays = 90
    /// INGEST_QUEUE: how many deliveries may wait for their commit; beyond it 503 is answered. Default 10,000.
    var queueLimit = 10_000
    /// INGEST_COMMIT_SECONDS: how long a delivery waits for its commit before 503 is answered. Default 10.
    var commitTimeout = Duration.seconds(10)

    init() {}

    init(_ environment: ServiceKit.Environment) throws(ConfigurationError) {
        bind = try environment.bind("HTTP_BIND", default: bind)
        bodyLimitBytes = try environment.int("INGEST_BODY_LIMIT_BYTES", default: bodyLimitBytes, in: 1_024...(1 << 30))
        bodyMemoryBytes = max(
            bodyLimitBytes + 65_536,
            try environment.int("INGEST_BODY_MEMORY_BYTES", default: bodyMemoryBytes, in: 1_024...(1 << 40)))
        eventDays = try environment.int("EVENT_DAYS", default: eventDays, in: 1...36_500)
        queueLimit = try environment.int("INGEST_QUEUE", default: queueLimit, in: 1...1_000_000)
        commitTimeout = try environment.duration("INGEST_COMMIT_SECONDS", default: commitTimeout)
    }
}
