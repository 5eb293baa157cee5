/// The life of one document as a value: what it may do next, given what happened. No database, no clock.
///
/// *Desired* is the version the plan wants, *sent* the version the last call carried, *posted* the version Xero is known to
/// have. A result always applies to the version sent; if more is desired by then, an update follows.
public struct DocumentMachine: Sendable, Hashable {
    /// What can happen to a document.
    public enum Event: Sendable, Hashable {
        /// The plan wants it. `changed`: differently from before.
        case planned(changed: Bool, void: Bool, blocked: Bool)
        /// The plan no longer wants it, and it never reached Xero.
        case removedFromPlan
        /// Everything it waits for is posted.
        case unblocked
        /// Something it needs is no longer as it should be.
        case blocked
        /// A call carries its desired version now.
        case selected
        /// Xero took the version sent.
        case posted
        /// Xero took the version sent, but its totals are not what is wanted.
        case postedDiffering
        /// The call was certainly not carried out, and says nothing against the document.
        case notCarriedOut
        /// Xero refused it; what was wrong has been put right, or is to be looked up.
        case refusedRetryable
        /// Xero refused it for good.
        case refusedFinal
        /// Nobody knows whether Xero took the version sent.
        case uncertain
        /// Looked up: Xero has it.
        case found
        /// Looked up: Xero has it, but its totals are not what is wanted.
        case foundDiffering
        /// Looked up: Xero does not have it, or not as it is wanted.
        case absent
        /// Xero does not know it after all, although it was reported as made.
        case doubted
        /// A person, or a fixed mapping, wants it tried again.
        case retried
        /// A person has to look at it first.
        case held
    }

    /// An event that the present state does not allow: a programming error, or two writers at once.
    public struct Conflict: Error, Sendable, Hashable, CustomStringConvertible {
        /// The state.
        public var state: DocumentState
        /// The event.
        public var event: Event
        /// Both in words.
        public var description: String { "a document that is \(state.rawValue) cannot take the event \(event)" }
    }

    /// Where it is.
    public var state: DocumentState
    /// The version the plan wants.
    public var desiredVersion: Int
    /// The version the last call carried.
    public var sentVersion: Int
    /// The version Xero is known to have; 0 for none.
    public var postedVersion: Int
    /// Whether it is wanted not to be there.
    public var desiredVoid: Bool
    /// Whether the last call was to void it.
    public var sentVoid: Bool
    /// Whether Xero has it, in whatever version.
    public var exists: Bool
    /// Whether Xero may have it, so that it is looked up before anything is sent.
    public var mayExist = false

    /// A document.
    /// - Parameters:
    ///   - state: where it is.
    ///   - desiredVersion: the version the plan wants.
    ///   - sentVersion: the version the last call carried.
    ///   - postedVersion: the version Xero is known to have; 0 for none.
    ///   - desiredVoid: whether it is wanted not to be there.
    ///   - sentVoid: whether the last call was to void it.
    ///   - exists: whether Xero has it.
    public init(
        state: DocumentState = .planned, desiredVersion: Int = 1, sentVersion: Int = 0, postedVersion: Int = 0,
        desiredVoid: Bool = false, sentVoid: Bool = false, exists: Bool = false
    ) {
        self.state = state
        self.desiredVersion = desiredVersion
        self.sentVersion = sentVersion
        self.postedVersion = postedVersion
        self.desiredVoid = desiredVoid
        self.sentVoid = sentVoid
        self.exists = exists
    }

    /// What a call for it would do.
    public var operation: DocumentOperation {
        !exists ? .create : desiredVoid ? .void : .update
    }

    /// Applies an event.
    /// - Parameter event: what happened.
    /// - Throws: ``Conflict`` if the present state does not allow it; the value is unchanged then.
    public mutating func handle(_ event: Event) throws(Conflict) {
        switch event {
        case .planned(let changed, let void, let blocked): try plan(changed: changed, void: void, blocked: blocked)
        case .removedFromPlan: try remove(event)
        case .unblocked: if state == .waiting || state == .planned { state = .ready }
        case .blocked: if state == .ready || state == .planned { state = .waiting }
        case .selected: try select(event)
        case .posted, .found: try take(event, differing: false)
        case .postedDiffering, .foundDiffering: try take(event, differing: true)
        case .notCarriedOut, .refusedRetryable, .absent: try release(event)
        case .refusedFinal: try end(event)
        case .doubted:
            guard exists, !desiredVoid, [.posted, .ready, .waiting].contains(state) else {
                throw Conflict(state: state, event: event)
            }
            exists = false
            postedVersion = 0
            state = .waiting
        case .uncertain:
            guard state.isOpen else { throw Conflict(state: state, event: event) }
            state = .uncertain
        case .retried: try retry(event)
        case .held:
            guard !state.isOpen, state != .voided else { throw Conflict(state: state, event: event) }
            state = .held
        }
    }

    private mutating func plan(changed: Bool, void: Bool, blocked: Bool) throws(Conflict) {
        let event = Event.planned(changed: changed, void: void, blocked: blocked)
        if state == .voided {
            if changed || !void { throw Conflict(state: state, event: event) }
            return
        }
        let isChange = changed || void != desiredVoid
        if isChange {
            // A void that has not happened and is wanted no longer leaves what Xero has.
            let isTakenBack = desiredVoid && !changed && !state.isOpen && exists && desiredVersion == postedVersion + 1
            desiredVersion += isTakenBack ? -1 : 1
            desiredVoid = void
        }
        switch state {
        case .sending, .uncertain: break
        case .posted: if isChange { rest(blocked: blocked) }
        case .held, .dead: if isChange { rest(blocked: blocked) }
        case .planned, .waiting, .ready, .superseded: rest(blocked: blocked)
        case .voided: break
        }
    }

    /// Where the document belongs while no call carries it.
    private mutating func rest(blocked: Bool) {
        if desiredVoid && !exists && !mayExist {
            state = .superseded
        } else if exists && postedVersion == desiredVersion {
            state = .posted
        } else {
            state = blocked ? .waiting : .ready
        }
    }

    private mutating func remove(_ event: Event) throws(Conflict) {
        guard !state.isOpen, !exists else { throw Conflict(state: state, event: event) }
        state = .superseded
    }

    private mutating func select(_ event: Event) throws(Conflict) {
        guard state == .ready else { throw Conflict(state: state, event: event) }
        sentVersion = desiredVersion
        sentVoid = desiredVoid
        state = .sending
    }

    private mutating func take(_ event: Event, differing: Bool) throws(Conflict) {
        // A document may be found in Xero before it was ever sent: by a lookup after a restored backup.
        guard state.isOpen || (state == .ready || state == .waiting) && (event == .found || event == .foundDiffering)
        else { throw Conflict(state: state, event: event) }
        exists = true
        if !state.isOpen {
            if desiredVoid && !sentVoid {
                // It is there, and should not be: now it can be voided.
                postedVersion = desiredVersion - 1
                state = .waiting
                return
            }
            sentVersion = desiredVersion
            sentVoid = desiredVoid
        }
        postedVersion = sentVersion
        if sentVoid {
            state = .voided
        } else if desiredVersion > postedVersion {
            state = .waiting
        } else {
            state = differing ? .held : .posted
        }
    }

    /// Back to where it can be selected again; whoever stores this looks at what it waits for.
    private mutating func release(_ event: Event) throws(Conflict) {
        guard state.isOpen || event == .absent && (state == .ready || state == .waiting) else {
            throw Conflict(state: state, event: event)
        }
        state = desiredVoid && !exists ? .superseded : .waiting
    }

    private mutating func end(_ event: Event) throws(Conflict) {
        guard state.isOpen else { throw Conflict(state: state, event: event) }
        // What was wrong with the version sent may be right with the version desired by now.
        state = desiredVersion > sentVersion ? .waiting : .dead
        if desiredVoid && !exists { state = .superseded }
    }

    private mutating func retry(_ event: Event) throws(Conflict) {
        guard state == .dead || state == .held else { throw Conflict(state: state, event: event) }
        // What Xero has and a person was to look at is written again as it is wanted, and compared again.
        if exists && postedVersion == desiredVersion { desiredVersion += 1 }
        rest(blocked: true)
    }
}
