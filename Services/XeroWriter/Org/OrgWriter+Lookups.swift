import Accounting
import JSON
import Ledger
import Logging
import Mapping
import NIOConcurrencyHelpers
import Postgres
import Xero

/// What a lookup found of a document.
enum Finding: Sendable {
    /// Xero has it, and it carries our key.
    case found(XeroElement)
    /// Xero has it, but not as it is wanted.
    case outdated(XeroElement)
    /// Xero has somebody else's document under our number.
    case foreign(XeroElement, String)
    /// Xero has another contact of this name.
    case nameTaken(XeroElement)
    /// Xero does not have it.
    case absent
}

/// A lookup that could not be made now.
struct LookupFailure: Error, CustomStringConvertible {
    var description: String
}

extension OrgWriter {
    /// Records a lookup of documents that are to be looked up before they are sent.
    func lookup(_ shape: BatchShape, callID: String, maximumLane: Int) async throws -> Job? {
        let busy = state.withLockedValue { $0.lookingUp }
        let documents = try await DocumentClaims.take(
            shape, orgID: orgID, limit: 20, isByAge: false, maximumLane: maximumLane, time: time.ledger, in: database
        ).filter { !busy.contains($0.id) }
        guard !documents.isEmpty else { return nil }
        state.withLockedValue { $0.lookingUp.formUnion(documents.map(\.id)) }
        let record = CallRecord(
            id: callID, orgID: orgID, purpose: .probe, kind: shape.kind, method: "GET", path: "",
            holder: settings.holder)
        return .lookUp(record, documents)
    }

    /// Looks documents up that no call carries.
    func lookUp(_ documents: [StoredDocument], record: CallRecord) async {
        // The turn that was taken for the first read is given to it.
        let turn = Turn(callID: record.id)
        do {
            let lookups = Lookups(writer: self, kind: record.kind ?? .contact, turn: turn)
            let operation = documents.first?.machine.operation ?? .create
            // What a restored backup does not know was posted after it was made.
            let isNeverSent = documents.count > 3 && documents.allSatisfy { $0.machine.sentVersion == 0 }
            let since = isNeverSent ? state.withLockedValue { $0.database?.restoredFrom } : nil
            try await traceLookup(documents) {
                let findings = try await lookups.find(
                    documents, since: since.map { Instant(microseconds: Int64(($0 - 3600) * 1e6)) },
                    operation: operation)
                tellFound(try await store(findings, record: record, isCall: false), record)
            }
            announce()
        } catch {
            logger.warning("a lookup could not be made", metadata: [WriterLogKey.error: "\(error)"])
            try? await time.wait(.seconds(time.xeroSeconds(5)), true)
        }
        state.withLockedValue { $0.lookingUp.subtract(documents.map(\.id)) }
        leave(callID: record.id)
    }

    /// Looks the documents of a settled call up.
    func lookUp(_ pending: PendingCall) async {
        let record = pending.record
        do {
            let ids = record.elements.map(\.documentID)
            let documents = try await DocumentStore.read(ids: ids, in: database).filter { $0.openCall == record.id }
            let since = pending.sentAtEpoch > 0 ? pending.sentAtEpoch : try await sentAt(record.id)
            let findings = try await Lookups(writer: self, kind: record.kind ?? .contact, turn: nil).find(
                documents, since: Instant(microseconds: Int64(since * 1e6)),
                operation: DocumentOperation(record.purpose))
            tellFound(try await store(findings, record: record, isCall: true), record)
            forget(record.id)
            announce()
        } catch {
            logger.warning(
                "the documents of a call could not be looked up",
                metadata: [WriterLogKey.call: "\(record.id)", WriterLogKey.error: "\(error)"])
            let now = now
            state.withLockedValue { state in
                var later = pending
                later.tries += 1
                later.phase = .settling(until: now + time.xeroSeconds(5 * Double(1 << min(later.tries, 4))))
                state.pending[record.id] = later
            }
        }
        state.withLockedValue { _ = $0.settling.remove(record.id) }
        wake()
    }

    private func sentAt(_ callID: String) async throws -> Double {
        let rows = try await database.query(
            "SELECT extract(epoch FROM first_sent_at)::double precision AS sent FROM call WHERE id = \(callID)::uuid")
        return try rows.first?.decode("sent") ?? 0
    }

    /// Applies what was found, and closes the call if it was one.
    private func store(
        _ findings: [Int64: Finding], record: CallRecord, isCall: Bool
    ) async throws -> ResultSummary {
        let ids = findings.keys.sorted()
        return try await database.withTransaction(retryingSerialization: true) { session in
            try await Readiness.lockSales(of: ids, in: session)
            if isCall {
                guard try await CallStore.lockUnfinished(id: record.id, in: session) else { return ResultSummary() }
            }
            var change = ResultChange(record: record)
            for document in try await DocumentStore.lock(ids: ids, in: session) {
                guard isCall ? document.openCall == record.id : document.machine.state == .ready,
                    let finding = findings[document.id]
                else { continue }
                try await apply(finding, to: document, &change, in: session)
            }
            try await change.store(in: session)
            if isCall {
                try await CallStore.finish(id: record.id, CallResult(.resolved), time: time.ledger, in: session)
            }
            return change.summary
        }
    }

    private func apply(
        _ finding: Finding, to document: StoredDocument, _ change: inout ResultChange, in session: some PostgresSession
    ) async throws {
        switch finding {
        case .found(let element):
            // A call did what it was made for, whatever is wanted by now.
            let isVoid =
                change.record.purpose == .probe
                ? document.machine.operation == .void : change.record.purpose == .void
            try change.adopt(document, element, isVoid: isVoid)
        case .foreign(let element, let words):
            try change.foreign(document, message: "\(words) (\(element.id ?? "no id"))")
        case .nameTaken:
            let name = try await ContactClaims.claimNext(for: document, in: session)
            try change.rename(document, to: name)
        case .outdated(let element): try change.outdated(document, element)
        case .absent: try change.absent(document)
        }
    }
}
