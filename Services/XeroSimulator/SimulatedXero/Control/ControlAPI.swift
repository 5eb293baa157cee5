import Accounting
import JSON

/// The interface under `/_control`, by which tests and people steer the simulator and look inside.
enum ControlAPI {
    static func answer(_ request: SimulatedRequest, _ state: inout SimulatorState, now: Instant) -> SimulatedResponse {
        let words = Array(request.pathWords.dropFirst())
        if words.isEmpty {
            guard request.method == "GET" else { return json(405, ["error": "use GET"]) }
            return html(LedgerPage.html(state))
        }
        switch (request.method, words[0], words.count) {
        case ("GET", "ledger", 1):
            let summaryOnly = request.query["summary"].map { $0 != "0" && $0 != "false" } ?? false
            return json(200, LedgerDump.json(state, key: request.query["org"], summaryOnly: summaryOnly))
        case ("GET", "calls", 1): return json(200, CallReport.json(state))
        case ("GET", "requests", 1): return json(200, state.samples.json)
        case ("GET", "faults", 1): return json(200, ["rules": .array(state.faults.rules.map(\.json))])
        case ("PUT", "faults", 1): return putFaults(request, &state)
        case ("DELETE", "faults", 1):
            state.faults = FaultPlan()
            return json(200, ["rules": []])
        case ("GET", "settings", 1): return json(200, settings(state))
        case ("PUT", "settings", 1): return putSettings(request, &state, now: now)
        case ("GET", "orgs", 1):
            return json(200, ["orgs": .array(state.books.map { describe($0) })])
        case ("PUT", "orgs", 2): return putOrganisation(words[1], request, &state, now: now)
        case ("POST", "orgs", 3) where words[2] == "contacts":
            let response = ContactActs.act(words[1], body(request), &state, now: now)
            if response.status < 300 { state.journal.add(control: request, now: now) }
            return response
        case ("POST", "orgs", 3): return act(words[1], words[2], &state)
        case ("POST", "grants", 1): return postGrant(request, &state, now: now)
        case ("GET", "identity", 1):
            return json(
                200,
                [
                    "requests": .number(JSONNumber(state.desk.requests)),
                    "refreshes": .number(JSONNumber(state.desk.refreshes)),
                    "refusals": .number(JSONNumber(state.desk.refusals)),
                    "grants": .number(JSONNumber(state.desk.grants.count)),
                ])
        case ("PUT", "apps", 2): return putApp(words[1], request, &state, now: now)
        case ("POST", "reset", 1):
            state.reset(now: now)
            state.journal.startOver()
            noteOrganisations(&state, now: now)
            return json(200, ["reset": true])
        default:
            return json(404, ["error": "no such control address; see /_control"])
        }
    }

    static func json(_ status: Int, _ value: JSONValue) -> SimulatedResponse {
        SimulatedResponse(
            status: status, headers: [("Content-Type", "application/json; charset=utf-8")], body: value.encoded())
    }

    private static func html(_ text: String) -> SimulatedResponse {
        SimulatedResponse(
            status: 200,
            headers: [
                ("Content-Type", "text/html; charset=utf-8"),
                ("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'"),
            ], body: Array(text.utf8))
    }

    private static func body(_ request: SimulatedRequest) -> JSONValue? { try? JSONValue(parsing: request.body) }

    static func problem(_ messages: [String]) -> SimulatedResponse {
        json(400, ["error": .string(messages.joined(separator: " "))])
    }

    private static func putFaults(_ request: SimulatedRequest, _ state: inout SimulatorState) -> SimulatedResponse {
        guard let body = body(request), let listed = body.array ?? body["rules"]?.array else {
            return problem(["The body must be a list of rules."])
        }
        var plan = FaultPlan()
        for (position, element) in listed.enumerated() {
            do throws(Rejection) {
                guard let object = element.object else { throw Rejection("rule \(position): must be an object") }
                plan.rules.append(try FaultRule(json: object, position: position))
            } catch {
                return problem(error.messages)
            }
        }
        state.faults = plan
        return json(200, ["rules": .array(plan.rules.map(\.json))])
    }

    private static func settings(_ state: SimulatorState) -> JSONValue {
        var object = state.settings.json.object ?? [:]
        object["orgs"] = .object(JSONObject(state.overrides.sorted { $0.key < $1.key }.map { ($0.key, $0.value.json) }))
        return .object(object)
    }

    private static func putSettings(
        _ request: SimulatedRequest, _ state: inout SimulatorState, now: Instant
    ) -> SimulatedResponse {
        guard let object = body(request)?.object else { return problem(["The body must be an object."]) }
        let problems: [String]
        if let key = object.filled("org") {
            guard state.position(key) != nil else { return problem(["There is no organisation \(key)."]) }
            var changed = state.settings(for: key)
            problems = changed.apply(object)
            if problems.isEmpty { state.overrides[key] = changed }
        } else {
            problems = state.settings.apply(object)
        }
        if !problems.isEmpty { return problem(problems) }
        state.journal.add(control: request, now: now)
        return json(200, settings(state))
    }

    private static func putOrganisation(
        _ key: String, _ request: SimulatedRequest, _ state: inout SimulatorState, now: Instant
    ) -> SimulatedResponse {
        let object = request.body.isEmpty ? [:] : body(request)?.object
        guard let object, let definition = OrganisationDefinition(key: key, json: object) else {
            return problem(["The body must be an object, and the key letters, digits, - and _ only."])
        }
        let createdAt = object["created_at_us"]?.int.map { Instant(microseconds: Int64($0)) }
        state.define(definition, now: now, createdAt: createdAt)
        if let position = state.position(key) { note(state.books[position], &state, now: now) }
        return json(200, state.position(key).map { describe(state.books[$0]) } ?? nil)
    }

    /// Notes in the journal how every organisation is set up and when its books were begun.
    static func noteOrganisations(_ state: inout SimulatorState, now: Instant) {
        for position in state.books.indices { note(state.books[position], &state, now: now) }
    }

    private static func note(_ book: OrganisationBook, _ state: inout SimulatorState, now: Instant) {
        var object = book.definition.json.object ?? [:]
        object["created_at_us"] = .number(JSONNumber(book.createdAt.microseconds))
        let request = SimulatedRequest(
            method: "PUT", target: "/_control/orgs/\(book.definition.key)", body: JSONValue.object(object).encoded())
        state.journal.add(control: request, now: now)
    }

    private static func describe(_ book: OrganisationBook) -> JSONValue {
        var object = book.definition.json.object ?? [:]
        object["tenant_id"] = .string(book.tenantID)
        object["client_id"] = .string(book.definition.key)
        object["disconnected"] = .bool(book.isDisconnected)
        return .object(object)
    }

    /// `revoke` ends what the organisation's custom connection was given, and every consent that reaches it; `disconnect` and `connect` do what a user does in Xero,
    /// and so do `reconcile` and `unreconcile`, with all payments there are.
    private static func act(_ key: String, _ action: String, _ state: inout SimulatorState) -> SimulatedResponse {
        guard let position = state.position(key) else { return problem(["There is no organisation \(key)."]) }
        switch action {
        case "revoke":
            state.desk.revoke(clientID: key, grants: true)
            state.desk.revoke(organisation: key)
        case "disconnect": state.books[position].isDisconnected = true
        case "connect": state.books[position].isDisconnected = false
        case "reconcile", "unreconcile":
            for var payment in state.books[position].payments.records {
                payment.isReconciled = action == "reconcile"
                state.books[position].payments.put(payment, id: payment.id)
            }
        default: return json(404, ["error": "use revoke, disconnect, connect, reconcile, unreconcile or contacts"])
        }
        return json(200, describe(state.books[position]))
    }

    /// An app that asks people for consent; without a secret it has to prove itself by a key.
    private static func putApp(
        _ id: String, _ request: SimulatedRequest, _ state: inout SimulatorState, now: Instant
    ) -> SimulatedResponse {
        let redirects = body(request)?["redirects"]?.array?.compactMap(\.string) ?? []
        guard !redirects.isEmpty, redirects.allSatisfy(ConsentPage.isRedirect) else {
            return problem(["redirects must be a list of https addresses, or http://localhost (not 127.0.0.1)."])
        }
        guard state.position(id) == nil else { return problem(["\(id) is the client id of a custom connection."]) }
        let secret = body(request)?.object?.filled("client_secret")
        state.desk.clients[id] = TokenDesk.Client(id: id, secret: secret, redirects: redirects)
        state.journal.add(control: request, now: now)
        return json(200, ["client_id": .string(id), "redirects": .array(redirects.map { .string($0) })])
    }

    private static func postGrant(
        _ request: SimulatedRequest, _ state: inout SimulatorState, now: Instant
    ) -> SimulatedResponse {
        guard let object = body(request)?.object, let clientID = object.filled("client_id") else {
            return problem(["The body must have a client_id."])
        }
        let wanted = object["orgs"]?.array?.compactMap(\.string) ?? state.keys
        guard wanted.allSatisfy({ state.position($0) != nil }) else { return problem(["orgs names an unknown one."]) }
        if let secret = object.filled("client_secret") {
            state.desk.clients[clientID] = TokenDesk.Client(id: clientID, secret: secret)
        }
        guard state.desk.clients[clientID] != nil else {
            return problem(["There is no client \(clientID); give a client_secret to make it."])
        }
        let token = state.desk.grant(
            clientID: clientID, organisations: wanted, now: now, generator: &state.tokenGenerator)
        return json(200, ["refresh_token": .string(token)])
    }
}
