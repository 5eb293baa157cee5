import Logging
import NIOConcurrencyHelpers

/// Something announced by `NOTIFY`.
public struct PostgresNotification: Sendable, Hashable {
    /// The channel it was announced on.
    public let channel: String
    /// What was announced; empty if nothing was said.
    public let payload: String
    /// True for one that no session sent: listening has just begun, or begun again after a lost connection, so earlier
    /// announcements may have been missed and it is time to look.
    public let isCatchUp: Bool

    init(channel: String, payload: String, isCatchUp: Bool = false) {
        self.channel = channel
        self.payload = payload
        self.isCatchUp = isCatchUp
    }
}

/// Listens on a connection of its own, which it makes when somebody first asks, and makes again when it is lost.
final class NotificationHub: Sendable {
    private typealias Subscriber = AsyncStream<PostgresNotification>.Continuation
    private struct State {
        var subscribers: [String: [Int: Subscriber]] = [:]
        var nextSubscriber = 0
        var connection: PostgresConnection?
    }

    private let state = NIOLockedValueBox(State())
    private let configuration: PostgresConfiguration
    private let logger: Logger
    private let demand: AsyncStream<Void>
    private let demandContinuation: AsyncStream<Void>.Continuation

    init(configuration: PostgresConfiguration, logger: Logger) {
        self.configuration = configuration
        self.logger = logger
        (demand, demandContinuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// The notifications on a channel from now on. A slow reader loses the oldest beyond 1,024.
    func listen(_ channel: String) -> AsyncStream<PostgresNotification> {
        let (stream, continuation) = AsyncStream<PostgresNotification>.makeStream(
            bufferingPolicy: .bufferingNewest(1024))
        let (id, connection) = state.withLockedValue { state in
            state.nextSubscriber += 1
            state.subscribers[channel, default: [:]][state.nextSubscriber] = continuation
            return (state.nextSubscriber, state.connection)
        }
        continuation.onTermination = { [weak self] _ in self?.remove(id, from: channel) }
        if let connection { subscribe(connection, to: channel) }
        demandContinuation.yield()
        return stream
    }

    private func remove(_ id: Int, from channel: String) {
        state.withLockedValue { _ = $0.subscribers[channel]?.removeValue(forKey: id) }
    }

    /// Keeps the connection until the task is cancelled, then ends every stream.
    func run() async {
        for await _ in demand { break }
        var failures = 0
        while !Task.isCancelled {
            let closed = Completion<Void>()
            do {
                let connection = try await PostgresConnection.open(
                    id: 0, configuration: configuration, logger: logger,
                    onNotification: { [weak self] in self?.deliver($0) },
                    onClose: { closed.complete(.success(())) })
                failures = 0
                let channels = state.withLockedValue { state in
                    state.connection = connection
                    return Array(state.subscribers.keys)
                }
                for channel in channels { subscribe(connection, to: channel) }
                _ = await closed.wait()
                state.withLockedValue { $0.connection = nil }
                connection.close()
            } catch {
                logger.info(
                    "cannot listen to PostgreSQL, trying again",
                    metadata: [PostgresLogKey.error: "\(error)", PostgresLogKey.failures: "\(failures)"])
            }
            failures += 1
            let pause = min(Duration.milliseconds(100) * (1 << min(failures, 8)), .seconds(10))
            try? await Task.sleep(for: pause * Int.random(in: 50...100) / 100)
        }
        let subscribers = state.withLockedValue { state in
            defer { state.subscribers = [:] }
            return state.subscribers.values.flatMap(\.values)
        }
        for subscriber in subscribers { subscriber.finish() }
    }

    private func subscribe(_ connection: PostgresConnection, to channel: String) {
        let quoted = channel.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"")
        let completion = Completion<[StatementResult]> { [weak self] outcome in
            switch outcome {
            case .success: self?.deliver(PostgresNotification(channel: channel, payload: "", isCatchUp: true))
            // Without LISTEN the connection is of no use: losing it makes us try again.
            case .failure: connection.close()
            }
        }
        connection.submit(
            StatementGroup(statements: [Statement(fixed: "LISTEN \"\(quoted)\"")], completion: completion))
    }

    private func deliver(_ notification: PostgresNotification) {
        let subscribers = state.withLockedValue { $0.subscribers[notification.channel].map { Array($0.values) } ?? [] }
        for subscriber in subscribers { subscriber.yield(notification) }
    }
}
