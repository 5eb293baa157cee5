/// What becomes of the digits that rounding drops.
public enum Rounding: Sendable, Hashable {
    /// To the nearest; exactly half goes away from zero: 2.345 to 2.35, -2.345 to -2.35.
    case halfUp
    /// To the nearest; exactly half goes to the even neighbour: 2.345 to 2.34, 2.355 to 2.36.
    case halfEven
    /// Towards zero: 2.349 to 2.34, -2.349 to -2.34.
    case down
}

extension Rounding {
    /// Divides and rounds to an integer.
    /// - Returns: `nil` when dividing by zero or when the quotient does not fit.
    func divide(_ dividend: Int128, by divisor: Int128) -> Int128? {
        guard divisor != 0 else { return nil }
        let (quotient, overflow) = dividend.dividedReportingOverflow(by: divisor)
        if overflow { return nil }
        let remainder = dividend % divisor
        if remainder == 0 || self == .down { return quotient }
        let twice = remainder.magnitude.multipliedReportingOverflow(by: 2)
        let half = divisor.magnitude
        let up: Bool
        if twice.overflow || twice.partialValue > half {
            up = true
        } else if twice.partialValue < half {
            up = false
        } else {
            up = self == .halfUp || quotient % 2 != 0
        }
        guard up else { return quotient }
        return (dividend < 0) == (divisor < 0) ? quotient + 1 : quotient - 1
    }
}
