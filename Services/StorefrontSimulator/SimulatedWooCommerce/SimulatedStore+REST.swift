import Accounting
import JSON
import NIOConcurrencyHelpers

extension SimulatedStore {
    /// Answers a request to `/wp-json/wc/v3`.
    public func respond(to request: RESTRequest) -> RESTResponse {
        let fault = state.withLockedValue { state -> StoreFault? in
            state.reads += 1
            guard let fault = state.fault else { return nil }
            if let remaining = fault.remaining {
                state.fault = remaining > 1 ? StoreFault(status: fault.status, remaining: remaining - 1) : nil
            }
            return fault
        }
        if let fault { return Self.response(to: fault) }
        let settings = self.settings
        guard let credentials = request.credentials, credentials.user == settings.consumerKey,
            credentials.password == settings.consumerSecret
        else { return .unauthorised }
        guard request.method == "GET" else { return .noRoute }
        let parts = request.path.split(separator: "/").map(String.init)
        switch (parts.first, parts.count) {
        case ("orders", 1): return list(request.query, settings: settings)
        case ("orders", 2): return show(parts[1], query: request.query, settings: settings)
        case ("orders", 3) where parts[2] == "refunds":
            return refunds(parts[1], query: request.query, settings: settings)
        case ("webhooks", 1): return webhooks(settings)
        default: return .noRoute
        }
    }

    private static func response(to fault: StoreFault) -> RESTResponse {
        switch fault.status {
        case 401: return .unauthorised
        case 503: return .error(503, code: "maintenance", "Briefly unavailable for scheduled maintenance.")
        default: return .error(fault.status, code: "internal_server_error", "There has been a critical error.")
        }
    }

    private func list(_ query: [String: String], settings: StoreSettings) -> RESTResponse {
        let parsed: OrdersQuery
        switch OrdersQuery.parse(query, utcOffsetSeconds: settings.utcOffsetSeconds) {
        case .failure(let invalid): return invalid.response
        case .success(let value): parsed = value
        }
        let matching = state.withLockedValue { $0.orders.values.filter(parsed.matches) }.sorted(by: parsed.precedes)
        let pages = (matching.count + parsed.perPage - 1) / parsed.perPage
        let start = min((parsed.page - 1) * parsed.perPage, matching.count)
        let slice = matching[start..<min(start + parsed.perPage, matching.count)]
        var headers = [("X-WP-Total", String(matching.count)), ("X-WP-TotalPages", String(pages))]
        let links = Self.links(query, page: parsed.page, pages: pages, settings: settings)
        if !links.isEmpty { headers.append(("Link", links)) }
        return RESTResponse(
            headers: headers.map { (name: $0.0, value: $0.1) },
            body: .array(
                slice.map {
                    $0.payload(decimals: parsed.decimals, storeDecimals: settings.priceDecimals)
                }))
    }

    private static func links(
        _ query: [String: String], page: Int, pages: Int, settings: StoreSettings
    ) -> String {
        let kept = query.filter { $0.key != "page" }.sorted { $0.key < $1.key }
        func link(_ number: Int, _ relation: String) -> String {
            let pairs = (kept.map { "\($0.key)=\(percentEncoded($0.value))" } + ["page=\(number)"])
            return "<\(settings.url)/wp-json/wc/v3/orders?\(pairs.joined(separator: "&"))>; rel=\"\(relation)\""
        }
        var links: [String] = []
        if page > 1 { links.append(link(min(page - 1, max(pages, 1)), "prev")) }
        if page < pages { links.append(link(page + 1, "next")) }
        return links.joined(separator: ", ")
    }

    private static func percentEncoded(_ text: String) -> String {
        text.utf8.map { byte -> String in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"):
                return String(UnicodeScalar(byte))
            default:
                let hex = String(byte, radix: 16, uppercase: true)
                return "%" + (hex.count == 1 ? "0" : "") + hex
            }
        }.joined()
    }

    private func show(_ text: String, query: [String: String], settings: StoreSettings) -> RESTResponse {
        guard let id = Int(text), let order = order(id), !order.isTrashed else { return .invalidOrder }
        return RESTResponse(
            body: order.payload(decimals: query["dp"].flatMap { Int($0) }, storeDecimals: settings.priceDecimals))
    }

    private func refunds(_ text: String, query: [String: String], settings: StoreSettings) -> RESTResponse {
        guard let id = Int(text), let order = order(id) else { return .invalidOrder }
        let page = max(query["page"].flatMap { Int($0) } ?? 1, 1)
        let perPage = min(max(query["per_page"].flatMap { Int($0) } ?? 10, 1), 100)
        let newestFirst = Array(order.refunds.reversed())
        let start = min((page - 1) * perPage, newestFirst.count)
        let slice = newestFirst[start..<min(start + perPage, newestFirst.count)].map { JSONValue.object($0) }
        let decimals = query["dp"].flatMap { Int($0) } ?? (order.isVerbatim ? nil : settings.priceDecimals)
        let pages = (newestFirst.count + perPage - 1) / perPage
        return RESTResponse(
            headers: [
                (name: "X-WP-Total", value: String(newestFirst.count)),
                (name: "X-WP-TotalPages", value: String(pages)),
            ],
            body: .array(decimals.map { places in slice.map { MoneyFormat.formatted($0, decimals: places) } } ?? slice))
    }

    private func webhooks(_ settings: StoreSettings) -> RESTResponse {
        guard let url = settings.webhookURL else { return RESTResponse(body: .array([])) }
        let status = webhookIsActive ? "active" : "disabled"
        let topics = [("order.created", "created", 0), ("order.updated", "updated", 1)]
        return RESTResponse(
            body: .array(
                topics.map { topic, event, step in
                    [
                        "id": .number(JSONNumber(settings.webhookID + step)), "name": .string("Counterfoil"),
                        "status": .string(status), "topic": .string(topic), "resource": "order",
                        "event": .string(event), "delivery_url": .string(url),
                    ]
                }))
    }
}
