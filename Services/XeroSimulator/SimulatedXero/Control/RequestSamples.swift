import JSON

/// What was asked of the accounting API, some of each kind: method, address and names of parameters.
struct RequestSamples: Sendable {
    /// Kept of each kind.
    static let limit = 20
    /// Kinds that are kept.
    static let kinds = 200

    private var samples: [String: [SimulatedRequest]] = [:]

    mutating func add(_ request: SimulatedRequest, endpoint: String) {
        let kind = ([endpoint] + request.query.keys.sorted()).joined(separator: " ")
        guard samples[kind] != nil || samples.count < Self.kinds else { return }
        if samples[kind, default: []].count < Self.limit { samples[kind, default: []].append(request) }
    }

    /// As `GET /_control/requests` shows them, without what proves who asks.
    var json: JSONValue {
        let requests = samples.sorted { $0.key < $1.key }.flatMap(\.value).map { request -> JSONValue in
            let names = ["idempotency-key", "xero-tenant-id", "if-modified-since", "content-type", "accept"]
            let headers = names.compactMap { name in request.headers[name].map { (name, JSONValue.string($0)) } }
            return [
                "method": .string(request.method), "target": .string(request.target),
                "headers": .object(JSONObject(headers)), "body": .string(String(decoding: request.body, as: UTF8.self)),
            ]
        }
        return ["requests": .array(requests)]
    }
}
