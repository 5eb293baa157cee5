import Ledger
import NIOConcurrencyHelpers
import Postgres

/// What concerns all organisations before a call may be sent: the breaker of Xero as a whole, breakers that operators hold,
/// and the minutes of the apps. One for a process; replicas share it through PostgreSQL.
final class XeroGate: Sendable {
    /// What an organisation may do.
    enum Admission: Sendable, Hashable {
        /// Send calls.
        case free
        /// Send one call and see.
        case probe
        /// Nothing for so many seconds.
        case wait(seconds: Double)
    }

    /// Calls of an app that were taken from its minute and not made yet.
    private struct Allowance {
        var left: Int
        var until: ContinuousClock.Instant
    }

    private struct State {
        /// By the database's clock.
        var breaker = CircuitBreaker(rules: .xero)
        var held: Set<String> = []
        /// When it was read, and what the database's clock said.
        var readAt: ContinuousClock.Instant?
        var present = 0.0
        var allowances: [String: Allowance] = [:]
    }

    /// Calls that are taken from an app's minute at once.
    private static let bundle = 20
    /// Calls of an app's minute that are left to others.
    private static let reserve = 200

    private let database: PostgresClient
    private let time: WriterTime
    private let settings: WriterSettings
    private let breakerID: String
    private let state = NIOLockedValueBox(State())

    /// A gate.
    /// - Parameters:
    ///   - database: where it is shared.
    ///   - time: the clocks.
    ///   - settings: the writer's name, and how long a call may take.
    ///   - breakerID: the breaker of Xero as a whole.
    init(
        database: PostgresClient, time: WriterTime, settings: WriterSettings, breakerID: String = BreakerStore.xero
    ) {
        self.database = database
        self.time = time
        self.settings = settings
        self.breakerID = breakerID
    }

    // MARK: The breakers

    /// Whether an organisation may send.
    func admit(_ orgID: String) async throws -> Admission {
        try await refresh()
        let now = time.now()
        let (delay, isOpen, isHeld) = state.withLockedValue { state in
            let present = state.present + (state.readAt.map { now.seconds(since: $0) } ?? 0)
            return (
                state.breaker.delay(at: present), state.breaker.isOpen,
                state.breaker.isHeld || state.held.contains(BreakerStore.id(orgID: orgID))
            )
        }
        if isHeld { return .wait(seconds: settings.pollSeconds * 5) }
        if delay > 0 { return .wait(seconds: delay) }
        guard isOpen else { return .free }
        let isOurs = try await BreakerStore.takeProbe(
            breakerID, holder: "\(settings.holder)/\(orgID)", seconds: settings.deadlineSeconds, time: time.ledger,
            in: database)
        return isOurs ? .probe : .wait(seconds: settings.pollSeconds)
    }

    private func refresh() async throws {
        let now = time.now()
        let isDue = state.withLockedValue { state in
            guard let readAt = state.readAt else { return true }
            return now.seconds(since: readAt) >= settings.pollSeconds
        }
        guard isDue else { return }
        let stored = try await BreakerStore.read(breakerID, rules: .xero, time: time.ledger, in: database)
        let held = try await BreakerStore.held(in: database)
        keep(stored, at: now)
        state.withLockedValue { $0.held = held }
    }

    private func keep(_ stored: StoredBreaker, at now: ContinuousClock.Instant) {
        state.withLockedValue { state in
            state.breaker = stored.breaker
            state.present = stored.present
            state.readAt = now
        }
    }

    /// Takes how a call of an organisation ended.
    /// - Parameters:
    ///   - failure: why Xero did not answer it; nil if it did.
    ///   - orgID: the organisation.
    func note(failure: String?, orgID: String) async throws {
        if failure == nil, state.withLockedValue({ $0.breaker.isUntroubled }) { return }
        let now = time.now()
        let minute = time.minuteSeconds
        let stored = try await BreakerStore.change(
            breakerID, rules: .xero, reason: failure, time: time.ledger, in: database
        ) { breaker, present in
            if failure == nil {
                breaker.succeed()
            } else {
                breaker.fail(org: orgID, at: present, minute: minute)
            }
        }
        keep(stored, at: now)
    }

    // MARK: The apps' minutes

    /// Takes one call from an app's minute.
    /// - Returns: nil if it may be made, else the seconds until the next look.
    func takeCall(appID: String) async throws -> Double? {
        let now = time.now()
        let isThere = state.withLockedValue { state in
            guard let allowance = state.allowances[appID], allowance.left > 0, allowance.until > now else {
                return false
            }
            state.allowances[appID]?.left -= 1
            return true
        }
        if isThere { return nil }
        let seconds = try await AppMinute.take(
            appID: appID, calls: Self.bundle, minuteSeconds: time.minuteSeconds, time: time.ledger, in: database)
        guard let seconds else { return time.minuteSeconds / Double(AppMinute.parts * 4) }
        state.withLockedValue {
            $0.allowances[appID] = Allowance(left: Self.bundle - 1, until: now.adding(seconds: seconds))
        }
        return nil
    }

    /// A call that was taken is not made after all.
    func giveBack(appID: String) {
        state.withLockedValue { $0.allowances[appID]?.left += 1 }
    }

    /// Takes what Xero says about an app's minute.
    /// - Parameters:
    ///   - remaining: calls left, if it said so.
    ///   - retryAfter: seconds to wait, if the app's minute is used up.
    ///   - appID: the app.
    func note(remaining: Int?, retryAfter: Double?, appID: String) async throws {
        let isLow = remaining.map { $0 < Self.reserve } ?? false
        guard isLow || retryAfter != nil else { return }
        let seconds = retryAfter ?? time.minuteSeconds / Double(AppMinute.parts)
        state.withLockedValue { $0.allowances[appID] = nil }
        try await AppMinute.block(appID: appID, seconds: seconds, time: time.ledger, in: database)
    }
}
