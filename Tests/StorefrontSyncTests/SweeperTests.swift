import Accounting
import JSON
import Ledger
import Postgres
import Storefronts
import TestSupport
import Testing

@testable import StorefrontSync

@Suite(
    "A sweep", .enabled(if: TestServers.areAvailable, "needs the private servers: make test"), .timeLimit(.minutes(5)))
struct SweeperTests {
    @Test("begins at the store's start, reads every page, and finds what no webhook brought")
    func pages() async throws {
        let shop = FakeStore(perPage: 10)
        for id in 1...25 { shop.put(FakeStore.order(id, modified: "2026-07-10T10:00:\(id + 10)")) }
        shop.put(FakeStore.order(99, modified: "2026-06-01T00:00:00", created: "2026-06-01T00:00:00"))
        try await SyncFixture.run(["shop": shop]) { sync in
            try await sync.sweep()
            #expect(shop.pageReads.map { $0.page } == [1, 2, 3])
            let record = try #require(try await sync.record("shop"))
            #expect(Set(shop.pageReads.map { $0.after }) == [record.since])
            #expect(try await sync.column("SELECT count(*)::text FROM sale") == ["25"])
            let sweep = try #require(try await sync.database.query("SELECT * FROM sweep").first)
            #expect(sweep["last_found"] == "25")
            #expect(sweep["failures"] == "0")
            #expect(sweep["claimed_by"] == nil)
        }
    }

    @Test("moves the watermark to the newest stamp seen less the margin, and only once all pages were read")
    func watermark() async throws {
        let shop = FakeStore(perPage: 1)
        shop.put(FakeStore.order(1, modified: "2026-07-10T10:00:00"))
        shop.put(FakeStore.order(2, modified: "2026-07-10T12:00:00"))
        try await SyncFixture.run(["shop": shop]) { sync in
            shop.shrink()
            try await sync.sweep()
            #expect(try await sync.column("SELECT watermark::text FROM sweep") == ["-"])
            #expect(
                try await sync.column("SELECT last_error FROM sweep")
                    == ["the store's list became shorter while it was read"])
        }
        let other = FakeStore(perPage: 1)
        other.put(FakeStore.order(1, modified: "2026-07-10T10:00:00"))
        other.put(FakeStore.order(2, modified: "2026-07-10T12:00:00"))
        try await SyncFixture.run(["shop": other]) { sync in
            try await sync.sweep()
            let stamp: PostgresQuery = "SELECT (watermark AT TIME ZONE 'UTC')::text FROM sweep"
            #expect(try await sync.column(stamp) == ["2026-07-10 11:55:00"])
            try await sync.sweep(again: true)
            #expect(other.pageReads.last?.after == Instant(utc: "2026-07-10T11:55:00"))
            #expect(try await sync.column(stamp) == ["2026-07-10 11:55:00"], "nothing new moves it no further")
        }
    }

    @Test("passes over what is known, keeps what has no refunds, and hints what may have some")
    func changes() async throws {
        let shop = FakeStore()
        shop.put(FakeStore.order(1, status: "pending"))
        shop.put(FakeStore.order(2, status: "processing", paid: "2026-07-10T09:30:00"))
        try await SyncFixture.run(["shop": shop]) { sync in
            try await sync.sweep()
            #expect(try await sync.column("SELECT order_id FROM sale") == ["1"])
            #expect(try await sync.column("SELECT entity_id || ' ' || reason FROM hint") == ["2 sweep"])
            await sync.work()
            #expect(try await sync.column("SELECT source FROM snapshot ORDER BY entity_id") == ["sweep", "read"])
            let reads = shop.orderReads.count
            try await sync.sweep(again: true)
            #expect(try await sync.column("SELECT entity_id FROM hint").isEmpty)
            await sync.work()
            #expect(shop.orderReads.count == reads)
            // The same stamp, another content.
            shop.put(FakeStore.order(2, status: "completed", paid: "2026-07-10T09:30:00"))
            try await sync.sweep(again: true)
            #expect(try await sync.column("SELECT entity_id FROM hint") == ["2"])
        }
    }

    @Test("of a store that refuses or does not answer fails visibly, and the others' sweeps are made")
    func failures() async throws {
        let (closed, open) = (FakeStore(), FakeStore())
        closed.fail(with: StorefrontError(.unauthorised, "401"))
        open.put(FakeStore.order(1))
        try await SyncFixture.run(["closed": closed, "open": open]) { sync in
            try await sync.sweep()
            #expect(try await sync.column("SELECT store_id FROM sale") == ["open"])
            let sweep = try #require(
                try await sync.database.query(
                    "SELECT failures, last_error, (due_at > last_started)::text AS later FROM sweep WHERE store_id = 'closed'"
                ).first)
            #expect(sweep["failures"] == "1")
            #expect(sweep["last_error"]?.contains("refused our key") == true)
            #expect(sweep["later"] == "true")
            #expect(closed.pageReads.count == 1)
        }
    }

    @Test("begins at an earlier start once the configuration says so")
    func earlierStart() async throws {
        let shop = FakeStore()
        shop.put(FakeStore.order(1))
        try await SyncFixture.run(["shop": shop]) { sync in
            try await sync.sweep()
            try await sync.database.execute("UPDATE sweep SET watermark = NULL, due_at = now()")
            try await sync.sweep()
            #expect(Set(shop.pageReads.map { $0.after }).count == 1)
        }
    }
}
