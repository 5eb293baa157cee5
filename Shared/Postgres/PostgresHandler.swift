import CPostgres
import DequeModule
import IOThread
import Logging

/// One libpq connection in pipeline mode, driven by its thread.
///
/// It connects once; when the connection fails or is lost, everything in flight fails and the thread ends. Making a new
/// connection is the pool's business.
final class PostgresHandler: IOHandler {
    typealias Command = PostgresCommand

    /// What the rest of the process gives a connection.
    struct Setup: Sendable {
        let id: Int
        let configuration: PostgresConfiguration
        let logger: Logger
        /// Completed when the session is ready, or failed.
        let opened: Completion<Void>
        /// Called once, when an opened connection is gone, before anything in flight is told.
        let onClose: @Sendable () -> Void
        let onNotification: (@Sendable (PostgresNotification) -> Void)?
        let port: ThreadPort
    }

    enum Phase: Equatable {
        case new
        case connecting
        case pipelining
        case scripting
        case closed
    }

    /// A group that was sent, and what came back for it so far.
    struct InFlight {
        let id: Int
        /// nil for commands of our own whose outcome interests nobody.
        let group: StatementGroup?
        var results: [StatementResult] = []
        var error: PostgresError?
        /// Since when nobody waits for it.
        var abandonedAt: ContinuousClock.Instant?
        /// True if a request to cancel another group may have hit this one: it is sent again.
        var isBystander = false
    }

    /// Commands on the wire at once; more wait here, so that one slow statement does not sit before thousands.
    static let windowSteps = 1024

    let setup: Setup
    var connection: OpaquePointer?
    var phase = Phase.new
    var wantsWrite = false
    var machine = PipelineStateMachine()
    var cache: StatementCache
    var inFlight: Deque<InFlight> = []
    var backlog: Deque<PostgresCommand> = []
    var script: Script?
    var scriptError: PostgresError?
    var nextGroup = 0
    var connectDeadline: ContinuousClock.Instant?
    var lastProgress = ContinuousClock.now
    var connectInterest: IOInterest = []
    var cancellation = Cancellation()
    let notices: NoticeSink

    init(setup: Setup) {
        self.setup = setup
        cache = StatementCache(capacity: setup.configuration.preparedStatements)
        notices = NoticeSink(logger: setup.logger)
    }

    // MARK: IOHandler

    var descriptor: Int32 {
        guard let connection, phase != .closed else { return -1 }
        return PQsocket(connection)
    }

    var interest: IOInterest {
        switch phase {
        case .new, .closed: []
        case .connecting: connectInterest
        case .pipelining, .scripting: wantsWrite ? [.read, .write] : .read
        }
    }

    var deadline: ContinuousClock.Instant? {
        switch phase {
        case .new: .now
        case .connecting: connectDeadline
        case .pipelining:
            Self.earlier(
                machine.isIdle ? nil : setup.configuration.answerTimeout.map { lastProgress.advanced(by: $0) },
                cancelDeadline)
        // A script may take as long as it takes: a dead peer is found by TCP.
        case .scripting: cancelDeadline
        case .closed: nil
        }
    }

    var isFinished: Bool { phase == .closed }

    func handle(_ commands: inout Deque<PostgresCommand>) {
        // The connection may have been lost in this very round, with commands arriving meanwhile.
        if phase == .closed { return refuse(commands) }
        for command in commands {
            switch command {
            case .group, .script: backlog.append(command)
            case .cancel(let completion): abandon(completion, now: .now)
            case .cancelEnded: cancelEnded()
            }
        }
        send()
    }

    func ready(_ events: IOInterest) {
        switch phase {
        case .connecting: pollConnect()
        case .pipelining, .scripting:
            if events.contains(.read) { receive() }
            send()
        case .new, .closed: break
        }
    }

    func deadlineReached(now: ContinuousClock.Instant) {
        if let due = cancelDeadline, due <= now { return cancelDue(now: now) }
        switch phase {
        case .new: startConnect(now: now)
        case .connecting:
            let seconds = setup.configuration.connectTimeout
            fail(
                PostgresError(
                    .timeout, "\(setup.configuration.displayName) did not complete the connection within \(seconds)"))
        case .pipelining:
            fail(
                PostgresError(
                    .timeout,
                    "\(setup.configuration.displayName) gave no answer for "
                        + "\(setup.configuration.answerTimeout ?? .zero), so the connection was given up"))
        case .scripting, .closed: break
        }
    }

    func close(_ reason: CloseReason, undelivered: Deque<PostgresCommand>) {
        if phase != .closed { fail(PostgresError(.connection, "the connection was closed by this program")) }
        refuse(undelivered)
    }

    private func refuse(_ commands: Deque<PostgresCommand>) {
        let error = PostgresError(.connection, "the connection was already closed")
        for command in commands { command.completion?.complete(.failure(error)) }
    }

    // MARK: Sending

    /// Sends what waits, as far as the window allows, and flushes once.
    func send() {
        guard phase == .pipelining, let connection else {
            if phase == .scripting { flush() }
            return
        }
        // A request to cancel stops whatever the server works on when it arrives, so nothing new may get there first.
        if cancellation.isUnderWay { return flush() }
        while machine.stepsInFlight < Self.windowSteps, let command = backlog.first {
            switch command {
            case .group(let group):
                backlog.removeFirst()
                guard send(group, connection) else { return }
            case .script(let script):
                // Scripts need the pipeline to be empty and off.
                guard machine.isIdle else { return flush() }
                backlog.removeFirst()
                return start(script, connection)
            case .cancel, .cancelEnded: backlog.removeFirst()
            }
        }
        flush()
    }

    /// False when the connection turned out to be lost.
    private func send(_ group: StatementGroup, _ connection: OpaquePointer) -> Bool {
        for name in cache.takeEvicted() {
            guard sendDeallocate(name, connection) else { return false }
        }
        if machine.isIdle { lastProgress = .now }
        nextGroup += 1
        inFlight.append(InFlight(id: nextGroup, group: group))
        for statement in group.statements {
            let accepted =
                switch cache.use(statement.key, group: nextGroup) {
                case .prepare(let name):
                    sendPrepare(statement, name, connection) && sendRun(statement, name, connection)
                case .prepared(let name): sendRun(statement, name, connection)
                case .unprepared: sendRun(statement, nil, connection)
                }
            guard accepted else {
                lost()
                return false
            }
        }
        return sendSync(connection)
    }

    private func sendPrepare(_ statement: Statement, _ name: String, _ connection: OpaquePointer) -> Bool {
        machine.sent(.prepare(name: name))
        return PQsendPrepare(
            connection, name, statement.sql, Int32(statement.types.count), statement.types) == 1
    }

    private func sendRun(_ statement: Statement, _ name: String?, _ connection: OpaquePointer) -> Bool {
        machine.sent(.run(name: name))
        let count = Int32(statement.offsets.count)
        return statement.withPointers { values in
            if let name {
                return PQsendQueryPrepared(
                    connection, name, count, values, statement.lengths, statement.formats, 0)
            }
            return PQsendQueryParams(
                connection, statement.sql, count, statement.types, values, statement.lengths, statement.formats, 0)
        } == 1
    }

    private func sendSync(_ connection: OpaquePointer) -> Bool {
        machine.sent(.sync)
        guard PQpipelineSync(connection) == 1 else {
            lost()
            return false
        }
        return true
    }

    private func sendDeallocate(_ name: String, _ connection: OpaquePointer) -> Bool {
        if machine.isIdle { lastProgress = .now }
        nextGroup += 1
        inFlight.append(InFlight(id: nextGroup, group: nil))
        machine.sent(.run(name: nil))
        guard PQsendQueryParams(connection, "DEALLOCATE \(name)", 0, nil, nil, nil, nil, 0) == 1 else {
            lost()
            return false
        }
        return sendSync(connection)
    }

    func flush() {
        guard let connection else { return }
        switch PQflush(connection) {
        case 0: wantsWrite = false
        case 1: wantsWrite = true
        default: lost()
        }
    }

    // MARK: The end

    /// libpq reports that the connection is gone.
    func lost() {
        guard phase != .closed else { return }
        let words = connection.map { Self.text($0) } ?? ""
        fail(PostgresError(.connection, words.isEmpty ? "the connection was lost" : words))
    }

    /// Gives the connection up: tells the pool first, then everybody who waits for an answer.
    func fail(_ error: PostgresError) {
        guard phase != .closed else { return }
        let wasOpen = phase == .pipelining || phase == .scripting
        phase = .closed
        if let connection {
            PQfinish(connection)
            self.connection = nil
        }
        if wasOpen {
            setup.onClose()
        } else {
            setup.opened.complete(.failure(error))
        }
        let sent = PostgresError(error.code, error.message, sqlState: error.sqlState, wasSent: true)
        for entry in inFlight { entry.group?.completion.complete(.failure(entry.error ?? sent)) }
        inFlight = []
        script?.completion.complete(.failure(scriptError ?? sent))
        script = nil
        for command in backlog { command.completion?.complete(.failure(error)) }
        backlog = []
    }

    static func text(_ connection: OpaquePointer) -> String {
        var text = PQerrorMessage(connection).map { String(cString: $0) } ?? ""
        while text.last?.isWhitespace == true { text.removeLast() }
        return text
    }
}

extension Statement {
    /// Calls `body` with pointers to the values, valid during the call.
    func withPointers<R>(_ body: (UnsafePointer<UnsafePointer<CChar>?>?) -> R) -> R {
        if offsets.isEmpty { return body(nil) }
        return bytes.withUnsafeBytes { raw in
            // Only NULLs: there are no bytes to point at.
            let base = raw.baseAddress?.assumingMemoryBound(to: CChar.self)
            return withUnsafeTemporaryAllocation(of: UnsafePointer<CChar>?.self, capacity: offsets.count) { values in
                for (index, offset) in offsets.enumerated() {
                    values.initializeElement(at: index, to: offset < 0 ? nil : base.map { $0 + offset })
                }
                return body(values.baseAddress.map { UnsafePointer($0) })
            }
        }
    }
}
