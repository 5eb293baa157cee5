import Accounting
import NIOConcurrencyHelpers

/// Keeps a flood of rejects from filling the database: of each store and each source address so many a minute get a row,
/// the rest are only counted.
final class RejectLimiter: Sendable {
    /// Rejects that got no row.
    struct Count: Sendable, Hashable {
        let minute: Instant
        let storeID: String
        let reason: String
    }

    private struct State {
        var minute: Int64 = .min
        var rows: [String: Int] = [:]
        var counts: [Count: Int] = [:]
    }

    private static let minuteMicroseconds: Int64 = 60_000_000
    /// Beyond so many stores and addresses in a minute, new ones get no rows either: memory stays bounded.
    private static let keyLimit = 20_000

    private let rowsPerMinute: Int
    private let now: @Sendable () -> Instant
    private let state = NIOLockedValueBox(State())

    init(rowsPerMinute: Int = 60, now: @escaping @Sendable () -> Instant = { Instant.now() }) {
        self.rowsPerMinute = rowsPerMinute
        self.now = now
    }

    /// Whether this reject gets a row; if not, it has been counted.
    ///
    /// - Parameters:
    ///   - storeID: the store, nil if there is no such store.
    ///   - source: the sender's address.
    ///   - reason: a few words out of a fixed set.
    func admits(storeID: String?, source: String?, reason: String) -> Bool {
        let microseconds = now().microseconds
        let minute =
            microseconds - (microseconds % Self.minuteMicroseconds + Self.minuteMicroseconds) % Self.minuteMicroseconds
        return state.withLockedValue { state in
            if state.minute != minute {
                state.minute = minute
                state.rows.removeAll(keepingCapacity: true)
            }
            var keys: [String] = []
            if let storeID { keys.append("store " + storeID) }
            if let source { keys.append("source " + source) }
            let isOver = keys.contains { key in
                guard let rows = state.rows[key] else { return rowsPerMinute == 0 || state.rows.count >= Self.keyLimit }
                return rows >= rowsPerMinute
            }
            if isOver {
                let count = Count(minute: Instant(microseconds: minute), storeID: storeID ?? "unknown", reason: reason)
                state.counts[count, default: 0] += 1
                return false
            }
            for key in keys { state.rows[key, default: 0] += 1 }
            return true
        }
    }

    /// Takes out what has been counted since the last time.
    func takeCounts() -> [Count: Int] {
        state.withLockedValue { state in
            let counts = state.counts
            state.counts = [:]
            return counts
        }
    }

    /// Puts back what could not be stored.
    func putBack(_ counts: [Count: Int]) {
        state.withLockedValue { $0.counts.merge(counts, uniquingKeysWith: +) }
    }
}
