import Logging
import ServiceLifecycle
import TestSupport
import Testing

@testable import RabbitMQ

/// What the tests against a broker share: unique queues, and services that run for the length of a test.
struct BrokerFixture {
    let queue: String
    let topology: Topology
    var configuration: RabbitMQConfiguration
    let logger: Logger

    /// A queue that the broker deletes when nobody has used it for two minutes.
    init(_ test: String, url: String = TestServers.amqpURL, arguments: [String: FieldValue] = [:]) throws {
        queue = TestServers.uniqueName(test)
        topology = Topology(queues: [
            Queue(name: queue, arguments: arguments.merging(["x-expires": 120_000]) { own, _ in own })
        ])
        configuration = try RabbitMQConfiguration(url: url)
        configuration.connectionName = queue
        logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
    }

    /// The same queue by way of another address.
    func through(_ proxy: StallingProxy) throws -> BrokerFixture {
        var other = self
        let endpoint = proxy.endpoint
        (other.configuration.host, other.configuration.port) = (endpoint.host, endpoint.port)
        return other
    }

    /// The same queue with other settings.
    func with(_ change: (inout RabbitMQConfiguration) -> Void) -> BrokerFixture {
        var other = self
        change(&other.configuration)
        return other
    }

    func publisher() -> RabbitMQPublisher {
        RabbitMQPublisher(
            configuration: configuration, topology: topology, logger: logger,
            policy: RecoveryPolicy { $0.lowerBound })
    }

    func consumer(prefetch: Int = 100) -> RabbitMQConsumer {
        let parts = ConnectionParts(
            configuration: configuration, topology: topology, logger: logger,
            policy: RecoveryPolicy { $0.lowerBound })
        return RabbitMQConsumer(parts, queue: queue, prefetch: prefetch)
    }

    func message(_ body: String, id: String? = nil) -> OutgoingMessage {
        OutgoingMessage(
            exchange: "", routingKey: queue, properties: MessageProperties(messageID: id), body: Array(body.utf8))
    }
}

/// Runs services while the body runs, then stops them gracefully, last first, and waits for them.
func withServices<R: Sendable>(
    _ services: [any Service], _ body: () async throws -> R
) async throws -> R {
    let group = ServiceGroup(
        services: services, logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
    async let running: Void = group.run()
    do {
        let result = try await body()
        await group.triggerGracefulShutdown()
        try await running
        return result
    } catch {
        await group.triggerGracefulShutdown()
        try? await running
        throw error
    }
}

extension Delivery {
    var text: String { String(decoding: body, as: UTF8.self) }
}
