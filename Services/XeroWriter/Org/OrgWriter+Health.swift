import Ledger
import Logging
import NIOConcurrencyHelpers
import Postgres
import Xero

extension OrgWriter {
    // MARK: The circuit breakers

    /// Takes how a call ended for the breakers.
    func judge(_ sent: Sent) async throws {
        switch sent {
        case .answered(let response):
            let isFailure = response.status >= 500
            let words = response.status == 503 ? "Xero says it is offline (503)" : "Xero answered \(response.status)"
            try await judge(failure: isFailure ? words : nil, isOffline: response.status == 503)
            let limits = XeroRateLimits(response)
            try await gate.note(
                remaining: limits.appMinuteRemaining,
                retryAfter: limits.problem == .appMinute
                    ? limits.retryAfterSeconds.map(Double.init) ?? time.minuteSeconds / 6 : nil,
                appID: state.withLockedValue { $0.org.appID })
        case .notSent(let message), .noAnswer(let message): try await judge(failure: message)
        }
    }

    /// Takes a failure, or a success, for the organisation's breaker and for Xero's.
    func judge(failure: String?, isOffline: Bool = false) async throws {
        let isUntroubled = state.withLockedValue { $0.breaker.isUntroubled }
        if failure != nil || !isUntroubled {
            let orgID = orgID
            let minute = time.minuteSeconds
            let stored = try await BreakerStore.change(
                BreakerStore.id(orgID: orgID), rules: .org, reason: failure, time: time.ledger, in: database
            ) { breaker, present in
                if failure == nil {
                    breaker.succeed()
                } else {
                    breaker.fail(org: orgID, isOffline: isOffline, at: present, minute: minute)
                }
            }
            let now = now
            state.withLockedValue { $0.breaker = stored.breaker.moved(by: now - stored.present) }
        }
        try await gate.note(failure: failure, orgID: orgID)
    }

    // MARK: Access

    /// Why writing to the organisation is paused, when Xero refuses a fresh token as well.
    static func refusal(_ response: XeroResponse) -> String {
        let words: String
        if case .unauthorised(_, let message) = XeroAnswer(response, collection: .contacts) {
            words = message
        } else {
            words = "status \(response.status)"
        }
        return
            "Xero refuses access, with a fresh token as well (\(words)): check in Xero that the app is connected and has its"
            + " scopes; writing goes on by itself when Xero grants access again"
    }

    /// Stops writing to the organisation because Xero refuses access.
    func pauseOrg(reason: String) async throws {
        let isNews = try await database.withTransaction { session in
            try await OrgConnections.pause(orgID, reason: reason, by: ResultStore.service, in: session)
        }
        if isNews {
            logger.error("writing to the organisation is paused", metadata: [WriterLogKey.reason: "\(reason)"])
        }
        let now = now
        state.withLockedValue { state in
            guard state.org.isActive else { return }
            state.org.isActive = false
            state.accessChecks = 0
            state.accessCheckAt = now + time.minuteSeconds
        }
    }

    /// What is to run while the organisation is paused: a look at whether access is granted again, less and less often.
    func accessJobs() -> [Job] {
        let now = now
        return state.withLockedValue { state in
            guard !state.isCheckingAccess, state.inFlight.isEmpty, now >= state.accessCheckAt else { return [] }
            state.isCheckingAccess = true
            state.accessChecks += 1
            let minutes = Double(min(60, 1 << min(state.accessChecks, 6)))
            state.accessCheckAt = now + minutes * time.minuteSeconds
            return [.checkAccess]
        }
    }

    /// Reads the organisation, and resumes it if Xero lets us.
    func checkAccess() async {
        defer {
            state.withLockedValue { $0.isCheckingAccess = false }
            wake()
        }
        do {
            let rows = try await database.query(
                "SELECT 1 AS one FROM org WHERE id = \(orgID) AND state = 'paused' AND access_refused_at IS NOT NULL")
            guard !rows.isEmpty else { return }
            let callID = Self.newCallID()
            guard try await takeTurn(callID: callID, isLookup: true) == nil else { return }
            let response = try await read(.reference("Organisation"), kind: nil, purpose: .reference, turn: callID)
            guard response.status < 300 else { return }
            try await resume()
        } catch {
            logger.info("Xero still refuses access", metadata: [WriterLogKey.error: "\(error)"])
        }
    }

    private func resume() async throws {
        let isNews = try await database.withTransaction { session in
            try await OrgConnections.resume(
                orgID, cause: "Xero grants access again", by: ResultStore.service, onlyIfRefused: true, in: session)
        }
        guard isNews else { return }
        state.withLockedValue { state in
            state.org.isActive = true
            state.refusedToken = nil
        }
        logger.notice("Xero grants access again: writing goes on")
    }
}
