import CoreMetrics
import DequeModule
import IOThread
import Logging

/// Keeps one connection to the broker and lets a role use it: connects, pumps frames, keeps the heartbeat, reconnects,
/// stops.
///
/// The order within a wake is fixed: pump, write some, again while there is more, then call out.
final class AMQPHandler<Role: AMQPRole>: IOHandler {
    typealias Command = AMQPCommand<Role.Work>

    private let configuration: RabbitMQConfiguration
    private let topology: Topology
    private let status: ConnectionStatus
    private let shared: SharedDescriptor
    private let metrics: ConnectionMetrics
    private let logger: Logger
    private let role: Role
    private var machine: ConnectionStateMachine
    private var link: AMQPLink?
    private var heartbeatDue: ContinuousClock.Instant?

    init(_ parts: ConnectionParts, role: Role) {
        configuration = parts.configuration
        topology = parts.topology
        status = parts.status
        shared = parts.shared
        metrics = parts.metrics
        logger = parts.logger
        machine = ConnectionStateMachine(policy: parts.policy)
        self.role = role
    }

    var descriptor: Int32 { link?.descriptor ?? -1 }
    var interest: IOInterest { .read }
    var isFinished: Bool { machine.isEnded }

    var deadline: ContinuousClock.Instant? {
        Self.earlier(machine.deadline, Self.earlier(role.deadline, heartbeatDue))
    }

    private static func earlier(
        _ one: ContinuousClock.Instant?, _ other: ContinuousClock.Instant?
    ) -> ContinuousClock.Instant? {
        guard let one, let other else { return one ?? other }
        return min(one, other)
    }

    func handle(_ commands: inout Deque<Command>) {
        let now = ContinuousClock.now
        while let command = commands.popFirst() {
            switch command {
            case .work(let work): role.take(work, now: now)
            case .start: perform(machine.start())
            case .finish:
                status.draining()
                perform(machine.finish(now: now, within: configuration.drainTimeout))
            }
        }
        exchange()
    }

    func ready(_ events: IOInterest) { exchange() }

    func deadlineReached(now: ContinuousClock.Instant) {
        perform(machine.deadlineReached(now: now))
        do throws(RabbitMQError) {
            if let due = role.deadline, due <= now { try role.deadlineReached(now: now) }
        } catch {
            lose(error)
        }
        exchange()
    }

    func close(_ reason: CloseReason, undelivered: Deque<Command>) {
        let now = ContinuousClock.now
        for case .work(let work) in undelivered { role.take(work, now: now) }
        link = nil
        status.ended(status.failure)
        metrics.connected.record(0)
        role.ended(status.failure ?? RabbitMQError(.closed, "the connection to the broker has been stopped"))
        role.commit()
    }

    // MARK: Transitions

    private func perform(_ action: ConnectionStateMachine.Action) {
        switch action {
        case .none: break
        case .connect: connect()
        case .drain: drain()
        case .close: endPolitely()
        }
    }

    private func connect() {
        do throws(RabbitMQError) {
            let link = try AMQPLink.open(configuration, shared: shared)
            try link.declare(topology)
            let now = ContinuousClock.now
            let epoch = machine.connected(now: now)
            self.link = link
            scheduleHeartbeat(now)
            try role.opened(link, epoch: epoch)
            status.connected()
            metrics.connected.record(1)
            if epoch > 1 { metrics.reconnects.increment() }
            logger.info(
                "connected to the broker",
                metadata: [LogKey.broker: "\(configuration)", LogKey.epoch: "\(epoch)"])
        } catch {
            lose(error)
        }
    }

    private func drain() {
        guard let link else { return }
        do throws(RabbitMQError) { try role.beginDraining(link) } catch { lose(error) }
    }

    private func endPolitely() {
        link?.close()
        link = nil
        heartbeatDue = nil
        status.disconnected()
    }

    private func lose(_ error: RabbitMQError) {
        link = nil
        heartbeatDue = nil
        status.disconnected()
        metrics.connected.record(0)
        role.lost(error)
        switch machine.failed(error, now: .now) {
        case .end:
            if !error.isRetryable {
                status.ended(error)
                logger.error("the connection to the broker cannot be used", metadata: [LogKey.error: "\(error)"])
            }
        case .retry(let wait, let failures):
            // The first failure is a restart more often than not; those after it deserve a look.
            logger.log(
                level: failures > 1 ? .warning : .info, "no connection to the broker, trying again",
                metadata: [
                    LogKey.broker: "\(configuration)", LogKey.error: "\(error)", LogKey.attempt: "\(failures)",
                    LogKey.wait: "\(wait)",
                ])
        }
    }

    // MARK: The wake

    private func exchange() {
        if let link {
            do throws(RabbitMQError) {
                var goesOn = true
                while goesOn {
                    let now = ContinuousClock.now
                    try pump(link)
                    let hasMore = try role.flush(link, now: now)
                    // Writing may have left frames in the library, where no descriptor shows them.
                    goesOn = hasMore || link.hasBufferedInput
                    if goesOn { role.commit() }
                    scheduleHeartbeat(now)
                }
            } catch {
                lose(error)
            }
        }
        role.commit()
        if role.isDrained { perform(machine.drained()) }
    }

    private func pump(_ link: AMQPLink) throws(RabbitMQError) {
        try link.pump { frame throws(RabbitMQError) in
            if case .closed(let error) = frame { throw error }
            try role.received(frame)
        }
    }

    /// The library sends heartbeats and notices missing ones only while it is called.
    private func scheduleHeartbeat(_ now: ContinuousClock.Instant) {
        guard let link, link.heartbeatSeconds > 0 else {
            heartbeatDue = nil
            return
        }
        heartbeatDue = now + .milliseconds(link.heartbeatSeconds * 500)
    }
}

/// What an ``AMQPHandler`` is made from; crosses to the connection's thread.
struct ConnectionParts: Sendable {
    let configuration: RabbitMQConfiguration
    let topology: Topology
    let status: ConnectionStatus
    let shared: SharedDescriptor
    let metrics: ConnectionMetrics
    let logger: Logger
    let policy: RecoveryPolicy
}
