import AsyncHTTPClient
import JSON
import NIOCore
import NIOHTTP1
import Storefronts

/// First the broker is away while webhooks arrive, then the database is: what ingest answers meanwhile, and how soon it
/// serves again without being restarted.
struct Outages: Sendable {
    /// Webhooks that are sent to see what is answered.
    static let probes = 20
    /// How soon a service has to serve again once its database is back.
    static let recovery = Duration.seconds(30)

    let servers: ServerScript
    let http: HTTPClient
    let ingestURL: String
    let store: PlayStore
    let console: Console

    /// Plays while the broker is away.
    /// - Throws: `PlayError` if a webhook was answered with anything but 200.
    func withoutBroker(_ play: () async throws -> Void) async throws {
        console.line("RabbitMQ is stopped.")
        try await servers.run("stop", "rabbitmq")
        try await play()
        var answers: [Int] = []
        for number in 0..<Self.probes { answers.append(try await probe(number)) }
        try await servers.run("start", "rabbitmq")
        console.line("RabbitMQ was away: \(answers.count) of \(Self.probes) webhooks answered, all with 200.")
        guard answers.allSatisfy({ $0 == 200 }) else {
            throw PlayError("with the broker away, webhooks were answered \(Set(answers).sorted()) instead of 200")
        }
    }

    /// Takes the database away, and gives it back.
    /// - Throws: `PlayError` if a webhook was answered with anything but 503, or none is accepted within ``recovery``.
    func withoutDatabase() async throws {
        console.line("PostgreSQL is stopped.")
        try await servers.run("stop", "postgres")
        let answer = try await probe(Self.probes)
        try await servers.run("start", "postgres")
        guard answer == 503 else {
            throw PlayError("with the database away, a webhook was answered \(answer) instead of 503")
        }
        let start = ContinuousClock.now
        var number = Self.probes + 1
        while try await probe(number) != 200 {
            guard ContinuousClock.now - start < Self.recovery else {
                throw PlayError(
                    "\(Self.recovery.components.seconds) s after the database came back, ingest does not serve")
            }
            number += 1
            try await Task.sleep(for: .milliseconds(200))
        }
        let seconds = (ContinuousClock.now - start).components.seconds
        console.line("PostgreSQL was away: answered 503, and served again within \(seconds + 1) s of its return.")
    }

    /// Sends a signed webhook about an order that the store does not have.
    /// - Returns: the status answered.
    private func probe(_ number: Int) async throws -> Int {
        let body: JSONValue = [
            "id": .number(JSONNumber(9_000_000 + number)), "status": "processing", "number": "probe",
            "line_items": [], "total": "0.00", "currency": "AUD",
        ]
        let bytes = body.encoded()
        var request = HTTPClientRequest(url: "\(ingestURL)/webhooks/\(store.id)")
        request.method = .POST
        request.headers.add(name: "X-WC-Webhook-Topic", value: "order.updated")
        request.headers.add(name: "X-WC-Webhook-Resource", value: "order")
        request.headers.add(name: "X-WC-Webhook-ID", value: "1")
        request.headers.add(
            name: "X-WC-Webhook-Signature",
            value: WooCommerceSignature.signature(body: bytes, secret: store.webhookSecret))
        request.body = .bytes(ByteBuffer(bytes: bytes))
        let response = try await http.execute(request, timeout: .seconds(30))
        _ = try await response.body.collect(upTo: 1 << 20)
        return Int(response.status.code)
    }
}
