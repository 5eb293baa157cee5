import JSON
import NIOHTTP1
import SimulatedWooCommerce

/// Plays stories in a store: their steps interleaved, their webhooks doubled, delayed, stale or missing.
struct Conductor: Sendable {
    /// What is done to a webhook, in a hundred.
    static let mishaps: [(mode: String, percent: Int)] = [
        ("dropped", 8), ("duplicate", 12), ("stale", 10), ("delayed", 8),
    ]

    /// One save to be made in a store.
    struct Cue: Sendable {
        let store: PlayStore
        let orderID: Int
        let step: OrderStep
        let webhook: String

        var json: JSONValue {
            [
                "order": .object(step.order), "refunds": .array(step.refunds.map { .object($0) }),
                "topic": .string(step.topic), "webhook": .string(webhook),
            ]
        }
    }

    /// The cues of all stories in the order in which they are played: each story's own steps stay in order, up to `window`
    /// stories are under way at once.
    static func cues(
        _ stories: [(store: PlayStore, story: OrderStory)], window: Int, _ random: inout SeededGenerator
    ) -> [Cue] {
        var waiting = stories[...]
        var active: [(store: PlayStore, story: OrderStory, next: Int)] = []
        var cues: [Cue] = []
        while !waiting.isEmpty || !active.isEmpty {
            while active.count < window, let next = waiting.popFirst() {
                active.append((store: next.store, story: next.story, next: 0))
            }
            let index = Int.random(in: 0..<active.count, using: &random)
            let entry = active[index]
            cues.append(
                Cue(
                    store: entry.store, orderID: entry.story.expected.orderID, step: entry.story.steps[entry.next],
                    webhook: mode(&random)))
            active[index].next += 1
            if active[index].next == entry.story.steps.count { active.remove(at: index) }
        }
        return cues
    }

    private static func mode(_ random: inout SeededGenerator) -> String {
        var ticket = Int.random(in: 0..<100, using: &random)
        for (mode, percent) in mishaps {
            ticket -= percent
            if ticket < 0 { return mode }
        }
        return "normal"
    }

    let storefront: ControlClient

    /// Makes a save.
    func play(_ cue: Cue) async throws {
        try await storefront.send(.POST, "/_control/stores/\(cue.store.id)/orders", cue.json)
    }

    /// Makes many saves of one store at once.
    func play(_ cues: [Cue], store: PlayStore) async throws {
        try await storefront.send(.POST, "/_control/stores/\(store.id)/orders", .array(cues.map(\.json)))
    }
}
