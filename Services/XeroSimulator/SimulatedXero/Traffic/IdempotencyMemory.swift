import Accounting

/// The answers remembered under idempotency keys, for one organisation.
struct IdempotencyMemory: Sendable {
    private struct Entry: Sendable {
        let fingerprint: RequestFingerprint
        let reply: Reply
        let at: Instant
    }

    /// What is known of a key.
    enum Recollection: Sendable {
        case unknown
        case replay(Reply)
        case different
    }

    private var entries: [String: Entry] = [:]
    private var order: [(key: String, at: Instant)] = []
    private var first = 0

    /// Looks a key up; what is too old is forgotten first.
    mutating func recall(
        _ key: String, _ fingerprint: RequestFingerprint, now: Instant, settings: SimulatorSettings
    ) -> Recollection {
        forget(before: now.microseconds - Int64(settings.idempotencyMinutes) * settings.minuteMicroseconds)
        guard let entry = entries[key] else { return .unknown }
        return entry.fingerprint == fingerprint ? .replay(entry.reply) : .different
    }

    mutating func remember(_ key: String, _ fingerprint: RequestFingerprint, _ reply: Reply, now: Instant) {
        entries[key] = Entry(fingerprint: fingerprint, reply: reply, at: now)
        order.append((key, now))
    }

    private mutating func forget(before limit: Int64) {
        while first < order.count, order[first].at.microseconds <= limit {
            let (key, at) = order[first]
            if entries[key]?.at == at { entries[key] = nil }
            first += 1
        }
        if first > 1024 && first > order.count / 2 {
            order.removeFirst(first)
            first = 0
        }
    }
}

/// Enough of a request to tell whether another is the same.
struct RequestFingerprint: Sendable, Equatable {
    private let target: String
    private let length: Int
    private let first: UInt64
    private let second: UInt64

    init(_ request: SimulatedRequest) {
        let query = request.query.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        target = "\(request.method) \(request.path)?\(query.joined(separator: "&"))"
        length = request.body.count
        var one: UInt64 = 0xCBF2_9CE4_8422_2325
        var two: UInt64 = 0x9E37_79B9_7F4A_7C15
        for byte in request.body {
            one = (one ^ UInt64(byte)) &* 0x0000_0100_0000_01B3
            two = (two &+ UInt64(byte)) &* 0xD6E8_FEB8_6659_FD93
            two ^= two >> 32
        }
        first = one
        second = two
    }
}
