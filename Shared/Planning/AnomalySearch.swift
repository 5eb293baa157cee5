import Accounting
public import Mapping

/// Looks for what is odd about an order.
public struct AnomalySearch: Sendable {
    private let traits: SaleTraits
    private let policy: AnomalyPolicy
    private let order: String

    /// A search.
    /// - Parameters:
    ///   - traits: The order's.
    ///   - policy: What is looked for.
    ///   - order: The order's number.
    public init(_ traits: SaleTraits, policy: AnomalyPolicy, order: String) {
        self.traits = traits
        self.policy = policy
        self.order = order
    }

    /// What is odd.
    /// - Parameters:
    ///   - baseline: What is usual for the store.
    ///   - twin: Another order that sold the same to the same customer, if there is one.
    public func anomalies(baseline: SaleBaseline, twin: AnomalyStore.Twin?) -> [Anomaly] {
        baseline.anomalies(of: traits, policy: policy) + (twin.flatMap(duplicate).map { [$0] } ?? [])
    }

    private func duplicate(_ twin: AnomalyStore.Twin) -> Anomaly? {
        guard policy.duplicate != .off, twin.number != order else { return nil }
        let seconds = (traits.createdAt - twin.createdAt).components.seconds
        guard abs(seconds) <= Int64(policy.duplicateMinutes) * 60 else { return nil }
        let apart = abs(seconds) < 120 ? "\(abs(seconds)) s" : "\(abs(seconds) / 60) min"
        return Anomaly(
            .duplicate, subject: twin.orderID,
            message: "order \(twin.number) sold the same to the same customer for \(traits.currency.code) "
                + "\(traits.total.fixed(2)) \(apart) \(seconds < 0 ? "later" : "before")")
    }
}

extension PlanOutcome {
    /// Whether something would be posted, or is to stay posted: nothing else is compared with other orders.
    public var isSale: Bool {
        guard case .planned(let plan) = self else { return false }
        return plan.documents.contains { $0.kind == .invoice && !$0.voided }
    }
}
