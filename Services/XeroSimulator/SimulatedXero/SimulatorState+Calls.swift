import Accounting
import JSON

/// What a request is let in as.
enum Admission: Sendable {
    case answered(Reply)
    case admitted(SimulatedCall)
}

extension SimulatorState {
    /// Lets a request in, or says why not.
    mutating func admit(_ request: SimulatedRequest, json: JSONValue?, now: Instant) -> Admission {
        let words = request.pathWords
        if words == ["connect", "token"] || words == ["connect", "revocation"] || words.first == "connections" {
            return admitIdentity(request, now: now)
        }
        guard words.count >= 2, words[0] == "api.xro", words[1] == "2.0" else { return .answered(.notFound) }
        return admitLedger(request, words, json: json, now: now)
    }

    private mutating func admitIdentity(_ request: SimulatedRequest, now: Instant) -> Admission {
        let drawn = faults.draw(method: request.method, path: request.path, organisation: nil)
        if let drawn, let reply = immediate(drawn.fault, position: nil, now: now) { return .answered(reply) }
        return .admitted(call(request, organisation: nil, clientID: nil, drawn, json: nil, now: now))
    }

    private mutating func admitLedger(
        _ request: SimulatedRequest, _ words: [String], json: JSONValue?, now: Instant
    ) -> Admission {
        guard let access = bearer(request).flatMap({ desk.access($0, now: now) }) else {
            return .answered(Self.unauthorised)
        }
        guard let position = organisation(request, access) else { return .answered(Self.forbidden) }
        let key = keys[position]
        let limits = settings(for: key)
        traffic[position].advance(now, limits)
        appMinutes[access.clientID, default: FixedWindow()].advance(now, length: limits.minuteMicroseconds, phase: 0)
        var problem = traffic[position].problem(limits)
        if problem == nil, limits.appMinuteLimit > 0,
            appMinutes[access.clientID]?.count ?? 0 >= limits.appMinuteLimit
        {
            problem = .appMinute
        }
        if let problem { return .answered(refuse(problem, position, access.clientID, now)) }
        let drawn = faults.draw(method: request.method, path: request.path, organisation: key)
        if let drawn, var reply = immediate(drawn.fault, position: position, now: now) {
            reply.headers += limitHeaders(position, clientID: access.clientID)
            return .answered(reply)
        }
        if let drawn { faultCounts[drawn.fault.rawValue, default: 0] += 1 }
        appMinutes[access.clientID]?.add()
        let endpoint = Endpoint.name(request.method, words)
        samples.add(request, endpoint: endpoint)
        traffic[position].begin(endpoint: endpoint, elements: Endpoint.elements(json, words))
        return .admitted(
            call(request, organisation: key, clientID: access.clientID, drawn, json: json, now: now))
    }

    private func call(
        _ request: SimulatedRequest, organisation: String?, clientID: String?,
        _ drawn: DrawnFault?, json: JSONValue?, now: Instant
    ) -> SimulatedCall {
        let limits = settings(for: organisation)
        return SimulatedCall(
            request: request, organisation: organisation, fault: drawn?.fault,
            latencyMicroseconds: limits.latencyMicroseconds, delayMicroseconds: drawn?.delayMicroseconds ?? 1_000_000,
            hangMicroseconds: limits.hangMicroseconds, clientID: clientID, json: json, admittedAt: now,
            message: drawn?.message)
    }

    /// The access token that a request carries.
    func bearer(_ request: SimulatedRequest) -> String? {
        guard let header = request.headers["authorization"], header.lowercased().hasPrefix("bearer ") else {
            return nil
        }
        return String(header.dropFirst(7))
    }

    /// The organisation a request is for: the one named, or the only one of a custom connection.
    private func organisation(_ request: SimulatedRequest, _ access: TokenDesk.AccessToken) -> Int? {
        let reachable = desk.organisations(access)
        let found: Int?
        if let tenant = request.headers["xero-tenant-id"], !tenant.isEmpty {
            found = position(tenant: tenant)
        } else {
            found = access.organisation.flatMap { position($0) }
        }
        guard let found, reachable.contains(keys[found]), !books[found].isDisconnected else { return nil }
        return found
    }

    /// Faults that are answered at the door.
    private mutating func immediate(_ fault: SimulatedFault, position: Int?, now: Instant) -> Reply? {
        let reply: Reply?
        switch fault {
        case .tooManyMinute: reply = position.map { refuse(.minute, $0, nil, now, onPurpose: true) }
        case .tooManyDay: reply = position.map { refuse(.day, $0, nil, now, onPurpose: true) }
        case .tooManyConcurrent: reply = position.map { refuse(.concurrent, $0, nil, now, onPurpose: true) }
        case .unauthorised: reply = Self.unauthorised
        case .forbidden: reply = Self.forbidden
        default: reply = nil
        }
        if reply != nil { faultCounts[fault.rawValue, default: 0] += 1 }
        return reply
    }

    private mutating func refuse(
        _ problem: LimitProblem, _ position: Int, _ clientID: String?, _ now: Instant, onPurpose: Bool = false
    ) -> Reply {
        let limits = settings(for: keys[position])
        if !onPurpose { traffic[position].refused[problem.rawValue, default: 0] += 1 }
        var reply = Reply(429)
        reply.headers = [("X-Rate-Limit-Problem", problem.rawValue)]
        if let seconds = traffic[position].retryAfter(problem, now, limits) {
            reply.headers.append(("Retry-After", String(seconds)))
        }
        if !onPurpose { reply.headers += limitHeaders(position, clientID: clientID) }
        return reply
    }

    static let unauthorised = Reply(
        401,
        .json([
            "Type": nil, "Title": "Unauthorized", "Status": 401, "Detail": "AuthenticationUnsuccessful",
            "Instance": .string(zeroIdentifier), "Extensions": [:],
        ]))

    static let forbidden = Reply(
        403,
        .json([
            "Type": nil, "Title": "Forbidden", "Status": 403, "Detail": "AuthenticationUnsuccessful",
            "Instance": .string(zeroIdentifier), "Extensions": [:],
        ]))

    /// Ends a call: its slot is free again.
    mutating func finish(_ call: SimulatedCall) {
        guard let position = call.organisation.flatMap({ position($0) }) else { return }
        traffic[position].inFlight = max(0, traffic[position].inFlight - 1)
    }
}

/// How calls are named and counted in the report.
enum Endpoint {
    /// `PUT /Invoices`, `GET /Invoices/{id}`.
    static func name(_ method: String, _ words: [String]) -> String {
        var shown = words.dropFirst(2).map { $0 }
        if shown.count > 1 && shown[0] != "Organisation" { shown[1] = "{id}" }
        if shown.count > 3 { shown[3] = "{id}" }
        return "\(method) /\(shown.joined(separator: "/"))"
    }

    /// How many elements a body carries.
    static func elements(_ json: JSONValue?, _ words: [String]) -> Int {
        guard let json, words.count > 2 else { return 0 }
        return json[words.count > 4 ? words[4] : words[2]]?.array?.count ?? 1
    }
}
