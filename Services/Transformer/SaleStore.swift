import Accounting
import JSON
import Ledger
import Mapping
import Planning
import Postgres

/// One order's row, as far as planning goes.
struct SaleToPlan: Sendable {
    var orgID: String
    var revision: Int
    var createdAt: Instant?
    var modifiedAt: Instant
    /// The mapping of which somebody agreed that it changes what is settled, and when.
    var agreed: (mappingVersion: Int64, at: Instant)?
    /// Who had it voided; nil if nobody has.
    var mark: OrderVoid.Mark?
}

/// The statements of the transformer on `sale` and what stands around it.
enum SaleStore {
    /// How often one version of an order may be tried before a person is asked.
    static let mostAttempts = 5

    /// Counts an attempt before it is made, so that an order which kills its planner is found by counting.
    /// - Returns: the attempt's number and the trace of the newest version; nil if the order has nothing to plan now.
    static func countAttempt(
        _ order: OrderReference, in session: some PostgresSession
    ) async throws(PostgresError) -> (attempt: Int, traceparent: String?)? {
        let rows = try await session.query(
            """
            UPDATE sale SET attempts = attempts + 1, retry_at = now() + least(power(2, attempts), 60) * interval '1 second'
            WHERE store_id = \(order.storeID) AND order_id = \(order.orderID) AND planned_revision < revision
            RETURNING attempts, traceparent
            """)
        guard let row = rows.first else { return nil }
        return (try row.decode("attempts"), row["traceparent"])
    }

    /// Locks an order that has something to plan; nil if it has not, or somebody else is at it.
    static func lock(
        _ order: OrderReference, in session: some PostgresSession
    ) async throws(PostgresError) -> SaleToPlan? {
        let rows = try await session.query(
            """
            SELECT org_id, revision, (extract(epoch FROM created_at) * 1000000)::bigint AS created_at,
                (extract(epoch FROM modified_at) * 1000000)::bigint AS modified_at, voided_by, void_reason, remap_version,
                (extract(epoch FROM remap_at) * 1000000)::bigint AS remap_at
            FROM sale WHERE store_id = \(order.storeID) AND order_id = \(order.orderID) AND planned_revision < revision
            FOR NO KEY UPDATE SKIP LOCKED
            """)
        guard let row = rows.first else { return nil }
        var sale = SaleToPlan(
            orgID: try row.decode("org_id"), revision: try row.decode("revision"),
            createdAt: try row.decode("created_at", as: Int64?.self).map { Instant(microseconds: $0) },
            modifiedAt: Instant(microseconds: try row.decode("modified_at")),
            mark: row["voided_by"].map { OrderVoid.Mark(actor: $0, reason: row["void_reason"]) })
        if let version = try row.decode("remap_version", as: Int64?.self),
            let at = try row.decode("remap_at", as: Int64?.self)
        {
            sale.agreed = (version, Instant(microseconds: at))
        }
        return sale
    }

    /// Stores where an order stands now.
    static func store(
        _ standing: OrderStanding, of order: OrderReference, revision: Int, mappingVersion: Int64,
        in session: some PostgresSession
    ) async throws {
        try await session.execute(
            """
            UPDATE sale SET state = \(standing.state), reason = \(standing.reason as String?),
                findings = \(standing.findingsText as String?)::jsonb, planned_revision = \(revision),
                mapping_version = \(mappingVersion), planned_at = now(), attempts = 0, retry_at = NULL
            WHERE store_id = \(order.storeID) AND order_id = \(order.orderID)
            """)
        let flagged = standing.anomalies.map { anomaly in
            AuditEntry(
                actor: OrderPlanning.origin, subject: order.text, change: "flagged: \(anomaly.kind.rawValue)",
                cause: anomaly.message)
        }
        try await Audit.add(
            flagged + [
                AuditEntry(
                    actor: OrderPlanning.origin, subject: order.text,
                    change: "version \(revision) -> \(standing.state)", cause: standing.reason ?? "planned")
            ], in: session)
    }

    /// Orders that have waited long enough without a message.
    static func due(limit: Int, in session: some PostgresSession) async throws -> [OrderReference] {
        let rows = try await session.query(
            """
            SELECT store_id, order_id FROM sale
            WHERE planned_revision < revision AND (retry_at IS NULL OR retry_at <= now())
            ORDER BY retry_at NULLS FIRST LIMIT \(limit)
            """)
        return try rows.map { row in
            OrderReference(storeID: try row.decode("store_id"), orderID: try row.decode("order_id"))
        }
    }
}

/// Where an order stands: a row's state with its reason.
struct OrderStanding: Sendable, Hashable {
    var state: String
    var reason: String?
    var findings: [String] = []
    /// What looks odd and did not before, whether it is held for that or not.
    var anomalies: [Anomaly] = []

    static func ignored(_ reason: String) -> OrderStanding { OrderStanding(state: "ignored", reason: reason) }

    static func held(_ reason: String, findings: [String] = []) -> OrderStanding {
        OrderStanding(state: "held", reason: reason, findings: findings)
    }

    init(state: String, reason: String?, findings: [String] = []) {
        self.state = state
        self.reason = reason
        self.findings = findings
    }

    init(_ state: PlanChange.OrderState) {
        switch state {
        case .planned: self.init(state: "planned", reason: nil)
        case .posted: self.init(state: "posted", reason: nil)
        case .dead(let reason): self.init(state: "dead", reason: reason)
        case .held(let reason): self.init(state: "held", reason: reason)
        }
    }

    var findingsText: String? {
        findings.isEmpty ? nil : JSONValue.array(findings.map { .string($0) }).text
    }
}
