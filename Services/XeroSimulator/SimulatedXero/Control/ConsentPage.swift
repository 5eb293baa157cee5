import Accounting
import JSON

/// The page on which a user lets an app reach organisations: `/identity/connect/authorize`.
enum ConsentPage {
    static let path = ["identity", "connect", "authorize"]

    static func answer(_ request: SimulatedRequest, _ state: inout SimulatorState, now: Instant) -> Reply {
        let query = request.query
        guard let client = state.desk.clients[query["client_id"] ?? ""], !client.redirects.isEmpty else {
            return problem("unauthorized_client", "There is no such app.")
        }
        let redirect = query["redirect_uri"] ?? ""
        guard client.redirects.contains(redirect) else {
            return problem("invalid_request", "Invalid redirect_uri: it is not one of the app's.")
        }
        guard query["response_type"] == "code" else { return back(query, [("error", "unsupported_response_type")]) }
        guard Scopes.areGranular(query["scope"] ?? "") else { return back(query, [("error", "invalid_scope")]) }
        let challenge = query["code_challenge"]
        if challenge == nil && client.secret == nil || challenge != nil && query["code_challenge_method"] != "S256" {
            return back(query, [("error", "invalid_request")])
        }
        guard request.method == "POST" else { return page(client, query, state) }
        let form = PercentCoding.form(String(decoding: request.body, as: UTF8.self))
        guard form["decision"] == "allow" else { return back(query, [("error", "access_denied")]) }
        let chosen = state.books.filter { form["org_\($0.definition.key)"] != nil && !$0.isDisconnected }
        let life = TokenDesk.codeMinutes * state.settings.minuteMicroseconds
        let consent = TokenDesk.Consent(
            clientID: client.id, redirect: redirect, scopes: query["scope"] ?? "", challenge: challenge,
            organisations: chosen.map(\.definition.key), expiresAt: Instant(microseconds: now.microseconds + life))
        return back(query, [("code", state.desk.consent(consent, generator: &state.tokenGenerator))])
    }

    /// Whether people may be sent there: https, or http on this machine by the name localhost.
    static func isRedirect(_ address: String) -> Bool {
        let lowered = address.lowercased()
        return lowered.hasPrefix("https://") || lowered == "http://localhost" || lowered.hasPrefix("http://localhost:")
            || lowered.hasPrefix("http://localhost/")
    }

    private static func back(_ query: [String: String], _ fields: [(String, String)]) -> Reply {
        let redirect = query["redirect_uri"] ?? ""
        let all = fields + (query["state"].map { [("state", $0)] } ?? [])
        let text = all.map { "\($0.0)=\(PercentCoding.encode($0.1))" }.joined(separator: "&")
        var reply = Reply(302)
        reply.headers = [("Location", "\(redirect)\(redirect.contains("?") ? "&" : "?")\(text)")]
        return reply
    }

    private static func problem(_ error: String, _ words: String) -> Reply {
        Reply(
            400,
            .text(
                "<!DOCTYPE html><title>Error</title><h1>\(error)</h1><p>\(words)</p>",
                contentType: "text/html; charset=utf-8"))
    }

    private static func page(_ client: TokenDesk.Client, _ query: [String: String], _ state: SimulatorState) -> Reply {
        let target = query.sorted { $0.key < $1.key }
            .map { "\($0.key)=\(PercentCoding.encode($0.value))" }.joined(separator: "&")
        var page = """
            <!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Simulated Xero: allow access</title></head>
            <body><h1>\(XMLText.escape(client.id)) wants access</h1><p>Scopes: \(XMLText.escape(query["scope"] ?? ""))</p>
            <form method="post" action="/identity/connect/authorize?\(XMLText.escape(target))">
            """
        for book in state.books where !book.isDisconnected {
            let name = "org_\(XMLText.escape(book.definition.key))"
            page +=
                "<p><label><input type=\"checkbox\" name=\"\(name)\" value=\"1\" checked> "
                + "\(XMLText.escape(book.definition.name))</label></p>"
        }
        page += """
            <button name="decision" value="allow">Allow access</button> <button name="decision" value="deny">Cancel</button>
            </form></body></html>
            """
        return Reply(200, .text(page, contentType: "text/html; charset=utf-8"))
    }
}
