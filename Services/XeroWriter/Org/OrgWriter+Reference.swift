import JSON
import Ledger
import Logging
import Mapping
import NIOConcurrencyHelpers
import Postgres
import Xero

extension OrgWriter {
    // MARK: What the organisation says about itself

    /// Looks from time to time whether something has to be read, and takes a turn for it.
    /// - Returns: what is to run; nil if there is nothing to read now.
    func referenceJob() async throws -> Job? {
        let now = now
        let isTime = state.withLockedValue { state in
            settings.keepsReference && !state.isReadingReference && now >= state.referenceAt
        }
        guard isTime else { return nil }
        let due = try await ReferenceStore.due(
            orgID: orgID, minuteSeconds: time.minuteSeconds, time: time.ledger, in: database)
        let wanted = state.withLockedValue { state in due.first { now >= state.referenceFailed[$0] ?? 0 } }
        guard let wanted else {
            state.withLockedValue { $0.referenceAt = now + time.minuteSeconds }
            return nil
        }
        guard try await hasToken() else { return nil }
        let callID = Self.newCallID()
        guard try await takeTurn(callID: callID, isLookup: true) == nil else { return nil }
        state.withLockedValue { $0.isReadingReference = true }
        return .readReference(wanted, callID: callID)
    }

    /// Reads something and keeps it. What cannot be read is tried again after an hour of Xero's.
    func readReference(_ name: ReferencePart, callID: String) async {
        var failure: String?
        do {
            let response = try await read(.reference(name.rawValue), kind: nil, purpose: .reference, turn: callID)
            if response.status == 200, let body = try? JSONValue(parsing: response.body), body[name.member] != nil {
                let isNews = try await database.withTransaction { session in
                    try await ReferenceStore.keep(body, as: name, of: orgID, time: time.ledger, in: session)
                }
                if isNews {
                    logger.info("what the organisation says has changed", metadata: ["name": "\(name.rawValue)"])
                }
            } else {
                failure = "status \(response.status)"
            }
        } catch {
            failure = "\(error)"
        }
        if let failure {
            logger.info(
                "what the organisation says could not be read",
                metadata: ["name": "\(name.rawValue)", WriterLogKey.error: "\(failure)"])
        }
        let now = now
        state.withLockedValue { state in
            state.isReadingReference = false
            state.referenceFailed[name] = failure == nil ? nil : now + 60 * time.minuteSeconds
        }
        wake()
    }

    // MARK: Locked periods

    /// What is locked; nil if nothing is.
    private var lockedPeriod: LockedPeriod? {
        let org = org
        return org.lockDate.map { LockedPeriod(lockDate: $0, policy: org.lockedPeriods) }
    }

    /// Lets documents go on that waited for a lock, when it or the org's policy has changed.
    func followLock() async throws {
        let period = lockedPeriod
        guard state.withLockedValue({ $0.followedLock }) != .some(period) else { return }
        let freed = try await database.withTransaction(retryingSerialization: true) { session in
            try await LockedDocuments.release(orgID: orgID, period: period, by: ResultStore.service, in: session)
        }
        state.withLockedValue { $0.followedLock = .some(period) }
        if freed > 0 { logger.info("documents go on that a lock held", metadata: [WriterLogKey.documents: "\(freed)"]) }
    }

    /// Puts aside what a lock holds, and dates what the org wants dated.
    /// - Parameters:
    ///   - documents: what is about to be sent, locked by the session.
    ///   - session: the transaction of the intent.
    /// - Returns: what may be sent.
    func setAsideLocked(
        _ documents: [StoredDocument], in session: some PostgresSession
    ) async throws -> [StoredDocument] {
        guard let period = lockedPeriod else { return documents }
        var open: [StoredDocument] = []
        var held: [(document: StoredDocument, reason: String)] = []
        var audit: [AuditEntry] = []
        for document in documents {
            switch period.decide(document) {
            case .open: open.append(document)
            case .redated(let document, let cause):
                open.append(document)
                audit.append(
                    AuditEntry(
                        actor: ResultStore.service, subject: document.key.text, change: "redated", cause: cause))
            case .held(let reason): held.append((document, reason))
            }
        }
        try await LockedDocuments.hold(held, by: ResultStore.service, in: session)
        try await Audit.add(audit, in: session)
        return open
    }
}
