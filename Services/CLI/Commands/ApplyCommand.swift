import ArgumentParser
import Foundation
import JSON
import Ledger
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
        let isStandardInput = file == "-"
        let contents =
            isStandardInput
            ? FileHandle.standardInput.readDataToEndOfFile() : FileManager.default.contents(atPath: file)
        guard let data = contents else {
            throw CommandFailure("\(file) cannot be read. Is the path right?")
        }
        let access = DatabaseAccess()
        let configuration = try ConfigurationFile(yaml: String(decoding: data, as: UTF8.self)) { name in
            try access.environment.optional(name)
        }
        let sealing = try access.sealing()
        let (dryRun, actor) = (dryRun, access.actor)
        let applied = try await access.withDatabase { client in
            try await configuration.apply(to: client, sealing: sealing, by: actor, dryRun: dryRun)
        }
        output.show(json(applied), text: text(applied))
    }

    private func json(_ applied: ConfigurationFile.Applied) -> JSONValue {
        [
            "version": applied.version.map { .number(JSONNumber(Int($0))) } ?? .null,
            "changes": .array(applied.changes.map { .string($0.description) }),
            "replanned_orders": .number(JSONNumber(applied.replannedOrders)),
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
