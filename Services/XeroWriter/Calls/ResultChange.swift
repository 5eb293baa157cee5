import Accounting
import JSON
import Ledger
import Mapping
import Postgres
import Xero

/// Documents while the result of a call, or of a lookup, is being applied to them.
struct ResultChange: Sendable {
    let record: CallRecord
    private(set) var summary = ResultSummary()
    private var documents: [StoredDocument] = []
    private var outcomes: [(document: StoredDocument, outcome: String)] = []
    private var failures: [(document: StoredDocument, failure: DocumentFailure)] = []
    private var elements: [(documentID: Int64, outcome: String, message: String?)] = []
    private var audit: [AuditEntry] = []
    /// The classes of what Xero refused.
    private(set) var refusedClasses: Set<String> = []
    private var adopted: [Int64] = []
    /// Documents that were refused because Xero does not know what they refer to, with its words.
    private var doubting: [(id: Int64, words: String)] = []
    /// Documents that were refused because Xero does not know an item of theirs, with its words.
    private var itemless: [(id: Int64, words: String)] = []
    private var contacts: ContactChange

    init(record: CallRecord) {
        self.record = record
        contacts = ContactChange(record)
    }

    /// Applies a verdict to a document that the call carries.
    mutating func apply(_ verdict: Verdict, to document: StoredDocument) throws {
        var document = document
        document.machine.sentVoid = record.purpose == .void
        switch verdict {
        case .posted(let element, let difference):
            let outcome = record.purpose == .create ? "posted" : record.purpose == .void ? "voided" : "updated"
            if difference != nil, try repair(&document, element, outcome) { return }
            try take(&document, element, difference, event: difference == nil ? .posted : .postedDiffering, outcome)
            contacts.wrote(document, element, by: record)
        case .refused(let messages):
            try refuse(&document, messages)
        case .unknown:
            try document.machine.handle(.uncertain)
            document.reason = "it is not known whether Xero took it; it will be looked up"
            try finish(&document, from: .sending, "unknown", "the answer does not tell", keepsCall: true)
            summary.unknown.append(document.id)
        }
    }

    /// A document that a lookup found in Xero.
    mutating func adopt(_ document: StoredDocument, _ element: XeroElement, isVoid: Bool) throws {
        var document = document
        document.machine.sentVoid = isVoid
        // What is to be removed need not be as it was wanted.
        let difference =
            isVoid || document.machine.desiredVoid ? nil : VerdictReader.difference(document, element.value)
        if difference != nil, try repair(&document, element, "adopted") {
            if Self.hasEntries(document, element.value) { adopted.append(document.id) }
            return
        }
        if ContactLinks.isIncomplete(document, element) {
            // What nobody has filled in yet follows, our number above all.
            if document.machine.state == .ready { try document.machine.handle(.selected) }
            document.machine.desiredVersion += 1
            document.lane = .update
        }
        try take(
            &document, element, difference, event: difference == nil ? .found : .foundDiffering,
            isVoid ? "voided" : "adopted")
        contacts.found(document, element)
        if !isVoid && Self.hasEntries(document, element.value) { adopted.append(document.id) }
    }

    /// Whether a document has, or may have, others in Xero that need it. What needs an item says nothing of it before.
    private static func hasEntries(_ document: StoredDocument, _ element: JSONValue) -> Bool {
        if document.key.kind == .item { return false }
        guard let paid = element["AmountPaid"]?.decimal, let credited = element["AmountCredited"]?.decimal else {
            return true
        }
        return !paid.isZero || !credited.isZero
    }

    /// A document that a lookup did not find: it can be sent, under a new key.
    mutating func absent(_ document: StoredDocument) throws {
        var document = document
        let from = document.machine.state
        try document.machine.handle(.absent)
        document.lookupFirst = false
        document.reason = nil
        try finish(&document, from: from, "absent", "looked up: not in Xero", keepsCall: false)
    }

    /// A document that Xero has, but not as it is wanted: the change is sent again, with the ids that its lines have now.
    mutating func outdated(_ document: StoredDocument, _ element: XeroElement) throws {
        var document = document
        document.setPosted(element.value, id: element.id ?? document.xeroID ?? "")
        let from = document.machine.state
        try document.machine.handle(.absent)
        document.lookupFirst = false
        document.reason = nil
        try finish(&document, from: from, "absent", "looked up: Xero does not have this change", keepsCall: false)
    }

    /// A document of which Xero has another's number: a person has to decide.
    mutating func foreign(_ document: StoredDocument, message: String) throws {
        var document = document
        let from = document.machine.state
        if document.machine.state.isOpen {
            try document.machine.handle(.refusedFinal)
        } else {
            document.machine.state = .dead
        }
        let known = XeroErrorCatalogue.explain([message])
        let explanation =
            known.errorClass == "unknown" ? XeroErrorCatalogue.explain(["Invoice # must be unique"]) : known
        document.reason = "\(explanation.sentence) (\(message))"
        document.lookupFirst = false
        failures.append((document, Self.failure(explanation, message)))
        outcomes.append((document, "dead"))
        try finish(&document, from: from, "refused", message, keepsCall: false)
    }

    /// A contact whose name somebody else has in Xero: it goes again under the name it has been given.
    mutating func rename(_ document: StoredDocument, to name: String) throws {
        var document = document
        let from = document.machine.state
        try document.machine.handle(.absent)
        if var object = document.desired.object {
            object["Name"] = .string(name)
            document.setDesired(.object(object))
        }
        document.machine.desiredVersion += 1
        document.lookupFirst = false
        document.attempts = 0
        document.reason = nil
        try finish(&document, from: from, "refused", "the name is taken in Xero: now \(name)", keepsCall: false)
    }

    /// A document that was certainly not sent, or not looked at.
    mutating func release(_ document: StoredDocument, costsAttempt: Bool, cause: String) throws {
        var document = document
        let from = document.machine.state
        try document.machine.handle(.notCarriedOut)
        if !costsAttempt { document.attempts = max(0, document.attempts - 1) }
        document.reason = nil
        try finish(&document, from: from, nil, cause, keepsCall: false)
    }

    private mutating func take(
        _ document: inout StoredDocument, _ element: XeroElement, _ difference: String?, event: DocumentMachine.Event,
        _ outcome: String, goesOn: Bool = false
    ) throws {
        let from = document.machine.state
        try document.machine.handle(event)
        // Another call takes it on to what is wanted.
        let goesOn = goesOn || difference == nil && document.isOnItsWay(element.value)
        if goesOn, !document.machine.desiredVoid, document.machine.state != .voided {
            try document.machine.handle(.planned(changed: true, void: false, blocked: true))
        }
        document.setPosted(element.value, id: element.id ?? document.xeroID ?? "")
        document.attempts = 0
        document.lookupFirst = false
        document.reason = document.machine.state == .held ? difference : nil
        let isHeld = document.machine.state == .held
        outcomes.append((document, isHeld ? "held" : outcome))
        summary.posted += 1
        let cause =
            element.warnings.isEmpty ? outcome : "\(outcome); Xero warns: \(element.warnings.joined(separator: "; "))"
        try finish(
            &document, from: from, outcome == "adopted" ? "adopted" : "posted", difference ?? cause, keepsCall: false)
    }

    /// Has a document that Xero took with another tax changed at once, before anything is paid on it.
    /// - Returns: false if its tax is not what is wrong, or stating it did not help.
    private mutating func repair(
        _ document: inout StoredDocument, _ element: XeroElement, _ outcome: String
    ) throws -> Bool {
        guard let repaired = TaxRepair.repaired(document, element.value) else { return false }
        document.setRepaired(repaired)
        let words = VerdictReader.difference(document, element.value) ?? "another tax"
        try take(
            &document, element, "\(words): the tax of its lines is stated", event: takenEvent(outcome), outcome,
            goesOn: true)
        return true
    }

    private func takenEvent(_ outcome: String) -> DocumentMachine.Event { outcome == "adopted" ? .found : .posted }

    private mutating func refuse(_ document: inout StoredDocument, _ messages: [String]) throws {
        let explanation = XeroErrorCatalogue.explain(messages)
        refusedClasses.insert(explanation.errorClass)
        let words = messages.joined(separator: "; ")
        let from = document.machine.state
        if explanation.action == .dropEmail, document.dropEmail() {
            try document.machine.handle(.refusedRetryable)
            document.attempts = 0
            document.reason = nil
            let cause = "Xero does not accept the e-mail address (\(words)): the contact is sent without it"
            return try finish(&document, from: from, "refused", cause, keepsCall: false)
        }
        if contacts.isRestoring(document, by: record) {
            try document.machine.handle(.refusedRetryable)
            contacts.refused(document, words)
        } else if isRetryable(document, explanation) {
            try document.machine.handle(.refusedRetryable)
            if explanation.action == .lookUpReferences {
                doubting.append((document.id, words))
                document.reason = "Xero does not know what it refers to (\(words)); that will be looked up"
            } else if explanation.action == .lookUpItems {
                itemless.append((document.id, words))
                document.reason = nil
            } else if explanation.action == .followContact {
                contacts.doubt(document, words)
                document.reason = "its contact is archived in Xero (\(words)); it waits until the contact is back"
            } else {
                document.lookupFirst = true
                document.reason = "Xero refused it (\(words)); it will be looked up"
            }
        } else {
            try document.machine.handle(.refusedFinal)
            if document.machine.state == .dead {
                document.reason = "\(explanation.sentence) Xero's words: \(words)"
                failures.append((document, Self.failure(explanation, words)))
                outcomes.append((document, "dead"))
            }
        }
        try finish(&document, from: from, "refused", words, keepsCall: false)
    }

    /// Whether a refusal may come of something that a lookup puts right: a change, for example, that Xero has already.
    private func isRetryable(_ document: StoredDocument, _ explanation: XeroErrorExplanation) -> Bool {
        let isChange = record.purpose == .update || record.purpose == .void
        // What Xero says of quotes that changed meanwhile is known of few.
        let isOfState =
            explanation.errorClass.hasPrefix("document.")
            || document.key.kind == .quote && explanation.errorClass == "unknown"
        if isChange && isOfState { return document.attempts < 2 }
        let isFinal = explanation.action == .askPerson || explanation.action == .dropEmail
        return !isFinal && document.attempts < ResultStore.attemptLimit
    }

    private static func failure(_ explanation: XeroErrorExplanation, _ words: String) -> DocumentFailure {
        DocumentFailure(
            errorClass: explanation.errorClass, message: words, sentence: explanation.sentence,
            suggestion: explanation.suggestion)
    }

    private mutating func finish(
        _ document: inout StoredDocument, from: DocumentState, _ outcome: String?, _ cause: String, keepsCall: Bool
    ) throws {
        if !keepsCall { document.openCall = nil }
        if document.isOvertaken {
            try document.machine.handle(.removedFromPlan)
            (document.lookupFirst, document.reason) = (false, nil)
        }
        documents.append(document)
        if let outcome { elements.append((document.id, outcome, cause)) }
        summary.outcomes.append(DocumentOutcome(document: document, text: outcome ?? "released"))
        audit.append(
            AuditEntry(
                actor: ResultStore.service, subject: document.key.text,
                change: "\(from.rawValue) -> \(document.machine.state.rawValue)", cause: cause, callID: record.id))
    }

    /// Stores everything.
    mutating func store(in session: some PostgresSession) async throws {
        try await settleItems(in: session)
        try await DocumentStore.save(documents, in: session)
        try await contacts.store(documents, record: record, in: session)
        try await DocumentClaims.lookUpDependants(of: adopted, in: session)
        if let first = doubting.first {
            try await Doubts.raise(
                neededBy: doubting.map(\.id), cause: "Xero refused what refers to it: \(first.words)",
                callID: record.id, by: ResultStore.service, in: session)
        }
        let promoted = try await Readiness.promote(around: documents.map(\.id), in: session)
        summary.hasReady = !promoted.isEmpty
        let troubled = documents.filter { $0.machine.state == .dead || $0.machine.state == .held }
        if !troubled.isEmpty { try await Readiness.explain(blockedBy: troubled, in: session) }
        let settled = documents.filter { $0.machine.state.isSettled }
        try await DeadLetters.resolve(settled.map(\.id), in: session)
        try await Readiness.settleSales(of: settled, in: session)
        try await CallStore.finishElements(id: record.id, elements, in: session)
        try await DeadLetters.add(failures, service: ResultStore.service, callID: record.id, in: session)
        try await LedgerMessages.report(outcomes, origin: ResultStore.service, in: session)
        try await Audit.add(audit, in: session)
        summary.isStored = true
    }

    /// Has the items looked up that Xero does not know and that are ours to make; documents go on without the others.
    private mutating func settleItems(in session: some PostgresSession) async throws {
        for (id, words) in itemless {
            guard let index = documents.firstIndex(where: { $0.id == id }) else { continue }
            let document = documents[index]
            let named = document.itemCodes.filter { words.contains("'\($0)'") }
            let codes = named.isEmpty ? document.itemCodes : named
            let ours = try await ItemLinks.doubt(
                codes, of: document, cause: "Xero refused what names it: \(words)", callID: record.id,
                by: ResultStore.service, in: session)
            if !ours.isEmpty {
                let names = ours.sorted().joined(separator: ", ")
                documents[index].reason = "Xero does not know item \(names); that is looked up"
            }
            let dropped = documents[index].dropItems(codes.subtracting(ours))
            guard !dropped.isEmpty else { continue }
            audit.append(
                AuditEntry(
                    actor: ResultStore.service, subject: document.key.text,
                    change: "without item \(dropped.sorted().joined(separator: ", "))", cause: words,
                    callID: record.id))
        }
    }
}

extension StoredDocument {
    /// Takes the e-mail address out of a contact, for the version that is wanted now and until another address is planned.
    /// - Returns: false if it has none.
    fileprivate mutating func dropEmail() -> Bool {
        guard key.kind == .contact, var object = desired.object, let email = object["EmailAddress"]?.string else {
            return false
        }
        refusedEmail = email
        object["EmailAddress"] = nil
        setDesired(.object(object))
        machine.desiredVersion += 1
        return true
    }
}
