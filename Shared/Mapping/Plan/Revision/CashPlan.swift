import Accounting

/// Decides what is still to be paid and paid back so that, by account, the money in the books is the order's.
struct CashPlan {
    /// A payment of an invoice, or a refund of a credit note, that is still missing.
    struct Flow: Hashable {
        /// The invoice or credit note.
        let document: DocumentKeyRef
        let account: String
        let amount: ExactDecimal
    }

    /// A document of which something is left to be settled.
    struct Slot {
        let document: DocumentKeyRef
        var amount: ExactDecimal
    }

    private(set) var payments: [Flow] = []
    private(set) var refunds: [Flow] = []

    /// Matches money and documents.
    /// - Parameters:
    ///   - need: What the books lack, by account; negative where they have too much.
    ///   - invoices: What is left to be paid.
    ///   - notes: What is left to be paid back.
    ///   - account: Where money goes back from that no account has too much of.
    ///   - isPart: Whether the order was paid in part, so that a rest stays due.
    /// - Returns: `nil` if the money cannot be moved this way.
    init?(need: [String: ExactDecimal], invoices: [Slot], notes: [Slot], account: String, isPart: Bool) {
        var back = need.filter { $0.value.isNegative }.mapValues { -$0 }
        let left = notes.lazy.map(\.amount).sum() - back.values.sum()
        if left.isNegative { return nil }
        if !left.isZero { back[account, default: .zero] += left }
        var given = need
        for (code, amount) in back { given[code, default: .zero] += amount }
        let due = invoices.lazy.map(\.amount).sum()
        let sum = given.values.sum()
        guard given.values.allSatisfy({ !$0.isNegative }), isPart ? sum <= due : sum == due else { return nil }
        payments = Self.fill(invoices, from: given)
        refunds = Self.fill(notes, from: back)
    }

    private static func fill(_ slots: [Slot], from money: [String: ExactDecimal]) -> [Flow] {
        var flows: [Flow] = []
        var slots = slots.filter { $0.amount > .zero }
        for (account, amount) in money.sorted(by: { $0.key < $1.key }) {
            var left = amount
            while left > .zero, !slots.isEmpty {
                let part = min(left, slots[0].amount)
                flows.append(Flow(document: slots[0].document, account: account, amount: part))
                left -= part
                slots[0].amount -= part
                if slots[0].amount.isZero { slots.removeFirst() }
            }
        }
        return flows
    }
}
