import DequeModule

/// Which answer belongs to what, on a connection in pipeline mode.
///
/// Statements are sent in groups that each end with a sync: one implicit transaction, or part of an explicit one. The
/// first error in a group makes the server skip the rest of it up to the sync; the next group is not touched by that.
/// libpq gives, for each command sent, one result and then an end (a NULL result); for a sync one result and no end.
///
/// Source: libpq 15, section 34.5, "Pipeline Mode".
struct PipelineStateMachine {
    /// One command as it was sent.
    enum Step: Equatable {
        /// The preparation of a statement under a name.
        case prepare(name: String)
        /// A statement run, by name or unprepared.
        case run(name: String?)
        /// The end of a group.
        case sync
    }

    /// What libpq gave.
    enum Reply: Equatable {
        /// The command succeeded.
        case success
        /// The command failed.
        case failure
        /// The command was skipped because an earlier one of its group failed.
        case aborted
        /// The sync was reached.
        case sync
        /// The end of one command's results.
        case end
    }

    /// What has to be done about it.
    enum Action: Equatable {
        case none
        /// The statement of this name can be used from now on.
        case prepared(name: String)
        /// The statement of this name was not prepared; `reportsError` when this is the first error of the head group.
        case notPrepared(name: String, reportsError: Bool)
        /// The result belongs to the next statement of the head group.
        case deliver
        /// The head group failed with this result; `name` is the prepared statement that failed.
        case fail(name: String?)
        /// The head group is over.
        case finishGroup
        /// The answer fits nothing that was sent.
        case violation
    }

    private var steps: Deque<Step> = []
    private var expectsEnd = false
    private var headFailed = false
    /// Groups sent and not finished.
    private(set) var groupsInFlight = 0

    /// Commands sent and not answered, syncs included.
    var stepsInFlight: Int { steps.count }
    /// Whether libpq still has something to say.
    var isIdle: Bool { steps.isEmpty && !expectsEnd }

    /// A command was sent.
    mutating func sent(_ step: Step) {
        if step == .sync { groupsInFlight += 1 }
        steps.append(step)
    }

    /// libpq gave something.
    mutating func received(_ reply: Reply) -> Action {
        if reply == .end {
            guard expectsEnd else { return .violation }
            expectsEnd = false
            return .none
        }
        guard !expectsEnd, let head = steps.first else { return .violation }
        if reply == .sync {
            guard head == .sync else { return .violation }
            steps.removeFirst()
            groupsInFlight -= 1
            headFailed = false
            return .finishGroup
        }
        expectsEnd = true
        let isFirstError = reply == .failure && !headFailed
        if reply == .failure { headFailed = true }
        switch head {
        case .sync:
            // A deferred constraint, or the commit itself, failed: the sync's own answer is still to come.
            return reply == .failure ? (isFirstError ? .fail(name: nil) : .none) : .violation
        case .prepare(let name):
            steps.removeFirst()
            return reply == .success ? .prepared(name: name) : .notPrepared(name: name, reportsError: isFirstError)
        case .run(let name):
            steps.removeFirst()
            switch reply {
            case .success: return .deliver
            case .failure: return isFirstError ? .fail(name: name) : .none
            default: return .none
            }
        }
    }
}
