import Accounting
import JSON
import Ledger
import NIOConcurrencyHelpers
import Observability
import Postgres
import Storefronts
import TestSupport
import Testing

@testable import StorefrontSync

@Suite(
    "Reading what was hinted", .enabled(if: TestServers.areAvailable, "needs the private servers: make test"),
    .timeLimit(.minutes(5)))
struct HintWorkerTests {
    @Test("keeps the order with its refunds as a snapshot, makes its sale, announces it and ends the hint")
    func keeps() async throws {
        let shop = FakeStore()
        shop.put(
            FakeStore.order(7, status: "refunded", paid: "2026-07-10T09:30:00"),
            refunds: [FakeStore.refund(8, amount: "4.50", at: "2026-07-10T10:00:00")])
        try await SyncFixture.run(["shop": shop]) { sync in
            try await sync.hint("shop", 7)
            await sync.work()
            let bodies = try await sync.column("SELECT body FROM snapshot")
            let body = try JSONValue(parsing: try #require(bodies.first))
            #expect(body["order"]?["id"]?.int == 7)
            #expect(body["refunds"]?.array?.count == 1)
            let sale = try #require(try await sync.database.query("SELECT * FROM sale").first)
            #expect(sale["state"] == "observed")
            #expect(sale["org_id"] == "demo")
            #expect(sale["total"] == "10.00")
            #expect(sale["refunded"] == "4.50")
            #expect(sale["revision"] == "1")
            #expect(sale["planned_revision"] == "0")
            let message = try #require(try await sync.database.query("SELECT * FROM outbox").first)
            #expect(message["routing_key"] == "woocommerce.shop.order.observed")
            #expect(message["exchange"] == "commerce.events")
            #expect(message["origin"] == "storefront-sync")
            #expect(try await sync.column("SELECT entity_id FROM hint").isEmpty)
            #expect(sync.announcements.withLockedValue { $0 } == 1)
        }
    }

    @Test("goes on in the trace of what hinted, or begins one")
    func traces() async throws {
        let shop = FakeStore()
        shop.put(FakeStore.order(1, status: "pending"))
        shop.put(FakeStore.order(2, status: "pending"))
        try await SyncFixture.run(["shop": shop]) { sync in
            try await sync.hint("shop", 1)
            try await sync.hint("shop", 2)
            try await sync.database.execute(
                """
                UPDATE hint SET traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
                WHERE entity_id = '1'
                """)
            await sync.work()
            let sales = try await sync.column("SELECT traceparent FROM sale ORDER BY order_id")
            #expect(sales.first?.hasPrefix("00-0af7651916cd43dd8448eb211c80319c-") == true)
            #expect(sales.first?.contains("b7ad6b7169203331") == false)
            #expect(sales.last.flatMap { TraceParent($0) } != nil)
            let messages = try await sync.column("SELECT traceparent FROM outbox ORDER BY subject")
            #expect(messages == sales)
        }
    }

    @Test("asks for refunds of orders that may have some, and not of orders that nobody paid")
    func refunds() async throws {
        let shop = FakeStore()
        shop.put(FakeStore.order(1, status: "pending"))
        shop.put(FakeStore.order(2, status: "processing", paid: "2026-07-10T09:30:00"))
        try await SyncFixture.run(["shop": shop]) { sync in
            try await sync.hint("shop", 1)
            try await sync.hint("shop", 2)
            await sync.work()
            #expect(shop.refundReads == ["2"])
        }
    }

    @Test("changes nothing when what is read is older than what is known, or the same")
    func olderAndSame() async throws {
        let shop = FakeStore()
        try await SyncFixture.run(["shop": shop]) { sync in
            shop.put(FakeStore.order(1, modified: "2026-07-10T11:00:00", status: "completed"))
            try await sync.hint("shop", 1)
            await sync.work()
            try await sync.hint("shop", 1)
            await sync.work()
            shop.put(FakeStore.order(1, modified: "2026-07-10T10:59:59", status: "processing"))
            try await sync.hint("shop", 1)
            await sync.work()
            #expect(try await sync.column("SELECT revision::text FROM snapshot") == ["1"])
            #expect(try await sync.column("SELECT store_status FROM sale") == ["completed"])
            #expect(try await sync.column("SELECT id::text FROM outbox").count == 1)
            #expect(try await sync.column("SELECT entity_id FROM hint").isEmpty)
        }
    }

    @Test("lets the later of two contents with one stamp win, and reads once more, once")
    func ties() async throws {
        let shop = FakeStore()
        try await SyncFixture.run(["shop": shop]) { sync in
            shop.put(FakeStore.order(1, note: "first"))
            try await sync.hint("shop", 1)
            await sync.work()
            shop.put(FakeStore.order(1, note: "second"))
            try await sync.hint("shop", 1)
            await sync.work()
            #expect(try await sync.column("SELECT revision::text FROM sale") == ["2"])
            #expect(try await sync.column("SELECT reason FROM hint") == [ClaimedHint.tieReason])
            #expect(try await sync.column("SELECT (due_at > hinted_at)::text FROM hint") == ["true"])
            // A store whose answers differ each time is not read for ever.
            shop.put(FakeStore.order(1, note: "third"))
            try await sync.database.execute("UPDATE hint SET due_at = now()")
            await sync.work()
            #expect(try await sync.column("SELECT revision::text FROM sale") == ["3"])
            #expect(try await sync.column("SELECT entity_id FROM hint").isEmpty)
        }
    }

    @Test("leaves a hint that came while the order was read, and reads again")
    func generations() async throws {
        let hinted = NIOLockedValueBox<(@Sendable () async -> Void)?>(nil)
        let shop = FakeStore { _ in
            let hint = hinted.withLockedValue { hint in
                defer { hint = nil }
                return hint
            }
            await hint?()
        }
        shop.put(FakeStore.order(1))
        try await SyncFixture.run(["shop": shop]) { sync in
            hinted.withLockedValue { $0 = { try? await sync.hint("shop", 1) } }
            try await sync.hint("shop", 1)
            await sync.work()
            #expect(shop.orderReads == ["1", "1"])
            #expect(try await sync.column("SELECT entity_id FROM hint").isEmpty)
            #expect(try await sync.column("SELECT revision::text FROM snapshot") == ["1"])
        }
    }

    @Test("keeps a hint for the further reads that were planned with it")
    func rereads() async throws {
        let shop = FakeStore()
        shop.put(FakeStore.order(1))
        try await SyncFixture.run(["shop": shop]) { sync in
            try await sync.hint("shop", 1)
            try await sync.database.execute(
                "UPDATE hint SET again_at = ARRAY[now() + interval '10 seconds', now() + interval '5 minutes']")
            await sync.work()
            #expect(try await sync.column("SELECT cardinality(again_at)::text FROM hint") == ["1"])
            #expect(try await sync.column("SELECT (due_at > hinted_at)::text FROM hint") == ["true"])
            #expect(try await sync.column("SELECT attempts::text FROM hint") == ["0"])
        }
    }

    @Test("of a store that refuses our key delays only that store, and says what to do")
    func refusal() async throws {
        let (closed, open) = (FakeStore(), FakeStore())
        closed.fail(with: StorefrontError(.unauthorised, "401 woocommerce_rest_cannot_view"))
        for id in 1...20 {
            closed.put(FakeStore.order(id))
            open.put(FakeStore.order(id))
        }
        try await SyncFixture.run(["closed": closed, "open": open]) { sync in
            for id in 1...20 {
                try await sync.hint("closed", id)
                try await sync.hint("open", id)
            }
            await sync.work()
            #expect(try await sync.column("SELECT count(*)::text FROM sale WHERE store_id = 'open'") == ["20"])
            #expect(try await sync.column("SELECT count(*)::text FROM hint WHERE store_id = 'closed'") == ["20"])
            #expect(closed.orderReads.count <= 4, "\(closed.orderReads.count) reads of a store that refuses")
            let errors = try await sync.column(
                "SELECT last_error FROM hint WHERE last_error IS NOT NULL AND attempts = 1 AND due_at > hinted_at")
            #expect(errors.count == closed.orderReads.count)
            #expect(errors.allSatisfy { $0.contains("check consumer_key and consumer_secret of store 'closed'") })
            // The key is mended: everything is read.
            closed.fail(with: nil)
            sync.now.withLockedValue { $0 += .seconds(3600) }
            try await sync.database.execute("UPDATE hint SET due_at = now()")
            await sync.work()
            #expect(try await sync.column("SELECT count(*)::text FROM sale WHERE store_id = 'closed'") == ["20"])
            #expect(try await sync.column("SELECT entity_id FROM hint").isEmpty)
        }
    }

    @Test("of a store that does not answer holds up no other store")
    func hangs() async throws {
        let release = TestExpectation()
        let slow = FakeStore { _ in await release.wait() }
        let quick = FakeStore()
        slow.put(FakeStore.order(1))
        quick.put(FakeStore.order(1))
        try await SyncFixture.run(["slow": slow, "quick": quick]) { sync in
            try await sync.hint("slow", 1)
            try await sync.hint("quick", 1)
            let working = Task { await sync.work() }
            while try await sync.column("SELECT store_id FROM sale") != ["quick"] { await Task.yield() }
            #expect(try await sync.column("SELECT store_id FROM hint") == ["slow"])
            release.fulfil()
            await working.value
            #expect(try await sync.column("SELECT store_id FROM sale ORDER BY 1") == ["quick", "slow"])
        }
    }

    @Test("drops the hint of an order that the store no longer has, and notes it on the sale")
    func gone() async throws {
        let shop = FakeStore()
        shop.put(FakeStore.order(1))
        try await SyncFixture.run(["shop": shop]) { sync in
            try await sync.hint("shop", 1)
            await sync.work()
            shop.remove(1)
            try await sync.hint("shop", 1)
            await sync.work()
            #expect(try await sync.column("SELECT entity_id FROM hint").isEmpty)
            #expect(try await sync.column("SELECT reason FROM sale").first?.contains("404") == true)
            #expect(
                try await sync.column("SELECT subject FROM audit WHERE change = 'gone from the store'") == ["shop/1"])
        }
    }

    @Test("puts off what is no order, with the reason, and does not blame the store")
    func malformed() async throws {
        let shop = FakeStore()
        shop.put(["id": 1, "code": "rest_error", "message": "no"])
        shop.put(FakeStore.order(2))
        try await SyncFixture.run(["shop": shop]) { sync in
            try await sync.hint("shop", 1)
            try await sync.hint("shop", 2)
            await sync.work()
            #expect(try await sync.column("SELECT order_id FROM sale") == ["2"])
            #expect(try await sync.column("SELECT last_error FROM hint").first?.contains("not an order") == true)
            #expect(try await sync.column("SELECT (due_at > hinted_at)::text FROM hint") == ["true"])
            #expect(sync.health.isOpen("shop"))
        }
    }

    @Test(
        "records an order from before the store's start as ignored, naming the rule; a refund after it needs a person")
    func start() async throws {
        let shop = FakeStore()
        let old = "2026-06-29T10:00:00"
        shop.put(FakeStore.order(1, created: old, status: "completed", paid: old))
        shop.put(
            FakeStore.order(2, created: old, status: "refunded", paid: old),
            refunds: [FakeStore.refund(3, amount: "10.00", at: "2026-07-09T00:00:00")])
        try await SyncFixture.run(["shop": shop]) { sync in
            try await sync.hint("shop", 1)
            try await sync.hint("shop", 2)
            await sync.work()
            let sales = try await sync.column(
                "SELECT state || ' ' || planned_revision || ' ' || coalesce(reason, '') FROM sale ORDER BY order_id")
            #expect(sales[0] == "ignored 1 created 2026-06-29, before the store's start (since 2026-07-01)")
            #expect(sales[1] == "observed 0 ", "left to planning, which holds it")
        }
    }
}
