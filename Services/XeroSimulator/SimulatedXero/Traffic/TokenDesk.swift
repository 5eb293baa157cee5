import Accounting
import JSON

/// Who may call, and for which organisations.
struct TokenDesk: Sendable {
    /// An app that can ask for tokens; each organisation has one of its own, its custom connection.
    struct Client: Sendable {
        let id: String
        /// Nil for an app of type pkce.
        var secret: String?
        /// Where people may be sent back to; none for a custom connection.
        var redirects: [String] = []
    }

    /// What an access token is good for.
    struct AccessToken: Sendable {
        let clientID: String
        /// The grant it came from, nil for a custom connection.
        let grantID: String?
        /// The organisation of a custom connection.
        let organisation: String?
        let expiresAt: Instant
    }

    /// A user's consent, kept alive by refresh tokens.
    struct Grant: Sendable {
        let clientID: String
        var organisations: [String]
        let scopes: String
        var current: String
        var usedAt: Instant
        /// The refresh token before, and until when it still counts.
        var previous: (token: String, until: Instant)?
    }

    /// A consent whose code was not used yet.
    struct Consent: Sendable {
        let clientID: String
        let redirect: String
        let scopes: String
        let challenge: String?
        let organisations: [String]
        let expiresAt: Instant
    }

    /// What answering takes besides the request.
    struct Desk {
        let now: Instant
        let settings: SimulatorSettings
        let organisations: Set<String>
    }

    /// Xero's minutes that a code is good for.
    static let codeMinutes: Int64 = 5
    /// Xero's days after which an unused refresh token counts no more.
    static let refreshDays: Int64 = 60

    var clients: [String: Client] = [:]
    private var accessTokens: [String: AccessToken] = [:]
    private(set) var grants: [String: Grant] = [:]
    private var grantsByToken: [String: String] = [:]
    private var consents: [String: Consent] = [:]
    private(set) var requests = 0
    private(set) var refusals = 0
    private(set) var refreshes = 0

    /// What an access token is good for; nil if it is not, any more.
    func access(_ token: String, now: Instant) -> AccessToken? {
        accessTokens[token].flatMap { $0.expiresAt > now ? $0 : nil }
    }

    /// The organisations that an access token reaches.
    func organisations(_ access: AccessToken) -> [String] {
        access.grantID.map { grants[$0]?.organisations ?? [] } ?? access.organisation.map { [$0] } ?? []
    }

    /// Answers `POST /connect/token`.
    mutating func token(_ request: SimulatedRequest, _ desk: Desk, generator: inout SeededGenerator) -> Reply {
        requests += 1
        let form = PercentCoding.form(String(decoding: request.body, as: UTF8.self))
        guard let client = client(request, form) else { return refuse(401, "invalid_client") }
        switch form["grant_type"] {
        case "client_credentials":
            guard desk.organisations.contains(client.id) else { return refuse(400, "unauthorized_client") }
            guard Scopes.areGranular(form["scope"] ?? "") else { return refuse(400, "invalid_scope") }
            let token = issue(client.id, organisation: client.id, desk, &generator)
            return reply(token, scopes: form["scope"], desk)
        case "authorization_code": return exchange(form, client, desk, &generator)
        case "refresh_token": return refresh(form["refresh_token"] ?? "", client, desk, &generator)
        default: return refuse(400, "unsupported_grant_type")
        }
    }

    /// Answers `POST /connect/revocation`: the consent is gone, with all it reached.
    mutating func revocation(_ request: SimulatedRequest) -> Reply {
        let form = PercentCoding.form(String(decoding: request.body, as: UTF8.self))
        guard let client = client(request, form) else { return refuse(401, "invalid_client") }
        if let id = grantsByToken[form["token"] ?? ""], grants[id]?.clientID == client.id { end(id) }
        return Reply(200)
    }

    private mutating func end(_ grantID: String) {
        grants[grantID] = nil
        accessTokens = accessTokens.filter { $0.value.grantID != grantID }
    }

    /// Takes a user's consent; returns the code that the app gets for it.
    mutating func consent(_ consent: Consent, generator: inout SeededGenerator) -> String {
        let code = generator.identifier()
        consents[code] = consent
        return code
    }

    private mutating func exchange(
        _ form: [String: String], _ client: Client, _ desk: Desk, _ generator: inout SeededGenerator
    ) -> Reply {
        guard let consent = consents.removeValue(forKey: form["code"] ?? ""), consent.clientID == client.id,
            consent.redirect == form["redirect_uri"], consent.expiresAt > desk.now
        else { return refuse(400, "invalid_grant") }
        if let challenge = consent.challenge {
            guard let verifier = form["code_verifier"], (43...128).contains(verifier.utf8.count),
                Scopes.challenge(verifier) == challenge
            else { return refuse(400, "invalid_grant") }
        }
        let id = open(client.id, consent.organisations, consent.scopes, desk.now, &generator)
        let token = issue(client.id, grantID: id, desk, &generator)
        return reply(token, scopes: consent.scopes, desk, refreshToken: grants[id]?.current)
    }

    /// A first use of the newest refresh token makes another; a retry of the one before gets the newest again.
    private mutating func refresh(
        _ given: String, _ client: Client, _ desk: Desk, _ generator: inout SeededGenerator
    ) -> Reply {
        refreshes += 1
        let longest = Self.refreshDays * desk.settings.dayMicroseconds
        guard let id = grantsByToken[given], var grant = grants[id], grant.clientID == client.id,
            grant.current == given || grant.previous.map({ $0.token == given && desk.now < $0.until }) == true,
            desk.now.microseconds - grant.usedAt.microseconds < longest
        else { return refuse(400, "invalid_grant") }
        if given == grant.current {
            let grace = Int64(desk.settings.tokenMinutes) * desk.settings.minuteMicroseconds
            grant.previous = (given, Instant(microseconds: desk.now.microseconds + grace))
            grant.current = generator.identifier()
            grant.usedAt = desk.now
            grantsByToken[grant.current] = id
            grants[id] = grant
        }
        let token = issue(client.id, grantID: id, desk, &generator)
        return reply(token, scopes: grant.scopes, desk, refreshToken: grant.current)
    }

    private mutating func refuse(_ status: Int, _ error: String) -> Reply {
        refusals += 1
        return Reply(status, .json(["error": .string(error)]))
    }

    private mutating func issue(
        _ clientID: String, grantID: String? = nil, organisation: String? = nil, _ desk: Desk,
        _ generator: inout SeededGenerator
    ) -> String {
        let life = Int64(desk.settings.tokenMinutes) * desk.settings.minuteMicroseconds
        let token = "sim.\(generator.identifier()).\(generator.identifier())"
        accessTokens = accessTokens.filter { $0.value.expiresAt > desk.now }
        accessTokens[token] = AccessToken(
            clientID: clientID, grantID: grantID, organisation: organisation,
            expiresAt: Instant(microseconds: desk.now.microseconds + life))
        return token
    }

    private func reply(_ token: String, scopes: String?, _ desk: Desk, refreshToken: String? = nil) -> Reply {
        let life = Int64(desk.settings.tokenMinutes) * desk.settings.minuteMicroseconds
        var object: JSONObject = [
            "access_token": .string(token), "expires_in": .number(JSONNumber(max(1, life / 1_000_000))),
            "token_type": "Bearer",
        ]
        if let scopes { object["scope"] = .string(scopes) }
        if let refreshToken, (scopes ?? "").split(separator: " ").contains("offline_access") {
            object["refresh_token"] = .string(refreshToken)
        }
        return Reply(200, .json(.object(object)))
    }

    /// Makes an access token for a custom connection.
    mutating func custom(_ clientID: String, _ desk: Desk, generator: inout SeededGenerator) -> String {
        issue(clientID, organisation: clientID, desk, &generator)
    }

    /// Makes a grant as a user's consent would; returns its first refresh token.
    mutating func grant(
        clientID: String, organisations: [String], now: Instant, generator: inout SeededGenerator
    ) -> String {
        let id = open(clientID, organisations, "offline_access \(Scopes.usual)", now, &generator)
        return grants[id]?.current ?? ""
    }

    private mutating func open(
        _ clientID: String, _ organisations: [String], _ scopes: String, _ now: Instant,
        _ generator: inout SeededGenerator
    ) -> String {
        let id = generator.identifier()
        let token = generator.identifier()
        grants[id] = Grant(
            clientID: clientID, organisations: organisations, scopes: scopes, current: token, usedAt: now)
        grantsByToken[token] = id
        return id
    }

    /// Takes an organisation away from what a grant reaches.
    mutating func disconnect(_ organisation: String, grantID: String) {
        grants[grantID]?.organisations.removeAll { $0 == organisation }
    }

    /// Makes all tokens of a client worthless; with its grants too, only a new consent helps.
    mutating func revoke(clientID: String, grants alsoGrants: Bool) {
        accessTokens = accessTokens.filter { $0.value.clientID != clientID }
        guard alsoGrants else { return }
        grants = grants.filter { $0.value.clientID != clientID }
    }

    /// Ends every consent that reaches an organisation.
    mutating func revoke(organisation: String) {
        for (id, grant) in grants where grant.organisations.contains(organisation) { end(id) }
    }

    private func client(_ request: SimulatedRequest, _ form: [String: String]) -> Client? {
        var id = form["client_id"]
        var secret = form["client_secret"]
        if let header = request.headers["authorization"], header.lowercased().hasPrefix("basic ") {
            guard let bytes = Base64.decode(header.dropFirst(6)) else { return nil }
            let parts = String(decoding: bytes, as: UTF8.self).split(
                separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else { return nil }
            (id, secret) = (String(parts[0]), String(parts[1]))
        }
        guard let id, let client = clients[id], client.secret == secret else { return nil }
        return client
    }
}
