import NIOConcurrencyHelpers

/// Keeps an access token at hand for one process. One request for a token at a time, however many ask.
public final class XeroTokenSource: Sendable {
    /// Gets an access token; told the one that Xero refused, if it refused one.
    public typealias Fetch =
        @Sendable (_ refused: String?) async -> Result<XeroTokens, XeroTokenError>

    private struct Token {
        var text: String
        var refreshAt: ContinuousClock.Instant
    }

    private struct State {
        var token: Token?
        var refused: String?
        var isFetching = false
        var waiting: [CheckedContinuation<Result<String, XeroTokenError>, Never>] = []
    }

    private let fetch: Fetch
    private let now: @Sendable () -> ContinuousClock.Instant
    private let state = NIOLockedValueBox(State())

    /// The part of a token's life after which the next one is fetched.
    public static let renewalShare = 0.9

    /// A source.
    /// - Parameters:
    ///   - now: the monotonic clock.
    ///   - fetch: gets an access token, with the seconds it is good for from then on.
    public init(
        now: @escaping @Sendable () -> ContinuousClock.Instant = { ContinuousClock.now }, fetch: @escaping Fetch
    ) {
        self.fetch = fetch
        self.now = now
    }

    /// The tokens of a custom connection, by client credentials.
    /// - Parameters:
    ///   - credentials: what the app proves itself with.
    ///   - transport: the way to the identity host.
    ///   - now: the monotonic clock.
    public convenience init(
        credentials: XeroCredentials, transport: XeroTransport,
        now: @escaping @Sendable () -> ContinuousClock.Instant = { ContinuousClock.now }
    ) {
        let identity = XeroIdentity(credentials: credentials, transport: transport)
        self.init(now: now) { _ in
            do throws(XeroTokenError) {
                return .success(try await identity.clientCredentials())
            } catch {
                return .failure(error)
            }
        }
    }

    /// A token that is good for a while yet; fetched if there is none, or the present one has lived nine tenths of its time.
    /// - Returns: the access token.
    /// - Throws: ``XeroTokenError``.
    public func token() async throws -> String {
        let present = state.withLockedValue { state -> String? in
            guard let token = state.token, now() < token.refreshAt else { return nil }
            return token.text
        }
        if let present { return present }
        guard beginFetching() else { return try await waited().get() }
        let asked = now()
        let fetched = await fetch(state.withLockedValue { $0.refused })
        return try finish(fetched, asked: asked).get()
    }

    /// Says that Xero refused a token, so that the next caller gets a fresh one. A token already replaced is left alone.
    /// - Parameter token: the token that was refused.
    public func invalidate(_ token: String) {
        state.withLockedValue { state in
            guard state.token?.text == token else { return }
            state.token = nil
            state.refused = token
        }
    }

    private func beginFetching() -> Bool {
        state.withLockedValue { state in
            if state.isFetching { return false }
            state.isFetching = true
            return true
        }
    }

    private func finish(
        _ fetched: Result<XeroTokens, XeroTokenError>, asked: ContinuousClock.Instant
    ) -> Result<String, XeroTokenError> {
        let (waiting, result) = state.withLockedValue { state in
            state.isFetching = false
            if case .success(let tokens) = fetched {
                state.refused = nil
                state.token = Token(
                    text: tokens.accessToken,
                    refreshAt: asked + tokens.lifetime * Self.renewalShare)
            }
            defer { state.waiting = [] }
            return (state.waiting, fetched.map(\.accessToken))
        }
        for continuation in waiting { continuation.resume(returning: result) }
        return result
    }

    private func waited() async -> Result<String, XeroTokenError> {
        await withCheckedContinuation { continuation in
            let ended = state.withLockedValue { state -> Result<String, XeroTokenError>? in
                if state.isFetching {
                    state.waiting.append(continuation)
                    return nil
                }
                // The fetch ended between the two looks at the state.
                if let token = state.token { return .success(token.text) }
                return .failure(XeroTokenError(.unavailable, "no token could be had just now"))
            }
            if let ended { continuation.resume(returning: ended) }
        }
    }
}
