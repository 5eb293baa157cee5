import JSON

/// What the simulated Xero was asked, from `GET /_control/calls`.
struct CallReport: Sendable {
    let total: Int
    let endpoints: [(name: String, calls: Int, elements: Int)]
    let inFlightMaximum: Int
    let refused: [(reason: String, count: Int)]

    init(_ json: JSONValue) {
        total = json["calls"]?.int ?? 0
        var endpoints: [String: (calls: Int, elements: Int)] = [:]
        var refused: [String: Int] = [:]
        var inFlight = 0
        for (_, org) in json["orgs"]?.object ?? [:] {
            inFlight = max(inFlight, org["in_flight_maximum"]?.int ?? 0)
            for (name, counts) in org["by_endpoint"]?.object ?? [:] {
                endpoints[name, default: (0, 0)].calls += counts["calls"]?.int ?? 0
                endpoints[name, default: (0, 0)].elements += counts["elements"]?.int ?? 0
            }
            for (reason, count) in org["refused"]?.object ?? [:] { refused[reason, default: 0] += count.int ?? 0 }
        }
        self.endpoints = endpoints.sorted { $0.key < $1.key }.map { ($0.key, $0.value.calls, $0.value.elements) }
        self.refused = refused.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        inFlightMaximum = inFlight
    }

    /// Calls answered with 429 because of the minute.
    var minuteRefusals: Int { refused.filter { $0.reason.contains("minute") }.reduce(0) { $0 + $1.count } }

    /// The refusals in words.
    var refusedText: String {
        let some = refused.filter { $0.count > 0 }
        return some.isEmpty ? "none" : some.map { "\($0.reason) \($0.count)" }.joined(separator: ", ")
    }

    /// P5: at most 2 x ceil(orders/50) + ceil(new contacts/50) calls, plus 5 % and 20.
    static func allowance(orders: Int, contacts: Int) -> Int {
        let base = 2 * ((orders + 49) / 50) + (contacts + 49) / 50
        return base + (base * 5 + 99) / 100 + 20
    }
}
