import Accounting
import Ledger
import Mapping
import NIOConcurrencyHelpers
import Planning
import Postgres

/// What is usual for each store, read again every few minutes: an order costs no look at history.
final class SaleBaselines: Sendable {
    private struct Known {
        var baseline: SaleBaseline
        var readAt: Instant
    }

    private let known = NIOLockedValueBox<[String: Known]>([:])
    private let age: Duration
    private let now: @Sendable () -> Instant

    /// - Parameters:
    ///   - age: How old what is known may be.
    ///   - now: The clock.
    init(age: Duration = .seconds(300), now: @escaping @Sendable () -> Instant = Instant.now) {
        self.age = age
        self.now = now
    }

    func baseline(of storeID: String, in session: some PostgresSession) async throws -> SaleBaseline {
        let time = now()
        if let known = known.withLockedValue({ $0[storeID] }), time - known.readAt < age { return known.baseline }
        let baseline = try await AnomalyStore.baseline(of: storeID, in: session)
        known.withLockedValue { $0[storeID] = Known(baseline: baseline, readAt: time) }
        return baseline
    }
}

/// Compares an order with the store's others while it is planned.
struct AnomalyWatch: Sendable {
    let baselines: SaleBaselines

    /// What was found about an order.
    struct Findings: Sendable {
        /// What becomes of the order: as asked for, or held.
        var outcome: PlanOutcome
        /// What looks odd and did not before.
        var new: [Anomaly] = []
    }

    func look(
        at decision: OrderDecision, of order: OrderReference, sale: SaleToPlan, rules: PlanningRules,
        in session: some PostgresSession
    ) async throws -> Findings {
        let policy = rules.mapping.anomalies
        guard let canonical = decision.order, decision.outcome.isSale else {
            // An order that is posted no more is nobody's duplicate. The first version has left no traits.
            if sale.revision > 1 {
                try await AnomalyStore.forget(storeID: order.storeID, orderID: order.orderID, in: session)
            }
            return Findings(outcome: decision.outcome)
        }
        guard !policy.isOff else { return Findings(outcome: decision.outcome) }
        let traits = SaleTraits(canonical)
        let kept = try await AnomalyStore.keep(
            traits, storeID: order.storeID, orderID: order.orderID, in: session)
        var new: [Anomaly] = []
        if kept.isNew {
            var twin: AnomalyStore.Twin?
            if let id = kept.twinID, id != order.orderID {
                twin = try await AnomalyStore.twin(id, of: traits, storeID: order.storeID, in: session)
            }
            let baseline = try await baselines.baseline(of: order.storeID, in: session)
            let found = AnomalySearch(traits, policy: policy, order: canonical.number).anomalies(
                baseline: baseline, twin: twin)
            // Nothing is known of an order that is planned first, and nothing has to be said of most.
            if found.isEmpty, sale.revision == 1 { return Findings(outcome: decision.outcome) }
            new = try await AnomalyStore.store(found, storeID: order.storeID, orderID: order.orderID, in: session)
        }
        let open = try await AnomalyStore.open(storeID: order.storeID, orderID: order.orderID, in: session)
        let held = policy.hold(for: open, order: "\(order.storeID) \(canonical.number)")
        return Findings(outcome: held ?? decision.outcome, new: new)
    }
}
