public import RabbitMQ

/// Every exchange and queue of the product, in one place. Whoever connects declares all of it again.
public enum PipelineTopology {
    /// What storefronts did: routing keys `platform.store.entity.hinted` and `platform.store.entity.observed`.
    public static let commerceEvents = "commerce.events"
    /// What is to be written: routing keys `org.kind`.
    public static let ledgerCommands = "ledger.commands"
    /// What became of it: routing keys `org.kind.outcome`. Others subscribe; there may be nobody.
    public static let ledgerOutcomes = "ledger.outcomes"
    /// What failed for good, and what no queue could keep.
    public static let deadLetters = "dead.letters"

    /// Read by storefront-sync.
    public static let hintedQueue = "storefront-sync.hinted.v1"
    /// Read by transformer.
    public static let observedQueue = "transformer.observed.v1"
    /// Read by xero-writer.
    public static let commandsQueue = "xero-writer.commands.v1"
    /// Read by dead-letter.
    public static let lettersQueue = "dead-letter.letters.v1"

    /// How often a message is delivered before the broker gives it to `dead.letters`.
    public static let deliveryLimit: Int64 = 1_000
    /// How many messages a queue holds before it refuses more.
    public static let maxLength: Int64 = 1_000_000

    /// All of it.
    public static let topology = Topology(
        exchanges: [commerceEvents, ledgerCommands, ledgerOutcomes, deadLetters].map {
            Exchange(name: $0, kind: .topic, durable: true)
        },
        queues: [hintedQueue, observedQueue, commandsQueue].map { name in
            Queue.quorum(
                name, deliveryLimit: deliveryLimit, deadLetterExchange: deadLetters, maxLength: maxLength)
        } + [Queue.quorum(lettersQueue, deliveryLimit: nil)],
        bindings: [
            Binding(queue: hintedQueue, exchange: commerceEvents, routingKey: "*.*.*.hinted"),
            Binding(queue: observedQueue, exchange: commerceEvents, routingKey: "*.*.*.observed"),
            Binding(queue: commandsQueue, exchange: ledgerCommands, routingKey: "*.*"),
            Binding(queue: lettersQueue, exchange: deadLetters, routingKey: "#"),
        ])

    /// Whether a message of this exchange must reach a queue to count as published.
    public static func isMandatory(_ exchange: String) -> Bool { exchange != ledgerOutcomes }

    /// `platform.store.entity.hinted`
    public static func hintedKey(platform: String, store: String, entity: String) -> String {
        "\(platform).\(store).\(entity).hinted"
    }

    /// `platform.store.entity.observed`
    public static func observedKey(platform: String, store: String, entity: String) -> String {
        "\(platform).\(store).\(entity).observed"
    }
}
