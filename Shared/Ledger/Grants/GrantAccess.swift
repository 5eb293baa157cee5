public import Xero

/// The access tokens of whatever reaches an org: a custom connection, or a person's consent.
public struct GrantAccess: Sendable {
    /// Where grants are kept.
    public let store: GrantStore
    private let transport: XeroTransport
    private let settings: GrantTokens.Settings

    /// Access to grants.
    /// - Parameters:
    ///   - store: where they are kept.
    ///   - transport: the way to Xero.
    ///   - settings: who refreshes, and how it waits.
    public init(store: GrantStore, transport: XeroTransport, settings: GrantTokens.Settings) {
        self.store = store
        self.transport = transport
        self.settings = settings
    }

    /// Xero's identity service, as an app sees it.
    /// - Parameter credentials: what the app proves itself with.
    /// - Returns: the service.
    public func identity(_ credentials: XeroCredentials) -> XeroIdentity {
        XeroIdentity(credentials: credentials, transport: transport)
    }

    /// The tokens of a grant, shared with every other process.
    /// - Parameters:
    ///   - grantID: the grant.
    ///   - credentials: what its app proves itself with.
    /// - Returns: the tokens.
    public func tokens(grantID: String, credentials: XeroCredentials) -> GrantTokens {
        GrantTokens(id: grantID, store: store, identity: identity(credentials), settings: settings)
    }

    /// A source of access tokens for one process.
    /// - Parameters:
    ///   - grantID: the grant; nil for a custom connection.
    ///   - credentials: what the app proves itself with.
    ///   - now: the monotonic clock.
    /// - Returns: the source.
    public func source(
        grantID: String?, credentials: XeroCredentials,
        now: @escaping @Sendable () -> ContinuousClock.Instant = { ContinuousClock.now }
    ) -> XeroTokenSource {
        guard let grantID else { return XeroTokenSource(credentials: credentials, transport: transport, now: now) }
        return tokens(grantID: grantID, credentials: credentials).source(now: now)
    }
}
