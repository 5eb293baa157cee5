extension ExactDecimal {
    /// Shares of an amount in proportion to weights. Shares are differences of rounded running sums, so that they always add
    /// up to the amount; where the weights are nothing together, the first gets all of it.
    /// - Parameters:
    ///   - weights: One for each share.
    ///   - scale: Digits after the point of each share; the amount must not have more.
    public func apportioned(over weights: [ExactDecimal], scale: Int) -> [ExactDecimal] {
        let weights = weights.map { $0.rounded(scale: 6) }
        let total = weights.sum()
        guard !total.isZero else { return weights.indices.map { $0 == 0 ? self : .zero } }
        var (running, given) = (ExactDecimal.zero, ExactDecimal.zero)
        return weights.indices.map { index in
            running += weights[index]
            var upTo = self
            if index < weights.count - 1 {
                // Amounts beyond all money do not fit; then the last gets all of it.
                upTo = multiplied(by: running)?.dividing(by: total, scale: scale) ?? .zero
            }
            let share = upTo - given
            given = upTo
            return share
        }
    }
}
