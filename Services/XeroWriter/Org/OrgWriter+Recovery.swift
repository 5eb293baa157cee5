import Ledger
import Logging
import Mapping
import NIOConcurrencyHelpers
import Postgres

extension OrgWriter {
    /// Xero's minutes for which a call without an answer is sent again under its key; keys are remembered for six.
    private static let replayMinutes = 4.0

    /// Goes on with calls that have no final result: those of earlier writers, and our own that came back without an answer.
    /// - Returns: seconds until something is due.
    func follow(_ jobs: inout [Job]) async throws -> Double {
        let now = now
        let calls = state.withLockedValue { state in
            state.pending.values.filter {
                state.inFlight[$0.record.id] == nil && !state.settling.contains($0.record.id)
            }
            .sorted { $0.dueAt < $1.dueAt }
        }
        var next = Double.infinity
        for call in calls {
            if call.dueAt > now {
                next = min(next, call.dueAt - now)
                continue
            }
            if let pause = try await followUp(call, &jobs) { next = min(next, pause) }
        }
        return next
    }

    /// Does what is due for a call.
    /// - Returns: seconds until it can be done, if it cannot be done now.
    private func followUp(_ call: PendingCall, _ jobs: inout [Job]) async throws -> Double? {
        switch call.phase {
        case .open, .again:
            if call.record.elements.isEmpty { return try await closeRead(call) }
            let age = now - call.sentAt
            // Without a key Xero would take a repetition for another request: it is looked up first.
            guard age < Self.replayMinutes * time.minuteSeconds, call.record.idempotencyKey != nil else {
                await settle(call, status: nil, body: nil, "no answer was recorded")
                return 0.001
            }
            guard try await hasToken() else { return settings.pollSeconds }
            if let pause = try await takeTurn(callID: call.record.id) { return pause }
            let kind = call.record.kind
            state.withLockedValue { $0.inFlight[call.record.id] = .some(kind) }
            jobs.append(.again(call))
            return nil
        case .settling:
            guard try await hasToken() else { return settings.pollSeconds }
            state.withLockedValue { _ = $0.settling.insert(call.record.id) }
            jobs.append(.lookUpCall(call))
            return nil
        }
    }

    /// A read that nobody waits for any more carried nothing.
    private func closeRead(_ call: PendingCall) async throws -> Double? {
        try await CallStore.finish(
            id: call.record.id, CallResult(.resolved, error: "its writer ended before the answer"), time: time.ledger,
            in: database)
        forget(call.record.id)
        return nil
    }
}
