import JSON
import Postgres
import Storefronts
import TestSupport
import Testing

@testable import Ingest

@Suite(.enabled(if: TestServers.areAvailable, "needs the private servers: make test"), .timeLimit(.minutes(5)))
struct IngestIntegrationTests {
    private let order = #"{"id":727,"status":"processing","line_items":[]}"#

    @Test func `An accepted order leaves an event, a hint with its further reads, and a message`() async throws {
        try await IngestFixture.run { (ingest: IngestFixture) async throws in
            #expect(try await ingest.deliver(order).status == 200)
            #expect(try await ingest.outcomes() == ["accepted"])
            let hint = try #require(
                try await ingest.database.query(
                    """
                    SELECT generation, reason, due_at <= now() AS due, cardinality(again_at) AS again,
                           extract(epoch FROM again_at[1] - hinted_at)::integer AS first,
                           extract(epoch FROM again_at[2] - hinted_at)::integer AS second,
                           event_id = (SELECT id FROM event) AS of_event, traceparent
                    FROM hint WHERE store_id = 'shop-au' AND entity = 'order' AND entity_id = '727'
                    """
                ).first)
            #expect(try hint.decode("generation", as: Int.self) == 1)
            #expect(try hint.decode("reason", as: String.self) == "webhook")
            #expect(try hint.decode("due", as: Bool.self))
            #expect(try hint.decode("first", as: Int.self) == 10)
            #expect(try hint.decode("second", as: Int.self) == 300)
            #expect(try hint.decode("of_event", as: Bool.self))
            let message = try #require(
                try await ingest.database.query(
                    "SELECT origin, exchange, routing_key, type, subject, traceparent, body FROM outbox"
                ).first)
            let trace = try hint.decode("traceparent", as: String.self)
            #expect(trace.hasPrefix("00-") && trace.utf8.count == 55)
            #expect(try message.decode("traceparent", as: String.self) == trace)
            #expect(try message.decode("origin", as: String.self) == "ingest")
            #expect(try message.decode("exchange", as: String.self) == "commerce.events")
            #expect(try message.decode("routing_key", as: String.self) == "woocommerce.shop-au.order.hinted")
            #expect(try message.decode("subject", as: String.self) == "shop-au/order/727")
            let body = try JSONValue(parsing: try message.decode("body", as: String.self))
            #expect(body["store"] == "shop-au" && body["entity"] == "order" && body["id"] == "727")
        }
    }

    @Test func `The body is stored byte for byte, and headers without credentials`() async throws {
        try await IngestFixture.run { (ingest: IngestFixture) async throws in
            let bytes = Array(#"{"id":727,"url":"http:\/\/x","name":"\u00f6","price":63.241106000000002}"#.utf8)
            var request = RawRequest.woocommerce(bytes)
            request.headers.append(("Authorization", "Basic c2VjcmV0"))
            #expect(try await ingest.client.send(request).status == 200)
            let row = try #require(
                try await ingest.database.query("SELECT body, headers::text AS headers FROM event").first)
            #expect(try row.decode("body", as: [UInt8].self) == bytes)
            let headers = try row.decode("headers", as: String.self)
            #expect(headers.contains("Hookshot"))
            #expect(!headers.contains("c2VjcmV0") && !headers.lowercased().contains("signature"))
        }
    }

    @Test func `A repeated delivery is flagged, and worked again`() async throws {
        try await IngestFixture.run { (ingest: IngestFixture) async throws in
            for _ in 0..<2 { #expect(try await ingest.deliver(order).status == 200) }
            try await ingest.database.execute("DELETE FROM hint")
            #expect(try await ingest.deliver(order).status == 200)
            #expect(try await ingest.outcomes() == ["accepted", "duplicate", "duplicate"])
            #expect(try await ingest.count("hint WHERE generation = 1 AND due_at <= now()") == 1)
            #expect(try await ingest.count("delivery WHERE times = 3") == 1)
            #expect(try await ingest.count("outbox") == 3)
        }
    }

    @Test func `Distinct deliveries with one delivery id are all worked`() async throws {
        try await IngestFixture.run { (ingest: IngestFixture) async throws in
            for number in 1...3 {
                #expect(try await ingest.deliver(#"{"id":\#(number)}"#, deliveryID: "same").status == 200)
            }
            #expect(try await ingest.outcomes() == ["accepted", "accepted", "accepted"])
            #expect(try await ingest.count("hint") == 3)
        }
    }

    @Test func `A hint that still waits is renewed, not doubled`() async throws {
        try await IngestFixture.run { (ingest: IngestFixture) async throws in
            #expect(try await ingest.deliver(order).status == 200)
            try await ingest.database.execute("UPDATE hint SET due_at = now() + interval '5 minutes', again_at = '{}'")
            #expect(try await ingest.deliver(#"{"id":727,"status":"completed"}"#).status == 200)
            #expect(
                try await ingest.count("hint WHERE generation = 2 AND due_at <= now() AND cardinality(again_at) = 2")
                    == 1)
        }
    }

    @Test func `Deliveries that come together are all committed, each once`() async throws {
        try await IngestFixture.run { (ingest: IngestFixture) async throws in
            try await withThrowingTaskGroup(of: Int.self) { group in
                for number in 0..<300 {
                    group.addTask { try await ingest.deliver(#"{"id":\#(number % 50 + 1),"n":\#(number)}"#).status }
                }
                for try await status in group { #expect(status == 200) }
            }
            #expect(try await ingest.count("event WHERE outcome = 'accepted'") == 300)
            #expect(try await ingest.count("hint") == 50)
            #expect(try await ingest.count("hint WHERE generation = 6") == 50)
            #expect(try await ingest.count("delivery") == 300)
        }
    }

    @Test func `Identical deliveries that come together leave one that is no duplicate`() async throws {
        try await IngestFixture.run { (ingest: IngestFixture) async throws in
            try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<40 { group.addTask { try await ingest.deliver(order).status } }
                for try await status in group { #expect(status == 200) }
            }
            #expect(try await ingest.count("event WHERE outcome = 'accepted'") == 1)
            #expect(try await ingest.count("event WHERE outcome = 'duplicate'") == 39)
            #expect(try await ingest.count("hint WHERE generation = 40") == 1)
        }
    }

    @Test func `Rejects beyond so many a minute are only counted`() async throws {
        var options = IngestFixture.Options()
        options.rejectRowsPerMinute = 5
        try await IngestFixture.run(options) { (ingest: IngestFixture) async throws in
            var request = RawRequest.woocommerce(Array(order.utf8))
            request.set("X-WC-Webhook-Signature", "AAAA")
            for _ in 0..<12 { #expect(try await ingest.client.send(request).status == 401) }
            try await ingest.maintenance.writeRejectCounts()
            let rows = try await ingest.count("event WHERE outcome = 'rejected'")
            let counted =
                try await ingest.database.query("SELECT coalesce(sum(times), 0)::integer AS n FROM reject_count")
                .first?.decode("n", as: Int.self) ?? -1
            #expect(rows + counted == 12)
            #expect(rows >= 5 && rows <= 10, "a minute may end in between")
            #expect(
                try await ingest.count("reject_count WHERE store_id = 'shop-au' AND reason = 'wrong signature'") >= 1)
        }
    }

    @Test func `An HTTP/1.0 client is answered and its connection closed`() async throws {
        try await IngestFixture.run { (ingest: IngestFixture) async throws in
            var request = RawRequest.woocommerce(Array(order.utf8))
            request.version = "HTTP/1.0"
            let response = try await ingest.client.send(request, untilClosed: true)
            #expect(response.status == 200)
            #expect(response.isClosed)
            #expect(response.headers["connection"] == "close")
            #expect(response.headers["content-length"] == "0")
        }
    }

    @Test func `A body over the limit is answered before it has come, and asks to close`() async throws {
        var options = IngestFixture.Options()
        options.bodyLimitBytes = 2_048
        try await IngestFixture.run(options) { (ingest: IngestFixture) async throws in
            let head = "POST /webhooks/shop-au HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\nonly this"
            let response = try await ingest.client.send(RawRequest(path: "", verbatim: Array(head.utf8)))
            #expect(response.status == 413)
            #expect(response.headers["connection"] == "close")
            #expect(try await ingest.deliver(#"{"id":1,"x":"\#(String(repeating: "a", count: 2_000))"}"#).status == 200)
        }
    }

    @Test func `Beyond the memory for bodies the sender is asked to come again`() async throws {
        var options = IngestFixture.Options()
        options.bodyMemoryBytes = 65_536
        try await IngestFixture.run(options) { (ingest: IngestFixture) async throws in
            let large = #"{"id":727,"x":"\#(String(repeating: "a", count: 200_000))"}"#
            let response = try await ingest.deliver(large)
            #expect(response.status == 503)
            #expect(response.headers["retry-after"] != nil)
            #expect(try await ingest.deliver(order).status == 200)
            #expect(try await ingest.deliver(order).status == 200)
        }
    }

    @Test func `A store that is applied is known at once, a removed one no more`() async throws {
        try await IngestFixture.run { (ingest: IngestFixture) async throws in
            #expect(try await ingest.deliver(order, store: "shop-nz").status == 404)
            try await ingest.database.execute(
                """
                INSERT INTO store (id, platform, org_id, url, since, settings, secrets, mapping_version, version)
                SELECT 'shop-nz', platform, org_id, url, since, '{}', secrets, 1, 1 FROM store
                """)
            try await ingest.database.execute(
                "INSERT INTO configuration (applied_by, document, changes) VALUES ('test', '', '{}')")
            while ingest.directory.store("shop-nz") == .unknown { await Task.yield() }
            #expect(try await ingest.deliver(order, store: "shop-nz").status == 200)
            try await ingest.database.execute("UPDATE store SET removed_at = now() WHERE id = 'shop-nz'")
            await ingest.directory.reload()
            #expect(try await ingest.deliver(order, store: "shop-nz").status == 404)
        }
    }

    @Test func `Partitions are made ahead and old events dropped`() async throws {
        try await IngestFixture.run { (ingest: IngestFixture) async throws in
            try await ingest.database.execute(
                "CREATE TABLE event_20200101 PARTITION OF event FOR VALUES FROM ('2020-01-01Z') TO ('2020-01-02Z')")
            try await ingest.maintenance.maintainPartitions()
            #expect(try await ingest.count("pg_class WHERE relname = 'event_20200101'") == 0)
            #expect(try await ingest.count("pg_inherits WHERE inhparent = 'event'::regclass") >= 15)
        }
    }
}
