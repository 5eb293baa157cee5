/// A sum that a storefront states beside its parts, such as a subtotal beside the lines it is made of.
public struct StatedSum: Sendable, Hashable {
    /// One part of a sum.
    public struct Term: Sendable, Hashable {
        /// What it is, such as `shipping`.
        public var name: String
        /// How much; negative for what is taken off.
        public var amount: ExactDecimal

        /// Makes a part.
        public init(_ name: String, _ amount: ExactDecimal) {
            self.name = name
            self.amount = amount
        }
    }

    /// What is stated, such as `the order's subtotal`.
    public var name: String
    /// How much is stated.
    public var stated: ExactDecimal
    /// The parts.
    public var terms: [Term]
    /// How many of the amounts were rounded by themselves: each explains half a minor unit.
    public var rounded: Int
    /// What may explain a difference, in words.
    public var hint: String?

    /// Makes a sum. Parts of nothing are left out, but the first.
    /// - Parameters:
    ///   - name: What is stated, such as `the order's subtotal`.
    ///   - stated: How much is stated.
    ///   - terms: The parts.
    ///   - rounded: How many of the amounts were rounded by themselves; 2 unless given, which is one minor unit.
    ///   - hint: What may explain a difference.
    public init(_ name: String, _ stated: ExactDecimal, terms: [Term], rounded: Int = 2, hint: String? = nil) {
        self.name = name
        self.stated = stated
        self.terms = terms.prefix(1) + terms.dropFirst().filter { !$0.amount.isZero }
        self.rounded = rounded
        self.hint = hint
    }

    /// What is stated beyond the parts.
    public var left: ExactDecimal { stated - terms.lazy.map(\.amount).sum() }

    /// What does not add up; `nil` if rounding explains it.
    /// - Parameter scale: Digits after the point of the currency's amounts, as far as they are posted.
    public func finding(scale: Int) -> Finding? {
        var words = terms.isEmpty ? "nothing" : ""
        for (index, term) in terms.enumerated() {
            if index > 0 { words += term.amount.isNegative ? " - " : " + " }
            words += "\(term.name) \(Finding.text(index > 0 ? term.amount.magnitude : term.amount, scale: scale))"
        }
        guard
            let finding = Finding(
                .platform, words, terms.lazy.map(\.amount).sum(), name, stated,
                tolerance: ExactDecimal(units: 5 * rounded, scale: scale + 1), scale: scale)
        else { return nil }
        return hint.map { Finding(.platform, "\(finding.description); \($0)") } ?? finding
    }
}
