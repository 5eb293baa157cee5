import Accounting
import JSON
import SimulatedWooCommerce
import Testing

@testable import Play

@Suite("Conductor and chaos")
struct ConductorTests {
    private func stories(_ count: Int) -> [(store: PlayStore, story: OrderStory)] {
        var generator = OrderGenerator(seed: 3, latest: Instant(seconds: 1_790_000_000))
        return generator.stories(count).map { (store: PlayStore(id: "shop", prefix: "S1-"), story: $0) }
    }

    @Test("every step is played once and an order's own steps stay in order")
    func keepsOrder() {
        let stories = stories(100)
        var random = SeededGenerator(seed: 9)
        let cues = Conductor.cues(stories, window: 10, &random)
        #expect(cues.count == stories.map(\.story.steps.count).reduce(0, +))
        for entry in stories {
            let played = cues.filter { $0.orderID == entry.story.expected.orderID }
            #expect(played.map(\.step.order) == entry.story.steps.map(\.order))
        }
        #expect(cues.map(\.orderID) != cues.map(\.orderID).sorted())
    }

    @Test("webhooks meet every mishap")
    func mishaps() {
        var random = SeededGenerator(seed: 9)
        let modes = Set(Conductor.cues(stories(100), window: 10, &random).map(\.webhook))
        #expect(modes == ["normal", "dropped", "duplicate", "stale", "delayed"])
    }

    @Test("chaos kills one of our services each second, the same for the same seed, and restarts each server once")
    func schedule() {
        let schedule = Chaos.schedule(seconds: 60, seed: 4)
        #expect(schedule.count == 60)
        #expect(schedule.allSatisfy { Fleet.services.contains($0.kill) })
        #expect(schedule.compactMap(\.restart) == ["rabbitmq", "postgres"])
        #expect(schedule.map(\.kill) == Chaos.schedule(seconds: 60, seed: 4).map(\.kill))
        #expect(schedule.map(\.kill) != Chaos.schedule(seconds: 60, seed: 5).map(\.kill))
    }

    @Test("the example configuration names every store, and every reference is resolved by its environment")
    func configuration() {
        let example = ExampleConfiguration(
            stores: [PlayStore(id: "shop", prefix: "S1-"), PlayStore(id: "shop-2", prefix: "S2-")],
            storefrontURL: "http://127.0.0.1:1", dailyCalls: 1_000)
        #expect(example.yaml.contains("\n  shop-2:\n    platform: woocommerce\n"))
        let references = example.yaml.split(separator: "${").dropFirst().compactMap { $0.split(separator: "}").first }
        for name in references where name != "NAME" { #expect(example.environment[String(name)] != nil, "\(name)") }
        #expect(example.environment.count == 7)
    }
}
