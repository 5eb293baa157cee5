import Logging
import Postgres
import ServiceLifecycle

/// Waits for the database, makes the service's own parts and runs them as a group of their own, inside the process's.
struct MainService: Service, CustomStringConvertible {
    let context: ServiceContext
    let services: @Sendable (ServiceContext) async throws -> [any Service]

    var description: String { "\(context.name) parts" }

    func run() async throws {
        context.readiness.set("start", reason: "the service is starting")
        // A stop asked for while waiting is no failure: there is nothing to finish yet.
        let parts: [any Service]? = try await cancelWhenGracefulShutdown {
            do {
                if let database = context.databaseIfNeeded {
                    try await DatabaseWait(logger: context.logger, readiness: context.readiness).run(database)
                }
                return try await services(context)
            } catch is CancellationError {
                return nil
            } catch {
                if Task.isCancelled { return nil }
                throw error
            }
        }
        guard let parts else { return }
        if let database = context.databaseIfNeeded {
            context.readiness.add("database") { database.obstacle }
        }
        context.readiness.clear("start")
        context.logger.info("service started")
        let group = ServiceGroup(configuration: ServiceGroupConfiguration(services: parts, logger: context.logger))
        try await withGracefulShutdownHandler {
            try await group.run()
        } onGracefulShutdown: {
            context.readiness.set("stop", reason: "the service is stopping")
        }
    }
}

/// Waits until the database answers and holds a schema, saying once what it waits for.
struct DatabaseWait {
    let logger: Logger
    let readiness: Readiness
    var clock: any Clock<Duration> = ContinuousClock()

    private static let firstPause = Duration.milliseconds(100)
    private static let longestPause = Duration.seconds(5)

    func run(_ database: some PostgresSession) async throws {
        var pause = Self.firstPause
        var told: String?
        while let reason = await obstacle(database) {
            try Task.checkCancellation()
            readiness.set("database", reason: reason)
            if told != reason {
                logger.warning("service waits for its database", metadata: ["reason": "\(reason)"])
                told = reason
            }
            try await clock.sleep(for: pause)
            pause = min(pause * 2, Self.longestPause)
        }
        readiness.clear("database")
    }

    private func obstacle(_ database: some PostgresSession) async -> String? {
        do {
            let rows = try await database.query("SELECT to_regclass('schema_migration') IS NOT NULL AS migrated")
            let migrated = try rows.first?.decode("migrated", as: Bool.self) ?? false
            return migrated ? nil : "the database has no schema yet: run `counterfoil migrate`"
        } catch {
            return "the database does not answer: \(error)"
        }
    }
}
