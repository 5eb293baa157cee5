import Accounting
import JSON

extension SimulatorState {
    /// Carries a call out, with what goes wrong on purpose.
    mutating func perform(_ call: SimulatedCall, now: Instant) -> (Reply, SimulatedOutcome.Delivery) {
        switch call.fault {
        case .refuse, .resetBefore: return (Reply(0), .reset)
        case .hangBefore: return (Reply(0), .hang)
        case .errorBefore: return (Self.serverError, .answer)
        case .html503: return (Self.offline, .answer)
        case .errorCached: return (execute(call, now: now, extent: nil, instead: Self.serverError), .answer)
        case .errorAfter: return (execute(call, now: now, instead: Self.serverError), .answer)
        case .errorAfterHalf:
            return (execute(call, now: now, extent: .firstHalf, instead: Self.serverError), .answer)
        case .hangAfter, .commitLate: return (execute(call, now: now), .hang)
        case .resetAfter: return (execute(call, now: now), .reset)
        case .garbage:
            let reply = execute(call, now: now)
            return (Reply(reply.status, .text("{\"Id\": \"truncat", contentType: "application/json")), .answer)
        case .shuffled: return (shuffled(execute(call, now: now), call), .answer)
        case .phantom: return (execute(call, now: now, isPhantom: true), .answer)
        case .phantomWithoutID: return (Self.withoutIDs(execute(call, now: now, isPhantom: true)), .answer)
        case .rejected: return (execute(call, now: now, rejection: call.message ?? "Rejected on purpose."), .answer)
        case nil, .tooManyMinute, .tooManyDay, .tooManyConcurrent, .unauthorised, .forbidden:
            return (execute(call, now: now), .answer)
        }
    }

    static let serverError = Reply(
        500, .json(["ErrorNumber": 500, "Type": "InternalServerError", "Message": "An error occurred in Xero."]))

    static let offline = Reply(
        503,
        .text(
            "<html><body><h1>The Xero API is currently offline for maintenance</h1></body></html>",
            contentType: "text/html"))

    /// The answer with every element's id null.
    private static func withoutIDs(_ reply: Reply) -> Reply {
        guard case .json(let value) = reply.body, var object = value.object else { return reply }
        for (name, key) in LedgerCall.idKeys {
            guard let elements = object[name]?.array else { continue }
            object[name] = .array(
                elements.map { element in
                    guard var members = element.object else { return element }
                    members[key] = .null
                    return .object(members)
                })
        }
        var changed = reply
        changed.body = .json(.object(object))
        return changed
    }

    private mutating func shuffled(_ reply: Reply, _ call: SimulatedCall) -> Reply {
        let words = call.request.pathWords
        guard words.count > 2, case .json(let value) = reply.body, var object = value.object,
            var elements = object[words[2]]?.array
        else { return reply }
        elements.shuffle(using: &tokenGenerator)
        object[words[2]] = .array(elements)
        var changed = reply
        changed.body = .json(.object(object))
        return changed
    }

    /// Carries a call out.
    /// - Parameters:
    ///   - extent: How much of it is done; nil for nothing.
    ///   - rejection: What every element is refused with; nil for none.
    ///   - instead: What is answered, and remembered under the idempotency key, instead of the truth.
    mutating func execute(
        _ call: SimulatedCall, now: Instant, extent: LedgerCall.Extent? = .all, isPhantom: Bool = false,
        rejection: String? = nil, instead: Reply? = nil
    ) -> Reply {
        guard let key = call.organisation, let position = position(key) else { return identity(call, now: now) }
        let limits = settings(for: key)
        let request = call.request
        let isWrite = request.method == "PUT" || request.method == "POST"
        let idempotencyKey = isWrite ? request.headers["idempotency-key"].flatMap { $0.isEmpty ? nil : $0 } : nil
        let fingerprint = idempotencyKey.map { _ in RequestFingerprint(request) }
        if let idempotencyKey, let fingerprint {
            if idempotencyKey.utf8.count > 128 {
                return .problem(
                    400, "InvalidIdempotencyKeyException",
                    "Idempotency Key: \(idempotencyKey.prefix(140)) exceeds the maximum length of 128 characters.")
            }
            switch memories[position].recall(idempotencyKey, fingerprint, now: now, settings: limits) {
            case .replay(let reply):
                traffic[position].replays += 1
                return reply
            case .different:
                return .problem(
                    400, "IdempotencyKeyException",
                    "Idempotency Key: \(idempotencyKey) is used with a different request.")
            case .unknown: break
            }
        }
        let context = EntryContext(now: now, settings: limits, unitScale: request.query["unitdp"] == "4" ? 4 : 2)
        var ledgerCall = LedgerCall(
            request: request, words: Array(request.pathWords.dropFirst(2)), body: call.json, context: context)
        ledgerCall.extent = extent ?? .all
        ledgerCall.isPhantom = isPhantom
        ledgerCall.rejection = rejection
        var reply = extent == nil ? Reply(500) : ledgerCall.run(on: &books[position])
        if request.method != "GET", let extent, !isPhantom, rejection == nil {
            journal.add(call, extent: extent, isError: instead != nil, now: now)
        }
        if let instead { reply = instead }
        if let idempotencyKey, let fingerprint {
            memories[position].remember(idempotencyKey, fingerprint, reply, now: now)
        }
        return reply
    }

    /// Answers the identity server's calls.
    private mutating func identity(_ call: SimulatedCall, now: Instant) -> Reply {
        let words = call.request.pathWords
        if words.first == "connect" {
            guard call.request.method == "POST" else { return Reply(405) }
            if words[1] == "revocation" { return desk.revocation(call.request) }
            return desk.token(call.request, identityDesk(now: now), generator: &tokenGenerator)
        }
        guard let access = bearer(call.request).flatMap({ desk.access($0, now: now) }) else { return Self.unauthorised }
        let reachable = desk.organisations(access).compactMap { position($0) }.filter { !books[$0].isDisconnected }
        if call.request.method == "DELETE", words.count == 2 {
            guard let gone = reachable.first(where: { books[$0].connectionID == words[1].lowercased() }) else {
                return .notFound
            }
            if let grantID = access.grantID {
                desk.disconnect(keys[gone], grantID: grantID)
            } else {
                books[gone].isDisconnected = true
            }
            return Reply(204)
        }
        guard call.request.method == "GET", words.count == 1 else { return .notFound }
        let eventID = access.grantID ?? zeroIdentifier
        if let wanted = call.request.query["authEventId"], wanted != eventID { return Reply(200, .json([])) }
        return Reply(200, .json(.array(reachable.map { books[$0].renderConnection(authEventID: eventID) })))
    }

    /// What handing out tokens takes.
    func identityDesk(now: Instant) -> TokenDesk.Desk {
        TokenDesk.Desk(now: now, settings: settings, organisations: Set(keys))
    }
}
