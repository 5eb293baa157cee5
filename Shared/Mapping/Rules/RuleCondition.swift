/// One condition of a rule: a field, and what it has to be.
struct RuleCondition: Sendable, Hashable {
    /// What a field has to be.
    indirect enum Test: Sendable, Hashable {
        /// One of these.
        case among(Set<RuleValue>)
        /// From the first to the second, both included; `nil` for no bound.
        case range(RuleValue?, RuleValue?)
        /// Text that the pattern is found in.
        case matches(TextPattern)
        /// Anything else.
        case not(Test)
    }

    var field: RuleField
    var test: Test

    /// Whether any of the field's values passes; with `not`, whether none does.
    func isMet(by values: [RuleValue]) -> Bool { Self.passes(test, values) }

    private static func passes(_ test: Test, _ values: [RuleValue]) -> Bool {
        switch test {
        case .among(let set): values.contains { set.contains($0) }
        case .range(let low, let high): values.contains { value in isWithin(value, low, high) }
        case .matches(let pattern): values.contains { pattern.isFound(in: $0.description) }
        case .not(let inner): !passes(inner, values)
        }
    }

    private static func isWithin(_ value: RuleValue, _ low: RuleValue?, _ high: RuleValue?) -> Bool {
        if let low, value.isBefore(low) { return false }
        if let high, high.isBefore(value) { return false }
        return true
    }

    /// Whether everything that meets this condition also meets the other, as far as can be told.
    func implies(_ other: RuleCondition) -> Bool { field == other.field && Self.implies(test, other.test) }

    private static func implies(_ test: Test, _ other: Test) -> Bool {
        if test == other { return true }
        switch (test, other) {
        case (.among(let values), .among(let others)):
            return values.isSubset(of: others)
        case (.among(let values), .range(let low, let high)):
            return values.allSatisfy { isWithin($0, low, high) }
        case (.among(let values), .matches(let pattern)):
            return values.allSatisfy { pattern.isFound(in: $0.description) }
        case (.range(let low, let high), .range(let otherLow, let otherHigh)):
            let below = otherLow.map { bound in low.map { !$0.isBefore(bound) } ?? false } ?? true
            let above = otherHigh.map { bound in high.map { !bound.isBefore($0) } ?? false } ?? true
            return below && above
        case (.not(let inner), .not(let outer)):
            return implies(outer, inner)
        default:
            return false
        }
    }
}
