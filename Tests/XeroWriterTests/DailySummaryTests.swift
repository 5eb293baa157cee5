import Accounting
import JSON
import Postgres
import TestSupport
import Testing

@testable import Transformer

@Suite(
    "Daily summaries, from orders to the books",
    .enabled(if: TestServers.areAvailable, "needs the private servers: make test"), .timeLimit(.minutes(5)))
struct DailySummaryTests {
    // 20 November in Sydney is 13:00 UTC of the 19th to 13:00 UTC of the 20th.
    private static let orders: [SummedStore.Order] =
        [
            .init(id: 1, at: "2026-11-19T12:59:59"), .init(id: 2, at: "2026-11-19T13:00:00"),
            .init(id: 3, at: "2026-11-20T12:59:59"),
        ] + (10..<40).map { .init(id: $0, at: "2026-11-20T02:00:00", cents: 1000 + $0 * 7) }

    private static var net: Int { orders.dropFirst().map(\.cents).reduce(0, +) }
    private static var tax: Int { orders.dropFirst().map(\.tax).reduce(0, +) }

    private static func text(_ cents: Int) -> String { ExactDecimal(units: cents, scale: 2).fixed(2) }

    /// The document of 20 November with all orders of the day.
    private static var dayText: String {
        "S-DAY-2026-11-20-AUD \(text(net + tax)) \(text(tax)) PAID"
    }

    @Test("A day becomes one paid invoice whose orders are known; what is held is not in it, what is owed is by itself")
    func oneDay() async throws {
        try await WriterHarness.run { harness in
            let store = SummedStore(harness)
            try store.now("2026-11-20T12:59:59Z")
            for order in Self.orders { try await store.take(order) }
            try await store.take(.init(id: 50, at: "2026-11-20T03:00:00", isWrong: true))
            try await store.take(.init(id: 51, at: "2026-11-20T03:00:00", isPaid: false))
            #expect(try await store.state(50) == "held")
            #expect(try await store.closing.round().map(\.orderID) == [])

            // The 19th has settled at last, an hour after what was entered for it.
            try store.now("2026-11-20T13:59:59Z")
            #expect(try await store.closing.round().map(\.orderID) == ["day:2026-11-19:AUD"])
            try store.now("2026-11-20T14:00:00Z")
            let closings = [store.closing, store.closing]
            async let first = closings[0].round()
            async let second = closings[1].round()
            let made = try await first + second
            #expect(made.map(\.orderID) == ["day:2026-11-20:AUD"])
            try await store.post()

            #expect(
                store.invoices == [
                    "S-51 110.00 10.00 AUTHORISED", "S-DAY-2026-11-19-AUD 110.00 10.00 PAID", Self.dayText,
                ])
            #expect(harness.books["payments"]?.array?.count == 2)
            let count = "SELECT count(*) FROM summary_entry WHERE summary_id = 'day:2026-11-20:AUD' AND settled"
            #expect(try await harness.value(count) == "\(Self.orders.count - 1)")
            #expect(try await store.state(3) == "posted")
            #expect(try await store.state(50) == "held")
            #expect(try await harness.value("SELECT state FROM sale WHERE order_id = 'day:2026-11-20:AUD'") == "posted")
            // Another round finds nothing to do, and planning the summary again changes nothing.
            #expect(try await store.closing.round() == [])
            try await harness.database.execute("UPDATE sale SET planned_revision = 0 WHERE order_id LIKE 'day:%'")
            _ = try await store.planning.planDue(limit: 10, concurrency: 2)
            try await store.post()
            #expect(store.invoices.count == 3)
            #expect(try await harness.count("state <> 'posted'") == 0)
        }
    }

    @Test("A late order and a refund keep it tied", arguments: ["next_day", "adjust"])
    func late(_ policy: String) async throws {
        try await WriterHarness.run { harness in
            let store = SummedStore(harness)
            store.use(posting: "daily_summary", late: policy)
            try store.now("2026-11-20T12:00:00Z")
            for order in Self.orders.dropFirst() { try await store.take(order) }
            try store.now("2026-11-20T14:00:00Z")
            try await store.closing.round()
            try await store.post()
            try store.now("2026-11-21T02:00:00Z")
            try await store.take(.init(id: 60, at: "2026-11-20T01:00:00", cents: 5000))
            try await store.take(
                .init(id: 2, at: "2026-11-19T13:00:00", refundedAt: "2026-11-21T01:00:00"), revision: 2)
            #expect(try await store.state(60) == "planned")
            try await store.closing.round()
            try store.now("2026-11-21T14:00:00Z")
            try await store.closing.round()
            try await store.post()
            let added = policy == "adjust" ? "S-DAY-2026-11-20-AUD.2" : "S-DAY-2026-11-21-AUD"
            #expect(store.invoices == [Self.dayText, "\(added) 55.00 5.00 PAID"].sorted())
            #expect(store.creditNotes == ["CN-S-DAY-2026-11-21-AUD 110.00 10.00 PAID"])
            #expect(try await store.state(60) == "posted")
            #expect(try await store.state(2) == "posted")
        }
    }

    @Test("No order is posted both ways, whichever way the mode is switched")
    func switching() async throws {
        try await WriterHarness.run { harness in
            let store = SummedStore(harness)
            try store.now("2026-11-20T03:00:00Z")
            store.use(posting: "each_order")
            try await store.take(.init(id: 1, at: "2026-11-20T01:00:00"))
            store.use(posting: "daily_summary")
            try await store.take(.init(id: 2, at: "2026-11-20T01:00:00"))
            try await store.take(.init(id: 3, at: "2026-11-20T01:00:00"))
            // One has documents of its own already: what follows is posted the same way.
            try await store.take(
                .init(id: 1, at: "2026-11-20T01:00:00", refundedAt: "2026-11-20T02:00:00"), revision: 2)
            // One was entered and is planned again after the switch back, before its day is closed.
            store.use(posting: "each_order")
            try await store.take(.init(id: 3, at: "2026-11-20T01:00:00", cents: 20_000), revision: 2)
            try store.now("2026-11-20T14:30:00Z")
            try await store.closing.round()
            try await store.post()
            #expect(
                store.invoices == [
                    "S-1 110.00 10.00 PAID", "S-3 220.00 20.00 PAID", "S-DAY-2026-11-20-AUD 110.00 10.00 PAID",
                ])
            #expect(store.creditNotes == ["CN-S-1-10 110.00 10.00 PAID"])
            // One is in a summary: its refund is summed up too.
            try store.now("2026-11-21T03:00:00Z")
            try await store.take(
                .init(id: 2, at: "2026-11-20T01:00:00", refundedAt: "2026-11-21T02:00:00"), revision: 2)
            try store.now("2026-11-21T14:30:00Z")
            try await store.closing.round()
            try await store.post()
            #expect(store.invoices.count == 3)
            #expect(
                store.creditNotes == ["CN-S-1-10 110.00 10.00 PAID", "CN-S-DAY-2026-11-21-AUD 110.00 10.00 PAID"])
            #expect(try await harness.value("SELECT count(*) FROM sale WHERE state <> 'posted'") == "0")
        }
    }

    @Test("Each payment method has its mode; switching one posts nothing twice and loses nothing")
    func methods() async throws {
        try await WriterHarness.run { harness in
            let store = SummedStore(harness)
            try store.now("2026-11-20T03:00:00Z")
            store.use(posting: ["default": "each_order", "stripe": "daily_summary"])
            try await store.take(.init(id: 1, at: "2026-11-20T01:00:00"))
            try await store.take(.init(id: 2, at: "2026-11-20T01:00:00", method: "paypal"))
            store.use(posting: ["default": "daily_summary", "stripe": "each_order"])
            try await store.take(.init(id: 3, at: "2026-11-20T02:00:00"))
            try await store.take(.init(id: 4, at: "2026-11-20T02:00:00", method: "paypal"))
            try store.now("2026-11-20T14:30:00Z")
            try await store.closing.round()
            try await store.post()
            // What was sold before the switch is refunded after it, the way it was sold.
            try store.now("2026-11-21T03:00:00Z")
            for (id, method) in [(1, "stripe"), (2, "paypal"), (3, "stripe"), (4, "paypal")] {
                try await store.take(
                    .init(id: id, at: "2026-11-20T01:00:00", refundedAt: "2026-11-21T02:00:00", method: method),
                    revision: 2)
            }
            try store.now("2026-11-21T14:30:00Z")
            try await store.closing.round()
            try await store.post()
            #expect(
                store.invoices == [
                    "S-2 110.00 10.00 PAID", "S-3 110.00 10.00 PAID", "S-DAY-2026-11-20-AUD 220.00 20.00 PAID",
                ])
            #expect(
                store.creditNotes == [
                    "CN-S-2-20 110.00 10.00 PAID", "CN-S-3-30 110.00 10.00 PAID",
                    "CN-S-DAY-2026-11-21-AUD 220.00 20.00 PAID",
                ])
            #expect(try await harness.value("SELECT count(*) FROM sale WHERE state <> 'posted'") == "0")
        }
    }

    @Test("A day waits for orders of it that are about to be planned, and one closed by who was killed is still posted")
    func interrupted() async throws {
        try await WriterHarness.run { harness in
            let store = SummedStore(harness)
            try store.now("2026-11-20T03:00:00Z")
            try await store.take(.init(id: 1, at: "2026-11-20T01:00:00"))
            try await store.observe(.init(id: 2, at: "2026-11-20T02:00:00"))
            try store.now("2026-11-20T14:00:00Z")
            #expect(try await store.closing.round() == [])
            _ = try await store.planning.planDue(limit: 10, concurrency: 2)
            #expect(try await store.closing.round() == [], "an hour has to pass after the last entry")
            let day = try #require(CalendarDate("2026-11-20"))
            let due = DueDay(day: day, currency: try #require(Currency("AUD")))
            // Killed before the commit, nothing has happened; killed after it, the next one goes on.
            await #expect(throws: CancellationError.self) {
                try await harness.database.withTransaction { session in
                    _ = try await SummaryStore.close(due, of: "shop", orgID: "acme", closing: day, in: session)
                    throw CancellationError()
                }
            }
            #expect(try await harness.value("SELECT count(*) FROM sale WHERE order_id LIKE 'day:%'") == "0")
            try await harness.database.withTransaction { session in
                _ = try await SummaryStore.close(due, of: "shop", orgID: "acme", closing: day, in: session)
            }
            _ = try await store.planning.planDue(limit: 10, concurrency: 2)
            try await store.post()
            #expect(store.invoices == ["S-DAY-2026-11-20-AUD 220.00 20.00 PAID"])
        }
    }
}
