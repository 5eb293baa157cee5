import Accounting
import JSON
import Ledger
import Logging
import Mapping
import Postgres
import SimulatedXero
import TestSupport
import Testing
import Xero

@testable import XeroWriter

@Suite(
    "Writing by a person's consent",
    .enabled(if: TestServers.areAvailable, "needs the private servers: make test"))
struct GrantWriterTests {
    private static let credentials = XeroCredentials(
        clientID: "web", clientSecret: "web-secret", scopes: XeroCredentials.defaultConsentScopes)
    private static let sealing = ConfigurationSealing(
        seal: { $0.map { $0 ^ 0x5A } }, open: { $0.map { $0 ^ 0x5A } })

    private static func access(_ harness: WriterHarness) -> GrantAccess {
        let time = harness.time()
        return GrantAccess(
            store: GrantStore(
                database: harness.database, sealing: sealing, time: time.ledger, minuteSeconds: time.minuteSeconds),
            transport: harness.transport(),
            settings: GrantTokens.Settings(holder: "test", wait: { try await time.wait($0, true) }))
    }

    @discardableResult
    private static func control(_ harness: WriterHarness, _ path: String, _ body: JSONValue = [:]) -> JSONValue {
        let response = harness.simulator.handle(
            SimulatedRequest(
                method: path == "identity" ? "GET" : "POST", target: "/_control/\(path)", body: body.encoded()))
        precondition(response.status < 300, String(decoding: response.body, as: UTF8.self))
        return (try? JSONValue(parsing: response.body)) ?? .null
    }

    /// Consents, and connects the org; returns its tenant and a source of tokens.
    private static func connect(
        _ harness: WriterHarness, _ grantID: String
    ) async throws -> (tenantID: String, tokens: XeroTokenSource) {
        let given = control(
            harness, "grants",
            ["client_id": "web", "client_secret": "web-secret", "orgs": [.string(harness.org)]])
        let access = access(harness)
        let identity = access.identity(credentials)
        let tokens = try await identity.refresh(given["refresh_token"]?.string ?? "")
        try await access.store.add(id: grantID, appID: "app", tokens: tokens, by: "test")
        let connection = try #require(try await identity.connections(tokens.accessToken).first)
        let org = harness.org
        try await harness.database.withTransaction { session in
            try await OrgConnections.connect(org, to: connection, by: grantID, actor: "test", in: session)
        }
        return (
            connection.tenantID, access.source(grantID: grantID, credentials: credentials, now: harness.time().now)
        )
    }

    @Test(
        "A withdrawn consent pauses the org with one alert; another lets it go on, and nothing is double",
        .timeLimit(.minutes(5)))
    func withdrawn() async throws {
        try await WriterHarness.run { harness in
            let orders = (1...6).map { SampleOrder(number: $0, customer: $0) }
            let (tenantID, tokens) = try await Self.connect(harness, "first")
            try await harness.plan(Array(orders[..<3]))
            let writer = harness.writer(tenantID: tenantID, tokens: tokens)
            try await harness.write(writer)
            #expect(harness.discrepancies(Array(orders[..<3])) == [])

            Self.control(harness, "orgs/\(harness.org)/revoke")
            try await harness.plan(Array(orders[3...]))
            let until = harness.clock.offset + 3600
            try await harness.write(harness.writer("writer-2", tenantID: tenantID, tokens: tokens)) {
                harness.clock.offset > until
            }
            #expect(try await harness.value("SELECT state FROM org") == "paused")
            let reason = try await harness.value("SELECT state_reason FROM org") ?? ""
            #expect(reason.contains("withdrawn in Xero"))
            #expect(reason.hasSuffix("run counterfoil xero connect for the org"))
            #expect(try await harness.value("SELECT count(*) FROM audit WHERE change = 'active -> paused'") == "1")
            #expect(try await harness.count("state = 'dead'") == 0)
            // Once it is known that the consent no longer counts, Xero is not asked again.
            #expect(Self.control(harness, "identity")["refusals"]?.int == 1)

            let again = try await Self.connect(harness, "second")
            try await harness.write(harness.writer("writer-3", tenantID: again.tenantID, tokens: again.tokens))
            #expect(harness.discrepancies(orders) == [])
            #expect(try await harness.value("SELECT count(*) FROM audit WHERE change = 'paused -> active'") == "1")
        }
    }

    @Test(
        "An org that is taken away in Xero pauses, and goes on by itself when it is given back", .timeLimit(.minutes(5))
    )
    func takenAway() async throws {
        try await WriterHarness.run { harness in
            let orders = [SampleOrder(number: 1, customer: 1)]
            let (tenantID, tokens) = try await Self.connect(harness, "first")
            Self.control(harness, "orgs/\(harness.org)/disconnect")
            try await harness.plan(orders)
            let writer = harness.writer(tenantID: tenantID, tokens: tokens)
            try await harness.write(writer) { try await harness.value("SELECT state FROM org") == "paused" }
            #expect(try await harness.value("SELECT count(*) FROM audit WHERE change = 'active -> paused'") == "1")
            Self.control(harness, "orgs/\(harness.org)/connect")
            try await harness.write(
                harness.writer("writer-2", isActive: false, tenantID: tenantID, tokens: tokens))
            #expect(harness.discrepancies(orders) == [])
        }
    }

    @Test("A consent that nothing uses for half a year still counts")
    func idle() async throws {
        try await WriterHarness.run { harness in
            _ = try await Self.connect(harness, "idle")
            var logger = Logger(label: "test")
            logger.logLevel = .critical
            let secrets = try Self.sealing.seal(JSONValue.object(["client_secret": "web-secret"]).encoded())
            try await harness.database.execute(
                "UPDATE app SET client_id = 'web', type = 'web', secrets = \(secrets)")
            let keeper = GrantKeeper(
                watch: ConfigurationWatch(database: harness.database, sealing: Self.sealing, logger: logger),
                grants: Self.access(harness), time: harness.time(), logger: logger)
            for _ in 1...18 {
                harness.clock.advance(seconds: 10 * 86_400, harness.simulator)
                await keeper.look()
            }
            let identity = Self.control(harness, "identity")
            #expect(identity["refusals"]?.int == 0)
            // The one that made the grant, and one in each 40 or 30 days: not one in every look.
            #expect(identity["refreshes"]?.int == 7)
            #expect(try await harness.value("SELECT state FROM xero_grant") == "active")
        }
    }

    @Test("Writers are made for what a consent reaches, not for what is not connected yet")
    func wanted() {
        var snapshot = ConfigurationSnapshot()
        snapshot.apps = [
            "web": AppRecord(id: "web", clientID: "w", clientSecret: "s", kind: .web, tier: "starter"),
            "desk": AppRecord(id: "desk", clientID: "d", clientSecret: nil, kind: .pkce, tier: "starter"),
            "own": AppRecord(id: "own", clientID: "o", clientSecret: "s", kind: .customConnection, tier: "custom"),
        ]
        func org(_ id: String, _ app: String, tenant: String?, grant: String?) -> OrgRecord {
            OrgRecord(
                id: id, appID: app, tenantID: tenant, dailyCalls: 1000, timeZone: nil, policies: [:], mapping: [:],
                state: .active, stateReason: nil, grantID: grant)
        }
        for record in [
            org("a", "web", tenant: "t1", grant: "g"), org("b", "web", tenant: "t2", grant: nil),
            org("c", "desk", tenant: "t3", grant: "h"), org("d", "own", tenant: nil, grant: nil),
        ] { snapshot.orgs[record.id] = record }
        let orgs = WriterSupervisor.orgs(in: snapshot)
        #expect(orgs.keys.sorted() == ["a", "c", "d"])
        #expect(orgs["a"]?.grantID == "g")
        #expect(orgs["c"]?.credentials.clientSecret == nil)
        #expect(orgs["d"]?.tenantID == nil)
    }
}
