import JSON
import NIOConcurrencyHelpers

/// What an app proves itself with.
public struct XeroCredentials: Sendable, Hashable {
    /// The app's client id.
    public var clientID: String
    /// The app's client secret. Never logged.
    public var clientSecret: String
    /// The scopes asked for, separated by spaces.
    public var scopes: String

    /// What a connection that writes orders needs, in the granular scopes of 2026.
    public static let defaultScopes =
        "accounting.invoices accounting.payments accounting.contacts accounting.settings.read"

    /// Credentials.
    /// - Parameters:
    ///   - clientID: the app's client id.
    ///   - clientSecret: the app's client secret.
    ///   - scopes: the scopes asked for; the default is what writing orders needs.
    public init(clientID: String, clientSecret: String, scopes: String = XeroCredentials.defaultScopes) {
        self.clientID = clientID
        self.clientSecret = clientSecret
        self.scopes = scopes
    }
}

/// Why there is no token.
public struct XeroTokenError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Whether asking again can help.
    public enum Code: Sendable, Hashable {
        /// Xero does not accept the credentials: a person has to act.
        case rejected
        /// Xero did not answer, or with an error of its own: ask again later.
        case unavailable
    }

    /// Whether asking again can help.
    public var code: Code
    /// What happened, safe to log and to show.
    public var message: String

    /// What happened.
    public var description: String { message }
}

/// Access tokens of a custom connection, by client credentials. One request at a time, however many ask.
public final class XeroTokenSource: Sendable {
    private struct Token {
        var text: String
        var refreshAt: ContinuousClock.Instant
    }

    private struct State {
        var token: Token?
        var isFetching = false
        var waiting: [CheckedContinuation<Result<String, XeroTokenError>, Never>] = []
    }

    private let credentials: XeroCredentials
    private let transport: XeroTransport
    private let now: @Sendable () -> ContinuousClock.Instant
    private let state = NIOLockedValueBox(State())

    /// A source.
    /// - Parameters:
    ///   - credentials: what the app proves itself with.
    ///   - transport: the way to the identity host.
    ///   - now: the monotonic clock.
    public init(
        credentials: XeroCredentials, transport: XeroTransport,
        now: @escaping @Sendable () -> ContinuousClock.Instant = { ContinuousClock.now }
    ) {
        self.credentials = credentials
        self.transport = transport
        self.now = now
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
        if beginFetching() {
            let fetched = await fetch()
            finish(fetched)
            return try fetched.get()
        }
        return try await waited().get()
    }

    /// Says that Xero refused a token, so that the next caller gets a fresh one. A token already replaced is left alone.
    /// - Parameter token: the token that was refused.
    public func invalidate(_ token: String) {
        state.withLockedValue { state in
            if state.token?.text == token { state.token = nil }
        }
    }

    private func beginFetching() -> Bool {
        state.withLockedValue { state in
            if state.isFetching { return false }
            state.isFetching = true
            return true
        }
    }

    private func finish(_ result: Result<String, XeroTokenError>) {
        let waiting = state.withLockedValue { state in
            state.isFetching = false
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume(returning: result) }
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
                return .failure(XeroTokenError(code: .unavailable, message: "no token could be had just now"))
            }
            if let ended { continuation.resume(returning: ended) }
        }
    }

    private func fetch() async -> Result<String, XeroTokenError> {
        let asked = now()
        let response: XeroResponse
        do {
            response = try await transport.identity(Self.request(credentials))
        } catch {
            return .failure(
                XeroTokenError(code: .unavailable, message: "the token could not be fetched: \(Self.words(error))"))
        }
        let body = try? JSONValue(parsing: response.body)
        guard response.status == 200, let text = body?["access_token"]?.string, !text.isEmpty else {
            return .failure(Self.refusal(response, body))
        }
        let lifetime = Double(body?["expires_in"]?.int ?? 1800)
        state.withLockedValue { state in
            state.token = Token(text: text, refreshAt: asked + .seconds(lifetime * 0.9))
        }
        return .success(text)
    }

    private static func words(_ error: any Error) -> String {
        (error as? XeroTransportError)?.message ?? "the request failed"
    }

    static func request(_ credentials: XeroCredentials) -> XeroRequest {
        let pair = Base64.encode(Array("\(credentials.clientID):\(credentials.clientSecret)".utf8))
        let body = "grant_type=client_credentials&scope=\(XeroRequest.encoded(credentials.scopes))"
        return XeroRequest(
            method: .post, path: "/connect/token",
            headers: [
                "Authorization": "Basic \(pair)", "Content-Type": "application/x-www-form-urlencoded",
                "Accept": "application/json",
            ], body: Array(body.utf8))
    }

    private static func refusal(_ response: XeroResponse, _ body: JSONValue?) -> XeroTokenError {
        let word = body?["error"]?.string ?? "status \(response.status)"
        if response.status == 400 || response.status == 401 || response.status == 403 {
            return XeroTokenError(
                code: .rejected,
                message:
                    "Xero does not accept the app's credentials (\(word)): check client id, client secret and scopes")
        }
        return XeroTokenError(code: .unavailable, message: "Xero's identity service answered \(word)")
    }
}

/// Base64 as RFC 4648 section 4 has it.
enum Base64 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    static func encode(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count + 2) / 3 * 4)
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            var bits = 0
            for offset in 0..<3 { bits = bits << 8 | (offset < group.count ? Int(group[start + offset]) : 0) }
            for place in 0..<4 {
                let isPadding = place > group.count
                text.append(isPadding ? UInt8(ascii: "=") : alphabet[bits >> (18 - 6 * place) & 63])
            }
        }
        return String(decoding: text, as: UTF8.self)
    }
}
