import JSON
import Logging
import NIOConcurrencyHelpers
import NIOHTTP1
import Observability
import ServiceLifecycle
import TestSupport
import Testing

@testable import ServiceKit

@Suite(.timeLimit(.minutes(5))) struct TraceExportTests {
    /// What a collector was sent.
    private struct Received: Sendable {
        var path: String
        var headers: HTTPHeaders
        var body: JSONValue
    }

    private let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    private func settings(_ values: [String: String]) throws -> TraceSettings {
        try TraceSettings(ServiceKit.Environment(values), name: "transformer")
    }

    /// Runs an export as a service does, ends some spans, and stops it.
    /// - Returns: how long the stop took.
    private func export(_ values: [String: String], spans: Int) async throws -> Duration {
        let export = TraceExport(try settings(values))
        let group = ServiceGroup(services: export.services(logger: quiet), logger: quiet)
        return try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            for _ in 0..<spans { export.tracer.end(export.tracer.begin("step", parent: nil)) }
            let asked = ContinuousClock.now
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
            return ContinuousClock.now - asked
        }
    }

    @Test func `Without an endpoint nothing is exported, and traces go on`() throws {
        let export = TraceExport(try settings([:]))
        #expect(export.services(logger: quiet).isEmpty)
        #expect(!export.tracer.isExporting)
        #expect(export.tracer.next(after: nil).isSampled)
    }

    @Test func `A collector gets the spans as JSON, with the service's name and the headers`() async throws {
        let received = NIOLockedValueBox<[Received]>([])
        let server = try await CannedServer { head, body in
            let value = (try? JSONValue(parsing: body)) ?? .null
            received.withLockedValue { $0.append(Received(path: head.uri, headers: head.headers, body: value)) }
            return CannedServer.Answer(body: "{}")
        }
        _ = try await export(
            [
                "OTEL_EXPORTER_OTLP_ENDPOINT": server.url + "/",
                "OTEL_EXPORTER_OTLP_HEADERS": "x-team=books%20here,a=b",
            ], spans: 3)
        try await server.stop()
        let requests = received.withLockedValue { $0 }
        #expect(requests.map(\.path) == ["/v1/traces"])
        let request = try #require(requests.first)
        #expect(request.headers["Content-Type"] == ["application/json"])
        #expect(request.headers["x-team"] == ["books here"])
        let resource = request.body["resourceSpans"]?[0]
        #expect(resource?["resource"]?["attributes"]?[0]?["value"]?["stringValue"]?.string == "transformer")
        #expect(resource?["scopeSpans"]?[0]?["spans"]?.array?.count == 3)
    }

    @Test func `A collector that refuses is not asked again for the same spans`() async throws {
        let count = NIOLockedValueBox(0)
        let server = try await CannedServer { _, _ in
            count.withLockedValue { $0 += 1 }
            return CannedServer.Answer(status: .badRequest)
        }
        _ = try await export(["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": server.url + "/spans"], spans: 3)
        try await server.stop()
        #expect(count.withLockedValue { $0 } == 1)
    }

    @Test func `A collector that is away or never answers holds a stop up for seconds at most`() async throws {
        let server = try await CannedServer { _, _ in nil }
        #expect(try await export(["OTEL_EXPORTER_OTLP_ENDPOINT": server.url], spans: 600) < .seconds(8))
        try await server.stop()
        #expect(try await export(["OTEL_EXPORTER_OTLP_ENDPOINT": server.url], spans: 600) < .seconds(8))
    }

    @Test func `The sampler is OpenTelemetry's`() throws {
        #expect(try settings([:]).sampler == .all)
        #expect(
            try settings(["OTEL_TRACES_SAMPLER": "parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0.1"]).sampler
                == TraceSampler(ratio: 0.1))
        #expect(
            try settings(["OTEL_TRACES_SAMPLER": "always_off"]).sampler == TraceSampler(ratio: 0, followsParent: false))
        #expect(try settings(["OTEL_SERVICE_NAME": "books"]).service == "books")
    }

    @Test(
        arguments: [
            ["OTEL_EXPORTER_OTLP_ENDPOINT": "collector:4318"], ["OTEL_EXPORTER_OTLP_ENDPOINT": "http://"],
            ["OTEL_EXPORTER_OTLP_HEADERS": "nothing"], ["OTEL_EXPORTER_OTLP_HEADERS": "a=%0d%0ab"],
            ["OTEL_TRACES_SAMPLER": "sometimes"], ["OTEL_TRACES_SAMPLER_ARG": "2"],
        ])
    func `A wrong setting is refused, naming the variable`(values: [String: String]) {
        #expect {
            _ = try settings(values)
        } throws: { error in
            values.keys.contains { "\(error)".contains($0) }
        }
    }
}
