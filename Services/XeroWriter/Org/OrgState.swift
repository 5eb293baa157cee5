import Ledger
import Mapping
import Xero

/// A call without a final result, as its writer follows it.
struct PendingCall: Sendable {
    /// What it waits for.
    enum Phase: Sendable {
        /// Its sender may still be waiting for an answer: its elements and its slot are taken until then.
        case open(until: Double)
        /// The same bytes go again under the same key.
        case again(at: Double)
        /// Its elements are looked up.
        case settling(until: Double)
    }

    var record: CallRecord
    /// When it was first sent under its key.
    var sentAt: Double
    /// The same by the database's clock, in seconds from the epoch.
    var sentAtEpoch: Double
    var phase: Phase
    var tries = 1

    /// When something is to be done about it.
    var dueAt: Double {
        switch phase {
        case .open(let until), .settling(let until): until
        case .again(let at): at
        }
    }

    /// Whether its former sender holds a slot.
    func holdsSlot(at now: Double) -> Bool {
        if case .open(let until) = phase { return until > now }
        return false
    }
}

/// What one organisation's writer keeps between its steps. Moments are seconds on the monotonic clock since it began.
struct OrgState: Sendable {
    var org: WriterOrg
    var isRetired = false
    var lease: OrgLease?
    var leaseUntil = 0.0
    var pacer: OrgPacer
    var thrift: CallThrift
    var day: OrgDay
    var schedule = WriteSchedule(interval: 0)
    /// By the writer's clock, as last stored.
    var breaker: CircuitBreaker
    var blockedReason: String?
    /// Calls on their way, with the kind of their documents.
    var inFlight: [String: DocumentKind?] = [:]
    var pending: [String: PendingCall] = [:]
    /// Parts of batches that were refused as a whole.
    var halves: [(shape: BatchShape, ids: [Int64])] = []
    /// Settled calls whose documents are being looked up; they hold no slot, their reads do.
    var settling: Set<String> = []
    /// Documents that a running lookup has.
    var lookingUp: Set<Int64> = []
    /// The token that Xero refused last; a second one pauses the organisation.
    var refusedToken: String?
    var batches = 0
    var reported = OrgBudget()
    /// The database, which may be restored from a backup under a running writer.
    var database: DatabaseIdentity.Known?
    /// When access that Xero refused is tried again, and how often that was done.
    var accessCheckAt = 0.0
    var accessChecks = 0
    var isCheckingAccess = false
    /// What is locked, as it was applied to documents that wait for it; nil before the first look.
    var followedLock: LockedPeriod??
    /// When reference data is looked at next, and what could not be read until when.
    var referenceAt = 0.0
    var referenceFailed: [ReferencePart: Double] = [:]
    var isReadingReference = false
    var contacts = ContactState()

    /// Slots that are taken, by us or by an earlier holder's open calls.
    func slotsTaken(at now: Double) -> Int {
        inFlight.count + pending.values.reduce(0) { $0 + ($1.holdsSlot(at: now) ? 1 : 0) }
    }

    /// Seconds until a call may be sent; nil if one has to come back first.
    func delay(at now: Double, slots: Int) -> Double? {
        let limit = breaker.isOpen ? 1 : slots
        if slotsTaken(at: now) >= limit {
            // An earlier holder's slot comes free by itself.
            let next = pending.values.filter { $0.holdsSlot(at: now) }.map(\.dueAt).min()
            return next.map { max(0.001, $0 - now) }
        }
        return max(pacer.delay(at: now), breaker.delay(at: now))
    }

    /// What other replicas and operators see.
    func budget(at now: Double) -> OrgBudget {
        var budget = reported
        budget.dayUsed = day.used(at: now)
        budget.blockedSeconds = pacer.blockedSeconds(at: now)
        budget.blockedReason = budget.blockedSeconds == nil ? nil : blockedReason
        return budget
    }
}
