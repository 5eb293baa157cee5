import Ledger
import Logging
import Mapping
import Messaging
import NIOConcurrencyHelpers
import Postgres
import Xero

/// Another writer holds the organisation's lease by now.
struct LeaseLost: Error, CustomStringConvertible {
    var description: String { "the organisation's lease was lost" }
}

extension OrgWriter {
    /// The ids of calls.
    private static let ids = UUIDv7Generator()

    static func newCallID() -> String { ids.next().description }

    /// Makes calls of what is ready, as many as may be sent now.
    /// - Returns: seconds until the next look.
    func compose(_ jobs: inout [Job]) async throws -> Double {
        while true {
            if case .wait(let seconds) = try await gate.admit(orgID) { return seconds }
            let now = now
            let (delay, lane, dayLinger) = state.withLockedValue { state in
                (
                    state.delay(at: now, slots: settings.inFlight), state.day.maximumLane(at: now),
                    state.day.linger(at: now)
                )
            }
            guard let delay else { return settings.pollSeconds }
            if delay > 0 { return delay }
            if let half = state.withLockedValue({ $0.halves.isEmpty ? nil : $0.halves.removeFirst() }) {
                if let job = try await claim(half.shape, only: half.ids, maximumLane: 3) { jobs.append(job) }
                continue
            }
            guard let lane else { return time.minuteSeconds }
            let isLookingUp = state.withLockedValue { !$0.lookingUp.isEmpty }
            let candidates = try await DocumentClaims.candidates(
                orgID: orgID, limit: BatchPolicy.size, maximumLane: lane, time: time.ledger, in: database
            ).filter { !($0.shape.isLookup && isLookingUp) }
            let admitted = admitted(candidates)
            let (available, linger, inFlight) = state.withLockedValue { state in
                (
                    state.pacer.available(at: now), state.thrift.linger(at: now),
                    Set(state.inFlight.values.compactMap { $0 })
                )
            }
            switch BatchPolicy.choose(
                admitted, available: available, linger: linger, dayLinger: dayLinger,
                updateLinger: time.minuteSeconds, inFlight: inFlight)
            {
            case .nothing:
                if candidates.isEmpty { endRound() }
                return settings.pollSeconds
            case .wait(let seconds): return min(seconds, settings.pollSeconds)
            case .send(let shape):
                guard let job = try await claim(shape, maximumLane: lane) else { return settings.pollSeconds / 10 }
                jobs.append(job)
            }
        }
    }

    /// What the org's schedule lets go now.
    private func admitted(_ candidates: [BatchCandidate]) -> [BatchCandidate] {
        let now = now
        let interval = Double(org.writeEveryMinutes) * time.minuteSeconds
        return state.withLockedValue { state in
            state.schedule.interval = interval
            return state.schedule.admitted(candidates, at: now)
        }
    }

    /// Ends the round of an org that is written in rounds, unless calls on their way will make more ready.
    private func endRound() {
        state.withLockedValue { if $0.inFlight.isEmpty && $0.settling.isEmpty { $0.schedule.end() } }
    }

    /// Records the intent of a call that carries what goes first of a shape, and counts it as sent.
    /// - Returns: what is to run; nil if there was nothing to take.
    private func claim(_ shape: BatchShape, only: [Int64]? = nil, maximumLane: Int) async throws -> Job? {
        // Without a token there is no point in an intent.
        guard try await hasToken() else { return nil }
        let callID = Self.newCallID()
        guard try await takeTurn(callID: callID, isLookup: shape.isLookup) == nil else { return nil }
        let intentAt = now
        do {
            let job =
                shape.isLookup
                ? try await lookup(shape, callID: callID, maximumLane: maximumLane)
                : try await intent(shape, callID: callID, only: only, maximumLane: maximumLane, intentAt: intentAt)
            guard let job else {
                leave(callID: callID)
                return nil
            }
            let now = now
            state.withLockedValue { state in
                state.inFlight[callID] = .some(shape.kind)
                state.batches += 1
                if case .send(let record, _) = job { state.thrift.spend(documents: record.elements.count, at: now) }
            }
            return job
        } catch {
            leave(callID: callID)
            if error is LeaseLost { state.withLockedValue { $0.leaseUntil = 0 } }
            throw error
        }
    }

    private func intent(
        _ shape: BatchShape, callID: String, only: [Int64]?, maximumLane: Int, intentAt: Double
    ) async throws -> Job? {
        guard let lease = state.withLockedValue({ $0.lease }) else { return nil }
        let isByAge = state.withLockedValue { $0.batches % 4 == 3 }
        let claimed = try await database.withTransaction(retryingSerialization: true) {
            session -> (record: CallRecord, documents: [StoredDocument])? in
            guard try await lease.isHeld(time: time.ledger, in: session) else { throw LeaseLost() }
            let documents = try await DocumentClaims.take(
                shape, orgID: orgID, limit: BatchPolicy.limit(shape), isByAge: isByAge, only: only,
                maximumLane: maximumLane, time: time.ledger, in: session)
            let unmatched = try await matchContacts(documents, shape, callID: callID, in: session)
            let (changed, elements) = try await contactChanges(unmatched, shape, in: session)
            let open = try await Self.withoutRefusedItems(setAsideLocked(changed, in: session), in: session)
            guard !open.isEmpty else { return nil }
            let xeroIDs = try await DocumentStore.xeroIDs(
                keys: BatchComposer.references(in: open), in: session)
            let composition = BatchComposer(shape: shape, xeroIDs: xeroIDs, changes: elements).compose(open)
            try await Self.block(composition.blocked, in: session)
            guard !composition.documents.isEmpty else { return nil }
            let record = traced(
                Self.record(composition, shape, callID: callID, orgID: orgID, holder: settings.holder),
                composition.documents)
            try await Self.select(composition.documents, record: record, in: session)
            try await CallStore.begin(
                record, deadlineSeconds: settings.deadlineSeconds, time: time.ledger, in: session)
            return (record, composition.documents)
        }
        guard let (record, documents) = claimed else { return nil }
        tellClaimed(documents, record)
        return .send(record, intentAt: intentAt)
    }

    /// Takes the items out of documents that Xero refused to make.
    private static func withoutRefusedItems(
        _ documents: [StoredDocument], in session: some PostgresSession
    ) async throws -> [StoredDocument] {
        let refused = try await ItemLinks.refused(of: documents, in: session)
        guard !refused.isEmpty else { return documents }
        var (open, audit): ([StoredDocument], [AuditEntry]) = (documents, [])
        for index in open.indices {
            let dropped = open[index].dropItems(refused[open[index].id] ?? [])
            guard !dropped.isEmpty else { continue }
            audit.append(
                AuditEntry(
                    actor: ResultStore.service, subject: open[index].key.text,
                    change: "without item \(dropped.sorted().joined(separator: ", "))",
                    cause: "Xero refused to make it"))
        }
        try await Audit.add(audit, in: session)
        return open
    }

    private static func record(
        _ composition: BatchComposer.Composition, _ shape: BatchShape, callID: String, orgID: String, holder: String
    ) -> CallRecord {
        CallRecord(
            id: callID, orgID: orgID, purpose: CallPurpose(shape.operation), kind: shape.kind,
            method: composition.method.rawValue, path: composition.path,
            body: composition.body.isEmpty ? nil : String(decoding: composition.body, as: UTF8.self),
            idempotencyKey: composition.takesKey ? XeroRequest.idempotencyKey(orgID: orgID, callID: callID) : nil,
            holder: holder,
            elements: composition.documents.map {
                CallRecord.Element(documentID: $0.id, version: $0.machine.desiredVersion)
            })
    }

    /// Marks the documents that a call carries.
    private static func select(
        _ documents: [StoredDocument], record: CallRecord, in session: some PostgresSession
    ) async throws {
        var selected = documents
        for index in selected.indices {
            try selected[index].machine.handle(.selected)
            selected[index].attempts += 1
            selected[index].openCall = record.id
            selected[index].reason = nil
        }
        try await DocumentStore.save(selected, in: session)
        let entries = selected.map { document in
            AuditEntry(
                actor: ResultStore.service, subject: document.key.text, change: "ready -> sending",
                cause: "\(record.purpose.rawValue) of version \(document.machine.sentVersion)", callID: record.id)
        }
        try await Audit.add(entries, in: session)
    }

    /// Sends back what refers to something that is not in Xero.
    private static func block(
        _ blocked: [(document: StoredDocument, missing: String)], in session: some PostgresSession
    ) async throws {
        guard !blocked.isEmpty else { return }
        var documents: [StoredDocument] = []
        for (document, missing) in blocked {
            var document = document
            try document.machine.handle(.held)
            document.reason = "it refers to \(missing), which is not in Xero: plan the order again with resync"
            documents.append(document)
        }
        try await DocumentStore.save(documents, in: session)
        try await Readiness.explain(blockedBy: documents, in: session)
    }

    /// Whether a token can be had; if not, the reason is dealt with.
    func hasToken() async throws -> Bool {
        do {
            _ = try await caller.tokens.token()
            return true
        } catch let error as XeroTokenError {
            switch error.code {
            case .rejected, .ended: try await pauseOrg(reason: error.message)
            case .unavailable:
                logger.warning("no token could be had", metadata: [WriterLogKey.error: "\(error.message)"])
                try await judge(failure: error.message)
            }
            return false
        }
    }

    /// Stores what is known of limits and health, for operators and for the next holder of the lease.
    func saveBudget() async throws {
        let now = now
        let budget = state.withLockedValue { $0.budget(at: now) }
        try await budget.save(orgID: orgID, time: time.ledger, in: database)
    }
}
