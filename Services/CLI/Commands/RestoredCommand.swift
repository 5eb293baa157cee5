import ArgumentParser
import Ledger

/// `counterfoil restored`
struct RestoredCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restored",
        abstract: "Say that the database was restored from a copy of its files.",
        discussion: """
            A restored dump or base backup is noticed by itself. Afterwards everything that is not recorded as posted is \
            looked up in Xero before it is sent.
            """)

    func run() async throws {
        let access = DatabaseAccess()
        let actor = access.actor
        try await access.withDatabase { client in
            try await DatabaseIdentity.forget(in: client)
            _ = try await DatabaseIdentity.check(by: actor, in: client)
        }
        print("What is not recorded as posted is looked up in Xero before it is sent.")
    }
}
