/// Whether the figures of an order add up by the identities of its platform.
public enum TieOutResult: Sendable, Hashable {
    /// They do, within what rounding explains.
    /// - residualNet: What the total has beyond lines and tax, to be made up by a line for rounding.
    /// - residualTax: What the total tax has beyond the lines' taxes, to be made up in the lines' taxes.
    case ties(residualNet: ExactDecimal, residualTax: ExactDecimal)
    /// They do not; never empty.
    case fails([Finding])
}

/// One identity that does not hold.
public struct Finding: Sendable, Hashable, CustomStringConvertible {
    /// Which one.
    public let identity: Identity
    /// The arithmetic in words.
    public let description: String

    /// The identities, by the names they have in the documentation.
    public enum Identity: String, Sendable, Hashable {
        /// The order's total is that of its lines and taxes, gift cards and store credit taken off.
        case total
        /// The total tax is that of cart and shipping.
        case taxOfCartAndShipping
        /// The total tax is that of the lines.
        case taxOfLines
        /// The total tax is that of the rates.
        case taxOfRates
        /// The shipping total is that of the shipping lines.
        case shipping
        /// A sum that the platform states is that of its parts.
        case platform
    }

    /// Makes a finding.
    public init(_ identity: Identity, _ description: String) {
        self.identity = identity
        self.description = description
    }
}

/// Checks that orders add up before anything is made of them.
public enum TieOut {
    /// Checks an order by its platform's identities.
    ///
    /// Rounding explains half a minor unit for each amount that was rounded by itself. Only amounts that can be posted are
    /// posted, so that the residuals are those of the lines rounded to two decimals.
    ///
    /// The identities are written out in `docs/storefronts.md`.
    public static func check(_ order: CanonicalOrder) -> TieOutResult {
        let arithmetic = Arithmetic(order)
        let findings =
            [
                arithmetic.total, arithmetic.taxOfCartAndShipping, arithmetic.taxOfRates, arithmetic.shipping,
                arithmetic.taxOfLines,
            ].compactMap { $0 } + order.sums.compactMap(arithmetic.finding)
        guard findings.isEmpty else { return .fails(findings) }
        let scale = arithmetic.scale
        let net = order.lines.lazy.map { $0.net.rounded(scale: scale) }.sum()
        let tax = order.lines.lazy.map { $0.tax.rounded(scale: scale) }.sum()
        let totals = order.totals
        return .ties(
            residualNet: totals.total + order.redeemed - totals.cashRounding - totals.totalTax - net,
            residualTax: totals.totalTax - tax)
    }
}

/// The identities of one order; each is `nil` where it holds.
private struct Arithmetic {
    let order: CanonicalOrder
    /// Digits after the point that are posted: Xero keeps two.
    let scale: Int

    init(_ order: CanonicalOrder) {
        self.order = order
        scale = min(2, order.currency.minorUnits)
    }

    var total: Finding? {
        let parts: [(String, ExactDecimal)] = [
            ("lines", net(.product) + net(.giftCard)), ("shipping", net(.shipping)),
            ("fees", net(.fee) + net(.tip)), ("tax", order.totals.totalTax),
        ]
        var sum = parts.lazy.map(\.1).sum()
        var words = parts.map { "\($0.0) \(text($0.1))" }.joined(separator: " + ")
        for (name, kind) in [("gift cards", Tender.Kind.giftCard), ("store credit", .storeCredit)] {
            let redeemed = order.tenders.lazy.filter { $0.kind == kind }.map(\.amount).sum()
            if redeemed.isZero { continue }
            sum -= redeemed
            words += " - \(name) \(text(redeemed))"
        }
        if !order.totals.cashRounding.isZero {
            sum += order.totals.cashRounding
            words += " + cash rounding \(text(order.totals.cashRounding))"
        }
        return finding(
            .total, words, sum, "the order's total", order.totals.total, tolerance: halfUnits(order.lines.count + 1))
    }

    var taxOfCartAndShipping: Finding? {
        guard let cart = order.totals.cartTax, let shipping = order.totals.shippingTax else { return nil }
        return finding(
            .taxOfCartAndShipping, "cart tax \(text(cart)) + shipping tax \(text(shipping))", cart + shipping,
            "the order's total tax", order.totals.totalTax, tolerance: halfUnits(3))
    }

    var taxOfRates: Finding? {
        let sum = order.taxes.lazy.map { $0.amount + $0.shippingAmount }.sum()
        let words =
            order.taxes.isEmpty
            ? "no tax rates"
            : order.taxes.map { "\($0.code.isEmpty ? $0.rateID : $0.code) \(text($0.amount + $0.shippingAmount))" }
                .joined(separator: " + ")
        return finding(
            .taxOfRates, words, sum, "the order's total tax", order.totals.totalTax,
            tolerance: halfUnits(2 * order.taxes.count + 1))
    }

    var shipping: Finding? {
        guard let total = order.totals.shipping else { return nil }
        let lines = order.lines(of: .shipping)
        let words =
            lines.isEmpty ? "no shipping lines" : lines.map { "shipping \(text($0.net))" }.joined(separator: " + ")
        return finding(
            .shipping, words, net(.shipping), "the order's shipping total", total, tolerance: halfUnits(lines.count + 1)
        )
    }

    /// A whole unit for each taxed line: a storefront rounds either each line's tax or only their sum.
    var taxOfLines: Finding? {
        let taxed = order.lines.filter { !$0.tax.isZero || !$0.taxComponents.isEmpty }
        let sum = taxed.lazy.map(\.tax).sum()
        let words = taxed.isEmpty ? "no taxed lines" : taxed.map { "tax \(text($0.tax))" }.joined(separator: " + ")
        return finding(
            .taxOfLines, words, sum, "the order's total tax", order.totals.totalTax,
            tolerance: halfUnits(2 * taxed.count))
    }

    func finding(_ sum: StatedSum) -> Finding? { sum.finding(scale: scale) }

    private func net(_ kind: LineKind) -> ExactDecimal { order.lines.lazy.filter { $0.kind == kind }.map(\.net).sum() }

    private func halfUnits(_ count: Int) -> ExactDecimal { ExactDecimal(units: 5 * count, scale: scale + 1) }

    private func finding(
        _ identity: Finding.Identity, _ words: String, _ sum: ExactDecimal, _ name: String, _ stated: ExactDecimal,
        tolerance: ExactDecimal
    ) -> Finding? {
        Finding(identity, words, sum, name, stated, tolerance: tolerance, scale: scale)
    }

    private func text(_ amount: ExactDecimal) -> String { Finding.text(amount, scale: scale) }
}

extension Finding {
    /// The finding that a sum is not what was stated; `nil` if it is, within a tolerance.
    init?(
        _ identity: Identity, _ words: String, _ sum: ExactDecimal, _ name: String, _ stated: ExactDecimal,
        tolerance: ExactDecimal, scale: Int
    ) {
        let apart = (sum - stated).magnitude
        guard apart > tolerance else { return nil }
        let text = { (amount: ExactDecimal) in Self.text(amount, scale: scale) }
        self.init(identity, "\(words) = \(text(sum)), but \(name) is \(text(stated)): \(text(apart)) apart")
    }

    /// An amount with the digits it needs, at least those of the currency.
    static func text(_ amount: ExactDecimal, scale: Int) -> String {
        amount.fixed(max(scale, min(amount.significantScale, 6)))
    }
}
