/// The day's calls: counted over a rolling day here, and by what Xero says is left. Pure.
struct OrgDay: Sendable, Hashable {
    /// The length of Xero's day in seconds.
    let day: Double
    /// Calls a day that may be made.
    var limit: Int
    /// Part of the day's calls that backfill may use.
    static let backfillShare = 0.8
    /// Part of the day's calls that live work may use; the rest is for lookups.
    static let liveShare = 0.97

    private var calls: [Double] = []
    private var remaining: Int?
    private var remainingAt = 0.0

    init(day: Double, limit: Int) {
        self.day = day
        self.limit = limit
    }

    /// A call is being sent.
    mutating func spend(at now: Double) {
        calls.append(now)
        if let remaining { self.remaining = max(0, remaining - 1) }
        if calls.count > 2 * limit + 100 { calls.removeAll { $0 <= now - day } }
    }

    /// Takes into account the calls of an earlier holder.
    mutating func remember(_ moments: [Double]) { calls += moments }

    /// Xero said how many calls are left in its day.
    mutating func correct(remaining word: Int?, at now: Double) {
        guard let word else { return }
        remaining = word
        remainingAt = now
    }

    /// Calls made in the last day.
    func used(at now: Double) -> Int { calls.reduce(0) { $1 > now - day ? $0 + 1 : $0 } }

    /// Calls that may still be made within the day, by our count or by Xero's word if that is less.
    func left(at now: Double) -> Int {
        let ours = max(0, limit - used(at: now))
        guard let remaining, now - remainingAt < day else { return ours }
        return min(ours, remaining)
    }

    /// The part of the day's calls that is spent: by our count, or by Xero's word if that is worse.
    func spent(at now: Double) -> Double {
        let ours = Double(used(at: now)) / Double(max(1, limit))
        guard let remaining, now - remainingAt < day else { return ours }
        // Xero's limit may be higher than ours; what it says is left counts only when that is less than we would allow.
        let left = Double(remaining) / Double(max(1, limit))
        return max(ours, 1 - left)
    }

    /// The last lane that may be worked now; nil for none.
    func maximumLane(at now: Double) -> Int? {
        let spent = spent(at: now)
        if spent < Self.backfillShare { return 3 }
        return spent < Self.liveShare ? 2 : nil
    }

    /// Whether a lookup may be made.
    func allowsLookup(at now: Double) -> Bool { spent(at: now) < 1 }

    /// How long batches that are not full wait, in seconds: nothing while less than half of the day is spent, then more and more.
    func linger(at now: Double) -> Double {
        let beyond = max(0, spent(at: now) - 0.5) * 2
        return day / Double(max(1, limit)) * 4 * beyond * beyond
    }
}
