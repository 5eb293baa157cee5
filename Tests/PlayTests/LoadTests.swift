import Accounting
import JSON
import SimulatedWooCommerce
import Testing

@testable import Play

@Suite("Load")
struct LoadTests {
    private func script(seed: UInt64 = 4) -> LoadScript {
        let stores = (1...2).map { PlayStore(id: "shop-\($0)", prefix: "L\($0)-", org: "org-\($0)") }
        return LoadScript(
            stores: stores, options: LoadOptions(rate: 500, duration: .seconds(1), newsPercent: 10), seed: seed
        ) { OrderGenerator(seed: UInt64($0), latest: Instant(seconds: 1_780_000_000)) }
    }

    @Test("a load is mostly repetitions and saves that change nothing, and ends with every life told to its end")
    func mix() {
        var script = script()
        var webhooks = (0..<2_000).map { _ in script.next() }
        #expect((1_200...1_500).contains(webhooks.count { $0.save == nil }))
        while let webhook = script.last() { webhooks.append(webhook) }
        #expect(script.orders.count > 50)
        // The last save of each order is the last step of its story.
        var last: [SaleKey: JSONValue] = [:]
        for webhook in webhooks {
            if let save = webhook.save { last[SaleKey(store: webhook.store.id, orderID: "\(webhook.orderID)")] = save }
        }
        #expect(last.count == script.orders.count)
        for order in script.orders where order.expected.outcome == .posted {
            let status = last[order.key]?["order"]?["status"]?.string
            #expect(["processing", "completed", "refunded", "cancelled", "failed"].contains(status), "\(order.key)")
        }
    }

    @Test("the same seed makes the same load")
    func seeded() {
        var (one, other) = (script(), script())
        for _ in 0..<200 { #expect(one.next().body == other.next().body) }
    }

    @Test("a delivery's number, answer and latency are kept")
    func log() {
        let log = DeliveryLog()
        for number in 0..<4 { #expect(log.begin(isDraft: number == 2) == number) }
        log.answered(0, status: 200, after: .milliseconds(3))
        log.answered(1, status: 503, after: .milliseconds(9))
        log.answered(2, status: 200, after: .milliseconds(1))
        #expect(log.unanswered == 1)
        let snapshot = log.snapshot
        #expect(snapshot.accepted == 2)
        #expect(snapshot.refused == [503: 1, 0: 1])
        #expect(snapshot.drafts == [2])
        #expect(snapshot.percentile(100) == 3)
    }

    private func samples(_ memory: (Int) -> Int, waiting: (Int) -> Int) -> [LoadSample] {
        (0..<30).map { index in
            LoadSample(
                seconds: Double(index), memory: ["ingest": memory(index) << 20], waiting: ["outbox": waiting(index)])
        }
    }

    @Test("memory that grows on is told, memory that is taken once is not")
    func memory() {
        #expect(LoadTrend.growing(samples({ 40 + $0 }, waiting: { _ in 0 })).count == 1)
        #expect(LoadTrend.growing(samples({ min(40 + $0 * 5, 80) }, waiting: { _ in 0 })).isEmpty)
    }

    @Test("queues that fill on, or ever held half a minute's load, are told")
    func queues() {
        #expect(LoadTrend.unbounded(samples({ _ in 40 }, waiting: { $0 * 300 }), rate: 500).count == 1)
        #expect(LoadTrend.unbounded(samples({ _ in 40 }, waiting: { $0 == 3 ? 20_000 : 0 }), rate: 500).count == 1)
        #expect(LoadTrend.unbounded(samples({ _ in 40 }, waiting: { $0 % 7 * 100 }), rate: 500).isEmpty)
    }

    @Test("percentiles are those of the values themselves")
    func percentiles() {
        let values = (1...200).map(Double.init).shuffled()
        #expect(Percentile.of(values, 50) == 100)
        #expect(Percentile.of(values, 99) == 198)
        #expect(Percentile.of([], 99) == 0)
    }
}
