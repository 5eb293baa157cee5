import Glibc
import Postgres
import TestSupport
import Testing

@testable import Ingest

@Suite(
    .enabled(if: TestServers.areAvailable, "needs the private servers: make test"), .timeLimit(.minutes(3)), .serialized
)
struct HostileDeliveryTests {
    @Test func `There are at least a hundred of them`() {
        #expect(HostileDelivery.all.count >= 100)
        #expect(Set(HostileDelivery.all.map(\.name)).count == HostileDelivery.all.count)
    }

    @Test func `Every malformed or hostile delivery gets its status and its row, and service goes on`() async throws {
        try await IngestFixture.run { (ingest: IngestFixture) async throws in
            for (number, delivery) in HostileDelivery.all.enumerated() {
                try await check(delivery, number, ingest)
            }
            #expect(try await ingest.deliver(#"{"id":1000}"#).status == 200)
            #expect(try await ingest.count("hint WHERE entity_id = '1000'") == 1)
        }
    }

    private func check(_ delivery: HostileDelivery, _ number: Int, _ ingest: IngestFixture) async throws {
        try await ingest.database.execute("UPDATE sweep SET due_at = now() + interval '1 hour'")
        let before = try await ingest.count("event")
        let response = try await ingest.client.send(delivery.request)
        #expect(response.status == delivery.status, "\(delivery.name): \(response.body)")
        let rows = try await ingest.database.query(
            "SELECT outcome, status, coalesce(reason, '') AS reason, octet_length(body) AS kept FROM event ORDER BY id OFFSET \(before)::bigint"
        )
        guard delivery.row != .none else {
            #expect(rows.isEmpty, "\(delivery.name)")
            return
        }
        #expect(rows.count == 1, "\(delivery.name)")
        guard let row = rows.first else { return }
        #expect(try row.decode("outcome", as: String.self) == "\(delivery.row)", "\(delivery.name)")
        #expect(try row.decode("status", as: Int.self) == delivery.status, "\(delivery.name)")
        #expect(try row.decode("reason", as: String.self).contains(delivery.reason), "\(delivery.name)")
        let kept = try row.decode("kept", as: Int.self)
        switch delivery.row {
        case .rejected:
            #expect(kept == delivery.keptBytes ?? min(1_024, delivery.request.body.count), "\(delivery.name)")
        default: #expect(kept == delivery.request.body.count, "\(delivery.name)")
        }
        let swept = try await ingest.count("sweep WHERE due_at <= now()") == 1
        #expect(swept == delivery.sweeps, "\(delivery.name)")
    }

    @Test func `Large bodies do not stay in memory`() async throws {
        try await IngestFixture.run { (ingest: IngestFixture) async throws in
            let body = [UInt8](repeating: UInt8(ascii: "x"), count: 20 << 20)
            let request = RawRequest(path: "/webhooks/\(IngestFixture.storeID)", body: body)
            _ = try await ingest.client.send(request)
            let before = residentBytes()
            for _ in 0..<20 { #expect(try await ingest.client.send(request).status == 413) }
            #expect(residentBytes() - before < 200 << 20)
        }
    }

    private func residentBytes() -> Int {
        guard let file = fopen("/proc/self/statm", "r") else { return 0 }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 128)
        guard fgets(&line, 128, file) != nil else { return 0 }
        let fields = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self).split(
            separator: " ")
        return (fields.count > 1 ? Int(fields[1]) ?? 0 : 0) * 4_096
    }
}
