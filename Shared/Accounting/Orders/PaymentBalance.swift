/// What was paid of an order beside what was to be paid.
public struct PaymentBalance: Sendable, Hashable {
    /// What was to be paid: the order's total, and what gift cards and store credit took off it.
    public var due: ExactDecimal
    /// What the payments come to, by whatever means.
    public var paid: ExactDecimal
    /// The arithmetic in words.
    public var description: String

    /// What was paid beyond what was to be paid; negative if less was.
    public var apart: ExactDecimal { paid - due }
}

extension TieOut {
    /// Compares what was paid with what was to be paid.
    /// - Parameter order: The order.
    /// - Returns: `nil` if nothing was paid yet, or just what was to be paid.
    public static func payments(of order: CanonicalOrder) -> PaymentBalance? {
        guard order.paidAt != nil, !order.tenders.isEmpty else { return nil }
        let scale = min(2, order.currency.minorUnits)
        let due = order.totals.total + order.redeemed
        let paid = order.tenders.lazy.map(\.amount).sum()
        // Half a minor unit is rounding: each amount was rounded by itself.
        guard (paid - due).magnitude > ExactDecimal(units: 5, scale: scale + 1) else { return nil }
        let terms = order.tenders.map { tender in
            let name = tender.title.isEmpty ? tender.method : tender.title
            return "payment by \(name.isEmpty ? "unknown" : name) \(Finding.text(tender.amount, scale: scale))"
        }
        let apart = Finding.text((paid - due).magnitude, scale: scale)
        return PaymentBalance(
            due: due, paid: paid,
            description: "\(terms.joined(separator: " + ")) = \(Finding.text(paid, scale: scale)), but "
                + "\(Finding.text(due, scale: scale)) was to be paid: \(apart) \(paid < due ? "short" : "too much")")
    }
}
