public import Logging
public import Observability
public import Postgres
public import RabbitMQ

/// What a service needs from its surroundings before it can start.
public enum Need: Sendable, Hashable, CaseIterable {
    /// PostgreSQL, by DATABASE_URL: connected before the service's own parts are made.
    case database
    /// RabbitMQ, by AMQP_URL: the configuration only; who publishes or consumes connects by itself.
    case broker
    /// COUNTERFOIL_KEY, for stored secrets.
    case key
}

/// What ``ServiceMain`` has made ready for a service.
public struct ServiceContext: Sendable {
    /// The executable's name.
    public let name: String
    /// The settings.
    public let environment: Environment
    /// The root logger; take parts' loggers from it.
    public let logger: Logger
    /// All metrics of the process.
    public let metrics: PrometheusRegistry
    /// What /readyz reports; add conditions to it.
    public let readiness: Readiness
    /// Begins and ends spans; exports them if OTEL_EXPORTER_OTLP_ENDPOINT says where to.
    public let tracer: Tracer
    /// Xero's minutes and days.
    public let xeroTime: XeroTime

    let databaseIfNeeded: PostgresClient?
    let brokerIfNeeded: RabbitMQConfiguration?
    let secretsIfNeeded: SecretBox?

    /// The database, running and reached at least once.
    ///
    /// - Important: The service must have asked for ``Need/database``.
    public var database: PostgresClient { needed(databaseIfNeeded, .database) }

    /// How to reach the broker.
    ///
    /// - Important: The service must have asked for ``Need/broker``.
    public var amqp: RabbitMQConfiguration { needed(brokerIfNeeded, .broker) }

    /// Seals and opens stored secrets.
    ///
    /// - Important: The service must have asked for ``Need/key``.
    public var secretBox: SecretBox { needed(secretsIfNeeded, .key) }

    private func needed<Value>(_ value: Value?, _ need: Need) -> Value {
        guard let value else { preconditionFailure("\(name) uses what it did not ask for: \(need)") }
        return value
    }
}
