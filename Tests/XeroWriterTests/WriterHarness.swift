import Accounting
import JSON
import Ledger
import Logging
import Mapping
import NIOConcurrencyHelpers
import Observability
import Postgres
import SimulatedXero
import TestSupport
import Xero

@testable import XeroWriter

/// Clocks that are moved instead of waited for: the database's, the writer's and Xero's move together.
final class MovedTime: Sendable {
    private struct State {
        var offset = 0.0
        var waiting: [(at: Double, call: SimulatedCall)] = []
    }

    private let state = NIOLockedValueBox(State())
    /// Asked whenever a writer has nothing to do; ends the run when true.
    let isOver = NIOLockedValueBox<Probe?>(nil)

    final class Probe: Sendable {
        let ask: @Sendable () async throws -> Bool

        init(_ ask: @escaping @Sendable () async throws -> Bool) { self.ask = ask }
    }

    var offset: Double { state.withLockedValue { $0.offset } }

    /// Carries a call out once the clock has come so far.
    func later(_ call: SimulatedCall) {
        state.withLockedValue { $0.waiting.append(($0.offset + Double(call.delayMicroseconds) / 1e6, call)) }
    }

    func advance(seconds: Double, _ simulator: SimulatedXero) {
        let due = state.withLockedValue { state in
            state.offset += seconds
            let due = state.waiting.filter { $0.at <= state.offset }
            state.waiting.removeAll { $0.at <= state.offset }
            return due
        }
        for (_, call) in due {
            _ = simulator.perform(call)
            simulator.finish(call)
        }
    }

    var instant: Instant { Instant.now() + .microseconds(Int64(offset * 1e6)) }
}

/// A database with one organisation and one store, a simulated Xero, and writers that run on moved clocks.
struct WriterHarness: Sendable {
    var database: PostgresClient
    let simulator: SimulatedXero
    let clock: MovedTime
    var org = "acme"
    var store = "shop"
    /// Real seconds of one of Xero's minutes; nil if clocks are moved instead of waited for.
    var minuteSeconds: Double?
    /// Seconds between looks at the rows; nil for the writer's own.
    var pollSeconds: Double?
    /// Seconds after which moved clocks move no more.
    var longestSeconds = 24 * 3600.0

    static func run(
        settings: SimulatorSettings = SimulatorSettings(), minuteSeconds: Double? = nil,
        _ body: @Sendable (WriterHarness) async throws -> Void
    ) async throws {
        try await withTemporaryDatabase(migrations: SchemaMigrations.all) { database in
            try await prepare(database)
            try await body(
                WriterHarness(database: database, settings: settings, minuteSeconds: minuteSeconds))
        }
    }

    /// What every organisation's configuration refers to.
    static func prepare(_ database: PostgresClient) async throws {
        try await database.executeScript(
            """
            INSERT INTO configuration (applied_by, document, changes) VALUES ('test', '', '{}');
            INSERT INTO app (id, client_id, type, tier, secrets, version)
            VALUES ('app', 'acme', 'custom_connection', 'starter', '', 1);
            """)
    }

    /// An organisation with one store in a database, and a simulated Xero and clocks of its own.
    init(
        database: PostgresClient, org: String = "acme", store: String = "shop",
        settings: SimulatorSettings = SimulatorSettings(), minuteSeconds: Double? = nil
    ) async throws {
        let clock = MovedTime()
        var settings = settings
        if let minuteSeconds {
            settings.minuteMicroseconds = Int64(minuteSeconds * 1e6)
            settings.dayMicroseconds = settings.minuteMicroseconds * 1440
        }
        self.minuteSeconds = minuteSeconds
        self.database = database
        self.clock = clock
        self.org = org
        self.store = store
        simulator = SimulatedXero(
            organisations: [OrganisationDefinition(key: org)], settings: settings, seed: 7, clock: { clock.instant })
        try await database.execute(
            "INSERT INTO org (id, app_id, settings, version) VALUES (\(org), 'app', '{}', 1) ON CONFLICT DO NOTHING")
        try await addStore(store)
    }

    /// Adds a store of the organisation.
    func addStore(_ id: String) async throws {
        try await database.execute(
            """
            INSERT INTO store (id, platform, org_id, url, since, settings, secrets, mapping_version, version)
            VALUES (\(id), 'woocommerce', \(org), 'http://shop', '2020-01-01', '{}', '', 1, 1)
            ON CONFLICT DO NOTHING
            """)
    }

    // MARK: Writers

    /// The same organisation in another database.
    func on(_ database: PostgresClient) -> WriterHarness {
        var harness = self
        harness.database = database
        return harness
    }

    func time() -> WriterTime {
        if let minuteSeconds {
            return WriterTime.live(minuteSeconds: minuteSeconds, daySeconds: minuteSeconds * 1440)
        }
        let clock = clock
        let simulator = simulator
        let limit = longestSeconds
        return WriterTime(
            now: { ContinuousClock.now.adding(seconds: clock.offset) },
            wait: { duration, isIdle in
                guard isIdle else {
                    // Something is on its way and will end the wait.
                    for await _ in AsyncStream(Void.self, { _ in }) {}
                    try Task.checkCancellation()
                    return
                }
                if let probe = clock.isOver.withLockedValue({ $0 }), try await probe.ask() { return }
                if clock.offset > limit { return }
                let (seconds, attoseconds) = duration.components
                clock.advance(seconds: Double(seconds) + Double(attoseconds) / 1e18, simulator)
                await Task.yield()
            }, ledger: LedgerTime(offsetSeconds: { clock.offset }), minuteSeconds: 60,
            daySeconds: 86_400)
    }

    /// The way to the simulated Xero. A call without an answer is given up after thirty seconds of the moved clock.
    func transport() -> XeroTransport {
        let simulator = simulator
        let clock = clock
        let send: @Sendable (XeroRequest) async throws -> XeroResponse = { request in
            let simulated = SimulatedRequest(
                method: request.method.rawValue, target: request.path, headers: request.headers, body: request.body)
            RecordedRequests.check(request)
            switch simulator.begin(simulated) {
            case .answered(let response): return Self.response(response)
            case .admitted(let call):
                if call.fault == .commitLate {
                    clock.later(call)
                    clock.advance(seconds: Self.callSeconds, simulator)
                    throw XeroTransportError(.noAnswer, "no answer in time")
                }
                await Task.yield()
                let outcome = simulator.perform(call)
                simulator.finish(call)
                if outcome.delivery == .hang { clock.advance(seconds: Self.callSeconds, simulator) }
                guard outcome.delivery == .answer else { throw XeroTransportError(.noAnswer, "no answer") }
                return Self.response(outcome.response)
            }
        }
        return XeroTransport(api: send, identity: send)
    }

    private static let callSeconds = 30.0

    private static func response(_ response: SimulatedResponse) -> XeroResponse {
        XeroResponse(
            status: response.status,
            headers: Dictionary(response.headers.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first }),
            body: response.body)
    }

    func writer(
        _ holder: String = "writer-1", gate: CallGate? = nil, dailyCalls: Int = 1000,
        isActive: Bool = true, tenantID: String? = nil, tokens: XeroTokenSource? = nil, keepsReference: Bool = false,
        keepsContacts: Bool = false, contacts: ContactPolicy = ContactPolicy(),
        tracer: Tracer = .off, onOutcome: @escaping @Sendable () -> Void = {}
    ) -> OrgWriter {
        let transport = self.transport()
        let time = self.time()
        let secret = OrganisationDefinition(key: org).clientSecret
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        var settings = WriterSettings(holder: holder)
        settings.keepsReference = keepsReference
        settings.keepsContacts = keepsContacts
        if minuteSeconds != nil {
            (settings.callSeconds, settings.marginSeconds) = (0.5, 0.5)
            (settings.leaseSeconds, settings.pollSeconds) = (0.6, 0.05)
        }
        if let pollSeconds { (settings.pollSeconds, settings.leaseSeconds) = (pollSeconds, 3 * pollSeconds) }
        let shared = XeroGate(
            database: database, time: gate?.guarding(time) ?? time, settings: settings, breakerID: "xero-\(org)")
        return OrgWriter(
            org: WriterOrg(
                id: org, tenantID: tenantID, dailyCalls: dailyCalls, isActive: isActive,
                credentials: XeroCredentials(clientID: org, clientSecret: secret), contacts: contacts),
            database: database, transport: gate?.guarding(transport) ?? transport, tokens: tokens,
            settings: settings, time: gate?.guarding(time) ?? time, gate: shared, tracer: tracer, logger: logger,
            onOutcome: onOutcome)
    }

    /// Runs a writer until every document is settled or needs a person, or `until` says so.
    func write(
        _ writer: OrgWriter? = nil, until: (@Sendable () async throws -> Bool)? = nil
    ) async throws {
        let writer = writer ?? self.writer()
        end(writer, when: until)
        defer { clock.isOver.withLockedValue { $0 = nil } }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await writer.run() }
            await group.waitForAll()
        }
    }

    /// Makes a writer retire when everything is settled or needs a person, or `until` says so.
    func end(_ writer: OrgWriter, when until: (@Sendable () async throws -> Bool)? = nil) {
        let harness = self
        let until = until ?? { try await harness.isQuiet() }
        clock.isOver.withLockedValue { box in
            box = MovedTime.Probe {
                let isOver = try await until()
                if isOver { writer.retire() }
                return isOver
            }
        }
    }

    func isQuiet() async throws -> Bool {
        if clock.offset > longestSeconds * 5 / 6 { return true }
        return try await count("state NOT IN ('posted', 'voided', 'superseded', 'held', 'dead')") == 0
    }

    // MARK: Looking

    func count(_ condition: String) async throws -> Int {
        let rows = try await database.query(
            "SELECT count(*) AS n FROM document WHERE org_id = \(org) AND (\(unsafeSQL: condition))")
        return try rows[0].decode("n")
    }

    func states() async throws -> [String: String] {
        var states: [String: String] = [:]
        for row in try await database.query("SELECT key, state, state_reason FROM document WHERE org_id = \(org)") {
            let key: String = try row.decode("key")
            states[key] = row["state"]
        }
        return states
    }

    func value(_ sql: String) async throws -> String? {
        try await database.query("\(unsafeSQL: sql)").first?[0]
    }

    func faults(_ rules: [JSONValue]) {
        let body: JSONValue = ["rules": .array(rules)]
        let response = simulator.handle(
            SimulatedRequest(method: "PUT", target: "/_control/faults", body: body.encoded()))
        precondition(response.status < 300, String(decoding: response.body, as: UTF8.self))
    }

    var books: JSONValue { simulator.ledger(org)["orgs"]?[0] ?? .null }

    var calls: JSONValue { simulator.calls()["orgs"]?[org] ?? .null }
}
