import Accounting

/// Makes the lines of an order's credit notes, refund by refund, knowing what earlier ones have left of the invoice.
struct RefundDraft {
    private let context: PlanContext
    /// What is left of the invoice's lines, in their order.
    private(set) var remaining: [DocumentLine]
    /// What is left of the money.
    private var remainingMoney: ExactDecimal
    /// Whether a line for rounding was made.
    private(set) var needsRoundingAccount = false

    init(context: PlanContext, invoiceLines: [DocumentLine]) {
        self.context = context
        remaining = invoiceLines
        remainingMoney = context.order.totals.total
    }

    /// The lines of a refund's credit note, amounts positive; together exactly what was refunded.
    mutating func lines(
        of refund: CanonicalRefund, decided: (CanonicalLine) -> DocumentLine
    ) throws(Hold) -> [DocumentLine] {
        let lines: [DocumentLine]
        if !refund.lines.isEmpty {
            var named = self
            let namedLines = try named.byLine(refund, decided: decided)
            if isLast(refund) {
                // Whatever cents were left by rounding, nothing of the sale stays in the books.
                lines = try mirror(refund)
            } else {
                self = named
                lines = namedLines
            }
        } else if !context.order.redeemed.isZero {
            throw Hold(
                "refund \(refund.id) of \(refund.amount.fixed(2)) names no lines, and the order was paid in part with gift "
                    + "cards or store credit; enter the refund's lines in the store")
        } else if isLast(refund) {
            lines = try mirror(refund)
        } else if context.mapping.amountOnlyRefunds == .proportional {
            lines = try inProportion(refund)
        } else {
            throw Hold(
                "refund \(refund.id) of \(refund.amount.fixed(2)) names no lines and is not all that is left "
                    + "(\(remainingMoney.fixed(2))); enter its lines in the store, or set mapping.refunds.amount_only "
                    + "to proportional")
        }
        remainingMoney -= refund.amount
        return lines
    }

    /// Whether nothing is left of the order after a refund.
    private func isLast(_ refund: CanonicalRefund) -> Bool {
        refund.amount == remainingMoney && context.order.redeemed.isZero
    }

    static func roundingLine(
        _ net: ExactDecimal, _ context: PlanContext, description: String = "Rounding"
    ) -> DocumentLine {
        let mapping = context.mapping
        return DocumentLine(
            description: description, quantity: ExactDecimal(1), net: net, tax: .zero,
            account: mapping.accounts.rounding ?? context.org.roundingAccount ?? "",
            taxType: mapping.taxes["rounding"] ?? mapping.taxes["0"] ?? "NONE")
    }

    // MARK: Refunds with lines

    private mutating func byLine(
        _ refund: CanonicalRefund, decided: (CanonicalLine) -> DocumentLine
    ) throws(Hold) -> [DocumentLine] {
        var lines: [DocumentLine] = []
        for entry in refund.lines {
            let original = position(of: entry)
            let line = credit(entry.line, original: original.map { remaining[$0] }, decided: decided)
            if let original {
                remaining[original].net -= line.net
                remaining[original].tax -= line.tax
                remaining[original].quantity -= -entry.line.quantity
            } else {
                // It takes back nothing in particular: what is left of the invoice is less by a line of its own.
                var less = line
                less.net = -line.net
                less.tax = -line.tax
                remaining.append(less)
            }
            lines.append(line)
        }
        let apart = refund.amount - lines.lazy.map(\.gross).sum()
        // Each net amount and each tax was rounded by itself, and so was the amount.
        let tolerance = ExactDecimal(units: 5 * (2 * lines.count + 1), scale: context.scale + 1)
        guard apart.magnitude <= tolerance else { throw mismatch(refund, lines) }
        if !apart.isZero {
            lines.append(Self.roundingLine(apart, context))
            takeBackRounding(apart)
        }
        return lines
    }

    private func credit(
        _ line: CanonicalLine, original: DocumentLine?, decided: (CanonicalLine) -> DocumentLine
    ) -> DocumentLine {
        let count = line.quantity.isNegative ? -line.quantity : ExactDecimal(1)
        var credit = original ?? decided(line)
        if original == nil {
            let name = line.name.isEmpty ? "Refund" : line.name
            credit.description = line.sku.map { "\(name) (\($0))" } ?? name
            credit.lineID = ""
        }
        credit.quantity = count
        credit.net = -line.net.rounded(scale: context.scale)
        credit.tax = -line.tax.rounded(scale: context.scale)
        credit.useRefundsAccount(of: context.mapping)
        return credit
    }

    /// Which line of the invoice a refund's line takes back: the one it names, else the only one of its kind.
    private func position(of entry: RefundLine) -> Int? {
        let sameKind = remaining.indices.filter { remaining[$0].kind == entry.line.kind }
        if let id = entry.refundedLineID { return sameKind.first { remaining[$0].lineID == id } }
        return sameKind.count == 1 ? sameKind.first : nil
    }

    private func mismatch(_ refund: CanonicalRefund, _ lines: [DocumentLine]) -> Hold {
        let parts = lines.map { "\($0.kind?.rawValue ?? "line") \($0.gross.fixed(2))" }.joined(separator: " + ")
        let sum = lines.lazy.map(\.gross).sum()
        return Hold(
            "refund \(refund.id) does not add up",
            findings: [
                "\(parts) = \(sum.fixed(2)), but \(refund.amount.fixed(2)) was refunded: "
                    + "\((sum - refund.amount).magnitude.fixed(2)) apart"
            ])
    }

    // MARK: Refunds of an amount

    /// All that is left of the invoice.
    private mutating func mirror(_ refund: CanonicalRefund) throws(Hold) -> [DocumentLine] {
        let lines = remaining.filter { !$0.net.isZero || !$0.tax.isZero }.map { credit($0, net: $0.net, tax: $0.tax) }
        guard lines.lazy.map(\.gross).sum() == refund.amount else { throw mismatch(refund, lines) }
        for index in remaining.indices {
            remaining[index].net = .zero
            remaining[index].tax = .zero
            remaining[index].quantity = .zero
        }
        return lines
    }

    /// A share of each line that is left. Shares are differences of rounded running sums, so that they always add up.
    private mutating func inProportion(_ refund: CanonicalRefund) throws(Hold) -> [DocumentLine] {
        let total = remaining.lazy.map(\.gross).sum()
        guard total > .zero, refund.amount < total else { throw mismatch(refund, remaining) }
        var lines: [DocumentLine] = []
        var (running, given) = (ExactDecimal.zero, ExactDecimal.zero)
        for index in remaining.indices {
            let line = remaining[index]
            running += line.gross
            let share = (refund.amount * running).divided(by: total, scale: context.scale) - given
            given += share
            if share.isZero { continue }
            let tax = line.gross.isZero ? .zero : (share * line.tax).divided(by: line.gross, scale: context.scale)
            var part = credit(line, net: share - tax, tax: tax)
            part.description = XeroText.limited("Part of: \(line.description)", 4000)
            part.quantity = ExactDecimal(1)
            lines.append(part)
            remaining[index].net -= part.net
            remaining[index].tax -= part.tax
        }
        return lines
    }

    private func credit(_ line: DocumentLine, net: ExactDecimal, tax: ExactDecimal) -> DocumentLine {
        var credit = line
        credit.net = net
        credit.tax = tax
        if !(credit.quantity > .zero) { credit.quantity = ExactDecimal(1) }
        if line.kind != nil { credit.useRefundsAccount(of: context.mapping) }
        return credit
    }

    private mutating func takeBackRounding(_ net: ExactDecimal) {
        needsRoundingAccount = true
        if let index = remaining.firstIndex(where: { $0.kind == nil }) {
            remaining[index].net -= net
        } else {
            remaining.append(Self.roundingLine(-net, context))
        }
    }
}
