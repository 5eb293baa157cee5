import Ledger
import Mapping

/// Which batch goes next, and which had better wait to grow. Pure.
enum BatchPolicy {
    /// Elements in a batch.
    static let size = 50

    /// What to do now.
    enum Choice: Sendable, Hashable {
        /// Send a batch of this shape.
        case send(BatchShape)
        /// Nothing is worth a call yet; look again after so many seconds.
        case wait(seconds: Double)
        /// Nothing is ready.
        case nothing
    }

    /// Chooses.
    /// - Parameters:
    ///   - candidates: what is ready.
    ///   - available: calls that could go at once; from two on, calls are not scarce.
    ///   - linger: seconds for which a batch that is not full waits while calls are scarce.
    ///   - dayLinger: seconds for which a batch that is not full waits because of the day's calls.
    ///   - updateLinger: seconds for which changes of contacts and quotes wait for more: nothing depends on them.
    ///   - inFlight: kinds of documents that a call carries now: what needs them will be ready soon.
    static func choose(
        _ candidates: [BatchCandidate], available: Double, linger: Double, dayLinger: Double,
        updateLinger: Double, inFlight: Set<DocumentKind>
    ) -> Choice {
        guard !candidates.isEmpty else { return .nothing }
        let full = candidates.filter { $0.count >= limit($0.shape) }
        // What completes orders goes first: it makes room for nothing, and everybody waits for it.
        if let latest = full.max(by: { rank($0) < rank($1) }) { return .send(latest.shape) }
        let isScarce = available < 2
        let earliest = (candidates.map { stage($0.shape.kind) } + inFlight.map(stage)).min() ?? 0
        var shortest = Double.infinity
        var due: [BatchCandidate] = []
        for candidate in candidates {
            // Calls on their way will make more of it ready; a first kind grows only by new orders.
            let mayGrow = stage(candidate.shape.kind) > earliest
            let scarcity = isScarce ? (mayGrow ? linger : linger / 2) : 0
            // A contact that is to be active again goes in the live lane: something waits for it.
            let awaited = candidate.shape.kind == .contact && candidate.lane == 0
            let patience = isPatient(candidate.shape) && !awaited ? updateLinger : 0
            let wait = max(scarcity, dayLinger, patience) - candidate.ageSeconds
            if wait <= 0 || candidate.shape.isLookup { due.append(candidate) } else { shortest = min(shortest, wait) }
        }
        if let first = due.min(by: { ($0.lane, -$0.ageSeconds) < ($1.lane, -$1.ageSeconds) }) {
            return .send(first.shape)
        }
        return .wait(seconds: shortest)
    }

    /// Whether nothing depends on what a call would do: a change of a contact, or anything that becomes of a quote.
    private static func isPatient(_ shape: BatchShape) -> Bool {
        shape == BatchShape(.contact, .update) || shape.kind == .quote && shape.operation != .create
    }

    /// The most elements that one call carries.
    static func limit(_ shape: BatchShape) -> Int {
        switch shape.kind {
        case .allocation: 1
        // Xero deletes payments one by one.
        case .payment, .refund: shape.operation == .void && !shape.isLookup ? 1 : size
        default: size
        }
    }

    /// The place of a kind on an order's way into Xero.
    static func stage(_ kind: DocumentKind) -> Int {
        switch kind {
        case .contact, .item: 0
        case .invoice, .quote: 1
        case .payment: 2
        case .creditNote: 3
        case .refund, .allocation: 4
        }
    }

    private static func rank(_ candidate: BatchCandidate) -> (Int, Int) {
        (-candidate.lane, stage(candidate.shape.kind))
    }
}
