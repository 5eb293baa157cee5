import Accounting
import JSON
import Ledger
import Logging
import Mapping
import NIOConcurrencyHelpers
import Postgres
import Xero

extension OrgWriter {
    /// Xero's minutes after which contacts that could not be read are asked for again.
    private static let retryMinutes = 2.0

    // MARK: Following what people do in Xero

    /// Follows what was read of contacts, brings back those that something waits for, and looks from time to time whether
    /// something has to be read.
    /// - Returns: what is to run; nil if there is nothing to read now.
    func contactJob() async throws -> Job? {
        let now = now
        guard state.withLockedValue({ now >= $0.contacts.lookAt && !$0.contacts.isReading }) else { return nil }
        let unread = try await followContacts()
        let wanted = state.withLockedValue { state in
            state.contacts.lookAt = now + settings.pollSeconds
            return now >= state.contacts.failedUntil
        }
        guard wanted else { return nil }
        let reading: ContactReading
        if !unread.isEmpty {
            reading = .these(unread)
        } else {
            guard settings.keepsContacts,
                let page = try await ContactMirror.next(
                    orgID: orgID, minuteSeconds: time.minuteSeconds, time: time.ledger, in: database)
            else { return nil }
            reading = .page(page)
        }
        guard try await hasToken() else { return nil }
        let callID = Self.newCallID()
        guard try await takeTurn(callID: callID, isLookup: true) == nil else { return nil }
        state.withLockedValue { $0.contacts.isReading = true }
        return .readContacts(reading, callID: callID)
    }

    /// Makes contacts of ours follow Xero's.
    /// - Returns: Xero's ids of contacts that have to be read.
    private func followContacts() async throws -> [String] {
        let policy = org.contacts
        let followed = try await database.withTransaction(retryingSerialization: true) { session in
            try await ContactFollower.follow(orgID: orgID, by: ResultStore.service, in: session)
        }
        let revival = try await database.withTransaction(retryingSerialization: true) { session in
            try await ContactRevival.revive(orgID: orgID, policy: policy, by: ResultStore.service, in: session)
        }
        if followed.hasNews || revival.revived > 0 { announce() }
        if revival.revived > 0 {
            logger.info(
                "archived contacts are brought back: documents wait for them",
                metadata: [WriterLogKey.documents: "\(revival.revived)"])
        }
        return Array(Set(revival.unread).sorted().prefix(ContactRevival.batch))
    }

    /// Reads contacts and keeps them. What cannot be read is tried again later.
    func readContacts(_ reading: ContactReading, callID: String) async {
        var failure: String?
        do {
            let response = try await read(reading.request, kind: nil, purpose: .reference, turn: callID)
            if case .elements(let elements, let body) = XeroAnswer(response, collection: .contacts) {
                try await keep(elements, body: body, reading)
            } else {
                failure = "status \(response.status)"
            }
        } catch {
            failure = "\(error)"
        }
        if let failure {
            logger.info("contacts could not be read", metadata: [WriterLogKey.error: "\(failure)"])
        }
        let now = now
        state.withLockedValue { state in
            state.contacts.isReading = false
            state.contacts.lookAt = 0
            if failure != nil { state.contacts.failedUntil = now + Self.retryMinutes * time.minuteSeconds }
        }
        wake()
    }

    private func keep(_ elements: [XeroElement], body: JSONValue, _ reading: ContactReading) async throws {
        try await database.withTransaction(retryingSerialization: true) { session in
            switch reading {
            case .page(let page):
                let pages = body["pagination"]?["pageCount"]?.int
                let isLast = pages.map { page.page >= $0 } ?? elements.isEmpty
                try await ContactMirror.keep(elements, of: page, isLast: isLast, orgID: orgID, in: session)
            case .these(let ids):
                try await ContactMirror.keep(elements, orgID: orgID, isDoubted: true, in: session)
                let missing = Set(ids).subtracting(elements.compactMap(\.id))
                try await ContactRevival.miss(missing.sorted(), orgID: orgID, by: ResultStore.service, in: session)
            }
        }
    }

    // MARK: What goes into calls

    /// Takes contacts that are about to be made, and that Xero has already, as they are; gives those whose names somebody
    /// else has other names.
    /// - Parameters:
    ///   - documents: what is about to be sent, locked by the session.
    ///   - shape: what the call does with them.
    ///   - callID: the call.
    ///   - session: the transaction of the intent.
    /// - Returns: what has to be sent.
    func matchContacts(
        _ documents: [StoredDocument], _ shape: BatchShape, callID: String, in session: some PostgresSession
    ) async throws -> [StoredDocument] {
        guard shape == BatchShape(.contact, .create), !documents.isEmpty else { return documents }
        let matches = try await ContactMatching.match(documents, orgID: orgID, in: session)
        var change = ResultChange(
            record: CallRecord(
                id: callID, orgID: orgID, purpose: .probe, kind: .contact, method: "GET", path: "",
                holder: settings.holder))
        for (document, contact) in matches.found { try change.adopt(document, contact.element, isVoid: false) }
        if !matches.found.isEmpty { try await change.store(in: session) }
        var renamed: [StoredDocument] = []
        for var document in matches.nameTaken {
            let name = try await ContactClaims.claimNext(for: document, in: session)
            guard var object = document.desired.object else { continue }
            object["Name"] = .string(name)
            document.setDesired(.object(object))
            renamed.append(document)
        }
        try await Audit.add(
            renamed.map {
                AuditEntry(
                    actor: ResultStore.service, subject: $0.key.text,
                    change: "named \($0.desired["Name"]?.string ?? "")",
                    cause: "another contact in Xero has the name")
            }, in: session)
        return matches.absent + renamed
    }

    /// What is written of contacts that changed. Those of which nothing is to be written are as they should be.
    /// - Parameters:
    ///   - documents: what is about to be sent, locked by the session.
    ///   - shape: what the call does with them.
    ///   - session: the transaction of the intent.
    /// - Returns: what has to be sent, and the elements of it.
    func contactChanges(
        _ documents: [StoredDocument], _ shape: BatchShape, in session: some PostgresSession
    ) async throws -> (documents: [StoredDocument], elements: [Int64: JSONValue]) {
        guard shape == BatchShape(.contact, .update), !documents.isEmpty else { return (documents, [:]) }
        let elements = try await ContactLinks.changes(of: documents, policy: org.contacts, in: session)
        var sent: [StoredDocument] = []
        var settled: [StoredDocument] = []
        var ids = Set<String>()
        for document in documents {
            if elements[document.id]?.object?.isEmpty ?? true {
                var document = document
                try document.machine.handle(.found)
                document.reason = nil
                settled.append(document)
            } else if ids.insert(document.xeroID ?? "").inserted {
                // Two of ours may be one contact in Xero, which one call changes once.
                sent.append(document)
            }
        }
        try await DocumentStore.save(settled, in: session)
        try await DeadLetters.resolve(settled.map(\.id), in: session)
        try await Audit.add(
            settled.map {
                AuditEntry(
                    actor: ResultStore.service, subject: $0.key.text, change: "ready -> posted",
                    cause: "nothing of it is to be changed in Xero")
            }, in: session)
        return (sent, elements)
    }
}

/// Contacts that are to be read.
enum ContactReading: Sendable {
    /// A page of everything, or of what changed.
    case page(ContactMirror.Reading)
    /// Contacts by their ids.
    case these([String])

    /// The request for them.
    var request: XeroRequest {
        switch self {
        case .page(let reading):
            .contacts(page: reading.page, modifiedSince: reading.since.map { Instant(microseconds: Int64($0 * 1e6)) })
        case .these(let ids): .contacts(ids: ids)
        }
    }
}

/// What a writer keeps about reading contacts. Moments are seconds on its monotonic clock.
struct ContactState: Sendable {
    /// When they are looked at next.
    var lookAt = 0.0
    /// Until when nothing is read because a reading failed.
    var failedUntil = 0.0
    var isReading = false
}
