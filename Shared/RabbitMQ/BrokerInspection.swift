import IOThread

/// What looking at a broker found out; see ``BrokerInspection``.
public struct BrokerReport: Sendable, Hashable {
    /// An exchange or queue of the topology, as the broker has it.
    public struct Entity: Sendable, Hashable {
        /// How it compares with what the topology declares.
        public enum State: Sendable, Hashable {
            /// As declared.
            case asDeclared
            /// Not there: whoever connects next declares it.
            case missing
            /// There, with other properties, in the broker's words.
            case differs(String)
            /// The user may not do what is needed, in the broker's words.
            case forbidden(String)
        }

        /// Its name.
        public let name: String
        /// True for a queue, false for an exchange.
        public let isQueue: Bool
        /// How it compares.
        public let state: State
        /// How many messages wait in it; nil for an exchange, or when it could not be found out.
        public let messages: Int?
        /// How many consumers read it; nil for an exchange, or when it could not be found out.
        public let consumers: Int?
    }

    /// The broker's name and version, e.g. `RabbitMQ` and `3.10.8`.
    public let product: String
    /// The version, as the broker words it.
    public let version: String
    /// True if the connection is encrypted.
    public let usesTLS: Bool
    /// Exchanges and queues, in the topology's order.
    public let entities: [Entity]
    /// Why the broker takes no messages just now, e.g. `low on memory`.
    public let alarm: String?
}

/// Looks at a broker without changing it: connects, compares what is there with a topology, and checks what the user may do.
public enum BrokerInspection {
    /// Looks.
    /// - Parameters:
    ///   - configuration: how to reach the broker.
    ///   - topology: what should be there.
    /// - Returns: what is there.
    /// - Throws: why there is no connection, or why one that had been made was lost.
    @concurrent
    public static func inspect(
        _ configuration: RabbitMQConfiguration, _ topology: Topology
    ) async throws(RabbitMQError) -> BrokerReport {
        let result: Result<BrokerReport, RabbitMQError> = await withCheckedContinuation { continuation in
            NamedThread.start(name: "broker-check") {
                let result: Result<BrokerReport, RabbitMQError>
                do throws(RabbitMQError) {
                    result = .success(try Inspector(configuration: configuration, topology: topology).report())
                } catch {
                    result = .failure(error)
                }
                continuation.resume(returning: result)
            }
        }
        return try result.get()
    }
}

/// Used by one thread. A refusal ends the channel, so every check that may be refused has a link of its own.
private struct Inspector {
    let configuration: RabbitMQConfiguration
    let topology: Topology

    func report() throws(RabbitMQError) -> BrokerReport {
        let link = try AMQPLink.open(configuration, shared: SharedDescriptor())
        let properties = link.serverProperties
        link.close()
        // The default exchange is always there; whether it may be written to does not matter.
        let alarm = try publishing(to: "").alarm
        var entities: [BrokerReport.Entity] = []
        for exchange in topology.exchanges { entities.append(try inspect(exchange, isBlocked: alarm != nil)) }
        for queue in topology.queues { entities.append(try inspect(queue)) }
        return BrokerReport(
            product: properties["product"]?.string ?? "a broker", version: properties["version"]?.string ?? "",
            usesTLS: configuration.usesTLS, entities: entities, alarm: alarm)
    }

    private func inspect(_ exchange: Exchange, isBlocked: Bool) throws(RabbitMQError) -> BrokerReport.Entity {
        let found = try refusal { link throws(RabbitMQError) in try link.find(exchange: exchange.name) }
        var state = Self.state(found)
        if state == .asDeclared {
            // Declaring what exists changes nothing; what differs is refused.
            state = Self.state(
                try refusal { link throws(RabbitMQError) in try link.declare(Topology(exchanges: [exchange])) })
        }
        if state == .asDeclared, !isBlocked { state = try publishing(to: exchange.name).state }
        return BrokerReport.Entity(name: exchange.name, isQueue: false, state: state, messages: nil, consumers: nil)
    }

    private func inspect(_ queue: Queue) throws(RabbitMQError) -> BrokerReport.Entity {
        var reading: QueueReading?
        let found = try refusal { link throws(RabbitMQError) in reading = try link.find(queue: queue.name) }
        var state = Self.state(found)
        if state == .asDeclared {
            state = Self.state(
                try refusal { link throws(RabbitMQError) in try link.declare(Topology(queues: [queue])) })
        }
        if state == .asDeclared {
            let refused = try refusal { link throws(RabbitMQError) in try link.checkMayRead(queue: queue.name) }
            if let refused, refused.code == .accessRefused { state = .forbidden(refused.message) }
        }
        return BrokerReport.Entity(
            name: queue.name, isQueue: true, state: state, messages: reading?.messages, consumers: reading?.consumers)
    }

    /// Whether the user may publish, and the alarm that keeps everybody from it.
    private func publishing(
        to exchange: String
    ) throws(RabbitMQError) -> (state: BrokerReport.Entity.State, alarm: String?) {
        var short = configuration
        short.rpcTimeout = .seconds(3)
        let link = try AMQPLink.open(short, shared: SharedDescriptor())
        do throws(RabbitMQError) {
            try link.checkMayPublish(exchange: exchange)
            link.close()
            return (.asDeclared, nil)
        } catch {
            if error.replyCode != nil { return (Self.state(error), nil) }
            if let alarm = link.alarm() { return (.asDeclared, alarm) }
            throw error
        }
    }

    /// Does something on a link of its own; the broker's refusal of it is an answer, a lost connection is not.
    private func refusal(
        _ body: (AMQPLink) throws(RabbitMQError) -> Void
    ) throws(RabbitMQError) -> RabbitMQError? {
        let link = try AMQPLink.open(configuration, shared: SharedDescriptor())
        do throws(RabbitMQError) {
            try body(link)
            link.close()
            return nil
        } catch {
            guard error.replyCode != nil else { throw error }
            return error
        }
    }

    private static func state(_ refusal: RabbitMQError?) -> BrokerReport.Entity.State {
        guard let refusal else { return .asDeclared }
        switch refusal.replyCode {
        case 404: return .missing
        case 403: return .forbidden(refusal.message)
        default: return .differs(refusal.message)
        }
    }
}
