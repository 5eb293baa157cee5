import AsyncHTTPClient
import JSON
import NIOCore
import NIOHTTP1
import Storefronts

/// Saves orders in the simulated stores and sends their webhooks, signed, so many a second whatever the answers.
struct LoadGenerator: Sendable {
    /// What identifies a delivery of ours in table `event`.
    static let idPrefix = "load-"
    private static let tick = Duration.milliseconds(50)
    /// More than so many unanswered webhooks at once end the load: ingest does not keep up.
    private static let inFlightLimit = 5_000

    let options: LoadOptions
    let ingestURL: String
    let storefront: ControlClient
    let http: HTTPClient
    let log: DeliveryLog
    let console: Console

    /// Sends for as long as the options say, then what the orders' lives still lack.
    /// - Returns: the script, which knows every order.
    func run(_ script: LoadScript) async throws -> LoadScript {
        var script = script
        let start = ContinuousClock.now
        try await withThrowingDiscardingTaskGroup { group in
            var sent = 0
            var tick = 0
            while true {
                let elapsed = ContinuousClock.now - start
                let isOver = elapsed >= options.duration
                var webhooks: [LoadScript.Webhook] = []
                if isOver {
                    while webhooks.count < options.rate, let webhook = script.last() { webhooks.append(webhook) }
                    if webhooks.isEmpty { break }
                } else {
                    let due = Int(elapsed / .seconds(1) * Double(options.rate))
                    // What a slow simulator held up is made good at four times the rate, not at once.
                    let most = max(options.rate / 5, 1)
                    while sent + webhooks.count < due, webhooks.count < most { webhooks.append(script.next()) }
                }
                try await save(webhooks)
                for webhook in webhooks {
                    let number = log.begin(isDraft: webhook.isDraft)
                    group.addTask { await self.send(webhook, number) }
                }
                sent += webhooks.count
                guard log.unanswered <= Self.inFlightLimit else {
                    throw PlayError("ingest does not keep up: \(Self.inFlightLimit) webhooks wait for their answers")
                }
                console.progress("Load: \(sent) webhooks after \(elapsed.components.seconds) s")
                tick += 1
                try await Task.sleep(until: start + Self.tick * tick, clock: .continuous)
            }
        }
        return script
    }

    private func save(_ webhooks: [LoadScript.Webhook]) async throws {
        let byStore = Dictionary(grouping: webhooks.filter { $0.save != nil }, by: \.store)
        for (store, webhooks) in byStore {
            try await storefront.send(
                .POST, "/_control/stores/\(store.id)/orders", .array(webhooks.compactMap(\.save)))
        }
    }

    private func send(_ webhook: LoadScript.Webhook, _ number: Int) async {
        var request = HTTPClientRequest(url: "\(ingestURL)/webhooks/\(webhook.store.id)")
        request.method = .POST
        let words = webhook.topic.split(separator: ".").map(String.init)
        request.headers.add(contentsOf: [
            "Content-Type": "application/json", "User-Agent": "WooCommerce/10.3.5 Hookshot (WordPress/6.8.3)",
            "X-WC-Webhook-Topic": webhook.topic, "X-WC-Webhook-Resource": words.first ?? "",
            "X-WC-Webhook-Event": words.last ?? "", "X-WC-Webhook-ID": "7",
            "X-WC-Webhook-Delivery-ID": Self.idPrefix + String(number),
            "X-WC-Webhook-Signature": WooCommerceSignature.signature(
                body: webhook.body, secret: webhook.store.webhookSecret),
        ])
        request.body = .bytes(webhook.body)
        let start = ContinuousClock.now
        let status: Int
        do {
            let response = try await http.execute(request, timeout: .seconds(30))
            _ = try await response.body.collect(upTo: 1 << 20)
            status = Int(response.status.code)
        } catch {
            status = 0
        }
        log.answered(number, status: status, after: ContinuousClock.now - start)
    }
}
