import Accounting
import JSON
public import Mapping
public import Postgres

/// Makes an order's documents what its plan wants, within the transaction that recorded the order's version.
///
/// Documents are found by key, so that planning again changes only what is wanted differently. Numbers stay what they are once
/// a call has carried them. What was never sent and is wanted no longer is superseded. What Xero has already and cannot be
/// changed stays, and the difference is planned (``PlanRevision``).
public enum PlanWriter {
    /// Writes a plan.
    ///
    /// The caller holds the row of the order in `sale`, and afterwards stores ``PlanChange/orderState`` in it.
    /// - Parameters:
    ///   - plan: the documents the order should have.
    ///   - storeID: our id of the store.
    ///   - orgID: our id of the Xero organisation.
    ///   - orderID: the storefront's id of the order.
    ///   - revision: the snapshot the plan was made from.
    ///   - mappingVersion: the mapping the plan was made with.
    ///   - isBackfill: whether the order is an old one, which newer ones may overtake.
    ///   - correction: somebody's consent that what is settled becomes what the mapping wants now; nil for none.
    ///   - isDryRun: whether nothing may be sent: the documents stay planned.
    ///   - actor: who plans, for the audit trail; also the origin of the outbox rows.
    ///   - traceparent: the W3C trace of the planning; documents that it changes go on in it.
    ///   - session: the transaction.
    /// - Returns: what changed.
    /// - Throws: ``PlanError``, after which the transaction has to be rolled back, or a `PostgresError`.
    public static func write(
        plan: OrderPlan, storeID: String, orgID: String, orderID: String, revision: Int, mappingVersion: Int64,
        correction: Correction? = nil, isBackfill: Bool = false, isDryRun: Bool = false, actor: String = "transformer",
        traceparent: String? = nil,
        in session: some PostgresSession
    ) async throws -> PlanChange {
        var order = PlannedOrder(
            plan: plan, storeID: storeID, orgID: orgID, orderID: orderID, revision: revision,
            mappingVersion: mappingVersion, isBackfill: isBackfill, isDryRun: isDryRun, actor: actor,
            traceparent: traceparent)
        var present = try await PlanStore.present(order, in: session)
        let standing = order.own(present)
        let key = DocumentKey(orgID: orgID, storeID: storeID, kind: .invoice, sourceID: orderID, part: "1")
        let revised = PlanRevision.revise(
            plan, standing: standing.map { StandingDocument($0, mappingVersion: mappingVersion) }, order: key,
            correction: correction)
        switch revised {
        case .objection(let reason): return PlanChange(orderState: .held(reason: reason), isWritten: false)
        case .plan(let plan): order.plan = plan
        }
        if !order.allKeys.allSatisfy({ key in present.contains { $0.key.text == key } }) {
            present = try await PlanStore.present(order, in: session)
        }
        let missing = order.missing(from: present)
        var inserted = Set<String>()
        if !missing.isEmpty {
            inserted = try await PlanStore.insert(missing, of: order, in: session)
            present = try await PlanStore.present(order, in: session)
            let taken = order.missing(from: present).compactMap(\.number)
            if !order.missing(from: present).isEmpty { throw PlanError.numberTaken(taken) }
        }
        var work = PlanWork(order: order, present: present, new: inserted)
        try await work.settleContents(in: session)
        try await work.settleDependencies(in: session)
        try work.settleStates()
        try await work.store(in: session)
        return work.change
    }

    /// Takes an order's documents back: what Xero has, or may have, is removed there, what needs something before that;
    /// what was never sent is not sent.
    ///
    /// The caller holds the row of the order in `sale`. Doing it twice does the same as once.
    /// - Parameters:
    ///   - storeID: our id of the store.
    ///   - orgID: our id of the Xero organisation.
    ///   - orderID: the storefront's id of the order.
    ///   - revision: the newest snapshot of the order.
    ///   - actor: who wants it, for the audit trail.
    ///   - announcer: the service whose relay announces what can be sent.
    ///   - cause: why, for the audit trail.
    ///   - isDryRun: whether nothing may be sent.
    ///   - session: the transaction.
    /// - Returns: what changed; posted means that nothing is left to be removed.
    public static func withdraw(
        storeID: String, orgID: String, orderID: String, revision: Int, by actor: String, announcer: String,
        cause: String, isDryRun: Bool = false, in session: some PostgresSession
    ) async throws -> PlanChange {
        var order = PlannedOrder(
            plan: OrderPlan(documents: []), storeID: storeID, orgID: orgID, orderID: orderID, revision: revision,
            mappingVersion: 0, isBackfill: false, isDryRun: isDryRun, actor: actor)
        order.announcer = announcer
        order.cause = cause
        let present = try await DocumentStore.lock(keys: [], storeID: storeID, orderID: orderID, in: session)
        order.plan = OrderPlan(
            documents: PlanRevision.withdrawn(order.own(present).map { StandingDocument($0, mappingVersion: 0) }))
        var work = PlanWork(order: order, present: present, new: [])
        try await work.settleDependencies(in: session)
        try work.settleStates()
        try await work.store(in: session)
        return work.change
    }
}

extension StandingDocument {
    /// How far a document of an order came.
    init(_ document: StoredDocument, mappingVersion: Int64) {
        let state = document.machine.state
        let isGoing = state == .voided || document.machine.desiredVoid && state.isOpen
        // The plan's own words: what is sent may state the tax of lines besides.
        let wanted = document.planned.flatMap { try? JSONValue(parsing: $0) } ?? document.desired
        self.init(
            document.key.reference, standing: isGoing ? .gone : document.isInXero ? .inXero : .unsent,
            title: document.title, desired: wanted, total: document.total ?? .zero,
            isOfThisMapping: document.mappingVersion == mappingVersion, isSettled: state == .posted)
    }
}

/// A plan with what it belongs to.
struct PlannedOrder: Sendable {
    var plan: OrderPlan
    var storeID: String
    var orgID: String
    var orderID: String
    var revision: Int
    var mappingVersion: Int64
    var isBackfill: Bool
    var isDryRun: Bool
    var actor: String
    var traceparent: String?
    /// Whose relay announces what can be sent; the actor's unless given.
    var announcer: String?
    /// Why, for the audit trail; the revision and mapping planned with unless given.
    var cause: String?

    /// The documents of the order itself, of all that are at hand.
    func own(_ documents: [StoredDocument]) -> [StoredDocument] {
        documents.filter { $0.orderID == orderID && $0.key.storeID == storeID }
    }

    func key(_ reference: DocumentKeyRef) -> String {
        DocumentKey(reference, orgID: orgID, storeID: storeID).text
    }

    func key(_ document: PlannedDocument) -> String { key(document.reference) }

    func storeID(of document: PlannedDocument) -> String {
        DocumentKey(document.reference, orgID: orgID, storeID: storeID).storeID
    }

    /// The keys of the plan's documents and of everything they need.
    var allKeys: [String] {
        Set(plan.documents.flatMap { [key($0)] + ($0.dependsOn + $0.prefers).map { key($0) } }).sorted()
    }

    /// The keys of the items among them.
    var itemKeys: [String] {
        Set(plan.documents.filter { $0.kind == .item }.map { key($0) }).sorted()
    }

    /// The keys of the plan's documents without the items that are done without once Xero refused them.
    var neededKeys: Set<String> {
        let needed = Set(plan.documents.flatMap(\.dependsOn))
        return Set(plan.documents.filter { $0.kind != .item || needed.contains($0.reference) }.map { key($0) })
    }

    /// What the plan wants and has no row yet. What is wanted not to be there needs none.
    func missing(from present: [StoredDocument]) -> [PlannedDocument] {
        let known = Set(present.map(\.key.text))
        return plan.documents.filter { !$0.voided && !known.contains(key($0)) }
    }

    func lane(of kind: DocumentKind, exists: Bool) -> DocumentLane {
        // Few calls carry them, and a live order may need what an old one asks for.
        if kind == .item { return .live }
        if isBackfill { return .backfill }
        if exists { return .update }
        switch kind {
        case .creditNote, .refund, .allocation: return .refund
        case .contact, .item, .invoice, .payment, .quote: return .live
        }
    }
}
