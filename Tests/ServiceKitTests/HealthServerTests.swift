import Hummingbird
import Logging
import Metrics
import Observability
import Testing

@testable import ServiceKit

@Suite struct HealthServerTests {
    private func answer(
        _ path: String, method: HTTPRequest.Method = .get, readiness: Readiness = Readiness(),
        registry: PrometheusRegistry = PrometheusRegistry()
    ) async throws -> (status: Int, text: String) {
        let response = HealthServer.response(to: method, path, readiness: readiness, registry: registry)
        let writer = CollectingWriter()
        try await response.body.write(writer)
        return (response.status.code, writer.text)
    }

    @Test func `A living process answers livez`() async throws {
        #expect(try await answer("/livez").status == 200)
    }

    @Test func `Readiness tells what is missing, a line each`() async throws {
        let readiness = Readiness()
        #expect(try await answer("/readyz", readiness: readiness).status == 200)
        readiness.set("start", reason: "the service is starting")
        readiness.add("broker") { "not connected" }
        readiness.add("database") { nil }
        let answer = try await answer("/readyz", readiness: readiness)
        #expect(answer.status == 503)
        #expect(answer.text == "broker: not connected\nstart: the service is starting\n")
        readiness.clear("start")
        #expect(readiness.obstacles().map(\.name) == ["broker"])
    }

    @Test func `Metrics are shown in Prometheus' format`() async throws {
        let registry = PrometheusRegistry()
        Counter(label: "seen", factory: registry).increment()
        let answer = try await answer("/metrics", registry: registry)
        #expect(answer.status == 200)
        #expect(answer.text.contains("seen_total 1\n"))
    }

    @Test func `Other paths and methods are refused`() async throws {
        #expect(try await answer("/").status == 404)
        #expect(try await answer("/livez", method: .post).status == 405)
    }
}
