/// Where a document is on its way into Xero.
public enum DocumentState: String, Sendable, Hashable, CaseIterable {
    /// Wanted, and not looked at yet. To: waiting, ready, held, superseded.
    case planned
    /// Wants something else to be posted first. To: ready, held, superseded.
    case waiting
    /// May be sent. To: sending, waiting, held, superseded.
    case ready
    /// A call carries it. To: posted, ready, waiting, uncertain, held, dead.
    case sending
    /// A call carried it and nobody knows whether Xero took it. To: posted, ready, waiting, held, dead.
    case uncertain
    /// Xero has what is wanted. To: ready, waiting.
    case posted
    /// Waits for a person. To: ready, waiting, posted, superseded.
    case held
    /// Refused for good, until a person or a new plan retries it. To: ready, waiting, superseded.
    case dead
    /// Was in Xero and is void there. To: nothing; its number is never used again.
    case voided
    /// Is no longer wanted and never reached Xero. To: planned.
    case superseded

    /// Whether a call may be carrying the document: nothing else of it is sent meanwhile.
    public var isOpen: Bool { self == .sending || self == .uncertain }

    /// Whether nothing is left to be done.
    public var isSettled: Bool { self == .posted || self == .voided || self == .superseded }
}

/// The kinds of call that carry documents.
public enum DocumentOperation: String, Sendable, Hashable, CaseIterable {
    /// Makes it in Xero.
    case create
    /// Changes it in Xero.
    case update
    /// Voids it in Xero.
    case void
}

/// Which documents go first, of what is ready.
public enum DocumentLane: Int, Sendable, Hashable {
    /// What was just sold.
    case live = 0
    /// What was given back.
    case refund = 1
    /// What changed.
    case update = 2
    /// What happened long ago.
    case backfill = 3
}
