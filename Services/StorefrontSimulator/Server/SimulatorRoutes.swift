import JSON
import SimulatedWooCommerce

/// Tells the stores' REST APIs from the control API.
struct SimulatorRoutes: Sendable {
    let stores: StoreDirectory
    let control: ControlRoutes

    func answer(_ ask: Ask) async -> Answer {
        switch ask.path.first {
        case "_control": return await control.answer(ask)
        case "readyz", "livez": return .text("ready\n")
        case let id?:
            guard ask.path.count >= 4, ask.path[1...3] == ["wp-json", "wc", "v3"], let store = stores[id] else {
                return .error(404, "no such store, or not a path of its REST API")
            }
            return rest(store, ask)
        case nil: return .text("This is a simulator of WooCommerce stores. See /_control.\n")
        }
    }

    private func rest(_ store: SimulatedStore, _ ask: Ask) -> Answer {
        let response = store.respond(
            to: RESTRequest(
                method: ask.method, path: "/" + ask.path.dropFirst(4).joined(separator: "/"), query: ask.query,
                credentials: ask.credentials))
        return Answer(status: response.status, headers: response.headers, body: PHPJSON.encode(response.body))
    }
}
