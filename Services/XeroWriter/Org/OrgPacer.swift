/// When the next call may be sent: a small burst, then about one call in a 54th of Xero's minute, corrected by what Xero says
/// is left. Pure: moments are seconds on any one clock.
struct OrgPacer: Sendable, Hashable {
    /// The length of Xero's minute in seconds.
    let minute: Double
    /// Calls a minute in the long run: with the burst and what latency may shift it stays below 60 in any minute.
    static let rate = 54.0
    /// Calls that may go at once after a pause.
    static let burst = 4.0
    /// Calls of Xero's minute that are left to others, such as a person's own app.
    static let reserve = 2

    private var tokens = OrgPacer.burst
    private var filledAt: Double
    private var blockedUntil: Double?
    /// Xero's last word on its minute, with the latest moment at which that minute can have begun.
    private var remaining: Int?
    private var windowBeganBefore: Double?
    private var calls: [Double] = []

    init(minute: Double, now: Double) {
        self.minute = minute
        filledAt = now
    }

    /// Seconds between calls in the long run.
    var spacing: Double { minute / Self.rate }

    /// Takes into account the calls of an earlier holder.
    /// - Parameter moments: when they were made, in any order.
    mutating func remember(_ moments: [Double]) {
        for moment in moments.sorted() {
            if calls.isEmpty { (tokens, filledAt) = (Self.burst, moment) }
            spend(at: moment)
        }
    }

    /// What could go at once.
    func available(at now: Double) -> Double {
        min(Self.burst, tokens + max(0, now - filledAt) / spacing)
    }

    /// Seconds until the next call may be sent; 0 for now.
    func delay(at now: Double) -> Double {
        var delay = 0.0
        if let blockedUntil { delay = max(delay, blockedUntil - now) }
        let available = available(at: now)
        if available < 1 { delay = max(delay, (1 - available) * spacing) }
        // The same count by moments, so that no minute of ours has more calls than Xero's.
        let recent = calls.filter { $0 > now - minute }
        if recent.count >= 58 { delay = max(delay, recent[recent.count - 58] + minute - now) }
        if let remaining, remaining <= Self.reserve, let windowBeganBefore {
            delay = max(delay, windowBeganBefore + minute - now)
        }
        return delay
    }

    /// Calls that may still be made within the present minute, by our count or by Xero's word if that is less.
    func left(at now: Double) -> Int {
        if blockedSeconds(at: now) != nil { return 0 }
        let ours = max(0, 58 - calls.reduce(0) { $1 > now - minute ? $0 + 1 : $0 })
        guard let remaining, let windowBeganBefore, now - windowBeganBefore < minute else { return ours }
        return min(ours, remaining)
    }

    /// A call is being sent.
    mutating func spend(at now: Double) {
        tokens = available(at: now) - 1
        filledAt = max(filledAt, now)
        calls.append(now)
        if calls.count > 120 { calls.removeFirst(calls.count - 60) }
        if let remaining { self.remaining = max(0, remaining - 1) }
    }

    /// Xero said how many calls are left in its minute.
    mutating func correct(remaining word: Int?, at now: Double) {
        guard let word else { return }
        if let remaining, word > remaining {
            // More is left than before: a new minute has begun, at the latest now.
            windowBeganBefore = now
        } else if windowBeganBefore == nil || now - (windowBeganBefore ?? now) > minute {
            windowBeganBefore = now
        }
        remaining = word
        if word > Self.reserve, available(at: now) > Double(word) { tokens = Double(word) }
    }

    /// A limit is in the way.
    mutating func block(seconds: Double, at now: Double) {
        blockedUntil = max(blockedUntil ?? now, now + seconds)
        tokens = 0
        filledAt = max(filledAt, now)
    }

    /// Seconds for which a limit is in the way; nil if none is.
    func blockedSeconds(at now: Double) -> Double? {
        blockedUntil.flatMap { $0 > now ? $0 - now : nil }
    }
}
