import ServiceKit
import Testing

@testable import Ingest

@Suite struct IngestSettingsTests {
    @Test func `Without settings everything has its default`() throws {
        let settings = try IngestSettings(ServiceKit.Environment([:]))
        #expect(settings.bind == BindTarget(host: "0.0.0.0", port: 8_080))
        #expect(settings.bodyLimitBytes == 16 << 20)
        #expect(settings.eventDays == 90)
    }

    @Test func `Every setting is taken`() throws {
        let settings = try IngestSettings(
            ServiceKit.Environment([
                "HTTP_BIND": "127.0.0.1:0", "INGEST_BODY_LIMIT_BYTES": "2048", "EVENT_DAYS": "7",
                "INGEST_BODY_MEMORY_BYTES": "5000", "INGEST_QUEUE": "5",
                "INGEST_COMMIT_SECONDS": "1.5",
            ]))
        #expect(settings.bind == BindTarget(host: "127.0.0.1", port: 0))
        #expect(settings.bodyLimitBytes == 2_048)
        #expect(settings.eventDays == 7)
        #expect(settings.bodyMemoryBytes == 2_048 + 65_536, "one body always has room")
        #expect(settings.queueLimit == 5)
        #expect(settings.commitTimeout == .milliseconds(1_500))
    }

    @Test(arguments: ["INGEST_BODY_LIMIT_BYTES", "EVENT_DAYS", "INGEST_QUEUE", "HTTP_BIND", "INGEST_COMMIT_SECONDS"])
    func `A wrong setting is named`(name: String) {
        let error = #expect(throws: ConfigurationError.self) {
            try IngestSettings(ServiceKit.Environment([name: "wrong"]))
        }
        #expect(error?.variable == name)
    }
}
