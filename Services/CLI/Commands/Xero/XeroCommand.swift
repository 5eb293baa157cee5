import ArgumentParser
import AsyncHTTPClient
import JSON
import Ledger
import Postgres
import ServiceKit
import Xero

/// `counterfoil xero`
struct XeroCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "xero",
        abstract: "Connect orgs to Xero, read what they have there, and take them apart again.",
        subcommands: [ConnectCommand.self, AccountsCommand.self, DisconnectCommand.self])
}

/// What the commands of `counterfoil xero` share: an org with its app, and the way to Xero.
struct XeroAccess: Sendable {
    let database: PostgresClient
    let actor: String
    let grants: GrantAccess
    let transport: XeroTransport
    let time: XeroTime
    let snapshot: ConfigurationSnapshot
    let org: OrgRecord
    let app: AppRecord

    var connector: OrgConnector { OrgConnector(access: grants, database: database, actor: actor) }

    /// Finds an org and runs `body` with the way to Xero.
    /// - Throws: `CommandFailure` if there is no such org, or its app cannot be used; whatever `body` throws.
    static func with<R: Sendable>(
        org orgID: String, _ access: DatabaseAccess, _ body: @escaping @Sendable (XeroAccess) async throws -> R
    ) async throws -> R {
        let sealing = try access.sealing()
        let hosts = XeroTransport.Configuration(
            apiURL: try access.environment.string("XERO_API_URL", default: "https://api.xero.com"),
            identityURL: try access.environment.string("XERO_IDENTITY_URL", default: "https://identity.xero.com"))
        let time = try XeroTime(access.environment)
        let client = XeroTransport.client()
        let result: Result<R, any Error>
        do {
            let value = try await access.withDatabase { database in
                let snapshot = try await ConfigurationLoader.load(from: database, sealing: sealing)
                let (org, app) = try find(orgID, snapshot)
                let transport = XeroTransport.live(client: client, configuration: hosts)
                let store = GrantStore(
                    database: database, sealing: sealing, minuteSeconds: time.minute / .seconds(1))
                let grants = GrantAccess(store: store, transport: transport, settings: .init(holder: access.actor))
                return try await body(
                    XeroAccess(
                        database: database, actor: access.actor, grants: grants, transport: transport, time: time,
                        snapshot: snapshot, org: org, app: app))
            }
            result = .success(value)
        } catch {
            result = .failure(error)
        }
        try? await client.shutdown()
        return try result.get()
    }

    private static func find(_ orgID: String, _ snapshot: ConfigurationSnapshot) throws -> (OrgRecord, AppRecord) {
        guard let org = snapshot.orgs[orgID] else {
            let names = snapshot.orgs.keys.sorted().joined(separator: ", ")
            throw CommandFailure(
                "There is no org \(orgID). "
                    + (names.isEmpty ? "None is configured yet: counterfoil apply -f FILE" : "There are: \(names)."))
        }
        guard let app = snapshot.apps[org.appID] else {
            let why = snapshot.unreadable["app \(org.appID)"] ?? "it is not configured"
            throw CommandFailure("App \(org.appID) of org \(orgID) cannot be used: \(why).")
        }
        return (org, app)
    }
}

/// `counterfoil xero disconnect ORG`
struct DisconnectCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "disconnect", abstract: "Stop writing to an org, and take it away from what the app reaches.",
        discussion: """
            What is planned for it waits. Other orgs of the same consent go on. To go on with this one: \
            counterfoil xero connect ORG.
            """)

    @Argument(help: "The org.")
    var org: String

    @OptionGroup var output: OutputOptions

    func run() async throws {
        let (link, app) = try await XeroAccess.with(org: org, DatabaseAccess()) { xero in
            do {
                return (try await xero.connector.disconnect(xero.org, app: xero.app), xero.app)
            } catch let error as XeroTokenError {
                throw CommandFailure(
                    "Nothing is written to org \(xero.org.id) any more, but Xero still counts the connection: "
                        + "\(error.message). Run it again later, or remove the app in Xero: Settings, Connected apps.")
            }
        }
        var lines = ["Nothing is written to org \(org) any more; what is planned for it waits."]
        if let link {
            lines.append("\(link.name) is no longer connected.")
        } else if app.kind == .customConnection {
            lines.append("Xero bills a custom connection until it is ended there: Settings, Connected apps.")
        } else {
            lines.append("It was not connected.")
        }
        lines.append("To go on: counterfoil xero connect \(org)")
        output.show(
            [
                "org": .string(org), "state": "disconnected",
                "tenant": link.map { .string($0.tenantID) } ?? .null, "name": link.map { .string($0.name) } ?? .null,
            ], text: lines)
    }
}
