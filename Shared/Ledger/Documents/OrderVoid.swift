public import Accounting
public import Mapping
public import Postgres

/// Orders that an operator takes back: what Xero has of them is removed there, and nothing of them is posted again, whatever
/// the storefront says, until an operator brings them back.
public enum OrderVoid {
    /// Who had an order voided, and why.
    public struct Mark: Sendable, Hashable {
        /// The operator.
        public var actor: String
        /// The operator's words; `nil` for none.
        public var reason: String?

        /// A mark.
        /// - Parameters:
        ///   - actor: the operator.
        ///   - reason: the operator's words.
        public init(actor: String, reason: String?) {
            self.actor = actor
            self.reason = reason
        }

        /// Both, for people.
        public var words: String { "voided by \(actor)" + (reason.map { ": \($0)" } ?? "") }
    }

    /// What becomes of one document when its order is voided.
    public struct Step: Sendable, Hashable {
        /// The kind of document.
        public var kind: DocumentKind
        /// How a person names it.
        public var title: String
        /// ISO 4217; `nil` if it has no amount.
        public var currency: String?
        /// The amount, tax included.
        public var total: ExactDecimal?
        /// The day it is dated.
        public var date: CalendarDate?
        /// What happens to it, such as `is voided in Xero`.
        public var action: String
    }

    /// Where an order stands.
    public struct Standing: Sendable, Hashable {
        /// The storefront's id of the order.
        public var orderID: String
        /// The number that people know it by.
        public var number: String
        /// Our id of the organisation.
        public var orgID: String
        /// The newest version of it.
        public var revision: Int
        /// Its state, such as `posted`.
        public var state: String
        /// Who had it voided; `nil` if nobody has.
        public var mark: Mark?
        /// The daily summaries that it is in.
        public var summaries: [String]
        /// Whether nothing of its store may be sent.
        public var isDryRun: Bool
    }

    /// What became of what was asked for.
    public enum Outcome: Sendable, Hashable {
        /// It is done, or on its way: the order's state and its reason.
        case done(state: String, reason: String?)
        /// There was nothing to do: why.
        case nothingToDo(String)
        /// It cannot be done: why, and what can.
        case refused(String)
    }

    /// The reason of an order's row `s` that has nothing left to do.
    static let reasonSQL = """
        CASE WHEN s.voided_by IS NOT NULL THEN 'voided by ' || s.voided_by || coalesce(': ' || s.void_reason, '') END
        """

    // MARK: Looking

    /// Finds an order by its number or its storefront's id.
    /// - Parameters:
    ///   - storeID: our id of the store.
    ///   - order: the number or id.
    ///   - session: where to ask; a transaction keeps the order locked.
    /// - Returns: `nil` if there is no such order.
    public static func find(
        storeID: String, order: String, in session: some PostgresSession
    ) async throws -> Standing? {
        let rows = try await session.query(
            """
            SELECT order_id, order_number, org_id, revision, state, voided_by, void_reason,
                store_id IN (\(unsafeSQL: DryRun.stores)) AS dry_run,
                ARRAY(SELECT DISTINCT coalesce(e.summary_id, 'of ' || e.day) FROM summary_entry e
                      WHERE e.store_id = s.store_id AND e.order_id = s.order_id) AS summaries
            FROM sale s WHERE store_id = \(storeID) AND (order_number = \(order) OR order_id = \(order))
            ORDER BY order_number = \(order) DESC LIMIT 1 FOR NO KEY UPDATE
            """)
        guard let row = rows.first else { return nil }
        return Standing(
            orderID: try row.decode("order_id"), number: try row.decode("order_number"),
            orgID: try row.decode("org_id"), revision: try row.decode("revision"), state: try row.decode("state"),
            mark: row["voided_by"].map { Mark(actor: $0, reason: row["void_reason"]) },
            summaries: try row.decode("summaries"), isDryRun: try row.decode("dry_run"))
    }

    /// Why an order cannot be voided; `nil` if it can.
    /// - Parameter order: where it stands.
    public static func objection(to order: Standing) -> String? {
        guard !order.summaries.isEmpty else { return nil }
        return "order \(order.number) is in the daily summary \(order.summaries.sorted().joined(separator: ", ")), "
            + "which stands for other orders too: refund or cancel it in the store"
    }

    /// What voiding an order would do, in the order in which Xero allows it.
    /// - Parameters:
    ///   - order: where it stands.
    ///   - storeID: our id of the store.
    ///   - session: where to ask.
    public static func steps(
        of order: Standing, storeID: String, in session: some PostgresSession
    ) async throws -> [Step] {
        let present = try await DocumentStore.read(
            session.query(
                """
                SELECT \(unsafeSQL: StoredDocument.columns) FROM document
                WHERE store_id = \(storeID) AND order_id = \(order.orderID) ORDER BY id
                """))
        let going = PlanRevision.withdrawn(present.map { StandingDocument($0, mappingVersion: 0) }).map(\.reference)
        let unsent = present.filter {
            !going.contains($0.key.reference) && ![.voided, .superseded, .posted].contains($0.machine.state)
        }.map(\.key.reference)
        return (going + unsent).compactMap { reference in
            present.first { $0.key.reference == reference }.map { step($0, isSent: going.contains(reference)) }
        }
    }

    private static func step(_ document: StoredDocument, isSent: Bool) -> Step {
        let action =
            switch document.key.kind {
            case _ where !isSent: "is not sent"
            case .payment, .refund: "is deleted in Xero"
            case .allocation: "is taken back in Xero"
            case .quote where !document.isDraft: "is declined in Xero"
            default: document.isDraft ? "is deleted in Xero" : "is voided in Xero"
            }
        return Step(
            kind: document.key.kind, title: document.title, currency: document.currency, total: document.total,
            date: document.postedDate ?? document.date, action: action)
    }

    // MARK: Voiding

    /// Voids an order, in the caller's transaction, which holds it since ``find(storeID:order:in:)``. Asking twice does the
    /// same as once.
    /// - Parameters:
    ///   - order: where it stands.
    ///   - storeID: our id of the store.
    ///   - mark: who wants it, and why.
    ///   - session: a transaction.
    /// - Returns: what became of it.
    public static func void(
        _ order: Standing, storeID: String, mark: Mark, in session: some PostgresSession
    ) async throws -> Outcome {
        if let mark = order.mark { return .nothingToDo("order \(order.number) was \(mark.words)") }
        if let objection = objection(to: order) { return .refused(objection) }
        try await session.execute(
            """
            UPDATE sale SET voided_by = \(mark.actor), voided_at = now(), void_reason = \(mark.reason as String?),
                findings = NULL
            WHERE store_id = \(storeID) AND order_id = \(order.orderID)
            """)
        let standing = try await withdraw(
            storeID: storeID, orgID: order.orgID, orderID: order.orderID, revision: order.revision, mark: mark,
            isDryRun: order.isDryRun, by: mark.actor, in: session)
        try await session.execute(
            """
            UPDATE sale SET state = \(standing.state), reason = \(standing.reason as String?)
            WHERE store_id = \(storeID) AND order_id = \(order.orderID)
            """)
        try await session.execute(
            """
            UPDATE dead_letter SET state = 'resolved', updated_at = now(), note = 'the order was voided'
            WHERE document_id IS NULL AND store_id = \(storeID) AND order_id = \(order.orderID)
              AND state IN ('open', 'retrying', 'held')
            """)
        try await Audit.add(
            [
                AuditEntry(
                    actor: mark.actor, subject: "\(storeID)/\(order.orderID)",
                    change: "\(order.state) -> \(standing.state)", cause: mark.words)
            ], in: session)
        return .done(state: standing.state, reason: standing.reason)
    }

    /// Takes back what there is of a voided order: for what was planned before it was voided, and once more for what a call
    /// that was on its way then has made since.
    /// - Parameters:
    ///   - storeID: our id of the store.
    ///   - orgID: our id of the organisation.
    ///   - orderID: the storefront's id of the order.
    ///   - revision: the newest version of it.
    ///   - mark: who had it voided, and why.
    ///   - isDryRun: whether nothing of the store may be sent.
    ///   - actor: who does it, for the audit trail.
    ///   - session: a transaction that holds the order.
    /// - Returns: the order's state, and its reason.
    public static func withdraw(
        storeID: String, orgID: String, orderID: String, revision: Int, mark: Mark, isDryRun: Bool, by actor: String,
        in session: some PostgresSession
    ) async throws -> (state: String, reason: String?) {
        let change = try await PlanWriter.withdraw(
            storeID: storeID, orgID: orgID, orderID: orderID, revision: revision, by: actor, announcer: announcer,
            cause: mark.words, isDryRun: isDryRun, in: session)
        switch change.orderState {
        case .posted: return ("voided", mark.words)
        case .planned: return ("planned", "\(mark.words); its documents are on their way out of Xero")
        case .dead(let reason): return ("dead", "\(mark.words), but \(reason)")
        case .held(let reason): return ("held", "\(mark.words), but \(reason)")
        }
    }

    /// The service whose relay announces what can be sent.
    private static let announcer = "xero-writer"

    // MARK: Bringing back

    /// Brings a voided order back: what was not removed yet stays, and the order is planned again from what the storefront
    /// said last. Documents that are gone get new numbers.
    /// - Parameters:
    ///   - order: where it stands.
    ///   - storeID: our id of the store.
    ///   - actor: who wants it, for the audit trail.
    ///   - session: a transaction that holds the order.
    /// - Returns: what became of it.
    public static func restore(
        _ order: Standing, storeID: String, by actor: String, in session: some PostgresSession
    ) async throws -> Outcome {
        guard let mark = order.mark else { return .nothingToDo("order \(order.number) is not voided") }
        try await keep(order, storeID: storeID, by: actor, in: session)
        try await session.execute(
            """
            UPDATE sale SET voided_by = NULL, voided_at = NULL, void_reason = NULL, state = 'observed', reason = NULL,
                planned_revision = least(planned_revision, revision - 1), attempts = 0, retry_at = NULL
            WHERE store_id = \(storeID) AND order_id = \(order.orderID)
            """)
        try await Audit.add(
            [
                AuditEntry(
                    actor: actor, subject: "\(storeID)/\(order.orderID)", change: "\(order.state) -> observed",
                    cause: "brought back; it was \(mark.words)")
            ], in: session)
        return .done(state: "observed", reason: nil)
    }

    /// Lets documents stay that were to be removed, where no call is removing them at this moment.
    private static func keep(
        _ order: Standing, storeID: String, by actor: String, in session: some PostgresSession
    ) async throws {
        var kept: [StoredDocument] = []
        var audit: [AuditEntry] = []
        let present = try await DocumentStore.lock(keys: [], storeID: storeID, orderID: order.orderID, in: session)
        for var document in present {
            let from = document.machine.state
            guard document.machine.desiredVoid, !from.isOpen, from != .voided, document.isInXero else { continue }
            try document.machine.handle(.planned(changed: false, void: false, blocked: true))
            document.reason = nil
            kept.append(document)
            audit.append(
                AuditEntry(
                    actor: actor, subject: document.key.text,
                    change: "\(from.rawValue) -> \(document.machine.state.rawValue)", cause: "the order is brought back"
                ))
        }
        try await DocumentStore.save(kept, in: session)
        try await Audit.add(audit, in: session)
        try await DeadLetters.resolve(kept.map(\.id), in: session)
        try await Readiness.promote(around: kept.map(\.id), in: session)
    }
}
