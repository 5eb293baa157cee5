import NIOConcurrencyHelpers

/// Every delivery of a load, by number: what was answered, and how soon.
final class DeliveryLog: Sendable {
    /// What was answered to all.
    struct Snapshot: Sendable {
        /// HTTP status by number; 0: none came.
        var statuses: [UInt16] = []
        /// Those about orders that are not made yet.
        var drafts: Set<Int> = []
        /// Microseconds from the request to the answer's end, of those answered 200.
        var latencies: [UInt32] = []

        /// How many wait for an answer.
        var unanswered = 0

        /// How many were sent.
        var sent: Int { statuses.count }
        /// How many were answered 200.
        var accepted: Int { statuses.count { $0 == 200 } }
        /// How many were answered otherwise or not at all, by status.
        var refused: [UInt16: Int] {
            statuses.reduce(into: [:]) { counts, status in if status != 200 { counts[status, default: 0] += 1 } }
        }

        /// Milliseconds within which so many in a hundred were answered.
        func percentile(_ percent: Double) -> Double { Percentile.of(latencies.map { Double($0) / 1_000 }, percent) }
    }

    private let state = NIOLockedValueBox(Snapshot())

    /// Gives a delivery its number.
    /// - Parameter isDraft: whether it is about an order that is not made yet.
    func begin(isDraft: Bool) -> Int {
        state.withLockedValue { state in
            if isDraft { state.drafts.insert(state.statuses.count) }
            state.statuses.append(0)
            state.unanswered += 1
            return state.statuses.count - 1
        }
    }

    /// Notes the answer.
    func answered(_ number: Int, status: Int, after duration: Duration) {
        state.withLockedValue { state in
            state.statuses[number] = UInt16(clamping: status)
            state.unanswered -= 1
            if status == 200 { state.latencies.append(UInt32(clamping: Int64(duration / .microseconds(1)))) }
        }
    }

    /// How many wait for an answer.
    var unanswered: Int { state.withLockedValue { $0.unanswered } }

    /// All so far.
    var snapshot: Snapshot { state.withLockedValue { $0 } }
}

/// Percentiles of values that are all kept, so they are exact.
enum Percentile {
    /// The value at or below which so many in a hundred lie; 0 of none.
    static func of(_ values: [Double], _ percent: Double) -> Double {
        guard !values.isEmpty else { return 0 }
        let sorted = values.sorted()
        let rank = Int((Double(sorted.count) * percent / 100).rounded(.up))
        return sorted[min(max(rank - 1, 0), sorted.count - 1)]
    }
}
