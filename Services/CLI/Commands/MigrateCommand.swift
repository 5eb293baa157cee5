import ArgumentParser
import JSON
import Ledger
import Logging
import Postgres

/// `counterfoil migrate`
struct MigrateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate", abstract: "Bring the database's schema up to date. Safe to run at any time, by anybody."
    )

    @Flag(name: .long, help: "Only list what would be applied.")
    var dryRun = false

    @OptionGroup var output: OutputOptions

    func run() async throws {
        let dryRun = dryRun
        let names = try await DatabaseAccess().withDatabase { client in
            if dryRun { return try await Migrator.pending(client, SchemaMigrations.all) }
            return try await Migrator.migrate(client, SchemaMigrations.all, logger: Logger(label: "counterfoil"))
        }
        let verb = dryRun ? "would be applied" : "applied"
        output.show(
            ["migrations": .array(names.map { .string($0) }), "applied": .bool(!dryRun)],
            text: names.isEmpty ? ["The schema is up to date."] : names.map { "\($0)  \(verb)" })
    }
}
