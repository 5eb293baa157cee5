import Messaging
import RabbitMQ
import Testing

@Suite struct PipelineTopologyTests {
    private let topology = PipelineTopology.topology

    @Test func `All exchanges are durable topic exchanges`() {
        #expect(
            topology.exchanges.map(\.name) == ["commerce.events", "ledger.commands", "ledger.outcomes", "dead.letters"])
        #expect(topology.exchanges.allSatisfy { $0.kind == .topic && $0.durable })
    }

    @Test func `Work queues lose nothing: quorum, at-least-once dead letters, refusal instead of dropping`() {
        let queues = topology.queues.filter { $0.name != PipelineTopology.lettersQueue }
        #expect(
            queues.map(\.name) == ["storefront-sync.hinted.v1", "transformer.observed.v1", "xero-writer.commands.v1"])
        for queue in queues {
            #expect(queue.durable)
            #expect(queue.arguments["x-queue-type"] == "quorum")
            #expect(queue.arguments["x-delivery-limit"] == 1_000)
            #expect(queue.arguments["x-dead-letter-exchange"] == "dead.letters")
            #expect(queue.arguments["x-dead-letter-strategy"] == "at-least-once")
            #expect(queue.arguments["x-overflow"] == "reject-publish")
            #expect(queue.arguments["x-max-length"] == 1_000_000)
        }
    }

    @Test func `The dead letters' own queue is a plain quorum queue`() {
        let queue = topology.queues.first { $0.name == "dead-letter.letters.v1" }
        #expect(queue?.arguments == ["x-queue-type": "quorum"])
    }

    @Test func `Every queue is bound to an exchange that exists`() {
        let exchanges = Set(topology.exchanges.map(\.name))
        for queue in topology.queues {
            #expect(topology.bindings.contains { $0.queue == queue.name && exchanges.contains($0.exchange) })
        }
    }

    @Test func `Routing keys name platform, store, entity and what happened`() {
        #expect(
            PipelineTopology.hintedKey(platform: "woocommerce", store: "shop-au", entity: "order")
                == "woocommerce.shop-au.order.hinted")
        #expect(
            PipelineTopology.observedKey(platform: "woocommerce", store: "shop-au", entity: "order")
                == "woocommerce.shop-au.order.observed")
    }

    @Test func `Only outcomes may reach nobody`() {
        #expect(!PipelineTopology.isMandatory(PipelineTopology.ledgerOutcomes))
        #expect(PipelineTopology.isMandatory(PipelineTopology.commerceEvents))
    }
}
