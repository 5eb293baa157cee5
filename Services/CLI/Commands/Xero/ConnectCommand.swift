import ArgumentParser
import Foundation
import JSON
import Ledger
import Messaging
import ServiceKit
import Xero

/// `counterfoil xero connect ORG`
struct ConnectCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "connect", abstract: "Let Counterfoil write to an organisation in Xero.",
        discussion: """
            Prints an address to open in a browser. Whoever signs in there and allows access is sent back to this command, \
            or, if the browser is on another machine, to an address that cannot be opened: paste that one here. An org of a \
            custom connection needs no browser. Exits 3 if somebody has to choose among several organisations.
            """)

    @Argument(help: "The org.")
    var org: String

    @Option(name: .long, help: "The tenant id of the organisation, if access to several is allowed.")
    var tenant: String?

    @Flag(name: .long, help: "Ask for consent even if an earlier one reaches the organisation.")
    var again = false

    @Option(name: .long, help: "Minutes to wait for the answer.")
    var timeout = 15

    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard (1...600).contains(timeout) else { throw ValidationError("--timeout is from 1 to 600 minutes") }
    }

    func run() async throws {
        let access = DatabaseAccess()
        let loginURL = try access.environment.string("XERO_LOGIN_URL", default: "https://login.xero.com")
        let (tenant, again, isJSON) = (tenant, again, output.json)
        let conversation = ConsentConversation(
            minutes: timeout, lines: ConsentConversation.standardInput,
            say: { text in
                // Standard output is for the answer, if a program reads it.
                (isJSON ? FileHandle.standardError : .standardOutput).write(Data((text + "\n").utf8))
            })
        let outcome = try await XeroAccess.with(org: org, access) { xero in
            do {
                return Outcome.connected(
                    try await Connecting(xero: xero, loginURL: loginURL, conversation: conversation)
                        .connect(tenant: tenant, again: again))
            } catch let refusal as OrgConnector.Refusal {
                return .refused(refusal)
            }
        }
        switch outcome {
        case .connected(let done): output.show(done.json, text: done.text)
        case .refused(let refusal):
            guard !refusal.choices.isEmpty else { throw CommandFailure("Not connected: \(refusal.description).") }
            show(refusal)
            throw CommandOutcome.needsPerson
        }
    }

    private enum Outcome: Sendable {
        case connected(Connected)
        case refused(OrgConnector.Refusal)
    }

    private func show(_ refusal: OrgConnector.Refusal) {
        var table = TextTable(["tenant", "organisation"])
        for choice in refusal.choices { table.add([choice.tenantID, choice.name]) }
        output.show(
            [
                "org": .string(org), "state": "not connected", "reason": .string(refusal.description),
                "choices": .array(
                    refusal.choices.map { ["tenant": .string($0.tenantID), "name": .string($0.name)] }),
            ],
            text: ["Not connected yet: \(refusal.description)."] + table.lines.map { "  \($0)" } + [
                "Then: counterfoil xero connect \(org) --tenant TENANT   (nobody is asked again in Xero)"
            ])
    }
}

/// What came of connecting.
struct Connected: Sendable, Hashable {
    var org: String
    var connection: XeroConnection
    /// Other orgs that the same consent reaches, and that waited for it.
    var others: [String] = []

    var json: JSONValue {
        [
            "org": .string(org), "state": "active", "tenant": .string(connection.tenantID),
            "name": .string(connection.name), "also": .array(others.map { .string($0) }),
        ]
    }

    var text: [String] {
        var lines = ["Org \(org) is connected to \(connection.name) (tenant \(connection.tenantID)); writing goes on."]
        if !others.isEmpty { lines.append("So are, by the same consent: \(others.joined(separator: ", ")).") }
        return lines
    }
}

/// Connects an org, asking a person if need be.
struct Connecting: Sendable {
    let xero: XeroAccess
    let loginURL: String
    let conversation: ConsentConversation

    /// - Throws: `OrgConnector.Refusal`; `CommandFailure`; `XeroTokenError`; `PostgresError`.
    func connect(tenant: String?, again: Bool) async throws -> Connected {
        let (org, app) = (xero.org, xero.app)
        if app.kind == .customConnection {
            return Connected(
                org: org.id, connection: try await xero.connector.connect(org, byCustomConnection: app))
        }
        let wanted = tenant ?? org.tenantID
        var reach: OrgConnector.Reach?
        if let wanted, !again { reach = try await xero.connector.earlier(reaching: wanted, app: app) }
        if reach == nil { reach = try await ask() }
        guard let reach else { throw CommandFailure("Nobody answered.") }
        let connection = try OrgConnector.choose(for: org, tenantID: wanted, among: reach, xero.snapshot)
        let others = try await xero.connector.connect(org, to: connection, by: reach, xero.snapshot)
        return Connected(org: org.id, connection: connection, others: others)
    }

    private func ask() async throws -> OrgConnector.Reach {
        let consent = XeroConsent(
            credentials: xero.app.credentials, redirect: xero.app.redirect, loginURL: loginURL)
        let code = try await conversation.code(of: consent, org: xero.org.id)
        return try await xero.connector.accept(
            code, of: consent, app: xero.app, grantID: UUIDv7Generator().next().description)
    }
}
