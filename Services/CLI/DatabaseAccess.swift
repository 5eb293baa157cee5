import Ledger
import Logging
import Postgres
import ServiceKit

/// What commands share: the environment, the database and the key.
struct DatabaseAccess: Sendable {
    let environment = Environment()

    /// Connects for as long as `body` runs.
    /// - Throws: `ConfigurationError` if DATABASE_URL is missing or wrong; whatever `body` throws.
    func withDatabase<R: Sendable>(_ body: @escaping @Sendable (PostgresClient) async throws -> R) async throws -> R {
        let url = try environment.string("DATABASE_URL")
        var configuration = try PostgresConfiguration(url: url)
        configuration.applicationName = "counterfoil"
        configuration.connections = 1
        configuration.transactions = 2
        let client = PostgresClient(configuration: configuration, logger: Logger(label: "counterfoil"))
        return try await withThrowingTaskGroup(of: R?.self) { group in
            group.addTask {
                try? await client.run()
                return nil
            }
            group.addTask { try await body(client) }
            defer { group.cancelAll() }
            while let result = try await group.next() {
                if let result { return result }
            }
            throw CommandFailure("The database connection ended before the command was done. Run it again.")
        }
    }

    /// Opens and seals stored secrets with COUNTERFOIL_KEY.
    func sealing() throws -> ConfigurationSealing {
        let box = try SecretBox(keys: environment.string("COUNTERFOIL_KEY"))
        return ConfigurationSealing(seal: { box.seal($0) }, open: { try box.open($0) })
    }

    /// Who runs the command, for the record.
    var actor: String {
        let name = (try? environment.optional("SUDO_USER")) ?? (try? environment.optional("USER")) ?? nil
        return name.map { "cli:\($0)" } ?? "cli"
    }
}
