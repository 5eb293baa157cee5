import ArgumentParser
import Foundation
import JSON
import Ledger
import Mapping
import Postgres
import ServiceKit

/// `counterfoil apply -f FILE`
struct ApplyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply", abstract: "Make a configuration file true, and print what that changed.",
        discussion: """
            The file holds apps, orgs and stores; values may be ${ENV} references. Applying the same file again changes \
            nothing. A file with mistakes is refused as a whole, with each mistake's line and the nearest valid value.
            """)

    @Option(
        name: [.customShort("f"), .customLong("file")], help: "The configuration file (YAML); - is standard input.")
    var file: String

    @Flag(name: .long, help: "Print what would change, and change nothing.")
    var dryRun = false

    @OptionGroup var output: OutputOptions

    func run() async throws {
        let yaml = try Self.text(of: file)
        let access = DatabaseAccess()
        let sealing = try access.sealing()
        let application = Application(
            yaml: yaml, file: file == "-" ? "standard input" : file, actor: access.actor, isDryRun: dryRun)
        let (applied, unchecked) = try await access.withDatabase { client in
            try await application.run(in: client, sealing: sealing) { try access.environment.optional($0) }
        }
        output.show(json(applied, unchecked), text: text(applied) + unchecked.map(Self.remark))
    }

    /// The text of a file; of standard input for `-`.
    static func text(of file: String) throws -> String {
        let contents =
            file == "-" ? FileHandle.standardInput.readDataToEndOfFile() : FileManager.default.contents(atPath: file)
        guard let contents else { throw CommandFailure("\(file) cannot be read. Is the path right?") }
        return String(decoding: contents, as: UTF8.self)
    }

    /// A file on its way to being true.
    struct Application: Sendable {
        var yaml: String
        /// What the file is called in messages.
        var file: String
        var actor: String
        var isDryRun = false

        /// Checks the file, against what is known of its organisations too, and applies it.
        /// - Returns: what changed, and the orgs whose accounts and tax types nothing is known of.
        func run(
            in database: PostgresClient, sealing: ConfigurationSealing,
            lookup: @escaping (String) throws -> String?
        ) async throws -> (applied: ConfigurationFile.Applied, unchecked: [String]) {
            let references = try await ReferenceStore.loadAll(in: database)
            let configuration = try configuration(knowing: references, lookup: lookup)
            let applied = try await configuration.apply(to: database, sealing: sealing, by: actor, dryRun: isDryRun)
            let unchecked = configuration.orgs.map(\.id).filter { id in
                references[id]?.accounts == nil || references[id]?.taxRates == nil
            }
            return (applied, unchecked)
        }

        /// The file, read and checked.
        /// - Throws: `CommandFailure` with every mistake's place and what would be right.
        func configuration(
            knowing references: [String: ReferenceData], lookup: @escaping (String) throws -> String?
        ) throws -> ConfigurationFile {
            do {
                return try ConfigurationFile(yaml: yaml, references: references, lookup: lookup)
            } catch {
                throw CommandFailure(refusal(error))
            }
        }

        private func refusal(_ error: ConfigurationFileError) -> String {
            let count = error.problems.count == 1 ? "1 mistake" : "\(error.problems.count) mistakes"
            let lines = error.problems.map { problem in
                let place = problem.line.map { "\(file):\($0)" } ?? file
                return "\(place): \(problem.path.isEmpty ? "" : "\(problem.path): ")\(problem.message)"
            }
            return "\(file) has \(count) and nothing was changed:\n" + lines.joined(separator: "\n")
        }
    }

    private static func remark(_ org: String) -> String {
        "The accounts and tax types of org \(org) were not compared with Xero's, which have not been read yet."
    }

    private func json(_ applied: ConfigurationFile.Applied, _ unchecked: [String]) -> JSONValue {
        [
            "version": applied.version.map { .number(JSONNumber(Int($0))) } ?? .null,
            "changes": .array(applied.changes.map { .string($0.description) }),
            "replanned_orders": .number(JSONNumber(applied.replannedOrders)),
            "orgs_not_compared": .array(unchecked.map { .string($0) }),
        ]
    }

    private func text(_ applied: ConfigurationFile.Applied) -> [String] {
        guard !applied.changes.isEmpty else { return ["Nothing to change."] }
        var lines = applied.changes.map { "  \($0.description)" }
        if let version = applied.version {
            lines.insert("Configuration version \(version):", at: 0)
        } else {
            lines.insert("Would change:", at: 0)
        }
        if applied.replannedOrders > 0 {
            lines.append("\(applied.replannedOrders) held or failed orders are planned again with the new mapping.")
        }
        return lines
    }
}
