import CoreMetrics
import Logging

/// The publishing side of a connection. Confined to the connection's thread.
final class PublisherRole: AMQPRole {
    typealias Work = PublishBatch

    /// One message of a batch.
    struct Message {
        let batch: PublishBatch
        let index: Int
        /// The id the driver gave it, if it had none and needs one.
        let assignedID: String?

        var content: OutgoingMessage { batch.messages[index] }
        var messageID: String? { content.properties.messageID ?? assignedID }
    }

    private var machine: PublisherStateMachine<Message>
    private var assembler: FrameAssembler
    private var settled: [(message: Message, outcome: PublishBatch.Outcome)] = []
    private var publishedSinceCommit = 0
    private var isDraining = false
    private var assignedIDs: UInt64 = 0
    private let idPrefix: String
    private let messageMaxBytes: Int
    private let metrics: PublisherMetrics
    private let logger: Logger

    init(_ configuration: RabbitMQConfiguration, idPrefix: String, metrics: PublisherMetrics, logger: Logger) {
        machine = PublisherStateMachine(window: configuration.publishWindow, timeout: configuration.confirmTimeout)
        messageMaxBytes = configuration.messageMaxBytes
        assembler = FrameAssembler(messageMaxBytes: messageMaxBytes)
        self.idPrefix = idPrefix
        self.metrics = metrics
        self.logger = logger
    }

    var isDrained: Bool { machine.isDrained }
    var deadline: ContinuousClock.Instant? { machine.deadline }

    func opened(_ link: AMQPLink, epoch: UInt64) throws(RabbitMQError) {
        try link.selectConfirms()
        assembler = FrameAssembler(messageMaxBytes: messageMaxBytes)
        machine.opened()
    }

    func take(_ batch: PublishBatch, now: ContinuousClock.Instant) {
        if isDraining {
            batch.settleRest(.failure(RabbitMQError(.closed, "the publisher is stopping and takes no more messages")))
            return
        }
        for index in batch.messages.indices { machine.enqueue(message(batch, index), now: now) }
    }

    /// How many messages are written before the input is looked at again.
    private static var writesPerRound: Int { 128 }

    func flush(_ link: AMQPLink, now: ContinuousClock.Instant) throws(RabbitMQError) -> Bool {
        for _ in 0..<Self.writesPerRound {
            guard let message = machine.nextToSend(now: now, isWanted: { $0.batch.isWanted($0.index) }) else {
                return false
            }
            publishedSinceCommit += 1
            try link.publish(message.content, messageID: message.assignedID)
        }
        return true
    }

    func received(_ frame: InboundFrame) throws(RabbitMQError) {
        switch frame {
        case .confirm(let tag, let multiple, let isPositive):
            let isKnown = machine.confirmed(tag, multiple: multiple, isPositive: isPositive) { message, outcome in
                settle(message, outcome)
            }
            if !isKnown { throw RabbitMQError(.protocolViolation, "the broker confirmed a message never sent") }
        case .returned(let method): try assembler.begin(method)
        case .header(let bodyBytes, let properties):
            if let message = try assembler.header(bodyBytes: bodyBytes, properties) { returned(message) }
        case .body(let fragment): if let message = try assembler.body(fragment) { returned(message) }
        case .blocked(let reason):
            machine.blocked()
            logger.warning("the broker takes no more publishes", metadata: [LogKey.reason: "\(reason)"])
        case .unblocked:
            machine.unblocked()
            logger.info("the broker takes publishes again")
        case .deliver, .subscriptionCancelled, .closed, .ignored: break
        }
    }

    func commit() {
        if publishedSinceCommit > 0 { metrics.published.increment(by: publishedSinceCommit) }
        publishedSinceCommit = 0
        if settled.isEmpty { return }
        let settled = settled
        self.settled.removeAll(keepingCapacity: true)
        count(settled)
        for (message, outcome) in settled { message.batch.settle(message.index, outcome) }
    }

    func lost(_ error: RabbitMQError) {
        machine.lost { fail($0, .unknownOutcome, "no confirm came before the connection was lost (\(error))") }
    }

    func beginDraining(_ link: AMQPLink) throws(RabbitMQError) { isDraining = true }

    func deadlineReached(now: ContinuousClock.Instant) throws(RabbitMQError) {
        let isBlocked = machine.isBlocked
        let mustReconnect = machine.expire(now: now) {
            fail(
                $0, .notConnected,
                isBlocked
                    ? "the broker is blocking publishers, and the message was not sent in time"
                    : "the message could not be sent in time")
        } unknown: {
            fail($0, .unknownOutcome, "no confirm came in time")
        }
        if mustReconnect {
            throw RabbitMQError(.connectionLost, "the broker left a message unconfirmed for the whole confirm time-out")
        }
    }

    func ended(_ error: RabbitMQError) {
        isDraining = true
        machine.end {
            settled.append(($0, .failure(error)))
        } unknown: {
            fail($0, .unknownOutcome, "no confirm came before the publisher stopped")
        }
    }

    // MARK: Details

    /// A returned message is found by its id, so a mandatory one must have one.
    private func message(_ batch: PublishBatch, _ index: Int) -> Message {
        let content = batch.messages[index]
        guard content.mandatory, content.properties.messageID == nil else {
            return Message(batch: batch, index: index, assignedID: nil)
        }
        assignedIDs += 1
        return Message(batch: batch, index: index, assignedID: "\(idPrefix)-\(assignedIDs)")
    }

    private func returned(_ assembled: AssembledMessage) {
        guard case .returned(let method, let properties) = assembled else { return }
        let matches = machine.returned { message in
            message.messageID == properties.messageID && message.content.routingKey == method.routingKey
                && message.content.exchange == method.exchange
        }
        logger.warning(
            "the broker returned a message that no queue takes",
            metadata: [
                LogKey.exchange: "\(method.exchange)", LogKey.routingKey: "\(method.routingKey)",
                LogKey.reason: "\(method.replyText)", LogKey.outstanding: "\(matches)",
            ])
    }

    private func settle(_ message: Message, _ outcome: ConfirmOutcome) {
        switch outcome {
        case .acknowledged: settled.append((message, .success(())))
        case .refused: fail(message, .nacked, "the broker refused the message: its queue is full or failing")
        case .unroutable:
            fail(
                message, .unroutable,
                "no queue is bound to exchange '\(message.content.exchange)' for routing key "
                    + "'\(message.content.routingKey)'")
        }
    }

    private func fail(_ message: Message, _ code: RabbitMQError.Code, _ text: String) {
        settled.append((message, .failure(RabbitMQError(code, text))))
    }

    private func count(_ settled: [(message: Message, outcome: PublishBatch.Outcome)]) {
        var (confirmed, nacked, returned, unknown) = (0, 0, 0, 0)
        for (_, outcome) in settled {
            switch outcome {
            case .success: confirmed += 1
            case .failure(let error) where error.code == .nacked: nacked += 1
            case .failure(let error) where error.code == .unroutable: returned += 1
            case .failure(let error) where error.code == .unknownOutcome: unknown += 1
            case .failure: break
            }
        }
        if confirmed > 0 { metrics.confirmed.increment(by: confirmed) }
        if nacked > 0 { metrics.nacked.increment(by: nacked) }
        if returned > 0 { metrics.returned.increment(by: returned) }
        if unknown > 0 { metrics.unknown.increment(by: unknown) }
    }
}
