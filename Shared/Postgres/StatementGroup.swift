import NIOConcurrencyHelpers

/// A statement and its binds, laid out for libpq.
struct Statement: Sendable {
    let sql: String
    /// The values one after the other; texts end with a zero byte.
    let bytes: [UInt8]
    /// Where each value begins; -1 for NULL.
    let offsets: [Int]
    let lengths: [Int32]
    /// 0 text, 1 binary.
    let formats: [Int32]
    /// The type of each parameter: `bytea` for bytes, 0 for "whatever fits".
    let types: [UInt32]
    let binaryMask: UInt64

    static let byteaType: UInt32 = 17

    init(_ query: PostgresQuery) throws(PostgresError) {
        guard query.binds.count <= 65_535 else {
            throw PostgresError(.encoding, "a statement cannot have more than 65535 values", sql: query.sql)
        }
        var bytes: [UInt8] = []
        var offsets: [Int] = []
        var lengths: [Int32] = []
        var formats: [Int32] = []
        var types: [UInt32] = []
        var mask: UInt64 = 0
        for (index, bind) in query.binds.enumerated() {
            switch bind {
            case .null:
                offsets.append(-1)
                lengths.append(0)
                formats.append(0)
                types.append(0)
            case .text(let text):
                offsets.append(bytes.count)
                bytes.append(contentsOf: text.utf8)
                if bytes[offsets[index]...].contains(0) {
                    throw PostgresError(
                        .encoding, "value \(index + 1) contains a NUL character, which PostgreSQL cannot store in text",
                        sql: query.sql)
                }
                bytes.append(0)
                lengths.append(0)
                formats.append(0)
                types.append(0)
            case .bytes(let raw):
                offsets.append(bytes.count)
                bytes.append(contentsOf: raw)
                bytes.append(0)
                lengths.append(Int32(clamping: raw.count))
                formats.append(1)
                types.append(Self.byteaType)
                if index < 64 { mask |= 1 << UInt64(index) }
            }
        }
        guard !query.sql.utf8.contains(0) else {
            throw PostgresError(.encoding, "the statement's text contains a NUL character")
        }
        sql = query.sql
        self.bytes = bytes
        self.offsets = offsets
        self.lengths = lengths
        self.formats = formats
        self.types = types
        binaryMask = mask
    }

    var key: StatementCache.Key { StatementCache.Key(sql: sql, binaryMask: binaryMask) }

    /// A statement of ours that has no values.
    init(fixed sql: String) {
        self.sql = sql
        bytes = []
        offsets = []
        lengths = []
        formats = []
        types = []
        binaryMask = 0
    }
}

/// Statements that end with one sync.
struct StatementGroup: Sendable {
    let statements: [Statement]
    let completion: Completion<[StatementResult]>
    /// A transaction of its own: it may be dropped before it was sent, and run again after it was undone.
    var isIndependent = false
}

/// Several statements in one text, sent by the simple protocol.
struct Script: Sendable {
    let sql: String
    let completion: Completion<[StatementResult]>
}

/// What the thread of a connection is asked to do.
enum PostgresCommand: Sendable {
    case group(StatementGroup)
    case script(Script)
    /// Nobody waits for this outcome any more: stop the server's work on it.
    case cancel(Completion<[StatementResult]>)
    /// The request to cancel has been delivered, or could not be.
    case cancelEnded

    /// What waits for the command's outcome.
    var completion: Completion<[StatementResult]>? {
        switch self {
        case .group(let group): group.completion
        case .script(let script): script.completion
        case .cancel, .cancelEnded: nil
        }
    }
}

/// A value that comes later, once, and somebody who may wait for it.
///
/// `completed` is called by whoever completes it, even if the one who waited has been cancelled in the meantime.
final class Completion<Value: Sendable>: Sendable {
    typealias Outcome = Result<Value, PostgresError>
    private enum State {
        case pending
        case waiting(CheckedContinuation<Outcome, Never>)
        case abandoned
        case done(Outcome)
    }

    private let state = NIOLockedValueBox(State.pending)
    private let completed: (@Sendable (Outcome) -> Void)?

    init(completed: (@Sendable (Outcome) -> Void)? = nil) { self.completed = completed }

    /// Completes it; the first call counts.
    func complete(_ outcome: Outcome) {
        let (first, continuation) = state.withLockedValue { state -> (Bool, CheckedContinuation<Outcome, Never>?) in
            switch state {
            case .pending:
                state = .done(outcome)
                return (true, nil)
            case .waiting(let continuation):
                state = .done(outcome)
                return (true, continuation)
            case .abandoned:
                state = .done(outcome)
                return (true, nil)
            case .done: return (false, nil)
            }
        }
        if first { completed?(outcome) }
        continuation?.resume(returning: outcome)
    }

    /// Waits for the outcome; a cancelled task gets `cancelled` at once.
    /// - Parameter onAbandon: called when the task was cancelled before there was an outcome.
    func wait(onAbandon: @escaping @Sendable () -> Void = {}) async -> Outcome {
        await withTaskCancellationHandler {
            await waitUncancelled()
        } onCancel: {
            if abandon() { onAbandon() }
        }
    }

    /// Waits for the outcome even if the task is cancelled.
    func waitUncancelled() async -> Outcome {
        await withCheckedContinuation { continuation in
            let outcome = state.withLockedValue { state -> Outcome? in
                switch state {
                case .pending:
                    state = .waiting(continuation)
                    return nil
                case .abandoned: return .failure(Self.cancelled)
                case .done(let outcome): return outcome
                case .waiting: preconditionFailure("two tasks wait for one completion")
                }
            }
            if let outcome { continuation.resume(returning: outcome) }
        }
    }

    /// False when there was an outcome already.
    private func abandon() -> Bool {
        let (isAbandoned, continuation) = state.withLockedValue {
            state -> (Bool, CheckedContinuation<Outcome, Never>?) in
            switch state {
            case .pending:
                state = .abandoned
                return (true, nil)
            case .waiting(let continuation):
                state = .abandoned
                return (true, continuation)
            case .abandoned, .done: return (false, nil)
            }
        }
        continuation?.resume(returning: .failure(Self.cancelled))
        return isAbandoned
    }

    private static var cancelled: PostgresError {
        PostgresError(.cancelled, "the calling task was cancelled", wasSent: true)
    }
}
