import ConnectionPool
import IOThread
import Logging
import NIOConcurrencyHelpers

/// One connection to PostgreSQL, made and used by a thread of its own.
final class PostgresConnection: PooledConnection {
    let id: Int
    private let thread: IOThread<PostgresCommand>

    private init(id: Int, thread: IOThread<PostgresCommand>) {
        self.id = id
        self.thread = thread
    }

    /// Makes a connection and waits until the session is ready.
    /// - Parameters:
    ///   - id: names it in logs.
    ///   - configuration: where, and the time limits.
    ///   - logger: for notices.
    ///   - onNotification: called on the connection's thread for each notification.
    ///   - onClose: called once, when the opened connection is gone.
    static func open(
        id: Int, configuration: PostgresConfiguration, logger: Logger,
        onNotification: (@Sendable (PostgresNotification) -> Void)? = nil,
        onClose: @escaping @Sendable () -> Void
    ) async throws(PostgresError) -> PostgresConnection {
        let opened = Completion<Void>()
        let port = ThreadPort()
        let setup = PostgresHandler.Setup(
            id: id, configuration: configuration, logger: logger, opened: opened, onClose: onClose,
            onNotification: onNotification, port: port)
        let thread = IOThread<PostgresCommand>(name: "postgres-\(id)") { PostgresHandler(setup: setup) }
        port.open(to: thread)
        switch await opened.wait() {
        case .success: return PostgresConnection(id: id, thread: thread)
        case .failure(let error):
            thread.stop()
            throw error
        }
    }

    /// Hands statements to the thread; their completion is called in any case.
    func submit(_ group: StatementGroup) { submit(.group(group)) }

    /// Hands a script to the thread; its completion is called in any case.
    func submit(_ script: Script) { submit(.script(script)) }

    /// Has the server stop working on what this completion belongs to; its outcome still comes, and is `queryCanceled`
    /// unless the work was done first.
    func cancel(_ completion: Completion<[StatementResult]>) { thread.send(.cancel(completion)) }

    private func submit(_ command: PostgresCommand) {
        if !thread.send(command) {
            command.completion?.complete(.failure(PostgresError(.connection, "the connection was already closed")))
        }
    }

    /// Closes the connection after what was sent before; what is still unanswered then fails.
    func close() { thread.stop() }

    /// Returns when the thread has ended and the connection is closed.
    func waitUntilClosed() async { await thread.waitUntilEnded() }
}

/// The way back to a connection's thread, for work that its handler has done elsewhere.
final class ThreadPort: Sendable {
    private struct Target {
        weak var thread: IOThread<PostgresCommand>?
    }

    private let target = NIOLockedValueBox(Target())

    func open(to thread: IOThread<PostgresCommand>) { target.withLockedValue { $0.thread = thread } }

    /// Hands a command to the thread, if it still runs.
    func send(_ command: PostgresCommand) {
        let thread = target.withLockedValue { $0.thread }
        thread?.send(command)
    }
}
