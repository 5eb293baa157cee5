import JSON
import Logging
import Messaging
import Postgres
import RabbitMQ
import ServiceLifecycle

/// Takes what arrives on `dead.letters`: announcements of letters that a service has written, and messages that the broker
/// or a handler gave up on, which get a letter here.
///
/// This queue has no dead-letter exchange of its own, so every message is either recorded or given back.
struct LetterRecorder: Service {
    let deliveries: Deliveries
    let store: LetterStore
    let settling: PeriodicService
    let logger: Logger
    var retry = RetryPolicy(base: .milliseconds(200), cap: .seconds(10), floor: .milliseconds(50))

    func run() async throws {
        var failures = 0
        for await delivery in deliveries.cancelOnGracefulShutdown() {
            do {
                try await take(delivery)
                delivery.ack()
                failures = 0
            } catch {
                failures += 1
                logger.warning("letter not recorded", metadata: ["error": "\(error)"])
                try? await Task.sleep(for: retry.delay(afterFailures: failures))
                delivery.nack(requeue: true)
            }
        }
    }

    /// Records or announces one message.
    func take(_ delivery: Delivery) async throws {
        guard let id = Self.letterID(delivery) else {
            try await store.record(UndeliverableMessage(delivery))
            return
        }
        guard let letter = try await store.letter(id: id), letter.state == "open" else { return }
        logger.warning(
            "dead letter",
            metadata: [
                "letter.id": "\(letter.id)", "letter.class": "\(letter.errorClass)",
                "letter.service": "\(letter.service)", "letter.occurrences": "\(letter.occurrences)",
            ])
        settling.wake()
    }

    /// The id of the letter a message announces; nil if the message is something else.
    static func letterID(_ delivery: Delivery) -> Int64? {
        guard let envelope = try? Envelope(delivery.properties), envelope.type == MessageType.deadLetter,
            let body = try? JSONValue(parsing: delivery.body)
        else { return nil }
        return body["dead_letter"]?.int.map(Int64.init)
    }
}
