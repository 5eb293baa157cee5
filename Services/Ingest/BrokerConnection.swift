import Logging
import RabbitMQ
import ServiceKit
import ServiceLifecycle

/// Keeps the publisher running. What ends it for good (an exchange or queue that exists with other properties) is told
/// loudly and does not end ingest: webhooks are still accepted, and their messages wait in the outbox.
struct BrokerConnection: Service, CustomStringConvertible {
    let publisher: RabbitMQPublisher
    let readiness: Readiness
    let logger: Logger

    var description: String { "broker connection" }

    func run() async throws {
        do {
            try await publisher.run()
        } catch is CancellationError {
            return
        } catch {
            logger.critical(
                "the broker cannot be used: webhooks are accepted, nothing is passed on until it is put right and ingest restarted",
                metadata: ["error": "\(error)"])
            readiness.set("broker", reason: "\(error)")
            try? await gracefulShutdown()
        }
    }
}
