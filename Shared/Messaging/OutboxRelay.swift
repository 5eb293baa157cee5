public import Logging
import CoreMetrics
import NIOConcurrencyHelpers
public import Observability
public import Postgres
public import RabbitMQ
public import ServiceLifecycle

/// What a relay publishes through.
protocol MessagePublishing: Sendable {
    /// Whether there is a connection to publish on.
    var isConnected: Bool { get }

    /// Publishes all, in order, and tells what became of each, by position.
    func publish(_ messages: [OutgoingMessage]) async -> [Result<Void, RabbitMQError>]
}

extension RabbitMQPublisher: MessagePublishing {}

/// Publishes what the outbox holds and deletes it when the broker has confirmed it.
///
/// Rows are claimed by lease, so no transaction is open while publishing, and several replicas share the work. A message is
/// published again, with the same id, whenever it is not known to have been confirmed: at least once, never not at all.
///
/// - Confirmed: the row is deleted.
/// - Refused (nack) or without an answer: the relay pauses, longer each time, and the row is tried again.
/// - Unroutable: the row stays and is tried again later and later, with a warning; others are not held up by it.
/// - Broker or database lost: the relay waits for it and goes on by itself.
public final class OutboxRelay: Service, CustomStringConvertible {
    private let store: any OutboxStore
    private let publisher: any MessagePublishing
    private let configuration: OutboxRelayConfiguration
    private let clock: any Clock<Duration>
    private let logger: Logger
    private let tracer: Tracer
    private let metrics: RelayMetrics
    private let signal = WakeSignal()
    /// Woken by a stop only.
    private let halt = WakeSignal()
    private let stopping = NIOLockedValueBox(false)
    /// Confirmed rows whose deletion failed; only `run` uses it.
    private let undeleted = NIOLockedValueBox<[Int64]>([])

    /// Makes a relay.
    ///
    /// - Parameters:
    ///   - database: holds the outbox.
    ///   - publisher: run it in the same group, before the relay.
    ///   - origin: whose rows: the service's name.
    ///   - configuration: batch size, lease, pauses.
    ///   - clock: of the pauses.
    ///   - tracer: tells of each message in the trace that it belongs to.
    ///   - logger: for its lines.
    public convenience init(
        database: PostgresClient, publisher: RabbitMQPublisher, origin: String,
        configuration: OutboxRelayConfiguration = OutboxRelayConfiguration(),
        clock: any Clock<Duration> = ContinuousClock(), tracer: Tracer = .off, logger: Logger
    ) {
        self.init(
            store: PostgresOutboxStore(database: database, origin: origin), publisher: publisher, origin: origin,
            configuration: configuration, clock: clock, tracer: tracer, logger: logger)
    }

    init(
        store: any OutboxStore, publisher: any MessagePublishing, origin: String,
        configuration: OutboxRelayConfiguration, clock: any Clock<Duration>, tracer: Tracer = .off, logger: Logger
    ) {
        self.store = store
        self.publisher = publisher
        self.configuration = configuration
        self.clock = clock
        self.tracer = tracer
        self.logger = logger
        metrics = RelayMetrics(origin: origin)
    }

    /// The service's name in lifecycle logs.
    public var description: String { "outbox relay" }

    /// Has the outbox looked at now: call it after a commit that wrote to it. Cheap, and may be called from anywhere.
    public func wake() { signal.wake() }

    /// Publishes until told to stop; the batch in progress is finished.
    public func run() async throws {
        await withGracefulShutdownHandler {
            var failures = 0
            while !isStopping {
                let step = await step()
                switch step {
                case .more:
                    failures = 0
                case .idle:
                    failures = 0
                    await signal.wait(for: configuration.poll, clock: clock)
                case .disconnected:
                    await signal.wait(for: configuration.poll, clock: clock)
                case .trouble:
                    failures += 1
                    await pause(configuration.backoff.delay(afterFailures: failures))
                }
            }
        } onGracefulShutdown: {
            self.stopping.withLockedValue { $0 = true }
            self.signal.wake()
            self.halt.wake()
        }
    }

    private var isStopping: Bool { Task.isCancelled || stopping.withLockedValue { $0 } }

    /// Pauses whatever wakes come, except for a stop: a wake does not make a refusing broker accept.
    private func pause(_ duration: Duration) async {
        await halt.wait(for: duration, clock: clock)
    }

    // MARK: One batch

    enum Step: Sendable, Hashable {
        case more, idle, disconnected, trouble
    }

    /// Claims, publishes and settles one batch.
    func step() async -> Step {
        do {
            try await deleteLeftovers()
            guard publisher.isConnected else { return .disconnected }
            let claimed = try await store.claim(limit: configuration.batch, lease: configuration.lease)
            guard !claimed.isEmpty else { return .idle }
            let began = ContinuousClock.now
            let results = await publisher.publish(claimed.map(\.outgoing))
            trace(claimed, results, took: ContinuousClock.now - began)
            let settlement = settle(claimed, results)
            if !settlement.releases.isEmpty { try await store.release(settlement.releases) }
            try await deleteLeftovers()
            if settlement.isTroubled { return .trouble }
            return claimed.count == configuration.batch ? .more : .idle
        } catch {
            if !isStopping {
                logger.warning("outbox not reachable", metadata: ["error": "\(error)"])
            }
            return .trouble
        }
    }

    /// Tells of each confirmed message in its trace: as a span where these are exported, and as a line at debug level.
    private func trace(_ claimed: [ClaimedMessage], _ results: [Result<Void, RabbitMQError>], took: Duration) {
        let isLogged = logger.logLevel <= .debug
        guard isLogged || tracer.isExporting else { return }
        for (message, result) in zip(claimed, results) {
            guard case .success = result, let parent = message.envelope.traceparent.flatMap({ TraceParent($0) })
            else { continue }
            var span = tracer.begin("publish \(message.exchange)", kind: .producer, parent: parent, startedBefore: took)
            span.set("messaging.system", "rabbitmq")
            span.set("messaging.rabbitmq.destination.routing_key", message.routingKey)
            span.set("messaging.message.id", message.envelope.id)
            tracer.end(span)
            guard isLogged else { continue }
            logger.debug(
                "message published",
                metadata: span.context.logMetadata.merging([
                    "exchange": "\(message.exchange)", "routing_key": "\(message.routingKey)",
                    "message.id": "\(message.envelope.id)", "subject": "\(message.envelope.subject)",
                ]) { $1 })
        }
    }

    private func deleteLeftovers() async throws {
        let ids = undeleted.withLockedValue { $0 }
        guard !ids.isEmpty else { return }
        try await store.delete(ids)
        undeleted.withLockedValue { $0.removeFirst(ids.count) }
    }

    private struct Settlement {
        var releases: [Int64: Duration] = [:]
        var isTroubled = false
    }

    private func settle(_ claimed: [ClaimedMessage], _ results: [Result<Void, RabbitMQError>]) -> Settlement {
        var settlement = Settlement()
        var confirmed: [Int64] = []
        var firstError: RabbitMQError?
        for (message, result) in zip(claimed, results) {
            switch result {
            case .success:
                confirmed.append(message.id)
            case .failure(let error) where error.code == .unroutable || error.code == .messageTooLarge:
                settlement.releases[message.id] = configuration.unroutable.delay(afterFailures: message.attempts)
                logger.warning(
                    "message cannot be delivered",
                    metadata: [
                        "exchange": "\(message.exchange)", "routing_key": "\(message.routingKey)",
                        "message.id": "\(message.envelope.id)", "attempts": "\(message.attempts)",
                        "error": "\(error)",
                    ])
                metrics.unroutable.increment()
            case .failure(let error):
                settlement.releases[message.id] = .zero
                settlement.isTroubled = true
                firstError = firstError ?? error
                metrics.unconfirmed.increment()
            }
        }
        if let firstError {
            logger.notice(
                "messages not confirmed, published again later",
                metadata: ["count": "\(settlement.releases.count)", "error": "\(firstError)"])
        }
        undeleted.withLockedValue { $0.append(contentsOf: confirmed) }
        metrics.confirmed.increment(by: confirmed.count)
        return settlement
    }
}

/// How a relay works.
public struct OutboxRelayConfiguration: Sendable {
    /// The most messages claimed at a time. Default 500.
    public var batch: Int
    /// How long a claim holds; longer than a publish may take. Default 60 s.
    public var lease: Duration
    /// How long an idle relay waits when nobody wakes it. Default 1 s.
    public var poll: Duration
    /// Pauses after a refusal or loss. Default 100 ms to 5 s.
    public var backoff: RetryPolicy
    /// Delays of a message that reaches no queue. Default 5 s to 5 min.
    public var unroutable: RetryPolicy

    /// Makes a configuration; every argument has a default.
    public init(
        batch: Int = 500, lease: Duration = .seconds(60), poll: Duration = .seconds(1),
        backoff: RetryPolicy = RetryPolicy(base: .milliseconds(100), cap: .seconds(5)),
        unroutable: RetryPolicy = RetryPolicy(base: .seconds(5), cap: .seconds(300), floor: .seconds(1))
    ) {
        self.batch = batch
        self.lease = lease
        self.poll = poll
        self.backoff = backoff
        self.unroutable = unroutable
    }
}

private struct RelayMetrics {
    let confirmed: Counter
    let unconfirmed: Counter
    let unroutable: Counter

    init(origin: String) {
        func counter(_ outcome: String) -> Counter {
            Counter(label: "messaging.relay.messages", dimensions: [("origin", origin), ("outcome", outcome)])
        }
        confirmed = counter("confirmed")
        unconfirmed = counter("unconfirmed")
        unroutable = counter("unroutable")
    }
}
