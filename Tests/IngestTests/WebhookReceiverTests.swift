import JSON
import Messaging
import Observability
import Storefronts
import Testing

@testable import Ingest

@Suite struct WebhookReceiverTests {
    private let store = StoreEndpoint(
        id: "shop", platform: "woocommerce", webhookSecret: "secret", rereadSeconds: [10, 300])

    private func receive(
        _ body: String, headers: [String: String] = [:], signedWith secret: String? = "secret",
        store: StoreEndpoint? = nil
    ) -> Verdict {
        let bytes = Array(body.utf8)
        var headers = ["X-WC-Webhook-Topic": "order.updated", "X-WC-Webhook-ID": "27"].merging(headers) { $1 }
        if let secret {
            headers["X-WC-Webhook-Signature"] = WooCommerceSignature.signature(body: bytes, secret: secret)
        }
        let all = headers
        let request = WebhookRequest(storeID: "shop", header: { all[$0] }, source: "192.0.2.1")
        let receiver = WebhookReceiver(identifiers: UUIDv7Generator(), limiter: RejectLimiter())
        return receiver.receive(request, ReceivedBody(bytes: bytes, count: bytes.count), for: store ?? self.store)
    }

    private func stored(_ verdict: Verdict) throws -> DeliveryRecord {
        guard case .store(let record) = verdict else {
            throw Unexpected(verdict: "\(verdict)")
        }
        return record
    }

    private struct Unexpected: Error {
        let verdict: String
    }

    @Test func `An order is accepted and hinted, with its further reads`() throws {
        let record = try stored(receive(#"{"id":727,"status":"processing","line_items":[]}"#))
        #expect(record.outcome == .accepted)
        #expect(record.status == 200)
        #expect(record.entity == "order")
        #expect(record.entityID == "727")
        #expect(record.hint?.orderID == "727")
        #expect(record.hint?.rereadSeconds == [10, 300])
        #expect(record.deliveryKey?.count == 32)
        #expect(!record.sweeps)
    }

    @Test func `A trace begins with the delivery, or goes on`() throws {
        let body = #"{"id":727}"#
        let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        let begun = try stored(receive(body)).span.context
        #expect(begun.traceIDText != "0af7651916cd43dd8448eb211c80319c")
        let continued = try stored(receive(body, headers: ["traceparent": trace])).span.context
        #expect(continued.traceIDText == "0af7651916cd43dd8448eb211c80319c")
        #expect(continued.spanIDText != "b7ad6b7169203331")
    }

    @Test func `Drafts, other topics and deletions are ignored with the reason`() throws {
        for (body, topic) in [
            (#"{"id":1,"status":"checkout-draft"}"#, "order.updated"), (#"{"id":1}"#, "product.updated"),
            (#"{"id":1}"#, "order.deleted"),
        ] {
            let record = try stored(receive(body, headers: ["X-WC-Webhook-Topic": topic]))
            #expect(record.outcome == .ignored)
            #expect(record.status == 200)
            #expect(record.reason?.isEmpty == false)
            #expect(record.hint == nil)
            #expect(!record.sweeps)
        }
    }

    @Test func `What is signed but says nothing useful has the store swept`() throws {
        for body in [#"{"code":"rest_forbidden","message":"no"}"#, "{", "[]", "null", "", "\u{0}", #"{"id":"x"}"#] {
            let record = try stored(receive(body))
            #expect(record.outcome == .ignored)
            #expect(record.status == 200)
            #expect(record.sweeps)
        }
    }

    @Test func `An unsigned ping is answered and leaves nothing`() {
        guard case .answer(200, "") = receive("webhook_id=27", signedWith: nil) else {
            Issue.record("a ping is answered 200")
            return
        }
    }

    @Test func `Missing and wrong signatures are told apart`() throws {
        let missing = try stored(receive(#"{"id":1}"#, signedWith: nil))
        let wrong = try stored(receive(#"{"id":1}"#, signedWith: "other"))
        #expect(missing.status == 401 && missing.reason?.hasPrefix("missing signature: ") == true)
        #expect(wrong.status == 401 && wrong.reason?.hasPrefix("wrong signature: ") == true)
    }

    @Test func `Of a reject at most one kilobyte is kept`() throws {
        let record = try stored(receive(String(repeating: "x", count: 5_000), signedWith: nil))
        #expect(record.body.count == 1_024)
        #expect(record.bodyBytes == 5_000)
    }

    @Test func `A secret that cannot be had is our fault, not the sender's`() {
        let broken = StoreEndpoint(id: "shop", platform: "woocommerce", webhookSecret: nil, rereadSeconds: [])
        guard case .answer(503, _) = receive(#"{"id":1}"#, store: broken) else {
            Issue.record("without a secret nothing can be judged")
            return
        }
    }

    @Test func `A platform without webhooks of this kind is not found`() {
        let other = StoreEndpoint(id: "shop", platform: "magento", webhookSecret: "s", rereadSeconds: [])
        guard case .answer(404, _) = receive(#"{"id":1}"#, store: other) else {
            Issue.record("magento does not send WooCommerce webhooks")
            return
        }
    }

    @Test func `Identical deliveries share a key, distinct ones do not, whatever their delivery id`() {
        let key = DeliveryKey.woocommerce(webhookID: "1", topic: "order.updated", body: [1])
        #expect(key == DeliveryKey.woocommerce(webhookID: "1", topic: "order.updated", body: [1]))
        #expect(key != DeliveryKey.woocommerce(webhookID: "2", topic: "order.updated", body: [1]))
        #expect(key != DeliveryKey.woocommerce(webhookID: "1", topic: "order.created", body: [1]))
        #expect(key != DeliveryKey.woocommerce(webhookID: "1", topic: "order.updated", body: [2]))
    }

    @Test func `Stored header values hold nothing that breaks a row or a terminal`() {
        #expect(HeaderText.clean("a\u{0}b\r\n\u{1b}[31m\u{FFFD}é") == "ab[31mé")
        #expect(HeaderText.clean(String(repeating: "é", count: 1_000)).unicodeScalars.count == 256)
        let object = HeaderText.object { $0 == "User-Agent" ? "x\u{0}y" : $0 == "Authorization" ? "secret" : nil }
        #expect(object.text == #"{"user-agent":"xy"}"#)
    }

    @Test(
        arguments: [
            ("/webhooks/shop-au", "shop-au"), ("/webhooks/shop/token", nil), ("/webhooks/", nil), ("/webhooks", nil),
            ("/", nil), ("", nil), ("/webhook/shop", nil), ("/webhooks/%00", "%00"),
        ])
    func `Only one path names a store`(path: String, store: String?) {
        #expect(WebhookResponder.storeID(path: path) == store)
    }

    @Test func `Hints of a batch are merged by order, sorted, the last one counting`() throws {
        let bodies = [#"{"id":9}"#, #"{"id":10}"#, #"{"id":9,"status":"completed"}"#]
        let records = try bodies.map { try stored(receive($0)) }
        let merged = HintedOrder.merged(from: records)
        #expect(merged.map(\.orderID) == ["10", "9"])
        #expect(merged.map(\.times) == [1, 2])
        #expect(merged.last?.eventID == records.last?.id)
        #expect(merged.first?.again == "10.0,300.0")
    }

    @Test(
        arguments: [
            (nil, [10, 300]), ("[300, 5]", [5, 300]), ("[]", []), ("[0.5]", [0.5]), ("[-1]", [10, 300]),
            ("[\"x\"]", [10, 300]), ("7", [10, 300]), ("[1e9]", [10, 300]),
        ] as [(String?, [Double])])
    func `Further reads are a list of seconds`(text: String?, seconds: [Double]) {
        #expect(PostgresStoreDirectory.rereadSeconds(text) == seconds)
    }
}
