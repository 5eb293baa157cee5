import Ledger
import Logging
import NIOConcurrencyHelpers
import Postgres

extension OrgWriter {
    /// Takes or renews the lease; a new holder first learns what earlier ones left behind.
    /// - Returns: whether the lease is held.
    func holdLease() async throws -> Bool {
        let asked = now
        let (lease, until) = state.withLockedValue { ($0.lease, $0.leaseUntil) }
        if lease != nil, until - asked > settings.leaseSeconds / 2 { return true }
        let taken = try await OrgLease.take(
            orgID: orgID, holder: settings.holder, seconds: settings.leaseSeconds, time: time.ledger, in: database)
        guard let taken else {
            if lease != nil { logger.info("another writer took the organisation over") }
            state.withLockedValue { $0.lease = nil }
            return false
        }
        let known = try await DatabaseIdentity.check(by: ResultStore.service, in: database)
        let isNew = lease?.token != taken.token || state.withLockedValue { $0.database?.name != known.name }
        if isNew { try await recover() }
        state.withLockedValue { state in
            state.database = known
            state.lease = taken
            // Measured from before the question, and given up a little early: nobody else has it until then.
            state.leaseUntil = asked + settings.leaseSeconds * 0.9
        }
        return true
    }

    /// Learns what calls are open or settling, and how much of the limits is spent.
    private func recover() async throws {
        let calls = try await CallStore.unfinished(orgID: orgID, time: time.ledger, in: database)
        let minute = try await CallStore.recentAges(
            orgID: orgID, within: time.minuteSeconds, time: time.ledger, in: database)
        let day = try await CallStore.recentAges(orgID: orgID, within: time.daySeconds, time: time.ledger, in: database)
        let budget = try await OrgBudget.load(orgID: orgID, time: time.ledger, in: database)
        let stored = try await BreakerStore.read(
            BreakerStore.id(orgID: orgID), rules: .org, time: time.ledger, in: database)
        let now = now
        state.withLockedValue { state in
            state.pacer = OrgPacer(minute: time.minuteSeconds, now: now)
            state.pacer.remember(minute.map { now - $0 })
            if let blocked = budget.blockedSeconds { state.pacer.block(seconds: blocked, at: now) }
            state.blockedReason = budget.blockedReason
            state.day = OrgDay(day: time.daySeconds, limit: state.org.dailyCalls)
            state.day.remember(day.map { now - $0 })
            state.breaker = stored.breaker.moved(by: now - stored.present)
            state.reported = budget
            // What is in flight here reports by itself.
            let known = state.inFlight
            state.pending = [:]
            for call in calls where known[call.record.id] == nil {
                state.pending[call.record.id] = PendingCall(call, now: now)
            }
        }
        if !calls.isEmpty {
            logger.notice(
                "calls of an earlier writer have no result yet", metadata: [WriterLogKey.call: "\(calls.count)"])
        }
    }

    /// Lets another writer go on at once.
    func giveLeaseBack() async {
        guard let lease = state.withLockedValue({ $0.lease }) else { return }
        state.withLockedValue { state in
            state.lease = nil
            state.leaseUntil = 0
        }
        try? await lease.release(in: database)
    }
}

extension PendingCall {
    /// A call as a new holder of the lease finds it.
    init(_ call: UnfinishedCall, now: Double) {
        record = call.record
        sentAt = now - call.ageSeconds
        sentAtEpoch = call.sentAtSeconds
        if let settle = call.settleSeconds {
            phase = .settling(until: now + settle)
        } else {
            phase = .open(until: now + call.deadlineSeconds)
        }
    }
}
