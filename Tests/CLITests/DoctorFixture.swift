import Accounting
import AsyncHTTPClient
import JSON
import Ledger
import Logging
import NIOCore
import NIOHTTP1
import Postgres
import RabbitMQ
import ServiceKit
import ServiceLifecycle
import TestSupport
import Xero

@testable import CLI
@testable import StorefrontSimulator

/// A set-up in which everything is in order, to be broken one thing at a time.
struct DoctorFixture: Sendable {
    static let key = Base64Text.encode([UInt8](repeating: 7, count: 32))
    static let otherKey = Base64Text.encode([UInt8](repeating: 8, count: 32))

    let client: PostgresClient
    var storeURL = "http://127.0.0.1:1"
    /// What the broker should hold; nothing, unless a test says otherwise.
    var topology = Topology(exchanges: [Exchange(name: "amq.topic", kind: .topic)])

    /// Runs `body` with a migrated database that keeps what it is told.
    static func with(
        migrations: [Migration] = SchemaMigrations.all, _ body: (DoctorFixture) async throws -> Void
    ) async throws {
        try await withTemporaryDatabase(migrations: migrations) { client in
            let name = try await client.query("SELECT current_database()").first?[0] ?? ""
            // Temporary databases are quick and forgetful.
            try await client.execute("ALTER DATABASE \(unsafeSQL: name) RESET synchronous_commit")
            try await body(DoctorFixture(client: client))
        }
    }

    var environment: [String: String] {
        [
            "DATABASE_URL": client.configuration.url, "AMQP_URL": TestServers.amqpURL, "COUNTERFOIL_KEY": Self.key,
            "XERO_API_URL": "http://xero.test", "XERO_IDENTITY_URL": "http://identity.test",
        ]
    }

    /// What doctor finds when some settings are others; nil removes one.
    func examine(
        _ changes: [String: String?] = [:],
        xero: @escaping @Sendable (XeroTransport.Configuration) -> XeroTransport = { _ in Self.xero() }
    ) async -> [DoctorFinding] {
        var settings = environment
        for (name, value) in changes { settings[name] = value }
        var doctor = Doctor(environment: Environment(settings))
        doctor.topology = topology
        doctor.xero = xero
        return await doctor.examine()
    }

    /// A Xero whose clock differs by so many seconds, and which takes only this client secret.
    static func xero(aheadBy seconds: Int64 = 0, secret: String = "s3cret") -> XeroTransport {
        let pair = Base64Text.encode(Array("client:\(secret)".utf8))
        return XeroTransport(
            api: { _ in
                let now = Instant(seconds: Instant.now().seconds + seconds)
                return XeroResponse(status: 401, headers: ["Date": httpDate(now)])
            },
            identity: { request in
                guard request.headers["Authorization"] == "Basic \(pair)" else {
                    return XeroResponse(status: 400, body: Array(#"{"error":"invalid_client"}"#.utf8))
                }
                return XeroResponse(status: 200, body: Array(#"{"access_token":"t","expires_in":1800}"#.utf8))
            })
    }

    private static func httpDate(_ instant: Instant) -> String {
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let date = instant.date(utcOffsetSeconds: 0)
        let time = instant.rfc3339.dropFirst(11).prefix(8)
        return "Sat, \(date.day) \(months[date.month - 1]) \(date.year) \(time) GMT"
    }

    /// Applies a configuration of one app, one org and one store.
    func apply(key: String = Self.key, since: String = "2026-01-01") async throws {
        let yaml = """
            apps:
              books: { client_id: client, client_secret: s3cret, type: custom_connection }
            orgs:
              acme:
                app: books
                mapping: { accounts: { sales: "200" }, taxes: { default: OUTPUT }, payments: { default: "090" } }
            stores:
              shop:
                platform: woocommerce
                org: acme
                url: \(storeURL)
                since: \(since)
                credentials: { webhook_secret: w, consumer_key: ck, consumer_secret: cs }
            """
        let box = try SecretBox(keys: key)
        let sealing = ConfigurationSealing(seal: { box.seal($0) }, open: { try box.open($0) })
        _ = try await ConfigurationFile(yaml: yaml) { _ in nil }
            .apply(to: client, sealing: sealing, by: "test", dryRun: false)
    }

    /// Runs a shop that takes the key `ck:cs` while `body` runs.
    static func withShop(_ body: @Sendable (_ url: String) async throws -> Void) async throws {
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let (ports, port) = AsyncStream.makeStream(of: Int.self)
        let server = try SimulatorServer(.init(), client: HTTPClient.shared, logger: logger) { port.yield($0) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.application.run() }
            guard let bound = await ports.first(where: { _ in true }) else { return }
            var request = HTTPClientRequest(url: "http://127.0.0.1:\(bound)/_control/stores/shop")
            request.method = .PUT
            request.body = .bytes(ByteBuffer(string: #"{"consumer_key":"ck","consumer_secret":"cs"}"#))
            _ = try await HTTPClient.shared.execute(request, timeout: .seconds(10))
            try await body("http://127.0.0.1:\(bound)/shop")
            group.cancelAll()
        }
    }
}

/// Base64 without Foundation.
enum Base64Text {
    static func encode(_ bytes: [UInt8]) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
        var text = ""
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = Array(bytes[start..<min(start + 3, bytes.count)])
            let bits = (0..<3).reduce(0) { $0 << 8 | ($1 < group.count ? Int(group[$1]) : 0) }
            for place in 0..<4 { text.append(place > group.count ? "=" : alphabet[bits >> (18 - 6 * place) & 63]) }
        }
        return text
    }
}
