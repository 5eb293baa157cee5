import ArgumentParser
import Foundation
import JSON
import Ledger
import Mapping
import Planning

/// `counterfoil suggest STORE`
struct SuggestCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "suggest",
        abstract: "Propose a mapping for a store, each line with its reason; nothing is changed.",
        discussion: """
            From the organisation's accounts and tax rates, the store's latest orders, and what was mapped and posted before. \
            Everything is decided on this machine by rules that can be read (docs/mapping.md). Of an org instead of a store: \
            what its stores can share. Exits 3 if something is left to decide without which orders would be held.
            """)

    @Argument(help: "The store; or the org, before it has one.")
    var name: String

    @Option(name: .long, help: "How many of the store's latest orders are looked at, 1 to 5000.")
    var last = 500

    @Option(name: .long, help: "Write the proposed mapping to a file, too.")
    var write: String?

    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard (1...5000).contains(last) else { throw ValidationError("--last takes 1 to 5000.") }
    }

    func run() async throws {
        let access = DatabaseAccess()
        let sealing = try access.sealing()
        let (name, last) = (name, last)
        let source = try await access.withDatabase { client in
            let configuration = try await ConfigurationLoader.load(from: client, sealing: sealing)
            do {
                return try await SuggestionSource(name, last: last, configuration: configuration, in: client)
            } catch let failure as SuggestionSource.Failure {
                throw CommandFailure(failure.description)
            }
        }
        let page = SuggestionPage(source.input, referenceAge: source.referenceAge)
        if let write {
            let text = (page.yaml + [""]).joined(separator: "\n")
            guard FileManager.default.createFile(atPath: write, contents: Data(text.utf8)) else {
                throw CommandFailure("\(write) cannot be written. Is the path right?")
            }
        }
        output.show(page.json, text: page.text + (write.map { ["", "The mapping is in \($0)."] } ?? []))
        if page.suggestions.needsPerson { throw CommandOutcome.needsPerson }
    }
}
