import Accounting
import AsyncHTTPClient
import JSON
import Ledger
import NIOConcurrencyHelpers
import NIOCore
import NIOHTTP1
import NIOPosix
import Postgres
import ServiceKit
import SimulatedXero
import TestSupport
import Testing
import Xero

@testable import CLI

/// A database with two orgs of an app of type web and one of an app of type pkce, a simulated Xero, and a person.
struct ConnectBench: Sendable {
    let database: PostgresClient
    let simulator: SimulatedXero
    let port: Int
    /// What was said to the person.
    let said = NIOLockedValueBox<[String]>([])

    private static let sealing = ConfigurationSealing(
        seal: { $0.map { $0 ^ 0x5A } }, open: { $0.map { $0 ^ 0x5A } })

    static func with(_ body: (ConnectBench) async throws -> Void) async throws {
        try await withTemporaryDatabase(migrations: SchemaMigrations.all) { database in
            // A port that was free a moment ago.
            let probe = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .bind(host: "127.0.0.1", port: 0).get()
            let port = probe.localAddress?.port ?? 0
            try await probe.close()
            let bench = ConnectBench(
                database: database,
                simulator: SimulatedXero(
                    organisations: ["acme", "zeta"].map { OrganisationDefinition(key: $0) }, seed: 5),
                port: port)
            try await bench.configure()
            try await body(bench)
        }
    }

    private func configure() async throws {
        let mapping = #"{ accounts: { sales: "200" }, taxes: { default: OUTPUT }, payments: { default: "090" } }"#
        let yaml = """
            apps:
              web: { client_id: web, client_secret: s, type: web, redirect: "http://localhost:\(port)/back" }
              desk: { client_id: desk, type: pkce, redirect: "https://console.test/xero/callback" }
              own: { client_id: acme, client_secret: acme-secret, type: custom_connection }
            orgs:
              one: { app: web, mapping: \(mapping) }
              two: { app: web, mapping: \(mapping) }
              three: { app: desk, mapping: \(mapping) }
              four: { app: own, mapping: \(mapping) }
            stores: {}
            """
        _ = try await ConfigurationFile(yaml: yaml) { _ in nil }
            .apply(to: database, sealing: Self.sealing, by: "test", dryRun: false)
        control("apps/web", ["client_secret": "s", "redirects": [.string("http://localhost:\(port)/back")]])
        control("apps/desk", ["redirects": ["https://console.test/xero/callback"]])
    }

    private func control(_ path: String, _ body: JSONValue) {
        let response = simulator.handle(
            SimulatedRequest(method: "PUT", target: "/_control/\(path)", body: body.encoded()))
        precondition(response.status < 300, String(decoding: response.body, as: UTF8.self))
    }

    func tenant(_ org: String) -> String {
        let response = simulator.handle(SimulatedRequest(method: "GET", target: "/_control/orgs"))
        let orgs = (try? JSONValue(parsing: response.body))?["orgs"]?.array ?? []
        return orgs.first { $0["key"]?.string == org }?["tenant_id"]?.string ?? ""
    }

    func access(_ org: String) async throws -> XeroAccess {
        let simulator = simulator
        let send: @Sendable (XeroRequest) async throws -> XeroResponse = { request in
            let response = simulator.handle(
                SimulatedRequest(
                    method: request.method.rawValue, target: request.path, headers: request.headers,
                    body: request.body))
            return XeroResponse(
                status: response.status,
                headers: Dictionary(
                    response.headers.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first }),
                body: response.body)
        }
        let transport = XeroTransport(api: send, identity: send)
        let snapshot = try await ConfigurationLoader.load(from: database, sealing: Self.sealing)
        let record = try #require(snapshot.orgs[org])
        let store = GrantStore(database: database, sealing: Self.sealing, minuteSeconds: 60)
        return XeroAccess(
            database: database, actor: "test",
            grants: GrantAccess(store: store, transport: transport, settings: .init(holder: "test")),
            transport: transport, time: XeroTime(), snapshot: snapshot, org: record,
            app: try #require(snapshot.apps[record.appID]))
    }

    /// Runs connect with a person who does something once they were told the address.
    /// - Parameter person: gets the consent's address; returns what they paste.
    func connect(
        _ org: String, tenant: String? = nil, again: Bool = false,
        person: @escaping @Sendable (_ address: String) async -> [String] = { _ in [] }
    ) async throws -> Connected {
        let (addresses, address) = AsyncStream.makeStream(of: String.self)
        let said = said
        let conversation = ConsentConversation(
            minutes: 1,
            lines: {
                AsyncStream { continuation in
                    // A person is not interrupted by the end of the command.
                    Task {
                        guard let address = await addresses.first(where: { _ in true }) else { return }
                        for line in await person(address) { continuation.yield(line) }
                        continuation.finish()
                    }
                }
            },
            say: { text in
                said.withLockedValue { $0.append(text) }
                for line in text.split(separator: "\n") where line.contains("/identity/connect/authorize") {
                    address.yield(line.trimmingPrefix { $0 == " " }.description)
                }
            })
        defer { address.finish() }
        return try await Connecting(
            xero: try await access(org), loginURL: "http://login.test", conversation: conversation
        ).connect(tenant: tenant, again: again)
    }

    /// What a person does on Xero's page.
    /// - Returns: the address that the browser is sent to.
    func decide(_ address: String, _ decision: String = "allow", orgs: [String] = ["acme", "zeta"]) -> String {
        let fields = ["decision=\(decision)"] + orgs.map { "org_\($0)=1" }
        let response = simulator.handle(
            SimulatedRequest(
                method: "POST", target: String(address.dropFirst("http://login.test".count)),
                body: Array(fields.joined(separator: "&").utf8)))
        return response.headers.first { $0.name == "Location" }?.value ?? ""
    }

    /// What a browser does with an address on this machine.
    static func browse(_ address: String) async -> (status: Int, location: String?, page: String) {
        let address = address.replacing("localhost", with: "127.0.0.1")
        let client = HTTPClient(
            eventLoopGroupProvider: .singleton,
            configuration: HTTPClient.Configuration(redirectConfiguration: .disallow))
        var answer: (status: Int, location: String?, page: String)
        do {
            let response = try await client.execute(HTTPClientRequest(url: address), timeout: .seconds(10))
            let page = String(buffer: try await response.body.collect(upTo: 1 << 16))
            answer = (Int(response.status.code), response.headers.first(name: "Location"), page)
        } catch {
            answer = (0, nil, "\(error)")
        }
        try? await client.shutdown()
        return answer
    }

    func failure(_ body: () async throws -> Connected) async -> String {
        do { return "\(try await body())" } catch let error as CommandFailure { return error.message } catch {
            return "\(error)"
        }
    }

    func value(_ sql: String) async throws -> String? { try await database.query("\(unsafeSQL: sql)").first?[0] }
}

@Suite("counterfoil xero connect", .enabled(if: TestServers.areAvailable, "needs the private servers: make test"))
struct XeroConnectTests {
    @Test("takes the answer from the browser, which keeps no code in its address", .timeLimit(.minutes(5)))
    func browser() async throws {
        try await ConnectBench.with { bench in
            let done = try await bench.connect("one") { address in
                let back = bench.decide(address, orgs: ["acme"])
                let stray = await ConnectBench.browse("http://127.0.0.1:\(bench.port)/favicon.ico")
                #expect(stray.status == 404)
                let foreign = await ConnectBench.browse("http://127.0.0.1:\(bench.port)/back?code=x&state=y")
                #expect(foreign.location == "/counterfoil/refused")
                let redirected = await ConnectBench.browse(back)
                #expect(redirected.status == 302)
                #expect(redirected.location == "/counterfoil/allowed")
                let page = await ConnectBench.browse("http://127.0.0.1:\(bench.port)/counterfoil/allowed")
                #expect(page.page.contains("Access was allowed"))
                return []
            }
            #expect(done.connection.name == "acme (simulated)")
            #expect(done.others == [])
            #expect(bench.said.withLockedValue { $0 }.contains { $0.contains("its state is not the one asked with") })
            #expect(try await bench.value("SELECT org_id FROM xero_connection") == "one")
            #expect(
                try await bench.value(
                    "SELECT change FROM audit WHERE subject = 'one' AND actor = 'test' AND change = 'connected'")
                    == "connected")
        }
    }

    @Test("takes a pasted address where the browser cannot come back, after what is not it", .timeLimit(.minutes(5)))
    func pasted() async throws {
        try await ConnectBench.with { bench in
            let done = try await bench.connect("three") { address in
                [
                    "yes", "", "https://console.test/xero/callback?code=x&state=y",
                    "  \(bench.decide(address, orgs: ["zeta"]))  ",
                ]
            }
            #expect(done.connection.name == "zeta (simulated)")
            let said = bench.said.withLockedValue { $0 }
            #expect(said.count { $0.hasPrefix("That is not it: ") } == 2)
            #expect(said.contains { $0.contains("paste that address here") })
        }
    }

    @Test("says when access was declined, nothing was pasted, or the code is too old", .timeLimit(.minutes(5)))
    func refused() async throws {
        try await ConnectBench.with { bench in
            let declined = await bench.failure { try await bench.connect("three") { [bench.decide($0, "deny")] } }
            #expect(declined == "Not connected: access was declined in Xero.")
            let silent = await bench.failure { try await bench.connect("three") }
            #expect(silent == "Not connected: no address was pasted.")
            let words = await bench.failure {
                try await bench.connect("three") { address in
                    let back = bench.decide(address, orgs: ["zeta"])
                    return [back.replacing("code=", with: "code=0")]
                }
            }
            #expect(words.hasPrefix("Xero refuses access (invalid_grant): the code is good once, and for five minutes"))
            let grants = try await bench.value("SELECT count(*) FROM xero_grant")
            #expect(grants == "0")
        }
    }

    @Test("goes on by pasting where another program has the port", .timeLimit(.minutes(5)))
    func portTaken() async throws {
        try await ConnectBench.with { bench in
            let other = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .bind(host: "127.0.0.1", port: bench.port).get()
            let done = try await bench.connect("one") { [bench.decide($0, orgs: ["acme"])] }
            #expect(done.connection.name == "acme (simulated)")
            #expect(
                bench.said.withLockedValue { $0 }.first
                    == "Cannot listen on port \(bench.port): another program uses it. The answer has to be pasted.")
            try await other.close()
        }
    }

    @Test(
        "lets a person choose among several, asks once for all of them, and never gives one to two orgs",
        .timeLimit(.minutes(5)))
    func several() async throws {
        try await ConnectBench.with { bench in
            var choices: [XeroConnection] = []
            do {
                _ = try await bench.connect("one") { address in
                    _ = await ConnectBench.browse(bench.decide(address))
                    return []
                }
            } catch let refusal as OrgConnector.Refusal {
                choices = refusal.choices
            }
            #expect(choices.map(\.name) == ["acme (simulated)", "zeta (simulated)"])
            let asked = bench.said.withLockedValue { $0.count }
            _ = try await bench.connect("one", tenant: choices[0].tenantID)
            let words = await bench.failure { try await bench.connect("two", tenant: choices[0].tenantID.uppercased()) }
            #expect(words.contains("org one writes to acme (simulated) already"))
            _ = try await bench.connect("two", tenant: choices[1].tenantID)
            #expect(bench.said.withLockedValue { $0.count } == asked)
            #expect(try await bench.value("SELECT count(DISTINCT grant_id) FROM xero_connection") == "1")
            #expect(try await bench.value("SELECT count(*) FROM xero_grant") == "1")
            // Taking one away leaves the other; connecting it again has to ask.
            let access = try await bench.access("one")
            let link = try await access.connector.disconnect(access.org, app: access.app)
            #expect(link?.name == "acme (simulated)")
            #expect(try await bench.value("SELECT state FROM org WHERE id = 'one'") == "disconnected")
            let none = try await access.connector.disconnect(access.org, app: access.app)
            #expect(none == nil)
            _ = try await bench.connect("one") { address in
                _ = await ConnectBench.browse(bench.decide(address, orgs: ["acme", "zeta"]))
                return []
            }
            #expect(try await bench.value("SELECT state FROM org WHERE id = 'one'") == "active")
            #expect(try await bench.value("SELECT state FROM org WHERE id = 'two'") == "active")
        }
    }

    @Test(
        "needs nobody for a custom connection, and refuses another organisation than the documents are in",
        .timeLimit(.minutes(5)))
    func others() async throws {
        try await ConnectBench.with { bench in
            try await bench.database.execute("UPDATE org SET state = 'paused' WHERE id = 'four'")
            #expect(try await bench.connect("four").connection.name == "acme (simulated)")
            #expect(try await bench.value("SELECT state FROM org WHERE id = 'four'") == "active")
            _ = try await bench.connect("three") { [bench.decide($0, orgs: ["acme"])] }
            try await bench.database.execute(
                """
                INSERT INTO document (org_id, store_id, kind, source_id, part, key, state, desired, xero_id)
                VALUES ('three', 'shop', 'contact', '1', '', 'k', 'posted', '{}', 'x')
                """)
            let words = await bench.failure {
                try await bench.connect("three", tenant: bench.tenant("zeta")) { [bench.decide($0, orgs: ["zeta"])] }
            }
            #expect(words.hasPrefix("documents of org three are in another organisation (tenant "))
            let chosen = await bench.failure {
                try await bench.connect("three", again: true) { [bench.decide($0, orgs: ["zeta"])] }
            }
            #expect(chosen.contains("the consent does not reach the tenant"))
        }
    }
}
