import AsyncHTTPClient
import Foundation
import JSON
import Logging
import NIOCore
import NIOHTTP1
import ServiceLifecycle
import Testing

@testable import StorefrontSimulator

@Suite("Storefront simulator over HTTP", .timeLimit(.minutes(5)))
struct SimulatorServerTests {
    /// Runs a simulator on a free port while `body` talks to it.
    private func withSimulator(_ body: @escaping @Sendable (Visitor) async throws -> Void) async throws {
        let client = HTTPClient(eventLoopGroupProvider: .singleton)
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let (ports, port) = AsyncStream.makeStream(of: Int.self)
        let server = try SimulatorServer(.init(), client: client, logger: logger) { port.yield($0) }
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(services: [server.application], logger: logger))
        do {
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                tasks.addTask { try await group.run() }
                guard let bound = await ports.first(where: { _ in true }) else { return }
                try await body(Visitor(client: client, base: "http://127.0.0.1:\(bound)"))
                await group.triggerGracefulShutdown()
                try await tasks.waitForAll()
            }
        } catch {
            try await client.shutdown()
            throw error
        }
        try await client.shutdown()
    }

    @Test("a store is made, an order is saved and read back over its REST API")
    func readsBack() async throws {
        try await withSimulator { visitor in
            let made = try await visitor.send(
                .PUT, "/_control/stores/shop", ["consumer_key": "ck", "consumer_secret": "cs"])
            #expect(made.status == 200)
            let saved = try await visitor.send(
                .POST, "/_control/stores/shop/orders",
                ["order": ["id": 5, "status": "processing", "total": "3.1"], "webhook": "dropped"])
            #expect(saved.status == 201)
            let list = try await visitor.send(.GET, "/shop/wp-json/wc/v3/orders?per_page=5", user: "ck:cs")
            #expect(list.body[0]?["total"]?.string == "3.10")
            #expect(list.headers["X-WP-Total"] == "1")
            let stranger = try await visitor.send(.GET, "/shop/wp-json/wc/v3/orders", user: "ck:wrong")
            #expect(stranger.status == 401)
        }
    }

    @Test("bad control requests say what is expected")
    func badControl() async throws {
        try await withSimulator { visitor in
            _ = try await visitor.send(.PUT, "/_control/stores/shop", [:])
            let wrong: [(String, JSONValue)] = [
                ("/_control/stores/shop/orders", ["order": ["total": "1.00"]]),
                ("/_control/stores/shop/orders", ["order": ["id": 1], "webhook": "sometimes"]),
            ]
            for (path, body) in wrong {
                let answer = try await visitor.send(.POST, path, body)
                #expect(answer.status == 400)
                #expect(answer.body["error"]?.string?.isEmpty == false)
            }
            let unknown = try await visitor.send(.GET, "/_control/stores/nowhere/orders")
            #expect(unknown.status == 404)
        }
    }

    @Test("a paid order's webhook is delivered signed, twice when it is told to")
    func deliversWebhooks() async throws {
        try await withSimulator { visitor in
            // The simulator itself is the receiver: its readiness page answers 200 to anything.
            _ = try await visitor.send(
                .PUT, "/_control/stores/shop",
                ["webhook_url": .string(visitor.base + "/readyz"), "secret": "s", "disable_after_failures": 3])
            for mode in ["duplicate", "normal", "dropped", "stale"] {
                _ = try await visitor.send(
                    .POST, "/_control/stores/shop/orders",
                    ["order": ["id": 5, "status": "processing"], "webhook": .string(mode), "delay_ms": 0])
            }
            var counts = try await visitor.send(.GET, "/_control/webhooks").body
            while counts["sent"]?.int != 4 {
                await Task.yield()
                counts = try await visitor.send(.GET, "/_control/webhooks").body
            }
            #expect(counts["failed"]?.int == 0)
        }
    }
}

/// Talks to a simulator.
struct Visitor: Sendable {
    struct Reply {
        let status: Int
        let headers: [String: String]
        let body: JSONValue
    }

    let client: HTTPClient
    let base: String

    enum Method: String { case GET, PUT, POST }

    func send(_ method: Method, _ path: String, _ body: JSONValue? = nil, user: String? = nil) async throws -> Reply {
        var request = HTTPClientRequest(url: base + path)
        request.method = .init(rawValue: method.rawValue)
        if let user {
            request.headers.add(name: "Authorization", value: "Basic " + Data(user.utf8).base64EncodedString())
        }
        if let body { request.body = .bytes(body.encoded()) }
        let response = try await client.execute(request, timeout: .seconds(20))
        let bytes = Array(buffer: try await response.body.collect(upTo: 1 << 20))
        return Reply(
            status: Int(response.status.code),
            headers: Dictionary(response.headers.map { ($0.name, $0.value) }) { first, _ in first },
            body: (try? JSONValue(parsing: bytes)) ?? .null)
    }
}
