import Accounting
import JSON
import Ledger
import NIOConcurrencyHelpers
import Postgres
import SimulatedXero
import TestSupport
import Xero

/// A database and a simulated Xero with two organisations and two apps, on one clock that is moved instead of waited for.
struct GrantBench: Sendable {
    /// Done instead of sending a request, or after it was carried out.
    typealias Interference = @Sendable (XeroRequest, @Sendable () throws -> XeroResponse) async throws -> XeroResponse

    static let redirect = "http://localhost:8095/"
    static let apps = [
        "web": XeroCredentials(
            clientID: "web", clientSecret: "web-secret", scopes: XeroCredentials.defaultConsentScopes),
        "desk": XeroCredentials(clientID: "desk", clientSecret: nil, scopes: XeroCredentials.defaultConsentScopes),
    ]

    let database: PostgresClient
    let simulator: SimulatedXero
    let offset: NIOLockedValueBox<Double>

    static func run(_ body: @Sendable (GrantBench) async throws -> Void) async throws {
        try await withTemporaryDatabase(migrations: SchemaMigrations.all) { database in
            try await database.executeScript(
                """
                INSERT INTO configuration (applied_by, document, changes) VALUES ('test', '', '{}');
                INSERT INTO app (id, client_id, type, tier, secrets, version)
                VALUES ('web', 'web', 'web', 'starter', '', 1), ('desk', 'desk', 'pkce', 'starter', '', 1);
                INSERT INTO org (id, app_id, settings, version) VALUES ('acme', 'web', '{}', 1), ('zeta', 'web', '{}', 1);
                """)
            try await body(GrantBench(database: database))
        }
    }

    private init(database: PostgresClient) {
        self.database = database
        let offset = NIOLockedValueBox(0.0)
        self.offset = offset
        simulator = SimulatedXero(
            organisations: [OrganisationDefinition(key: "acme"), OrganisationDefinition(key: "zeta")], seed: 3,
            clock: { Instant.now() + .microseconds(Int64(offset.withLockedValue { $0 } * 1e6)) })
        for (id, credentials) in Self.apps {
            var body: JSONObject = ["redirects": [.string(Self.redirect)]]
            if let secret = credentials.clientSecret { body["client_secret"] = .string(secret) }
            control("PUT", "apps/\(id)", .object(body))
        }
    }

    // MARK: The clock

    func advance(minutes: Double) { offset.withLockedValue { $0 += minutes * 60 } }

    func advance(days: Double) { advance(minutes: days * 1440) }

    private var time: LedgerTime {
        let offset = offset
        return LedgerTime(offsetSeconds: { offset.withLockedValue { $0 } })
    }

    // MARK: Xero

    @discardableResult
    func control(_ method: String, _ path: String, _ body: JSONValue? = nil) -> JSONValue {
        let response = simulator.handle(
            SimulatedRequest(method: method, target: "/_control/\(path)", body: body?.encoded() ?? []))
        precondition(response.status < 300, String(decoding: response.body, as: UTF8.self))
        return (try? JSONValue(parsing: response.body)) ?? .null
    }

    var identity: JSONValue { control("GET", "identity") }

    func transport(_ interfere: @escaping Interference = { _, send in try send() }) -> XeroTransport {
        let simulator = simulator
        let send: @Sendable (XeroRequest) async throws -> XeroResponse = { request in
            try await interfere(request) {
                let response = simulator.handle(
                    SimulatedRequest(
                        method: request.method.rawValue, target: request.path, headers: request.headers,
                        body: request.body))
                guard response.status > 0 else { throw XeroTransportError(.noAnswer, "no answer") }
                return XeroResponse(
                    status: response.status,
                    headers: Dictionary(
                        response.headers.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first }),
                    body: response.body)
            }
        }
        return XeroTransport(api: send, identity: send)
    }

    func consent(_ app: String = "web") -> XeroConsent {
        XeroConsent(credentials: Self.apps[app]!, redirect: Self.redirect, loginURL: "http://login.test")
    }

    /// What a person does on Xero's page: chooses organisations, and allows it or not.
    /// - Returns: the address that Xero sends them back to.
    func decide(_ consent: XeroConsent, allow: Bool = true, orgs: [String] = ["acme", "zeta"]) -> String {
        let path = String(consent.address.dropFirst("http://login.test".count))
        let fields = ["decision=\(allow ? "allow" : "deny")"] + orgs.map { "org_\($0)=1" }
        let response = simulator.handle(
            SimulatedRequest(
                method: "POST", target: path, headers: ["Content-Type": "application/x-www-form-urlencoded"],
                body: Array(fields.joined(separator: "&").utf8)))
        return response.headers.first { $0.name.lowercased() == "location" }?.value ?? ""
    }

    // MARK: Grants

    static func sealing(_ key: UInt8 = 0x5A) -> ConfigurationSealing {
        ConfigurationSealing(
            seal: { [key] + $0.map { $0 ^ key } },
            open: { sealed in
                guard sealed.first == key else { throw XeroTokenError(.rejected, "another key") }
                return sealed.dropFirst().map { $0 ^ key }
            })
    }

    func store(key: UInt8 = 0x5A) -> GrantStore {
        GrantStore(database: database, sealing: Self.sealing(key), time: time, minuteSeconds: 60)
    }

    /// Access as one replica has it. Its waits move the clock.
    func access(_ holder: String = "one", _ interfere: @escaping Interference = { _, send in try send() })
        -> GrantAccess
    {
        let offset = offset
        return GrantAccess(
            store: store(), transport: transport(interfere),
            settings: GrantTokens.Settings(holder: holder) { duration in
                let (seconds, attoseconds) = duration.components
                offset.withLockedValue { $0 += Double(seconds) + Double(attoseconds) / 1e18 }
                await Task.yield()
            })
    }

    func tokens(
        _ grantID: String = "grant", _ holder: String = "one",
        _ interfere: @escaping Interference = { _, send in try send() }
    ) -> GrantTokens {
        access(holder, interfere).tokens(grantID: grantID, credentials: Self.apps["web"]!)
    }

    /// Asks a person, who allows it, and keeps what comes of it; connects the orgs.
    func connect(_ grantID: String = "grant", app: String = "web", orgs: [String] = ["acme", "zeta"]) async throws {
        let identity = access().identity(Self.apps[app]!)
        let consent = consent(app)
        let code = try consent.code(from: decide(consent, orgs: orgs))
        let tokens = try await identity.exchange(code: code, of: consent)
        try await store().add(id: grantID, appID: app, tokens: tokens, by: "test")
        let connections = try await identity.connections(tokens.accessToken)
        try await store().note(connections, of: grantID)
        for org in orgs {
            guard let connection = connections.first(where: { $0.tenantID == tenant(org) }) else { continue }
            try await database.withTransaction { session in
                try await OrgConnections.connect(org, to: connection, by: grantID, actor: "test", in: session)
            }
        }
    }

    func tenant(_ org: String) -> String {
        control("GET", "orgs")["orgs"]?.array?.first { $0["key"]?.string == org }?["tenant_id"]?.string ?? ""
    }

    /// Whether Xero lets an org be read with a token.
    func reads(_ org: String, _ token: String) async throws -> Int {
        try await transport().api(
            XeroRequest.reference("Organisation").authorised(
                token: token, tenantID: tenant(org), idempotencyKey: nil)
        ).status
    }

    func value(_ sql: String) async throws -> String? { try await database.query("\(unsafeSQL: sql)").first?[0] }
}
