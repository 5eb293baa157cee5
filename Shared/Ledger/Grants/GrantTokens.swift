import Logging
public import Xero

/// The access tokens of one grant, refreshed by one of all replicas at a time.
///
/// Whoever refreshes claims the grant's row for as long as a request can take, so that a process that dies in between holds
/// nobody up for longer. Its answer, if Xero gave one, is lost; the refresh token that it used still counts for half an hour
/// and gets the tokens again.
public struct GrantTokens: Sendable {
    /// How it waits, and who it is.
    public struct Settings: Sendable {
        /// Who refreshes, for reading the row.
        public var holder: String
        /// Real seconds after which a refresh that did not end is somebody else's to make: beyond the HTTP time-out.
        public var claimSeconds: Double
        /// Waits between looks at a refresh that somebody else makes.
        public var wait: @Sendable (Duration) async throws -> Void

        /// Settings.
        /// - Parameters:
        ///   - holder: who refreshes.
        ///   - claimSeconds: real seconds after which a refresh that did not end is somebody else's to make. Default 45.
        ///   - wait: waits between looks.
        public init(
            holder: String, claimSeconds: Double = 45,
            wait: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
        ) {
            self.holder = holder
            self.claimSeconds = claimSeconds
            self.wait = wait
        }
    }

    private let id: String
    private let store: GrantStore
    private let identity: XeroIdentity
    private let settings: Settings

    /// The tokens of a grant.
    /// - Parameters:
    ///   - id: the grant.
    ///   - store: where it is kept.
    ///   - identity: Xero's identity service, as the grant's app sees it.
    ///   - settings: how it waits.
    public init(id: String, store: GrantStore, identity: XeroIdentity, settings: Settings) {
        self.id = id
        self.store = store
        self.identity = identity
        self.settings = settings
    }

    /// A source of the grant's access tokens for one process.
    /// - Parameter now: the monotonic clock.
    /// - Returns: the source.
    public func source(now: @escaping @Sendable () -> ContinuousClock.Instant) -> XeroTokenSource {
        XeroTokenSource(now: now) { refused in
            do {
                let tokens = try await self.tokens(refused: refused)
                return .success(tokens)
            } catch let error as XeroTokenError {
                return .failure(error)
            } catch {
                return .failure(XeroTokenError(.unavailable, "the tokens cannot be read or kept: \(error)"))
            }
        }
    }

    /// An access token that is good for a while yet.
    /// - Parameters:
    ///   - refused: the access token that Xero refused; if it is still the newest, the grant is refreshed.
    ///   - olderThan: refreshes tokens that were handed out so many real seconds ago, however good they are.
    /// - Returns: the token, with the seconds it is good for from now on.
    /// - Throws: `XeroTokenError`; `PostgresError` if the tokens cannot be read, or new ones cannot be kept.
    public func tokens(refused: String? = nil, olderThan: Double = .infinity) async throws -> XeroTokens {
        // A claim runs out, so that this many looks are enough for one refresh of somebody else's, and one of ours.
        let pause = Duration.milliseconds(50)
        for _ in 0..<Int(settings.claimSeconds * 2 / 0.05) {
            guard let grant = try await store.read(id) else {
                throw XeroTokenError(.ended, "there is no consent any more: connect the org again")
            }
            if let reason = grant.revokedReason { throw XeroTokenError(.ended, reason) }
            if isGood(grant, refused: refused, olderThan: olderThan) {
                // The source fetches again after nine tenths of what it is told; so do we.
                return XeroTokens(
                    accessToken: grant.tokens.access, refreshToken: nil, lifetime: .seconds(grant.expiresSeconds))
            }
            let holder = "\(settings.holder)/\(Self.attempt())"
            if !grant.isRefreshing, try await store.claim(grant, holder: holder, seconds: settings.claimSeconds) {
                try await refresh(grant, holder: holder)
                continue
            }
            try await settings.wait(pause)
        }
        throw XeroTokenError(.unavailable, "the tokens are being refreshed by somebody for very long")
    }

    /// Tokens live for some half an hour; one in its last tenth is replaced, and one that was just got never is.
    private func isGood(_ grant: GrantRecord, refused: String?, olderThan: Double) -> Bool {
        let life = grant.expiresSeconds + grant.ageSeconds
        return grant.tokens.access != refused && grant.ageSeconds < olderThan
            && grant.expiresSeconds > life * (1 - XeroTokenSource.renewalShare)
    }

    private func refresh(_ grant: GrantRecord, holder: String) async throws {
        do {
            let (tokens, used) = try await ask(grant)
            // Not kept if somebody else's refresh was: theirs is read next.
            _ = try await store.keep(tokens, gotWith: used, of: grant, holder: holder)
        } catch let error as XeroTokenError where error.code == .ended {
            try await store.revoke(
                grant, reason: "\(error.message): run counterfoil xero connect for the org")
        } catch {
            // Whatever Xero handed out is lost; the token it was asked with counts for its grace.
            try? await store.release(grant, holder: holder)
            throw error
        }
    }

    /// Asks with the newest refresh token known, and if Xero does not know that one, with the one before.
    private func ask(_ grant: GrantRecord) async throws(XeroTokenError) -> (XeroTokens, used: String) {
        do {
            return (try await identity.refresh(grant.tokens.refresh), grant.tokens.refresh)
        } catch {
            guard error.code == .ended, let previous = grant.tokens.previous, grant.isPreviousGood else {
                throw error
            }
            return (try await identity.refresh(previous), previous)
        }
    }

    private static func attempt() -> UInt32 { UInt32.random(in: 0...UInt32.max) }
}
