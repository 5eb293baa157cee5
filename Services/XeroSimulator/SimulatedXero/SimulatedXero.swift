public import Accounting
public import JSON
import NIOConcurrencyHelpers

/// A stand-in for Xero's Accounting API, for tests and demonstrations.
///
/// It keeps Xero's documented rules for the endpoints that Counterfoil uses, and where the documentation leaves a choice it
/// takes the less convenient one. Everything happens in memory behind one lock; the clock and the seed of all identifiers
/// are parameters, so that a run can be repeated exactly.
///
/// `handle` answers a request at once. A server uses `begin`, `perform` and `finish` instead, so that calls take time, run
/// at once and can go wrong on the way.
public final class SimulatedXero: Sendable {
    private let state: NIOLockedValueBox<SimulatorState>
    private let clock: @Sendable () -> Instant

    /// Makes a simulated Xero with empty books.
    /// - Parameters:
    ///   - organisations: The organisations that exist from the start; each has a custom connection whose client id is the
    ///     organisation's key.
    ///   - settings: Limits, lengths of time and rounding.
    ///   - seed: Decides all identifiers.
    ///   - clock: Tells the time.
    public init(
        organisations: [OrganisationDefinition] = [OrganisationDefinition(key: "demo")],
        settings: SimulatorSettings = SimulatorSettings(), seed: UInt64 = 1,
        clock: @escaping @Sendable () -> Instant = { Instant.now() }
    ) {
        self.clock = clock
        state = NIOLockedValueBox(
            SimulatorState(organisations: organisations, settings: settings, seed: seed, now: clock()))
    }

    /// Answers a request at once; of a hang or a broken connection the status is 0.
    public func handle(_ request: SimulatedRequest) -> SimulatedResponse {
        switch begin(request) {
        case .answered(let response): return response
        case .admitted(let call):
            let outcome = perform(call)
            finish(call)
            return outcome.delivery == .answer ? outcome.response : SimulatedResponse(status: 0)
        }
    }

    /// Lets a request in or answers it at the door: what concerns tokens, limits and the control interface.
    public func begin(_ request: SimulatedRequest) -> SimulatedAdmission {
        let now = clock()
        if request.path == "/_control" || request.path.hasPrefix("/_control/") {
            return .answered(state.withLockedValue { ControlAPI.answer(request, &$0, now: now) })
        }
        if request.pathWords == ConsentPage.path {
            let reply = state.withLockedValue { ConsentPage.answer(request, &$0, now: now) }
            return .answered(reply.response(acceptsJSON: true))
        }
        if request.path == "/livez" { return .answered(SimulatedResponse(status: 200)) }
        let json = Self.json(of: request)
        switch state.withLockedValue({ $0.admit(request, json: json, now: now) }) {
        case .answered(let reply): return .answered(reply.response(acceptsJSON: Self.acceptsJSON(request)))
        case .admitted(let call): return .admitted(call)
        }
    }

    /// Carries out a call that was let in.
    public func perform(_ call: SimulatedCall) -> SimulatedOutcome {
        let now = clock()
        var (reply, delivery) = state.withLockedValue { state in
            var (reply, delivery) = state.perform(call, now: now)
            if let position = call.organisation.flatMap({ state.position($0) }) {
                reply.headers += state.limitHeaders(position, clientID: call.clientID)
            }
            return (reply, delivery)
        }
        if call.organisation == nil { reply.headers.append(("Cache-Control", "no-store")) }
        return SimulatedOutcome(
            response: reply.response(acceptsJSON: call.organisation == nil || Self.acceptsJSON(call.request)),
            delivery: delivery)
    }

    /// Ends a call that was let in, whether or not it was carried out.
    public func finish(_ call: SimulatedCall) {
        state.withLockedValue { $0.finish(call) }
    }

    private static func json(of request: SimulatedRequest) -> JSONValue? {
        guard request.method != "GET", !request.body.isEmpty, request.path.hasPrefix("/api.xro/") else { return nil }
        return try? JSONValue(parsing: request.body)
    }

    private static func acceptsJSON(_ request: SimulatedRequest) -> Bool {
        request.headers["accept"]?.lowercased().contains("json") ?? false
    }

    // MARK: For tests in process

    /// An access token for an organisation's custom connection, without asking for it over HTTP.
    public func accessToken(for key: String = "demo") -> String {
        let now = clock()
        return state.withLockedValue { state in
            state.desk.custom(key, state.identityDesk(now: now), generator: &state.tokenGenerator)
        }
    }

    /// The books of one organisation, or of all, as `GET /_control/ledger` shows them.
    public func ledger(_ key: String? = nil) -> JSONValue {
        state.withLockedValue { LedgerDump.json($0, key: key, summaryOnly: false) }
    }

    /// What was called, as `GET /_control/calls` shows it.
    public func calls() -> JSONValue {
        state.withLockedValue { CallReport.json($0) }
    }

    /// Changes the settings of everything or of one organisation.
    public func configure(_ key: String? = nil, _ change: @Sendable (inout SimulatorSettings) -> Void) {
        state.withLockedValue { state in
            guard let key else { return change(&state.settings) }
            var changed = state.settings(for: key)
            change(&changed)
            state.overrides[key] = changed
        }
    }

    /// Adds an organisation, or changes the definition of one.
    public func define(_ definition: OrganisationDefinition) {
        let now = clock()
        state.withLockedValue { $0.define(definition, now: now) }
    }

    /// The tenant id of an organisation.
    public func tenantID(_ key: String = "demo") -> String? {
        state.withLockedValue { state in state.position(key).map { state.books[$0].tenantID } }
    }

    // MARK: Keeping it

    /// Starts to note what changes the books, for `takeJournal`.
    public func startJournal() {
        let now = clock()
        state.withLockedValue { state in
            state.journal.isOn = true
            ControlAPI.noteOrganisations(&state, now: now)
        }
    }

    /// What changed the books since the last time, as lines of JSON; `startsOver` if all earlier lines are void.
    public func takeJournal() -> (startsOver: Bool, lines: [UInt8]) {
        state.withLockedValue { $0.journal.take() }
    }

    /// Does again what a line of a journal says.
    /// - Returns: False if the line cannot be read; nothing changes then.
    public func restore(line: some Collection<UInt8>) -> Bool {
        guard let object = (try? JSONValue(parsing: Array(line)))?.object, let time = object["t"]?.int,
            let method = object["m"]?.string, let target = object["u"]?.string, let text = object["b"]?.string
        else { return false }
        let at = Instant(microseconds: Int64(time))
        var request = SimulatedRequest(method: method, target: target, body: Array(text.utf8))
        if object["control"]?.bool == true {
            return state.withLockedValue { ControlAPI.answer(request, &$0, now: at) }.status < 300
        }
        guard let organisation = object["org"]?.string else { return false }
        if let key = object["k"]?.string { request.headers["idempotency-key"] = key }
        let call = SimulatedCall(
            request: request, organisation: organisation, fault: nil, latencyMicroseconds: 0, delayMicroseconds: 0,
            hangMicroseconds: 0, clientID: nil, json: Self.json(of: request), admittedAt: at)
        let extent: LedgerCall.Extent = object["half"]?.bool == true ? .firstHalf : .all
        let error = object["error"]?.bool == true ? SimulatorState.serverError : nil
        return state.withLockedValue { state in
            guard state.position(organisation) != nil else { return false }
            _ = state.execute(call, now: at, extent: extent, instead: error)
            return true
        }
    }
}
