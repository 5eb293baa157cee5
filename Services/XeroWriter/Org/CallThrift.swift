/// How far the calls made are ahead of what full batches would have cost. Pure: moments are seconds on any one clock.
///
/// In bulk a document should cost a fiftieth of a call. Some calls more are granted, and come back slowly; as they are used
/// up, batches that are not full wait longer to fill, while calls are scarce.
struct CallThrift: Sendable, Hashable {
    /// Calls beyond full batches that are granted at first, and at the most.
    static let grant = 16.0
    /// Calls that full batches may cost more than their documents.
    static let margin = 1.04

    /// How many spacings of calls it takes until one granted call comes back.
    static let recovery = 20.0

    private var left = CallThrift.grant
    private var countedAt: Double
    /// Seconds between calls in the long run.
    private let spacing: Double

    init(spacing: Double, now: Double) {
        self.spacing = spacing
        countedAt = now
    }

    /// Granted calls that are left; less than zero when more were made than granted.
    func left(at now: Double) -> Double {
        min(Self.grant, left + max(0, now - countedAt) / (spacing * Self.recovery))
    }

    /// A call with so many documents was made.
    mutating func spend(documents: Int, at now: Double) {
        left = self.left(at: now) + Self.margin * Double(documents) / Double(BatchPolicy.size) - 1
        countedAt = max(countedAt, now)
    }

    /// Seconds for which a batch that is not full waits while calls are scarce: four spacings while most of the grant is
    /// left, and thirty when it is gone.
    func linger(at now: Double) -> Double {
        let used = 1 - max(0, left(at: now)) / Self.grant
        return spacing * (4 + 26 * max(0, used - 0.25) / 0.75)
    }
}
