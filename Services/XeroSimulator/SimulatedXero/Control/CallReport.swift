import JSON

/// What was called: by endpoint, how many at once, and what was refused.
enum CallReport {
    static func json(_ state: SimulatorState) -> JSONValue {
        var organisations: JSONObject = [:]
        for (key, traffic) in zip(state.keys, state.traffic) { organisations[key] = json(traffic) }
        return [
            "calls": .number(JSONNumber(state.traffic.reduce(0) { $0 + $1.calls })),
            "orgs": .object(organisations),
            "token_requests": .number(JSONNumber(state.desk.requests)),
            "token_refusals": .number(JSONNumber(state.desk.refusals)), "faults": counts(state.faultCounts),
        ]
    }

    private static func json(_ traffic: OrganisationTraffic) -> JSONValue {
        let endpoints = traffic.endpoints.sorted { $0.key < $1.key }.map { name, count in
            (
                name,
                ["calls": .number(JSONNumber(count.calls)), "elements": .number(JSONNumber(count.elements))]
                    as JSONValue
            )
        }
        return [
            "calls": .number(JSONNumber(traffic.calls)), "in_flight": .number(JSONNumber(traffic.inFlight)),
            "in_flight_maximum": .number(JSONNumber(traffic.inFlightMaximum)),
            "idempotent_replays": .number(JSONNumber(traffic.replays)),
            "day_used": .number(JSONNumber(traffic.day.count)), "refused": counts(traffic.refused),
            "by_endpoint": .object(JSONObject(endpoints)),
        ]
    }

    private static func counts(_ counts: [String: Int]) -> JSONValue {
        .object(JSONObject(counts.sorted { $0.key < $1.key }.map { ($0.key, .number(JSONNumber($0.value))) }))
    }
}
