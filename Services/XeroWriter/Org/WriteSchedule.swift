import Ledger

/// When documents are written: as they come, or in rounds, one every so many minutes, which end when nothing is left. Pure:
/// moments are seconds on any one clock.
struct WriteSchedule: Sendable, Hashable {
    /// Seconds from the beginning of a round to that of the next; zero for writing as documents come.
    var interval: Double {
        didSet { if interval != oldValue { round = nil } }
    }
    /// The round that is being worked, or was worked last.
    private var round: Int?
    private var isOver = false

    init(interval: Double) { self.interval = interval }

    /// Whether a round is on; begins one that is due.
    mutating func isOn(at now: Double) -> Bool {
        guard interval > 0 else { return true }
        let current = Int(now / interval)
        if round != current {
            round = current
            isOver = false
        }
        return !isOver
    }

    /// Nothing is left to be written in this round.
    mutating func end() { if interval > 0 { isOver = true } }

    /// Of what is ready, what may go now: outside of a round what fills a call anyway, lookups, and what is taken back.
    mutating func admitted(_ candidates: [BatchCandidate], at now: Double) -> [BatchCandidate] {
        if isOn(at: now) { return candidates }
        return candidates.filter {
            $0.shape.isLookup || $0.shape.operation == .void || $0.count >= BatchPolicy.limit($0.shape)
        }
    }
}
