import Observability
import Postgres
import RabbitMQ
import ServiceKit

/// Reads every setting the way the services do.
struct EnvironmentCheck: Sendable {
    let findings: [DoctorFinding]
    /// How to reach the database; nil if DATABASE_URL cannot be used.
    let database: PostgresConfiguration?
    /// How to reach the broker; nil if AMQP_URL cannot be used.
    let broker: RabbitMQConfiguration?

    init(environment: Environment) {
        var reader = Reader(environment: environment)
        database = reader.read("DATABASE_URL") { environment in
            try PostgresConfiguration(url: try environment.string("DATABASE_URL"))
        }
        broker = reader.read("AMQP_URL") { environment in
            var configuration = try RabbitMQConfiguration(url: try environment.string("AMQP_URL"))
            configuration.connectionName = "counterfoil doctor"
            return configuration
        }
        reader.read("LOG_LEVEL") { _ = try $0.logLevel() }
        reader.read("LOG_FORMAT") { _ = try $0.choice("LOG_FORMAT", default: LogFormat.json) }
        for name in ["HTTP_BIND", "HEALTH_BIND"] {
            reader.read(name) { _ = try $0.bind(name, default: BindTarget(host: "0.0.0.0", port: 8080)) }
        }
        for name in ["XERO_API_URL", "XERO_IDENTITY_URL", "XERO_LOGIN_URL"] {
            reader.read(name) { try Self.checkURL(name, $0) }
        }
        reader.read("XERO_MINUTE_SECONDS") { _ = try XeroTime($0) }
        for name in ["XERO_CALL_SECONDS", "XERO_SETTLE_SECONDS", "XERO_LEASE_SECONDS", "INGEST_COMMIT_SECONDS"] {
            reader.read(name) { _ = try $0.duration(name, default: .seconds(1)) }
        }
        for (name, range) in [
            ("INGEST_BODY_LIMIT_BYTES", 1_024...(1 << 30)), ("INGEST_BODY_MEMORY_BYTES", 1_024...(1 << 40)),
            ("INGEST_QUEUE", 1...1_000_000), ("EVENT_DAYS", 1...36_500), ("TRANSFORMER_CONCURRENCY", 1...64),
        ] {
            reader.read(name) { _ = try $0.int(name, default: range.lowerBound, in: range) }
        }
        findings = reader.findings
    }

    private static func checkURL(_ name: String, _ environment: Environment) throws {
        guard let text = try environment.optional(name) else { return }
        let scheme = ["https://", "http://"].first { text.hasPrefix($0) }
        guard let scheme, text.dropFirst(scheme.count).contains(where: { $0 != "/" }) else {
            throw ConfigurationError(
                variable: name, problem: "is \"\(text)\"",
                fix: "Set it to an address that begins with https://, or leave it out.")
        }
    }
}

/// Gathers what cannot be read.
private struct Reader {
    let environment: Environment
    private var problems: [DoctorFinding] = []
    private var names: [String] = []

    init(environment: Environment) { self.environment = environment }

    /// What was found, or that all is well.
    var findings: [DoctorFinding] {
        if !problems.isEmpty { return problems }
        return [.ok("environment", "settings", names.isEmpty ? "only defaults" : names.joined(separator: ", "))]
    }

    @discardableResult
    mutating func read<Value>(_ name: String, _ body: (Environment) throws -> Value) -> Value? {
        do {
            let value = try body(environment)
            if try environment.optional(name) != nil { names.append(name) }
            return value
        } catch let error as ConfigurationError {
            problems.append(.problem("environment", name, "\(error.variable) \(error.problem)", error.fix))
        } catch let error as PostgresError {
            problems.append(.problem("environment", name, sentence: error.message, otherwise: "correct \(name)"))
        } catch let error as RabbitMQError {
            problems.append(.problem("environment", name, sentence: error.message, otherwise: "correct \(name)"))
        } catch {
            problems.append(.problem("environment", name, "\(name) cannot be read: \(error)", "correct \(name)"))
        }
        return nil
    }
}
