import Accounting
import JSON
import Mapping
import Messaging
import Postgres

/// The documents of one order while its plan is being written.
struct PlanWork {
    let order: PlannedOrder
    private(set) var change = PlanChange(orderState: .planned, isWritten: true)
    /// Every locked document: the plan's, the order's former ones, and what they need.
    private var documents: [String: StoredDocument]
    private let before: [String: StoredDocument]
    private let new: Set<String>
    /// Keys of documents that are wanted differently from before.
    private var differing: Set<String> = []
    private var dependencies: [String: [(key: String, isSoft: Bool)]] = [:]
    /// What needs a document, of all that have rows here, by key.
    private var dependants: [String: [String]] = [:]

    init(order: PlannedOrder, present: [StoredDocument], new: Set<String>) {
        self.order = order
        self.new = new
        documents = Dictionary(present.map { ($0.key.text, $0) }, uniquingKeysWith: { first, _ in first })
        before = documents
    }

    /// The plan's documents that have a row, in the plan's order.
    private var planned: [(key: String, planned: PlannedDocument)] {
        order.plan.documents.map { (order.key($0), $0) }.filter { documents[$0.0] != nil }
    }

    /// Makes each document's desired element what the plan wants, with the number and the name that it keeps.
    mutating func settleContents(in session: some PostgresSession) async throws {
        let contacts = planned.filter { $0.planned.kind == .contact && !new.contains($0.key) }
        let newer = try await PlanStore.contactsToUpdate(
            contacts.compactMap { documents[$0.key]?.id }, order: order, in: session)
        for (key, planned) in planned {
            guard var document = documents[key] else { continue }
            if planned.kind == .contact {
                guard new.contains(key) || newer.contains(document.id) && !isOthers(planned, key) else { continue }
                try await settleContact(&document, planned, in: session)
            } else if planned.kind == .item, !isRetried(document) {
                continue
            } else {
                settleDocument(&document, planned)
            }
            documents[key] = document
        }
    }

    /// Whether what Xero refused is tried again because another mapping asks for something else. An item is not wanted
    /// differently because another order words it so.
    private func isRetried(_ document: StoredDocument) -> Bool {
        document.machine.state.needsPerson && !document.isInXero && document.mappingVersion != order.mappingVersion
    }

    /// Whether it is other stores' too, so that a dry run of this one changes nothing of it.
    private func isOthers(_ planned: PlannedDocument, _ key: String) -> Bool {
        order.isDryRun && planned.reference.isShared && !new.contains(key)
    }

    private mutating func settleContact(
        _ document: inout StoredDocument, _ planned: PlannedDocument, in session: some PostgresSession
    ) async throws {
        let desired = try await ContactContent.settled(planned.desired, for: document, in: session)
        guard desired.canonical() != document.desired.canonical() else { return }
        document.setDesired(desired)
        document.mappingVersion = order.mappingVersion
        if !new.contains(document.key.text) { differing.insert(document.key.text) }
    }

    private mutating func settleDocument(_ document: inout StoredDocument, _ planned: PlannedDocument) {
        if new.contains(document.key.text) || planned.voided { return }
        if planned.isInvoiced { return markInvoiced(&document) }
        var desired = planned.desired
        if document.machine.sentVersion > 0, let number = document.number, let field = document.key.kind.numberField {
            desired = desired.setting(field, to: .string(number))
        } else {
            document.number = planned.number
        }
        guard document.repaired(desired).canonical() != document.desired.canonical() else { return }
        document.setDesired(desired)
        document.currency = planned.currency?.code
        document.total = planned.total
        document.totalTax = planned.tax
        document.date = planned.date
        document.mappingVersion = order.mappingVersion
        differing.insert(document.key.text)
    }

    /// A quote says what it said, and nothing but its status changes.
    private mutating func markInvoiced(_ document: inout StoredDocument) {
        let desired = document.desired.setting("Status", to: .string(PlannedDocument.invoicedStatus))
        guard desired.canonical() != document.desired.canonical() else { return }
        document.setDesired(desired)
        differing.insert(document.key.text)
    }

    /// Stores what each document needs.
    mutating func settleDependencies(in session: some PostgresSession) async throws {
        var pairs: [(document: Int64, dependsOn: Int64, isSoft: Bool)] = []
        let wanted = planned.filter { !$0.planned.voided }
        if wanted.count < planned.count { try await readDependants(in: session) }
        for (key, planned) in wanted {
            guard let document = documents[key] else { continue }
            let references = planned.dependsOn.map { ($0, false) } + planned.prefers.map { ($0, true) }
            for (reference, isSoft) in references {
                let needed = order.key(reference)
                guard let dependency = documents[needed] else { throw PlanError.unknownDependency(needed) }
                pairs.append((document.id, dependency.id, isSoft))
                dependencies[key, default: []].append((needed, isSoft))
            }
        }
        let ids = wanted.compactMap { documents[$0.key]?.id }
        guard !pairs.isEmpty else { return }
        try await PlanStore.replaceDependencies(pairs, of: ids, in: session)
    }

    /// Reads what needs what: documents that are to be voided wait for what needs them.
    private mutating func readDependants(in session: some PostgresSession) async throws {
        let keys = Dictionary(documents.map { ($0.value.id, $0.key) }, uniquingKeysWith: { first, _ in first })
        let needs = try await DocumentStore.dependencies(of: keys.keys.sorted(), in: session)
        for (id, needed) in needs {
            guard let key = keys[id] else { continue }
            for other in needed { if let other = keys[other] { dependants[other, default: []].append(key) } }
        }
    }

    /// What a document waits for.
    private func whatBlocks(_ key: String, isVoid: Bool) -> StoredDocument? {
        guard isVoid else {
            return (dependencies[key] ?? []).lazy.compactMap { needed in
                documents[needed.key].flatMap { $0.satisfies(softly: needed.isSoft) ? nil : $0 }
            }.first
        }
        let going = Set(planned.filter { $0.planned.voided }.map { $0.key })
        return (dependants[key] ?? []).compactMap { documents[$0] }.sorted { $0.id < $1.id }.first {
            (going.contains($0.key.text) || $0.machine.desiredVoid) && $0.isInXero && $0.machine.state != .voided
        }
    }

    /// Moves each document to the state that follows, what others need before what needs it.
    mutating func settleStates() throws {
        for (key, planned) in planned {
            guard var document = documents[key], !isOthers(planned, key) else { continue }
            let blocker = whatBlocks(key, isVoid: planned.voided)
            let changed = differing.contains(key)
            document.machine.mayExist = document.lookupFirst
            try document.machine.handle(.planned(changed: changed, void: planned.voided, blocked: blocker != nil))
            settleReason(&document, blocker: blocker)
            if changed || document.machine != before[key]?.machine {
                document.traceparent = order.traceparent ?? document.traceparent
            }
            if order.isDryRun, document.machine.state == .ready || document.machine.state == .waiting {
                document.machine.state = .planned
                document.reason = DryRun.reason
            }
            if changed {
                document.attempts = 0
                document.lane = order.lane(of: planned.kind, exists: document.xeroID != nil)
            }
            count(key, changed: changed, document)
            documents[key] = document
        }
        let wanted = Set(order.plan.documents.map { order.key($0) })
        for (key, var document) in documents
        where !wanted.contains(key) && document.orderID == order.orderID && !document.isInXero {
            if document.machine.state != .superseded { change.superseded += 1 }
            try document.machine.handle(.removedFromPlan)
            document.reason = nil
            documents[key] = document
        }
    }

    private func settleReason(_ document: inout StoredDocument, blocker: StoredDocument?) {
        switch document.machine.state {
        case .waiting: document.reason = blocker?.waitingReason
        case .held, .dead: break
        default: document.reason = nil
        }
    }

    private mutating func count(_ key: String, changed: Bool, _ document: StoredDocument) {
        if new.contains(key) {
            change.created += 1
        } else if document.machine.state == .superseded, before[key]?.machine.state != .superseded {
            change.superseded += 1
        } else if changed {
            change.changed += 1
        } else {
            change.unchanged += 1
        }
    }

    /// Stores documents, audit and outbox rows, and sums the order up.
    mutating func store(in session: some PostgresSession) async throws {
        let touched = documents.values.filter { document in
            guard let former = before[document.key.text] else { return true }
            return former.machine != document.machine || document.hasNewContent || former.reason != document.reason
        }.sorted { $0.id < $1.id }
        try await DocumentStore.save(touched, in: session)
        try await Readiness.demote(
            needing: touched.filter { differing.contains($0.key.text) && $0.key.kind != .contact }.map(\.id),
            in: session)
        let retried = touched.filter {
            before[$0.key.text]?.machine.state.needsPerson == true && !$0.machine.state.needsPerson
        }
        try await PlanStore.finish(
            retried: retried.map(\.id), revision: order.revision, mappingVersion: order.mappingVersion,
            documents: decisions(of: touched.filter { differing.contains($0.key.text) }), in: session)
        try await Audit.add(touched.compactMap(entry), in: session)
        let ready = planned.compactMap { documents[$0.key] }.filter { $0.machine.state == .ready }
        change.ready = ready.map(\.key.text)
        try await LedgerMessages.announce(ready, origin: order.announcer ?? order.actor, in: session)
        change.orderState = orderState()
    }

    /// What decided the fields of these documents, by their rows' ids.
    private func decisions(of documents: [StoredDocument]) -> [(id: Int64, decisions: String?)] {
        let texts = Dictionary(
            order.plan.documents.map { (order.key($0), $0.decisionsText) }, uniquingKeysWith: { first, _ in first })
        return documents.map { ($0.id, texts[$0.key.text] ?? nil) }
    }

    private func entry(_ document: StoredDocument) -> AuditEntry? {
        let key = document.key.text
        let former = new.contains(key) ? nil : before[key]
        guard former?.machine.state != document.machine.state || differing.contains(key) else { return nil }
        let cause =
            order.cause ?? "order \(order.orderID) revision \(order.revision), mapping \(order.mappingVersion)"
        let from = former?.machine.state.rawValue ?? "new"
        let version = differing.contains(key) ? ", version \(document.machine.desiredVersion)" : ""
        return AuditEntry(
            actor: order.actor, subject: key, change: "\(from) -> \(document.machine.state.rawValue)\(version)",
            cause: cause)
    }

    private func orderState() -> PlanChange.OrderState {
        let needed = order.neededKeys
        let ours = documents.values.filter { $0.orderID == order.orderID || needed.contains($0.key.text) }
            .sorted { $0.id < $1.id }
        if let dead = ours.first(where: { $0.machine.state == .dead }) {
            return .dead(reason: "\(dead.title): \(dead.reason ?? "refused by Xero")")
        }
        if let held = ours.first(where: { $0.machine.state == .held }) {
            return .held(reason: "\(held.title): \(held.reason ?? "held")")
        }
        let isDone = ours.allSatisfy { $0.orderID == nil || $0.machine.state.isSettled }
        return isDone ? .posted : .planned
    }
}

extension DocumentState {
    /// Whether it waits for a person.
    var needsPerson: Bool { self == .held || self == .dead }
}

extension StoredDocument {
    /// Whether Xero has it, or may have it.
    var isInXero: Bool { xeroID != nil || machine.state.isOpen || lookupFirst }
}

extension JSONValue {
    /// The object without one member.
    func removing(_ name: String) -> JSONValue {
        guard var object else { return self }
        object[name] = nil
        return .object(object)
    }

    /// The object with one member set.
    func setting(_ name: String, to value: JSONValue) -> JSONValue {
        guard var object else { return self }
        object[name] = value
        return .object(object)
    }
}
