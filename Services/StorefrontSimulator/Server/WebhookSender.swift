import AsyncHTTPClient
import Crypto
import Foundation
import Logging
import NIOConcurrencyHelpers
import NIOCore
import NIOHTTP1
import ServiceLifecycle
import SimulatedWooCommerce

/// Delivers webhooks: a few at a time, each once, whatever comes of it.
///
/// Source: class-wc-webhook.php (`deliver()`, `get_new_delivery_id()`), wc-webhook-functions.php (a delivery is not queued
/// while the same one waits).
final class WebhookSender: Service {
    /// What has happened so far.
    struct Counts: Sendable {
        var sent = 0
        var failed = 0
        var waiting = 0
        var lastFailure: String?
    }

    private struct State {
        var counts = Counts()
        var pending: Set<String> = []
    }

    private let client: HTTPClient
    private let logger: Logger
    private let slots: Slots
    private let state = NIOLockedValueBox(State())
    private let jobs: AsyncStream<WebhookDelivery>
    private let continuation: AsyncStream<WebhookDelivery>.Continuation

    init(client: HTTPClient, concurrency: Int, logger: Logger) {
        self.client = client
        self.logger = logger
        slots = Slots(concurrency)
        (jobs, continuation) = AsyncStream.makeStream(of: WebhookDelivery.self)
    }

    var counts: Counts { state.withLockedValue { $0.counts } }

    /// Queues a delivery, unless the same one still waits to be built or the webhook is disabled.
    func enqueue(_ delivery: WebhookDelivery) {
        guard delivery.store.webhookIsActive else { return }
        let isNew = state.withLockedValue { state -> Bool in
            if case .current = delivery.body {
                guard state.pending.insert(delivery.coalescingKey).inserted else { return false }
            }
            state.counts.waiting += 1
            return true
        }
        if isNew { continuation.yield(delivery) }
    }

    func run() async throws {
        await withGracefulShutdownHandler {
            await withDiscardingTaskGroup { group in
                for await delivery in jobs {
                    group.addTask { await self.work(delivery) }
                }
                group.cancelAll()
            }
        } onGracefulShutdown: {
            self.continuation.finish()
        }
    }

    private func work(_ delivery: WebhookDelivery) async {
        if delivery.delay > .zero { try? await Task.sleep(for: delivery.delay) }
        await slots.withSlot {
            let body = self.body(of: delivery)
            if let body, delivery.store.webhookIsActive { await self.post(body, delivery) }
        }
        state.withLockedValue { $0.counts.waiting -= 1 }
    }

    private func body(of delivery: WebhookDelivery) -> [UInt8]? {
        if case .fixed(let bytes) = delivery.body { return bytes }
        _ = state.withLockedValue { $0.pending.remove(delivery.coalescingKey) }
        return delivery.store.payload(delivery.orderID).map(PHPJSON.encode)
    }

    // MARK: HTTP

    private func post(_ body: [UInt8], _ delivery: WebhookDelivery) async {
        let settings = delivery.store.settings
        guard let url = settings.webhookURL else { return }
        let id = settings.webhookID + (delivery.topic == "order.created" ? 0 : 1)
        let words = delivery.topic.split(separator: ".").map(String.init)
        var request = HTTPClientRequest(url: url)
        request.method = .POST
        request.headers.add(contentsOf: [
            "Content-Type": "application/json", "User-Agent": Self.userAgent, "Connection": "close",
            "X-WC-Webhook-Source": settings.url + "/", "X-WC-Webhook-Topic": delivery.topic,
            "X-WC-Webhook-Resource": words.first ?? "", "X-WC-Webhook-Event": words.last ?? "",
            "X-WC-Webhook-Signature": WebhookSignature.sign(body, secret: settings.webhookSecret),
            "X-WC-Webhook-ID": String(id), "X-WC-Webhook-Delivery-ID": Self.deliveryID(webhook: id),
        ])
        request.body = .bytes(body)
        let failure = await send(request)
        delivery.store.webhookAnswered(success: failure == nil)
        state.withLockedValue { state in
            state.counts.sent += 1
            if let failure {
                state.counts.failed += 1
                state.counts.lastFailure = failure
            }
        }
        if let failure {
            logger.info("webhook not delivered", metadata: ["url": "\(url)", "reason": "\(failure)"])
        }
    }

    /// What WooCommerce sends when a webhook is saved: a form without any of its headers.
    /// - Returns: the status, or nil if none came.
    func ping(_ settings: StoreSettings) async -> Int? {
        guard let url = settings.webhookURL else { return nil }
        var request = HTTPClientRequest(url: url)
        request.method = .POST
        request.headers.add(contentsOf: [
            "Content-Type": "application/x-www-form-urlencoded", "User-Agent": Self.userAgent, "Connection": "close",
        ])
        request.body = .bytes(Array("webhook_id=\(settings.webhookID)".utf8))
        let response = try? await client.execute(request, timeout: .seconds(10))
        _ = try? await response?.body.collect(upTo: 1 << 20)
        return response.map { Int($0.status.code) }
    }

    /// - Returns: why it failed; nil for a status below 303, which WooCommerce counts as success.
    private func send(_ request: HTTPClientRequest) async -> String? {
        do {
            let response = try await client.execute(request, timeout: .seconds(60))
            _ = try await response.body.collect(upTo: 1 << 20)
            return (200..<303).contains(Int(response.status.code)) ? nil : "status \(response.status.code)"
        } catch {
            return String(describing: error)
        }
    }

    private static let userAgent = "WooCommerce/10.3.5 Hookshot (WordPress/6.8.3)"

    /// `wp_hash( id . seconds )`: all deliveries of a webhook within a second share it.
    private static func deliveryID(webhook id: Int) -> String {
        let seconds = Int(Date().timeIntervalSince1970)
        return Insecure.MD5.hash(data: Array("\(id)\(seconds)".utf8)).map { String(format: "%02x", $0) }.joined()
    }
}
