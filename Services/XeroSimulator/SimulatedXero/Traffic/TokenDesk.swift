import Accounting
import JSON

/// Who may call, and for which organisations.
struct TokenDesk: Sendable {
    /// An app that can ask for tokens; each organisation has one of its own, its custom connection.
    struct Client: Sendable {
        let id: String
        var secret: String
    }

    /// What an access token is good for.
    struct AccessToken: Sendable {
        let clientID: String
        /// The grant it came from, nil for a custom connection.
        let grantID: String?
        let organisations: [String]
        let expiresAt: Instant
    }

    /// A user's consent, kept alive by refresh tokens.
    struct Grant: Sendable {
        let clientID: String
        let organisations: [String]
        var current: String
        /// The refresh token before, and until when it still counts.
        var previous: (token: String, until: Instant)?
    }

    var clients: [String: Client] = [:]
    var accessTokens: [String: AccessToken] = [:]
    var grants: [String: Grant] = [:]
    private var grantsByToken: [String: String] = [:]
    private var lastToken = ""
    private(set) var requests = 0
    private(set) var refusals = 0

    /// Answers `POST /connect/token`.
    mutating func token(
        _ request: SimulatedRequest, now: Instant, settings: SimulatorSettings, organisations: Set<String>,
        generator: inout SeededGenerator
    ) -> Reply {
        requests += 1
        let form = PercentCoding.form(String(decoding: request.body, as: UTF8.self))
        guard let (id, secret) = credentials(request, form), let client = clients[id], client.secret == secret else {
            return refuse(401, "invalid_client")
        }
        switch form["grant_type"] {
        case "client_credentials":
            guard organisations.contains(id) else { return refuse(400, "unauthorized_client") }
            return issue(clientID: id, grantID: nil, [id], form, now, settings, &generator)
        case "refresh_token":
            guard let given = form["refresh_token"], let grantID = grantsByToken[given], let grant = grants[grantID],
                grant.clientID == id,
                grant.current == given || grant.previous.map({ $0.token == given && now < $0.until }) == true
            else { return refuse(400, "invalid_grant") }
            return rotate(grantID, grant, given, form, now, settings, &generator)
        default:
            return refuse(400, "unsupported_grant_type")
        }
    }

    private mutating func refuse(_ status: Int, _ error: String) -> Reply {
        refusals += 1
        return Reply(status, .json(["error": .string(error)]))
    }

    /// A first use of the newest refresh token makes another; a retry of the one before gets the newest again.
    private mutating func rotate(
        _ grantID: String, _ grant: Grant, _ given: String, _ form: [String: String], _ now: Instant,
        _ settings: SimulatorSettings, _ generator: inout SeededGenerator
    ) -> Reply {
        var changed = grant
        if given == grant.current {
            let grace = Int64(settings.tokenMinutes) * settings.minuteMicroseconds
            changed.previous = (given, Instant(microseconds: now.microseconds + grace))
            changed.current = generator.identifier()
            grantsByToken[changed.current] = grantID
            grants[grantID] = changed
        }
        return issue(
            clientID: grant.clientID, grantID: grantID, grant.organisations, form, now, settings, &generator,
            refreshToken: changed.current)
    }

    private mutating func issue(
        clientID: String, grantID: String?, _ organisations: [String], _ form: [String: String], _ now: Instant,
        _ settings: SimulatorSettings, _ generator: inout SeededGenerator, refreshToken: String? = nil
    ) -> Reply {
        let life = Int64(settings.tokenMinutes) * settings.minuteMicroseconds
        let token = "sim.\(generator.identifier()).\(generator.identifier())"
        lastToken = token
        accessTokens = accessTokens.filter { $0.value.expiresAt > now }
        accessTokens[token] = AccessToken(
            clientID: clientID, grantID: grantID, organisations: organisations,
            expiresAt: Instant(microseconds: now.microseconds + life))
        var object: JSONObject = [
            "access_token": .string(token), "expires_in": .number(JSONNumber(max(1, life / 1_000_000))),
            "token_type": "Bearer",
        ]
        if let scope = form["scope"] { object["scope"] = .string(scope) }
        if let refreshToken { object["refresh_token"] = .string(refreshToken) }
        return Reply(200, .json(.object(object)))
    }

    /// Makes an access token for a custom connection.
    mutating func custom(
        _ clientID: String, now: Instant, settings: SimulatorSettings, generator: inout SeededGenerator
    ) -> String {
        _ = issue(clientID: clientID, grantID: nil, [clientID], [:], now, settings, &generator)
        return lastToken
    }

    /// Makes a grant as a user's consent would; returns its first refresh token.
    mutating func grant(clientID: String, organisations: [String], generator: inout SeededGenerator) -> String {
        let id = generator.identifier()
        let token = generator.identifier()
        grants[id] = Grant(clientID: clientID, organisations: organisations, current: token, previous: nil)
        grantsByToken[token] = id
        return token
    }

    /// Makes all tokens of a client worthless; with its grants too, only a new consent helps.
    mutating func revoke(clientID: String, grants alsoGrants: Bool) {
        accessTokens = accessTokens.filter { $0.value.clientID != clientID }
        guard alsoGrants else { return }
        grants = grants.filter { $0.value.clientID != clientID }
    }

    private func credentials(_ request: SimulatedRequest, _ form: [String: String]) -> (String, String)? {
        if let header = request.headers["authorization"], header.lowercased().hasPrefix("basic ") {
            guard let bytes = Base64.decode(header.dropFirst(6)) else { return nil }
            let parts = String(decoding: bytes, as: UTF8.self).split(
                separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else { return nil }
            return (String(parts[0]), String(parts[1]))
        }
        guard let id = form["client_id"], let secret = form["client_secret"] else { return nil }
        return (id, secret)
    }
}

/// Base64 as far as credentials need it.
enum Base64 {
    static func decode(_ text: some StringProtocol) -> [UInt8]? {
        var bytes: [UInt8] = []
        var buffer: UInt32 = 0
        var bits = 0
        for byte in text.utf8 where byte != UInt8(ascii: "=") && byte != UInt8(ascii: " ") {
            let value: UInt8
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"): value = byte - UInt8(ascii: "A")
            case UInt8(ascii: "a")...UInt8(ascii: "z"): value = byte - UInt8(ascii: "a") + 26
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = byte - UInt8(ascii: "0") + 52
            case UInt8(ascii: "+"), UInt8(ascii: "-"): value = 62
            case UInt8(ascii: "/"), UInt8(ascii: "_"): value = 63
            default: return nil
            }
            buffer = buffer << 6 | UInt32(value)
            bits += 6
            if bits >= 8 {
                bits -= 8
                bytes.append(UInt8(truncatingIfNeeded: buffer >> UInt32(bits)))
            }
        }
        return bytes
    }
}
