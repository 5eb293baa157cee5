import Accounting
import JSON
import SimulatedWooCommerce

/// The control API: makes stores, saves orders in them and says how their webhooks behave.
struct ControlRoutes: Sendable {
    let stores: StoreDirectory
    let sender: WebhookSender
    let baseURL: @Sendable () -> String

    /// Answers a request below `/_control`.
    func answer(_ ask: Ask) async -> Answer {
        let path = Array(ask.path.dropFirst())
        switch (ask.method, path.first, path.count) {
        case ("GET", nil, _): return page()
        case ("POST", "reset"?, 1):
            stores.removeAll()
            return .json(["stores": 0])
        case ("GET", "webhooks"?, 1): return .json(webhookCounts)
        case ("GET", "stores"?, 1): return .json(.array(stores.all.map { $0.settings.json }))
        case ("PUT", "stores"?, 2): return await configure(path[1], ask)
        case (_, "stores"?, 2...):
            guard let store = stores[path[1]] else { return .error(404, "there is no store \(path[1])") }
            return answer(ask, store: store, path: Array(path.dropFirst(2)))
        default: return .error(404, "no such control; see GET /_control")
        }
    }

    private func answer(_ ask: Ask, store: SimulatedStore, path: [String]) -> Answer {
        switch (ask.method, path.first, path.count) {
        case ("GET", nil, _): return .json(store.settings.json)
        case ("GET", "orders"?, 1): return .json(list(store))
        case ("POST", "orders"?, 1): return save(ask, in: store)
        case ("DELETE", "orders"?, 2): return trash(path[1], in: store)
        case ("POST", "orders"?, 3) where path[2] == "webhook": return tell(path[1], ask, in: store)
        case ("PUT", "faults"?, 1):
            guard let body = try? JSONValue(parsing: ask.body), let status = body["status"]?.int else {
                return .error(400, #"expected {"status": 401, "count": 3}; without count it stays until cleared"#)
            }
            store.setFault(StoreFault(status: status, remaining: body["count"]?.int))
            return .json(["status": .number(JSONNumber(status))])
        case ("DELETE", "faults"?, 1):
            store.setFault(nil)
            return .json(["status": .null])
        default: return .error(404, "no such control of a store; see GET /_control")
        }
    }

    private func configure(_ id: String, _ ask: Ask) async -> Answer {
        guard let body = try? JSONValue(parsing: ask.body), body.object != nil else {
            return .error(400, "expected the store's settings as a JSON object")
        }
        let before = stores[id]?.settings.webhookURL
        let settings = StoreSettings(id: id, url: "\(baseURL())/\(id)", json: body)
        let store = stores.configure(settings)
        var answer = store.settings.json
        if settings.webhookURL != nil, settings.webhookURL != before, let object = answer.object {
            var withPing = object
            withPing["ping_status"] = await sender.ping(settings).map { .number(JSONNumber($0)) } ?? .null
            answer = .object(withPing)
        }
        return .json(answer)
    }

    // MARK: Orders

    private func list(_ store: SimulatedStore) -> JSONValue {
        .array(
            store.orders().map { order in
                [
                    "order": order.payload(decimals: nil, storeDecimals: store.settings.priceDecimals),
                    "refunds": .array(order.refunds.map { .object($0) }),
                ]
            })
    }

    /// Saves one order, or a list of them: `{"order": {...}, "refunds": [...], "topic": ..., "webhook": ...}`.
    private func save(_ ask: Ask, in store: SimulatedStore) -> Answer {
        guard
            let body = try? JSONValue(
                parsing: ask.body, limits: JSONLimits(depth: 64, bytes: Self.bodyLimit, values: 1 << 28))
        else {
            return .error(400, "expected JSON")
        }
        let entries = body.array ?? [body]
        var saved: [JSONValue] = []
        for entry in entries {
            guard let order = entry["order"]?.object, let id = order["id"]?.int else {
                return .error(400, #"expected {"order": {"id": ...}, "refunds": [...], "webhook": "normal"}"#)
            }
            guard let mode = WebhookMode(rawValue: entry["webhook"]?.string ?? "normal") else {
                return .error(400, "webhook is one of normal, stale, duplicate, dropped, delayed")
            }
            let before = store.save(
                order, refunds: (entry["refunds"]?.array ?? []).compactMap(\.object),
                isVerbatim: entry["verbatim"]?.bool ?? false, now: Instant.now())
            let topic = entry["topic"]?.string ?? (before == nil ? "order.created" : "order.updated")
            announce(id, topic: topic, mode: mode, before: before, delay: entry["delay_ms"]?.int, in: store)
            saved.append(.number(JSONNumber(id)))
        }
        return .json(["saved": .array(saved)], status: 201)
    }

    static let bodyLimit = 256 << 20

    private func announce(
        _ id: Int, topic: String, mode: WebhookMode, before: StoredOrder?, delay: Int?, in store: SimulatedStore
    ) {
        func enqueue(_ body: WebhookDelivery.Body, after milliseconds: Int) {
            sender.enqueue(
                WebhookDelivery(
                    store: store, topic: topic, orderID: id, body: body, delay: .milliseconds(delay ?? milliseconds)))
        }
        let decimals = store.settings.priceDecimals
        let now = store.payload(id).map(PHPJSON.encode) ?? []
        switch mode {
        case .dropped: break
        case .normal: enqueue(.current, after: 20)
        case .stale:
            let stale = before.map { PHPJSON.encode($0.payload(decimals: nil, storeDecimals: decimals)) }
            enqueue(.fixed(stale ?? now), after: 20)
        case .duplicate:
            enqueue(.fixed(now), after: 20)
            enqueue(.fixed(now), after: 60)
        case .delayed: enqueue(.fixed(now), after: 1_500)
        }
    }

    private func trash(_ text: String, in store: SimulatedStore) -> Answer {
        guard let id = Int(text), store.order(id) != nil else { return .error(404, "there is no order \(text)") }
        store.trash(id)
        sender.enqueue(
            WebhookDelivery(
                store: store, topic: "order.deleted", orderID: id,
                body: .fixed(PHPJSON.encode(["id": .number(JSONNumber(id))])), delay: .zero))
        return .json(["trashed": .number(JSONNumber(id))])
    }

    /// Sends an order's webhook again: `{"topic": "order.updated", "webhook": "duplicate"}`.
    private func tell(_ text: String, _ ask: Ask, in store: SimulatedStore) -> Answer {
        guard let id = Int(text), let order = store.order(id) else { return .error(404, "there is no order \(text)") }
        let body = (try? JSONValue(parsing: ask.body)) ?? [:]
        let mode = WebhookMode(rawValue: body["webhook"]?.string ?? "normal") ?? .normal
        announce(
            id, topic: body["topic"]?.string ?? "order.updated", mode: mode, before: order,
            delay: body["delay_ms"]?.int, in: store)
        return .json(["told": .number(JSONNumber(id))], status: 202)
    }

    // MARK: Pages

    private var webhookCounts: JSONValue {
        let counts = sender.counts
        return [
            "sent": .number(JSONNumber(counts.sent)), "failed": .number(JSONNumber(counts.failed)),
            "waiting": .number(JSONNumber(counts.waiting)),
            "last_failure": counts.lastFailure.map { .string($0) } ?? .null,
        ]
    }

    private func page() -> Answer {
        let lines = stores.all.map { store in
            "  \(store.settings.id): \(store.orders().count) orders, \(store.reads) reads, webhook "
                + (store.webhookIsActive ? "to \(store.settings.webhookURL ?? "")" : "off")
        }
        let counts = sender.counts
        return .text(
            """
            WooCommerce stores simulated here:
            \(lines.isEmpty ? "  none" : lines.joined(separator: "\n"))
            Webhooks: \(counts.sent) sent, \(counts.failed) of them failed, \(counts.waiting) waiting.

            PUT    /_control/stores/{store}                    webhook_url, secret, consumer_key, consumer_secret, ...
            GET    /_control/stores                            all stores' settings
            GET    /_control/stores/{store}/orders             orders with their refunds
            POST   /_control/stores/{store}/orders             {order, refunds, webhook, verbatim}, or a list of them
            DELETE /_control/stores/{store}/orders/{id}        to the trash
            POST   /_control/stores/{store}/orders/{id}/webhook   {topic, webhook}: send its webhook again
            PUT    /_control/stores/{store}/faults             {status: 401 or 503, count}: REST fails; DELETE clears
            GET    /_control/webhooks                          sent, failed, waiting
            POST   /_control/reset                             forget everything
            webhook is one of: normal, stale, duplicate, dropped, delayed
            REST:  /{store}/wp-json/wc/v3/orders, /orders/{id}, /orders/{id}/refunds, /webhooks

            """)
    }
}
