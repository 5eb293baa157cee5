import Accounting
import Foundation
import JSON
import SimulatedWooCommerce
import Storefronts

/// A database with our schema and one store, and services working on it.
struct Installation: Sendable {
    static let storeID = "shop"
    static let secret = "bench secret"
    private static let key = Data(repeating: 7, count: 32).base64EncodedString()
    /// What the stores of every measurement are mapped by.
    static let mapping: JSONValue = [
        "accounts": ["sales": "200", "shipping": "201", "fees": "202", "rounding": "860", "refunds": "200"],
        "taxes": ["10": "OUTPUT", "0": "EXEMPTOUTPUT", "default": "OUTPUT"], "payments": ["default": "090"],
        "statuses": ["post": ["processing", "completed", "refunded"], "void": ["cancelled", "failed"]],
    ]

    let bench: Bench
    let databaseURL: String

    private var environment: [String: String] {
        ["DATABASE_URL": databaseURL, "COUNTERFOIL_KEY": Self.key, "LOG_LEVEL": "warning", "BENCH_SECRET": Self.secret]
    }

    /// Makes the schema and applies a configuration with one store.
    func prepare() async throws {
        try await Program.run(bench, "counterfoil", ["migrate"], environment: environment)
        let yaml = """
            apps: { bench: { client_id: bench, client_secret: bench, type: custom_connection, tier: starter } }
            orgs: { bench: { app: bench, time_zone: Australia/Sydney, mapping: \(Self.mapping.text) } }
            stores:
              \(Self.storeID):
                platform: woocommerce
                org: bench
                url: http://127.0.0.1:9
                since: 2020-01-01
                number_prefix: B-
                credentials: { webhook_secret: "${BENCH_SECRET}", consumer_key: none, consumer_secret: none }

            """
        let path = "\(bench.folder)/configuration.yaml"
        try Data(yaml.utf8).write(to: URL(fileURLWithPath: path))
        try await Program.run(bench, "counterfoil", ["apply", "-f", path], environment: environment)
    }

    /// A running service.
    struct Running: Sendable {
        let program: Program
        let port: Int
    }

    /// Starts a service without a broker, so that its relay holds everything.
    /// - Parameter waits: whether to wait until it is ready; only ingest is, without a broker.
    func start(_ name: String, waits: Bool = true) async throws -> Running {
        let (http, health) = (try Program.freePort(), try Program.freePort())
        var environment = environment
        environment["HTTP_BIND"] = "127.0.0.1:\(http)"
        environment["HEALTH_BIND"] = "127.0.0.1:\(health)"
        environment["AMQP_URL"] = "amqp://none:none@127.0.0.1:1/%2F"
        let program = try Program(bench, name, environment: environment)
        if waits { try await program.waitUntilReady("http://127.0.0.1:\(health)/readyz") }
        return Running(program: program, port: http)
    }

    /// Signed webhooks about different orders, as bytes on the wire, their bodies filled up to so many bytes.
    static func webhooks(_ count: Int, firstID: Int = 1_000, bodyBytes: Int = 4_096) -> [[UInt8]] {
        var generator = OrderGenerator(seed: 1, latest: .now(), onlyPaid: true)
        let models = generator.stories(50).compactMap { $0.steps.last?.order }
        return (0..<count).map { index in
            var order = models[index % models.count]
            order["id"] = .number(JSONNumber(firstID + index))
            let length = JSONValue.object(order).encoded().count
            order["filler"] = .string(String(repeating: "x", count: max(0, bodyBytes - length - 12)))
            return webhook(JSONValue.object(order).encoded())
        }
    }

    private static func webhook(_ body: [UInt8]) -> [UInt8] {
        let head = """
            POST /webhooks/\(storeID) HTTP/1.1\r
            Host: 127.0.0.1\r
            User-Agent: WooCommerce/10.3.5 Hookshot (WordPress/6.8.3)\r
            Content-Type: application/json\r
            X-WC-Webhook-Source: https://shop.example/\r
            X-WC-Webhook-Topic: order.updated\r
            X-WC-Webhook-Resource: order\r
            X-WC-Webhook-Event: updated\r
            X-WC-Webhook-ID: 7\r
            X-WC-Webhook-Delivery-ID: 5f0c1d2e3a4b5c6d7e8f901234567890\r
            X-WC-Webhook-Signature: \(WooCommerceSignature.signature(body: body, secret: secret))\r
            Content-Length: \(body.count)\r
            \r

            """
        return Array(head.utf8) + body
    }
}
