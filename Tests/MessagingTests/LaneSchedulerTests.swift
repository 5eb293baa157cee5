import Testing

@testable import Messaging

@Suite struct LaneSchedulerTests {
    @Test func `Items with different keys run together up to the limit`() {
        var scheduler = LaneScheduler<Int>(limit: 2)
        #expect(scheduler.add(1, key: "a") == 1)
        #expect(scheduler.add(2, key: "b") == 2)
        #expect(scheduler.add(3, key: "c") == nil)
        #expect(scheduler.running == 2)
        let next = scheduler.finish(key: "a")
        #expect(next?.item == 3)
        #expect(next?.key == "c")
    }

    @Test func `Items with the same key run one after another, in order`() {
        var scheduler = LaneScheduler<Int>(limit: 10)
        #expect(scheduler.add(1, key: "a") == 1)
        #expect(scheduler.add(2, key: "a") == nil)
        #expect(scheduler.add(3, key: "a") == nil)
        #expect(scheduler.finish(key: "a")?.item == 2)
        #expect(scheduler.finish(key: "a")?.item == 3)
        #expect(scheduler.finish(key: "a") == nil)
        #expect(scheduler.running == 0)
        #expect(scheduler.add(4, key: "a") == 4)
    }

    @Test func `A busy key does not keep others waiting`() {
        var scheduler = LaneScheduler<Int>(limit: 1)
        #expect(scheduler.add(1, key: "a") == 1)
        #expect(scheduler.add(2, key: "a") == nil)
        #expect(scheduler.add(3, key: "b") == nil)
        #expect(scheduler.finish(key: "a")?.item == 3)
        #expect(scheduler.finish(key: "b")?.item == 2)
        #expect(scheduler.finish(key: "a") == nil)
    }

    @Test func `Draining forgets what waits and lets what runs end`() {
        var scheduler = LaneScheduler<Int>(limit: 1)
        _ = scheduler.add(1, key: "a")
        _ = scheduler.add(2, key: "a")
        _ = scheduler.add(3, key: "b")
        #expect(Set(scheduler.drain()) == [2, 3])
        #expect(scheduler.waiting == 0)
        #expect(scheduler.finish(key: "a") == nil)
        #expect(scheduler.running == 0)
        #expect(scheduler.add(4, key: "b") == 4)
    }

    @Test func `Whatever the order of events, keys never overlap, order holds and nothing is lost`() {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<200 {
            let limit = Int.random(in: 1...4, using: &random)
            var scheduler = LaneScheduler<(key: String, number: Int)>(limit: limit)
            var running: [String: Int] = [:]
            var last: [String: Int] = [:]
            var added = 0
            var finished = 0
            func start(_ item: (key: String, number: Int)) {
                #expect(running[item.key] == nil)
                #expect(item.number > last[item.key, default: -1])
                running[item.key] = item.number
                last[item.key] = item.number
                #expect(running.count <= limit)
            }
            while finished < 60 {
                if added < 60, running.isEmpty || Bool.random(using: &random) {
                    let key = "k\(Int.random(in: 0..<5, using: &random))"
                    if let item = scheduler.add((key, added), key: key) { start(item) }
                    added += 1
                } else if let key = running.keys.randomElement(using: &random) {
                    running[key] = nil
                    finished += 1
                    if let next = scheduler.finish(key: key) { start(next.item) }
                }
            }
            #expect(scheduler.running == 0 && scheduler.waiting == 0)
        }
    }
}
