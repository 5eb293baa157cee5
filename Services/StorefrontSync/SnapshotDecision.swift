import Accounting

/// Versions, not arrival order, decide (DESIGN.md rule 4).
enum SnapshotDecision: Equatable {
    /// It is newer than everything known: it becomes the next revision.
    case accept
    /// It has the newest stamp but another content, and was read later: it becomes the next revision, and is read once more.
    case acceptAndReadAgain
    /// It has the newest stamp and another content, but what is known was read later: it changes nothing, but is read once more.
    case readAgain
    /// It is what is known already.
    case unchanged
    /// It is older than what is known.
    case older

    /// A version of an order.
    struct Version: Sendable, Equatable {
        /// The platform's modified stamp, to the second.
        var modifiedAt: Instant
        /// When its reading began.
        var readStartedAt: Instant
        /// What identifies its content.
        var contentHash: [UInt8]
        /// Whether it came in a webhook's body: a read beats it.
        var isWebhook = false
    }

    /// What to do with a new reading, given the newest version known.
    static func decide(_ reading: Version, known: Version?) -> SnapshotDecision {
        guard let known else { return .accept }
        if reading.modifiedAt > known.modifiedAt { return .accept }
        if reading.modifiedAt < known.modifiedAt { return .older }
        if reading.contentHash == known.contentHash { return .unchanged }
        if known.isWebhook { return .acceptAndReadAgain }
        return reading.readStartedAt >= known.readStartedAt ? .acceptAndReadAgain : .readAgain
    }
}
