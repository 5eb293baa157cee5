import Accounting
import JSON

/// What can go wrong with a call, on purpose.
public enum SimulatedFault: String, Sendable, CaseIterable {
    /// The connection is closed before anything is read or done.
    case refuse
    /// Nothing is done and no answer comes until the connection is given up.
    case hangBefore = "hang_before"
    /// Everything is done, but no answer comes.
    case hangAfter = "hang_after"
    /// No answer comes, and everything is done only `delay_seconds` later.
    case commitLate = "commit_late"
    /// 500 with nothing done.
    case errorBefore = "500_before"
    /// 500 with nothing done, and remembered under the idempotency key.
    case errorCached = "500_cached"
    /// 500 with everything done.
    case errorAfter = "500_after"
    /// 500 with the first half of the elements done.
    case errorAfterHalf = "500_after_half"
    /// The connection breaks with nothing done.
    case resetBefore = "reset_before"
    /// The connection breaks with everything done.
    case resetAfter = "reset_after"
    /// 503 with an HTML page, nothing done.
    case html503 = "html_503"
    /// 200 with a body that is no JSON, everything done.
    case garbage
    /// Success is reported with ids that look real, and nothing is done.
    case phantom
    /// Success is reported without ids, and nothing is done.
    case phantomWithoutID = "phantom_without_id"
    /// Every element is refused with the rule's `message`, and nothing is done.
    case rejected
    /// Everything is done and reported, in another order.
    case shuffled
    /// 429 for the minute although there was room.
    case tooManyMinute = "429_minute"
    /// 429 for the day although there was room.
    case tooManyDay = "429_day"
    /// 429 for concurrency although there was room; without Retry-After.
    case tooManyConcurrent = "429_concurrent"
    /// 401, as if the token had been revoked.
    case unauthorised = "401"
    /// 403, as if the organisation had been disconnected.
    case forbidden = "403"
}

/// A fault that a call has met.
struct DrawnFault: Sendable {
    let fault: SimulatedFault
    let delayMicroseconds: Int64?
    let message: String?
}

/// When a fault is applied.
struct FaultRule: Sendable {
    let fault: SimulatedFault
    let method: String?
    let pathPrefix: String?
    /// A method and path with `{id}` for ids, such as `PUT /CreditNotes/{id}/Allocations`.
    let endpoint: String?
    let organisation: String?
    let probability: Double?
    /// How often it may still apply; nil for ever.
    var remaining: Int?
    /// How many matching calls to let pass first.
    var skip: Int
    let delayMicroseconds: Int64?
    let message: String?
    var generator: SeededGenerator
    var fired = 0
    let source: JSONObject

    /// Reads a rule as the control interface takes it.
    init(json: JSONObject, position: Int) throws(Rejection) {
        guard let kind = json["kind"]?.string, let fault = SimulatedFault(rawValue: kind) else {
            let known = SimulatedFault.allCases.map(\.rawValue).joined(separator: ", ")
            throw Rejection("rule \(position): kind must be one of \(known)")
        }
        self.fault = fault
        let match = json["match"]?.object ?? json
        method = match.filled("method")?.uppercased()
        pathPrefix = match.filled("path") ?? match.filled("path_prefix")
        endpoint = match.filled("endpoint")
        organisation = match.filled("org")
        message = json.filled("message")
        probability = json.text("probability").flatMap { Double($0) }
        if json.present("probability") != nil, !(probability.map { (0...1).contains($0) } ?? false) {
            throw Rejection("rule \(position): probability must be a number from 0 to 1")
        }
        remaining = json.present("count")?.int
        skip = json.present("skip")?.int ?? 0
        delayMicroseconds = json.decimal("delay_seconds").flatMap {
            Int64(($0 * ExactDecimal(1_000_000)).rounded(scale: 0, .down).fixed(0))
        }
        let seed = json.present("seed")?.int.map { UInt64(truncatingIfNeeded: $0) }
        generator = SeededGenerator(seed: seed ?? UInt64(position + 1))
        source = json
    }

    func matches(method: String, path: String, organisation: String?) -> Bool {
        if let wanted = self.method, wanted != method { return false }
        if let endpoint {
            let words = path.split(separator: "/").map { PercentCoding.decode($0, plusIsSpace: false) }
            if endpoint != Endpoint.name(method, words) { return false }
        }
        if let wanted = self.organisation, wanted != organisation { return false }
        guard let pathPrefix else { return organisation != nil }
        return path.hasPrefix(pathPrefix) || path.hasPrefix("/api.xro/2.0\(pathPrefix)")
            || path.hasPrefix("/api.xro/2.0/\(pathPrefix)")
    }

    var json: JSONValue {
        var object = source
        object["fired"] = .number(JSONNumber(fired))
        if let remaining { object["remaining"] = .number(JSONNumber(remaining)) }
        return .object(object)
    }
}

/// The rules in force, tried in order; the first that applies wins.
struct FaultPlan: Sendable {
    var rules: [FaultRule] = []

    /// The fault a call meets, if any.
    mutating func draw(method: String, path: String, organisation: String?) -> DrawnFault? {
        for position in rules.indices {
            guard rules[position].matches(method: method, path: path, organisation: organisation) else { continue }
            if rules[position].remaining == 0 { continue }
            if rules[position].skip > 0 {
                rules[position].skip -= 1
                continue
            }
            if let probability = rules[position].probability,
                rules[position].generator.fraction() >= probability
            {
                continue
            }
            rules[position].fired += 1
            if let remaining = rules[position].remaining { rules[position].remaining = remaining - 1 }
            let rule = rules[position]
            return DrawnFault(fault: rule.fault, delayMicroseconds: rule.delayMicroseconds, message: rule.message)
        }
        return nil
    }
}
