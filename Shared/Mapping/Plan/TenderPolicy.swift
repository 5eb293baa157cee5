public import Accounting

/// What becomes of orders whose payments are less or more than what was to be paid.
public struct TenderPolicy: Sendable, Hashable {
    /// What becomes of orders that the store calls paid, and whose payments are less.
    public enum Under: String, Sendable, Hashable, CaseIterable {
        /// They wait for a person.
        case hold
        /// They are posted with what was paid; the rest stays due on the invoice.
        case part
    }

    /// What becomes of orders whose payments are less.
    public var under: Under
    /// Up to so much less or more is rounding, and becomes a line of the invoice; zero for none.
    public var tolerance: ExactDecimal

    /// Every difference waits for a person.
    public static let strict = TenderPolicy(under: .hold, tolerance: .zero)

    static let keys = ["under", "tolerance"]

    init(under: Under, tolerance: ExactDecimal) {
        self.under = under
        self.tolerance = tolerance
    }

    init(_ reader: MappingReader) {
        under = reader.choice("under", Under.self) ?? .hold
        tolerance = reader.decimal("tolerance", upTo: ExactDecimal(1)) ?? .zero
    }

    /// The order with a small difference as the rounding that it is.
    func rounded(_ order: CanonicalOrder) -> CanonicalOrder {
        guard let balance = TieOut.payments(of: order), balance.apart.magnitude <= tolerance, !order.isPartlyPaid,
            order.refunds.isEmpty
        else { return order }
        var order = order
        order.totals.total += balance.apart
        order.totals.cashRounding += balance.apart
        return order
    }

    /// Checks that an order was paid as its store says.
    func check(_ order: CanonicalOrder) throws(Hold) {
        guard let balance = TieOut.payments(of: order) else { return }
        guard balance.apart.isNegative else {
            throw Hold(
                "more was paid than was to be paid; refund the rest in the store, or correct the payments there",
                findings: [balance.description])
        }
        guard order.isPartlyPaid || under == .part else {
            throw Hold(
                "the order counts as paid, but less was paid; correct it in the store, or set mapping.tenders.under to "
                    + "part, which leaves the rest due on the invoice", findings: [balance.description])
        }
        guard order.refunds.isEmpty else {
            throw Hold(
                "the order was paid in part and refunded; it is posted once it is paid or refunded in full",
                findings: [balance.description])
        }
    }
}
