extension ExactDecimal {
    /// The sum, exact; traps if it does not fit.
    public static func + (left: ExactDecimal, right: ExactDecimal) -> ExactDecimal {
        guard let sum = left.adding(right) else { preconditionFailure("\(left) + \(right) does not fit") }
        return sum
    }

    /// The difference, exact; traps if it does not fit.
    public static func - (left: ExactDecimal, right: ExactDecimal) -> ExactDecimal { left + -right }

    /// The product, exact; traps if it does not fit.
    public static func * (left: ExactDecimal, right: ExactDecimal) -> ExactDecimal {
        guard let product = left.multiplied(by: right) else { preconditionFailure("\(left) x \(right) does not fit") }
        return product
    }

    /// The number with the other sign.
    public static prefix func - (value: ExactDecimal) -> ExactDecimal {
        ExactDecimal(coefficient: -value.coefficient, scale: value.scale)
    }

    /// Adds in place; traps if the sum does not fit.
    public static func += (left: inout ExactDecimal, right: ExactDecimal) { left = left + right }

    /// Subtracts in place; traps if the difference does not fit.
    public static func -= (left: inout ExactDecimal, right: ExactDecimal) { left = left - right }

    /// The sum, exact, or `nil` if it does not fit.
    public func adding(_ other: ExactDecimal) -> ExactDecimal? {
        if scale == other.scale {
            let (sum, overflow) = coefficient.addingReportingOverflow(other.coefficient)
            return overflow ? nil : ExactDecimal(coefficient: sum, scale: scale)
        }
        let common = max(scale, other.scale)
        guard let left = coefficient(atScale: common), let right = other.coefficient(atScale: common) else {
            // Trailing zeros may be all that does not fit.
            let (left, right) = (normalized, other.normalized)
            return left.scale + right.scale < scale + other.scale ? left.adding(right) : nil
        }
        let (sum, overflow) = left.addingReportingOverflow(right)
        return overflow ? nil : ExactDecimal(coefficient: sum, scale: common)
    }

    /// The difference, exact, or `nil` if it does not fit.
    public func subtracting(_ other: ExactDecimal) -> ExactDecimal? { adding(-other) }

    /// The product, exact, or `nil` if it does not fit.
    public func multiplied(by other: ExactDecimal) -> ExactDecimal? {
        let (product, overflow) = coefficient.multipliedReportingOverflow(by: other.coefficient)
        if !overflow, scale + other.scale <= Self.largestScale {
            return ExactDecimal(coefficient: product, scale: scale + other.scale)
        }
        let (left, right) = (normalized, other.normalized)
        return left.scale + right.scale < scale + other.scale ? left.multiplied(by: right) : nil
    }

    /// The value with at most `scale` digits after the point.
    /// - Parameters:
    ///   - scale: How many digits to keep; a value that has no more is returned as it is.
    ///   - mode: What becomes of the digits dropped.
    public func rounded(scale: Int, _ mode: Rounding = .halfUp) -> ExactDecimal {
        let scale = max(scale, 0)
        guard scale < self.scale else { return self }
        // The divisor is at least 10, so that the quotient fits whatever the dividend.
        let quotient = mode.divide(coefficient, by: Self.power(self.scale - scale)) ?? 0
        return ExactDecimal(coefficient: quotient, scale: scale)
    }

    /// The quotient, rounded; traps when dividing by zero or if it does not fit.
    /// - Parameters:
    ///   - divisor: What to divide by, not zero.
    ///   - scale: How many digits after the point the quotient keeps, 0 to 38.
    ///   - mode: What becomes of the digits dropped.
    public func divided(by divisor: ExactDecimal, scale: Int, _ mode: Rounding = .halfUp) -> ExactDecimal {
        guard let quotient = dividing(by: divisor, scale: scale, mode) else {
            preconditionFailure("\(self) / \(divisor) cannot be divided or does not fit")
        }
        return quotient
    }

    /// The quotient, rounded, or `nil` when dividing by zero or if it does not fit.
    public func dividing(by divisor: ExactDecimal, scale: Int, _ mode: Rounding = .halfUp) -> ExactDecimal? {
        guard (0...Self.largestScale).contains(scale), !divisor.isZero else { return nil }
        let (left, right) = (normalized, divisor.normalized)
        let shift = scale + right.scale - left.scale
        var dividend = left.coefficient
        var divided = right.coefficient
        if shift >= 0 {
            guard shift <= Self.largestScale else { return nil }
            let (value, overflow) = dividend.multipliedReportingOverflow(by: Self.power(shift))
            if overflow { return nil }
            dividend = value
        } else {
            guard -shift <= Self.largestScale else { return nil }
            let (value, overflow) = divided.multipliedReportingOverflow(by: Self.power(-shift))
            if overflow { return ExactDecimal(coefficient: 0, scale: scale) }
            divided = value
        }
        return mode.divide(dividend, by: divided).map { ExactDecimal(coefficient: $0, scale: scale) }
    }

    private func coefficient(atScale target: Int) -> Int128? {
        let (value, overflow) = coefficient.multipliedReportingOverflow(by: Self.power(target - scale))
        return overflow ? nil : value
    }
}

extension Sequence<ExactDecimal> {
    /// The sum of all; traps if it does not fit.
    public func sum() -> ExactDecimal { reduce(.zero, +) }
}
