import ArgumentParser
import JSON
import Ledger
import Postgres

/// `counterfoil breaker`
struct BreakerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "breaker",
        abstract: "Hold back calls to Xero, to all of it or to one org, and let them go again.",
        discussion: "Breakers open by themselves when Xero fails several times in a row; 'status' shows those.",
        subcommands: [Hold.self, Release.self])

    /// `counterfoil breaker hold (xero|ORG) --reason WHY`
    struct Hold: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Send nothing until it is released.")

        @Argument(help: "xero for all orgs, or one org.")
        var subject: String

        @Option(name: .long, help: "Why, for whoever reads the status.")
        var reason: String

        func run() async throws {
            let access = DatabaseAccess()
            let (subject, reason, actor) = (subject, reason, access.actor)
            try await access.withDatabase { client in
                try await client.withTransaction { session in
                    let id = try await BreakerCommand.id(of: subject, in: session)
                    try await BreakerStore.hold(id, by: actor, reason: reason, in: session)
                }
            }
            print(
                "Nothing is sent to \(subject == BreakerStore.xero ? "Xero" : "org \(subject)") until it is released.")
        }
    }

    /// `counterfoil breaker release (xero|ORG)`
    struct Release: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Send again.")

        @Argument(help: "xero for all orgs, or one org.")
        var subject: String

        func run() async throws {
            let access = DatabaseAccess()
            let (subject, actor) = (subject, access.actor)
            let isChanged = try await access.withDatabase { client in
                try await client.withTransaction { session in
                    let id = try await BreakerCommand.id(of: subject, in: session)
                    return try await BreakerStore.letGo(id, by: actor, in: session)
                }
            }
            print(isChanged ? "Released: calls go on within a few seconds." : "Nobody held it: nothing was changed.")
        }
    }

    private static func id(of subject: String, in session: some PostgresSession) async throws -> String {
        if subject == BreakerStore.xero { return subject }
        let rows = try await session.query("SELECT 1 AS one FROM org WHERE id = \(subject) AND removed_at IS NULL")
        if rows.isEmpty { throw CommandFailure("There is no org \(subject). 'counterfoil status' lists them.") }
        return BreakerStore.id(orgID: subject)
    }
}
