import ArgumentParser
import Messaging
import RabbitMQ
import ServiceKit

/// `dead-letter`: keeps the list of what needs a person complete and true.
@main
struct DeadLetterCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dead-letter",
        abstract: "Records what the broker could not deliver, announces what failed, and closes what has been mended.")

    func run() async throws {
        await ServiceMain.run("dead-letter") { context in
            let consumer = RabbitMQConsumer(
                configuration: context.amqp, topology: PipelineTopology.topology, queue: PipelineTopology.lettersQueue,
                prefetch: 50, logger: context.logger)
            context.readiness.add("broker") { consumer.isConnected ? nil : "not connected to RabbitMQ" }
            let store = LetterStore(session: context.database)
            let keeper = LetterKeeper(store: store, logger: context.logger)
            let settle = PeriodicService(name: "settling of letters", every: .seconds(2), logger: context.logger) {
                try await keeper.settle()
            }
            let recorder = LetterRecorder(
                deliveries: consumer.deliveries, store: store, settling: settle, logger: context.logger)
            return [consumer, recorder, settle]
        }
    }
}
