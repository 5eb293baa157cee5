/// What an app proves itself with, and what it asks for.
public struct XeroCredentials: Sendable, Hashable {
    /// The app's client id.
    public var clientID: String
    /// The app's client secret; nil for an app of type pkce. Never logged.
    public var clientSecret: String?
    /// The scopes asked for, separated by spaces.
    public var scopes: String

    /// What writing orders needs, in the granular scopes of 2026; what a custom connection asks for.
    public static let defaultScopes =
        "accounting.invoices accounting.payments accounting.contacts accounting.settings.read"
    /// The same for a person's consent, which is kept alive by refresh tokens.
    public static let defaultConsentScopes = "offline_access " + defaultScopes

    /// Credentials.
    /// - Parameters:
    ///   - clientID: the app's client id.
    ///   - clientSecret: the app's client secret; nil for an app of type pkce.
    ///   - scopes: the scopes asked for; the default is what writing orders needs.
    public init(clientID: String, clientSecret: String?, scopes: String = XeroCredentials.defaultScopes) {
        self.clientID = clientID
        self.clientSecret = clientSecret
        self.scopes = scopes
    }
}

/// What Xero hands out.
public struct XeroTokens: Sendable, Hashable {
    /// Lets calls be made, for about half an hour.
    public var accessToken: String
    /// Gets the next tokens, once; nil for a custom connection.
    public var refreshToken: String?
    /// How long the access token is good for, in real time.
    public var lifetime: Duration
    /// The scopes granted, separated by spaces, if Xero says so.
    public var scopes: String?

    /// Tokens.
    /// - Parameters:
    ///   - accessToken: lets calls be made.
    ///   - refreshToken: gets the next tokens.
    ///   - lifetime: how long the access token is good for.
    ///   - scopes: the scopes granted.
    public init(accessToken: String, refreshToken: String?, lifetime: Duration, scopes: String? = nil) {
        self.accessToken = accessToken
        self.refreshToken = refreshToken
        self.lifetime = lifetime
        self.scopes = scopes
    }
}

/// Why there is no token.
public struct XeroTokenError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Whether asking again can help.
    public enum Code: Sendable, Hashable {
        /// Xero does not accept the app's proof, or what it asks for: a person has to act.
        case rejected
        /// The consent no longer counts: only another one helps.
        case ended
        /// Xero did not answer, or with an error of its own: ask again later.
        case unavailable
    }

    /// Whether asking again can help.
    public var code: Code
    /// What happened, safe to log and to show.
    public var message: String

    /// An error.
    /// - Parameters:
    ///   - code: whether asking again can help.
    ///   - message: what happened, safe to log and to show.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// What happened.
    public var description: String { message }
}
