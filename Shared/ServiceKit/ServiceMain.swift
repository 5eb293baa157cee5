import Glibc
import Logging
import Observability
import Postgres
import RabbitMQ
public import ServiceLifecycle
import UnixSignals

/// Runs a service from its settings to its orderly end: configuration, logging, metrics, health server, database, then the
/// service's own parts in one group.
///
/// SIGTERM and SIGINT stop it gracefully: parts stop in reverse order, each finishing what it has begun, within
/// ``gracefulBound``; what is not done by then is cancelled.
public enum ServiceMain {
    /// How long a graceful stop may take: 25 s, below the 30 s after which Kubernetes kills.
    public static let gracefulBound = Duration.seconds(25)
    /// How long parts that were cancelled may take to return before the process exits anyway.
    static let cancellationBound = Duration.seconds(3)

    /// Runs a service and exits the process: 0 after an orderly stop, 1 after a failure or on bad configuration, which is
    /// told in one line on standard error.
    ///
    /// - Parameters:
    ///   - name: the executable's name, e.g. `ingest`.
    ///   - needs: what must be configured; the database is waited for.
    ///   - services: makes the service's parts, drivers first, consumers last. Called when the database has answered.
    public static func run(
        _ name: String, needs: Set<Need> = [.database, .broker, .key],
        _ services: @escaping @Sendable (ServiceContext) async throws -> [any Service]
    ) async -> Never {
        let status = await status(name, needs: needs, environment: Environment(), services)
        fflush(nil)
        // Not `exit`: it unloads the C libraries that a connection's thread may be in at this moment.
        _exit(status)
    }

    /// As ``run(_:needs:_:)``, returning the exit status.
    static func status(
        _ name: String, needs: Set<Need>, environment: Environment,
        _ services: @escaping @Sendable (ServiceContext) async throws -> [any Service]
    ) async -> Int32 {
        signal(SIGPIPE, SIG_IGN)
        let preparation: Preparation
        do {
            preparation = try Preparation(name: name, needs: needs, environment: environment)
        } catch {
            complain("\(name): \(error)")
            return 1
        }
        let logger = preparation.context.logger
        logger.info("service starting", metadata: ["health.address": "\(preparation.healthTarget)"])
        do {
            try await group(preparation, services).run()
            logger.info("service stopped")
            return 0
        } catch let error as ConfigurationError {
            complain("\(name): \(error)")
            return 1
        } catch {
            logger.critical("service failed", metadata: ["error": "\(error)"])
            return 1
        }
    }

    private static func group(
        _ preparation: Preparation, _ services: @escaping @Sendable (ServiceContext) async throws -> [any Service]
    ) -> ServiceGroup {
        let context = preparation.context
        var parts: [any Service] = [
            HealthServer(
                target: preparation.healthTarget, readiness: context.readiness, registry: context.metrics,
                logger: context.logger)
        ]
        parts += preparation.traces.services(logger: context.logger)
        if let database = context.databaseIfNeeded { parts.append(database) }
        parts.append(MainService(context: context, services: services))
        var configuration = ServiceGroupConfiguration(
            services: parts, gracefulShutdownSignals: [.sigterm, .sigint], logger: context.logger)
        configuration.maximumGracefulShutdownDuration = gracefulBound
        configuration.maximumCancellationDuration = cancellationBound
        return ServiceGroup(configuration: configuration)
    }

    private static func complain(_ line: String) {
        let bytes = Array((Redactor().redacted(line) + "\n").utf8)
        _ = Glibc.write(2, bytes, bytes.count)
    }
}

/// Everything that is decided by settings alone.
private struct Preparation {
    let context: ServiceContext
    let healthTarget: BindTarget
    let traces: TraceExport

    init(name: String, needs: Set<Need>, environment: Environment) throws {
        let level = try environment.logLevel()
        let format = try environment.choice("LOG_FORMAT", default: LogFormat.json)
        healthTarget = try environment.bind("HEALTH_BIND", default: DefaultPorts.health(of: name))
        let xeroTime = try XeroTime(environment)
        let traceSettings = try TraceSettings(environment, name: name)
        let postgres = needs.contains(.database) ? try Self.postgres(name, environment) : nil
        let broker = needs.contains(.broker) ? try Self.broker(name, environment) : nil
        let secrets = needs.contains(.key) ? try SecretBox(keys: environment.string("COUNTERFOIL_KEY")) : nil

        Observability.bootstrapLogging(format: format, level: level)
        let metrics = Observability.bootstrapMetrics()
        // Its counters have to be made after the metrics.
        traces = TraceExport(traceSettings)
        let logger = Logger(label: name)
        let readiness = Readiness()
        let database = postgres.map { PostgresClient(configuration: $0, logger: logger) }
        context = ServiceContext(
            name: name, environment: environment, logger: logger, metrics: metrics, readiness: readiness,
            tracer: traces.tracer, xeroTime: xeroTime, databaseIfNeeded: database, brokerIfNeeded: broker,
            secretsIfNeeded: secrets)
    }

    private static func postgres(_ name: String, _ environment: Environment) throws -> PostgresConfiguration {
        let url = try environment.string("DATABASE_URL")
        do {
            var configuration = try PostgresConfiguration(url: url)
            configuration.applicationName = name
            return configuration
        } catch {
            throw ConfigurationError(
                variable: "DATABASE_URL", problem: "is no PostgreSQL address: \(error.message)",
                fix: "Set it like postgres://user:password@localhost:5432/counterfoil.")
        }
    }

    private static func broker(_ name: String, _ environment: Environment) throws -> RabbitMQConfiguration {
        let url = try environment.string("AMQP_URL")
        do {
            var configuration = try RabbitMQConfiguration(url: url)
            configuration.connectionName = name
            return configuration
        } catch {
            throw ConfigurationError(
                variable: "AMQP_URL", problem: "is no RabbitMQ address: \(error.message)",
                fix: "Set it like amqp://user:password@localhost:5672/.")
        }
    }
}
