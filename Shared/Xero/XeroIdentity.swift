public import JSON

/// Xero's identity service, as one app sees it: tokens, and the organisations they reach.
public struct XeroIdentity: Sendable {
    /// What the app proves itself with.
    public let credentials: XeroCredentials
    private let transport: XeroTransport

    /// An identity service.
    /// - Parameters:
    ///   - credentials: what the app proves itself with.
    ///   - transport: the way to Xero.
    public init(credentials: XeroCredentials, transport: XeroTransport) {
        self.credentials = credentials
        self.transport = transport
    }

    // MARK: Tokens

    /// Tokens of a custom connection.
    /// - Returns: an access token without a refresh token.
    /// - Throws: ``XeroTokenError``.
    public func clientCredentials() async throws(XeroTokenError) -> XeroTokens {
        try await tokens(
            [("grant_type", "client_credentials"), ("scope", credentials.scopes)],
            advice: "check client id, client secret and scopes")
    }

    /// The first tokens of a person's consent.
    /// - Parameters:
    ///   - code: the code that came with the redirect; good once, for five minutes.
    ///   - consent: what the person was asked.
    /// - Returns: the tokens.
    /// - Throws: ``XeroTokenError``.
    public func exchange(code: String, of consent: XeroConsent) async throws(XeroTokenError) -> XeroTokens {
        var form = [
            ("grant_type", "authorization_code"), ("code", code), ("redirect_uri", consent.redirect),
        ]
        if let verifier = consent.verifier { form.append(("code_verifier", verifier)) }
        return try await tokens(
            form, advice: "the code is good once, and for five minutes: run connect again")
    }

    /// The next tokens. Xero hands out a new refresh token each time; the one before counts for half an hour longer.
    /// - Parameter refreshToken: the newest refresh token known.
    /// - Returns: the tokens.
    /// - Throws: ``XeroTokenError``.
    public func refresh(_ refreshToken: String) async throws(XeroTokenError) -> XeroTokens {
        try await tokens(
            [("grant_type", "refresh_token"), ("refresh_token", refreshToken)],
            advice: "the consent was withdrawn in Xero, or not used for 60 days")
    }

    /// Ends a consent: none of its tokens count any more, and none of its connections remain.
    /// - Parameter refreshToken: the newest refresh token known.
    /// - Throws: ``XeroTokenError``.
    public func revoke(_ refreshToken: String) async throws(XeroTokenError) {
        let response = try await send(form([("token", refreshToken)], path: "/connect/revocation"), host: \.identity)
        guard response.status == 200 else { throw Self.refusal(response, advice: "the consent could not be ended") }
    }

    // MARK: Connections

    /// The organisations that a token reaches.
    /// - Parameter accessToken: the token.
    /// - Returns: one connection for each.
    /// - Throws: ``XeroTokenError``.
    public func connections(_ accessToken: String) async throws(XeroTokenError) -> [XeroConnection] {
        let request = XeroRequest(method: .get, path: "/connections")
            .authorised(token: accessToken, tenantID: nil, idempotencyKey: nil)
        let response = try await send(request, host: \.api)
        guard response.status == 200, let list = (try? JSONValue(parsing: response.body))?.array else {
            throw Self.refusal(response, advice: "the connections could not be listed")
        }
        return list.compactMap { XeroConnection($0) }
    }

    /// Takes an organisation away from what a consent reaches.
    /// - Parameters:
    ///   - id: the connection.
    ///   - accessToken: a token that reaches it.
    /// - Throws: ``XeroTokenError``. A connection that is not there is no error.
    public func disconnect(_ id: String, _ accessToken: String) async throws(XeroTokenError) {
        let request = XeroRequest(method: .delete, path: "/connections/\(XeroRequest.encoded(id))")
            .authorised(token: accessToken, tenantID: nil, idempotencyKey: nil)
        let response = try await send(request, host: \.api)
        guard response.status == 204 || response.status == 200 || response.status == 404 else {
            throw Self.refusal(response, advice: "the connection could not be removed")
        }
    }

    // MARK: Requests

    private func tokens(_ fields: [(String, String)], advice: String) async throws(XeroTokenError) -> XeroTokens {
        let response = try await send(form(fields, path: "/connect/token"), host: \.identity)
        let body = try? JSONValue(parsing: response.body)
        guard response.status == 200, let text = body?["access_token"]?.string, !text.isEmpty else {
            throw Self.refusal(response, advice: advice)
        }
        return XeroTokens(
            accessToken: text, refreshToken: body?["refresh_token"]?.string,
            lifetime: .seconds(body?["expires_in"]?.int ?? 1800), scopes: body?["scope"]?.string)
    }

    /// A form with the app's proof: its secret in the header, or its id alone if it has none.
    private func form(_ fields: [(String, String)], path: String) -> XeroRequest {
        var fields = fields
        var headers = ["Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"]
        if let secret = credentials.clientSecret {
            headers["Authorization"] = "Basic " + Base64.encode(Array("\(credentials.clientID):\(secret)".utf8))
        } else {
            fields.append(("client_id", credentials.clientID))
        }
        let body = fields.map { "\($0.0)=\(XeroRequest.encoded($0.1))" }.joined(separator: "&")
        return XeroRequest(method: .post, path: path, headers: headers, body: Array(body.utf8))
    }

    private func send(
        _ request: XeroRequest, host: KeyPath<XeroTransport, @Sendable (XeroRequest) async throws -> XeroResponse>
    ) async throws(XeroTokenError) -> XeroResponse {
        do {
            return try await transport[keyPath: host](request)
        } catch {
            let words = (error as? XeroTransportError)?.message ?? "the request failed"
            throw XeroTokenError(.unavailable, "Xero's identity service cannot be reached: \(words)")
        }
    }

    private static func refusal(_ response: XeroResponse, advice: String) -> XeroTokenError {
        let body = try? JSONValue(parsing: response.body)
        let word = body?["error"]?.string ?? body?["Title"]?.string ?? "status \(response.status)"
        guard [400, 401, 403].contains(response.status) else {
            return XeroTokenError(.unavailable, "Xero's identity service answered \(word)")
        }
        switch word {
        case "invalid_grant": return XeroTokenError(.ended, "Xero refuses access (\(word)): \(advice)")
        case "invalid_client", "unauthorized_client":
            return XeroTokenError(
                .rejected, "Xero refuses access (\(word)): check the app's client id, client secret and type")
        default: return XeroTokenError(.rejected, "Xero refuses access (\(word)): \(advice)")
        }
    }
}

/// An organisation that a token reaches.
public struct XeroConnection: Sendable, Hashable {
    /// The connection's id, by which it is removed.
    public var id: String
    /// The organisation's tenant id, which every call names.
    public var tenantID: String
    /// The organisation's name.
    public var name: String

    /// A connection.
    /// - Parameters:
    ///   - id: the connection's id.
    ///   - tenantID: the organisation's tenant id.
    ///   - name: the organisation's name.
    public init(id: String, tenantID: String, name: String) {
        self.id = id
        self.tenantID = tenantID
        self.name = name
    }

    /// Reads a connection as Xero lists it; nil for what is no organisation.
    /// - Parameter value: an element of the list.
    public init?(_ value: JSONValue) {
        guard let id = value["id"]?.string, let tenant = value["tenantId"]?.string,
            value["tenantType"]?.string ?? "ORGANISATION" == "ORGANISATION"
        else { return nil }
        self.init(id: id, tenantID: tenant.lowercased(), name: value["tenantName"]?.string ?? tenant)
    }
}
