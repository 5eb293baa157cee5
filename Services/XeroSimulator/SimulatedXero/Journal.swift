import Accounting
import JSON

/// What changed the books, as lines of JSON, so that another process can do it all again.
struct Journal: Sendable {
    var isOn = false
    private(set) var pending: [UInt8] = []
    private(set) var startsOver = false

    /// Adds a call that changed the books.
    mutating func add(_ call: SimulatedCall, extent: LedgerCall.Extent, isError: Bool, now: Instant) {
        guard isOn, let organisation = call.organisation else { return }
        var line: JSONObject = [
            "t": .number(JSONNumber(now.microseconds)), "org": .string(organisation),
            "m": .string(call.request.method),
            "u": .string(call.request.target),
        ]
        if let key = call.request.headers["idempotency-key"] { line["k"] = .string(key) }
        if extent == .firstHalf { line["half"] = true }
        if isError { line["error"] = true }
        line["b"] = .string(String(decoding: call.request.body, as: UTF8.self))
        append(.object(line))
    }

    /// Adds a call to the control interface that changed the set-up.
    mutating func add(control request: SimulatedRequest, now: Instant) {
        guard isOn else { return }
        append([
            "t": .number(JSONNumber(now.microseconds)), "control": true, "m": .string(request.method),
            "u": .string(request.path), "b": .string(String(decoding: request.body, as: UTF8.self)),
        ])
    }

    /// Forgets everything so far; the file is to be started over.
    mutating func startOver() {
        pending = []
        startsOver = true
    }

    private mutating func append(_ line: JSONValue) {
        pending += line.encoded()
        pending.append(UInt8(ascii: "\n"))
    }

    /// Takes what has not been written yet.
    mutating func take() -> (startsOver: Bool, lines: [UInt8]) {
        defer {
            pending = []
            startsOver = false
        }
        return (startsOver, pending)
    }
}
