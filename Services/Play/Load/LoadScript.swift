import JSON
import SimulatedWooCommerce
import Storefronts

/// What a load consists of: steps in the lives of orders, saves that change nothing, and deliveries made once more. The same
/// seed makes the same load.
struct LoadScript {
    /// One webhook to be sent, and what has to be saved in the store before.
    struct Webhook: Sendable {
        let store: PlayStore
        let orderID: Int
        let topic: String
        let body: [UInt8]
        /// For the simulator's control API; nil if nothing is saved.
        let save: JSONValue?
        /// Whether it is about an order that is not made yet, which ingest stores and nobody works.
        let isDraft: Bool
    }

    private struct Life {
        let story: OrderStory
        var next = 0
    }

    private struct Shop {
        let store: PlayStore
        var generator: OrderGenerator
        var lives: [Life] = []
    }

    /// How many orders of a store are in the middle of their lives at once.
    private static let lives = 25
    /// How many deliveries are remembered to be made again.
    private static let remembered = 300

    private var shops: [Shop]
    private var recent: [(webhook: Webhook, step: OrderStep)] = []
    private var nextPlace = 0
    private var saves = 0
    private let newsPercent: Int
    private var random: SeededGenerator
    /// Every order that was begun, with how it should end.
    private(set) var orders: [PlayedOrder] = []
    /// Those that were to be posted from their first webhook on.
    private(set) var postedAtOnce: Set<SaleKey> = []

    /// A load on these stores.
    init(stores: [PlayStore], options: LoadOptions, seed: UInt64, generator: (Int) -> OrderGenerator) {
        shops = stores.enumerated().map { Shop(store: $1, generator: generator($0)) }
        newsPercent = options.newsPercent
        random = SeededGenerator(seed: seed)
    }

    /// The next webhook.
    mutating func next() -> Webhook {
        let draw = Int.random(in: 0..<100, using: &random)
        if draw < newsPercent || recent.isEmpty { return news(in: Int.random(in: 0..<shops.count, using: &random)) }
        let again = recent[Int.random(in: 0..<recent.count, using: &random)]
        guard Int.random(in: 0..<4, using: &random) == 0 else {
            let webhook = again.webhook
            return Webhook(
                store: webhook.store, orderID: webhook.orderID, topic: webhook.topic, body: webhook.body, save: nil,
                isDraft: webhook.isDraft)
        }
        // Saved again as it is: only its date of modification is new. Of a remembered order this is always its latest step.
        return webhook(again.step, of: again.webhook.orderID, in: again.webhook.store, topic: "order.updated")
    }

    /// What is left to be told of orders in the middle of their lives; nil once there is nothing.
    mutating func last() -> Webhook? {
        for index in shops.indices where !shops[index].lives.isEmpty { return advance(0, in: index) }
        return nil
    }

    private mutating func news(in index: Int) -> Webhook {
        if shops[index].lives.count < Self.lives {
            let story = shops[index].generator.story()
            shops[index].lives.append(Life(story: story))
            let order = PlayedOrder(store: shops[index].store, expected: story.expected)
            orders.append(order)
            if ["processing", "completed"].contains(story.steps.first?.order["status"]?.string) {
                postedAtOnce.insert(order.key)
            }
            return advance(shops[index].lives.count - 1, in: index)
        }
        return advance(Int.random(in: 0..<shops[index].lives.count, using: &random), in: index)
    }

    private mutating func advance(_ life: Int, in index: Int) -> Webhook {
        let story = shops[index].lives[life].story
        let step = story.steps[shops[index].lives[life].next]
        shops[index].lives[life].next += 1
        if shops[index].lives[life].next == story.steps.count { shops[index].lives.remove(at: life) }
        let store = shops[index].store
        let orderID = story.expected.orderID
        let webhook = webhook(step, of: orderID, in: store, topic: step.topic)
        remember(webhook, step)
        return webhook
    }

    private mutating func webhook(
        _ step: OrderStep, of orderID: Int, in store: PlayStore, topic: String
    ) -> Webhook {
        saves += 1
        var order = step.order
        // What tells this delivery from the one before; the simulator keeps its own stamps.
        order["version"] = .string("load.\(saves)")
        return Webhook(
            store: store, orderID: orderID, topic: topic, body: JSONValue.object(order).encoded(),
            save: [
                "order": .object(step.order), "refunds": .array(step.refunds.map { .object($0) }),
                "topic": .string(topic), "webhook": "dropped",
            ], isDraft: WooCommerceDelivery.draftStatuses.contains(order["status"]?.string ?? ""))
    }

    /// An order has one place at most, so that an earlier step of it is never saved again.
    private mutating func remember(_ webhook: Webhook, _ step: OrderStep) {
        let known = recent.firstIndex {
            $0.webhook.orderID == webhook.orderID && $0.webhook.store == webhook.store
        }
        if let known {
            recent[known] = (webhook, step)
        } else if recent.count < Self.remembered {
            recent.append((webhook, step))
        } else {
            recent[nextPlace] = (webhook, step)
            nextPlace = (nextPlace + 1) % Self.remembered
        }
    }
}
