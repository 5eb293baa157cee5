/// A decimal number without binary floating point: a 128-bit coefficient and how many of its digits stand after the point.
///
/// Keeps the scale it was written with (`12.50` prints as `12.50`), but compares by value (`12.50 == 12.5`). Operators trap
/// on overflow, like those of `Int`; amounts that come from outside are bounded before they are calculated with, or use the
/// variants that return `nil`.
public struct ExactDecimal: Sendable {
    /// The digits, without the point.
    let coefficient: Int128
    /// How many of the digits stand after the point, 0 to 38.
    public let scale: Int

    static let largestScale = 38

    init(coefficient: Int128, scale: Int) {
        self.coefficient = coefficient
        self.scale = scale
    }

    /// Zero.
    public static let zero = ExactDecimal(0)

    /// Makes a whole number.
    public init(_ value: Int) {
        self.init(coefficient: Int128(value), scale: 0)
    }

    /// Makes a number from its smallest parts, such as cents.
    /// - Parameters:
    ///   - units: How many parts.
    ///   - scale: How many digits of them stand after the point, 0 to 38.
    public init(units: Int, scale: Int) {
        precondition((0...Self.largestScale).contains(scale), "a scale of \(scale) is out of range")
        self.init(coefficient: Int128(units), scale: scale)
    }

    /// Reads `12`, `-12.50`, `.5`, `1e3` or `1.5E-2`; nothing may stand before or after it.
    /// - Returns: `nil` for anything else, and for numbers of more digits than fit.
    public init?(_ text: some StringProtocol) {
        var digits = ArraySlice(text.utf8)
        let negative = digits.first == UInt8(ascii: "-")
        if negative { digits.removeFirst() }
        var coefficient: Int128 = 0
        var scale = 0
        var count = 0
        var pointSeen = false
        var exponent = 0
        while let byte = digits.popFirst() {
            if byte &- UInt8(ascii: "0") < 10 {
                let shifted = coefficient.multipliedReportingOverflow(by: 10)
                let sum = shifted.partialValue.addingReportingOverflow(Int128(byte - UInt8(ascii: "0")))
                if shifted.overflow || sum.overflow { return nil }
                coefficient = sum.partialValue
                count += 1
                if pointSeen { scale += 1 }
            } else if byte == UInt8(ascii: "."), !pointSeen, digits.first.map({ $0 &- UInt8(ascii: "0") < 10 }) == true
            {
                pointSeen = true
            } else if byte | 0x20 == UInt8(ascii: "e"), count > 0, let value = Self.exponent(digits) {
                exponent = value
                break
            } else {
                return nil
            }
        }
        guard count > 0 else { return nil }
        self.init(negative ? -coefficient : coefficient, scale: scale - exponent)
    }

    /// Reads what follows the `e`; `nil` if it is no number or absurdly large.
    private static func exponent(_ bytes: ArraySlice<UInt8>) -> Int? {
        var text = bytes
        if text.first == UInt8(ascii: "+") { text.removeFirst() }
        guard let last = text.last, last &- UInt8(ascii: "0") < 10, text.count <= 4 else { return nil }
        return Int(String(decoding: text, as: UTF8.self))
    }

    /// Makes a number whose scale may be negative or too large, if it can be written within the limits.
    private init?(_ coefficient: Int128, scale: Int) {
        if coefficient == 0 {
            self.init(coefficient: 0, scale: min(max(scale, 0), Self.largestScale))
        } else if scale < 0 {
            guard -scale <= Self.largestScale else { return nil }
            let (value, overflow) = coefficient.multipliedReportingOverflow(by: Self.power(-scale))
            if overflow { return nil }
            self.init(coefficient: value, scale: 0)
        } else if scale > Self.largestScale {
            return nil
        } else {
            self.init(coefficient: coefficient, scale: scale)
        }
    }

    /// Ten to the power of `exponent`, 0 to 38.
    static func power(_ exponent: Int) -> Int128 { powers[exponent] }

    private static let powers: [Int128] = {
        var powers: [Int128] = [1]
        for _ in 0..<largestScale { powers.append(powers[powers.count - 1] * 10) }
        return powers
    }()

    /// Whether this is zero.
    public var isZero: Bool { coefficient == 0 }

    /// Whether this is less than zero.
    public var isNegative: Bool { coefficient < 0 }

    /// The number without its sign.
    public var magnitude: ExactDecimal { isNegative ? -self : self }

    /// The same value with as few digits after the point as possible: `12.50` becomes `12.5`, `3.00` becomes `3`.
    public var normalized: ExactDecimal {
        var coefficient = coefficient
        var scale = scale
        while scale > 0, coefficient % 10 == 0 {
            coefficient /= 10
            scale -= 1
        }
        return ExactDecimal(coefficient: coefficient, scale: scale)
    }

    /// How many digits after the point the value needs: 1 for `12.50`, 0 for `3.00`.
    public var significantScale: Int { normalized.scale }
}

extension ExactDecimal: Hashable, Comparable {
    /// Whether both are the same value, whatever their scale.
    public static func == (left: ExactDecimal, right: ExactDecimal) -> Bool {
        left.scale == right.scale ? left.coefficient == right.coefficient : compare(left, right) == 0
    }

    /// Whether the left value is the smaller one.
    public static func < (left: ExactDecimal, right: ExactDecimal) -> Bool {
        left.scale == right.scale ? left.coefficient < right.coefficient : compare(left, right) < 0
    }

    /// Feeds the value to the hasher so that equal values of different scale agree.
    public func hash(into hasher: inout Hasher) {
        let value = normalized
        hasher.combine(value.coefficient)
        hasher.combine(value.scale)
    }

    /// Compares without ever overflowing: the whole parts first, then the parts after the point at a common scale.
    private static func compare(_ left: ExactDecimal, _ right: ExactDecimal) -> Int {
        let (leftWhole, leftPart) = left.coefficient.quotientAndRemainder(dividingBy: power(left.scale))
        let (rightWhole, rightPart) = right.coefficient.quotientAndRemainder(dividingBy: power(right.scale))
        if leftWhole != rightWhole { return leftWhole < rightWhole ? -1 : 1 }
        let scale = max(left.scale, right.scale)
        let leftDigits = leftPart * power(scale - left.scale)
        let rightDigits = rightPart * power(scale - right.scale)
        return leftDigits == rightDigits ? 0 : (leftDigits < rightDigits ? -1 : 1)
    }
}

extension ExactDecimal: CustomStringConvertible {
    /// The number in plain digits with its scale, such as `-12.50`; never an exponent.
    public var description: String {
        var digits = String(coefficient.magnitude)
        guard scale > 0 else { return isNegative ? "-" + digits : digits }
        if digits.utf8.count <= scale {
            digits = String(repeating: "0", count: scale - digits.utf8.count + 1) + digits
        }
        let point = digits.utf8.index(digits.utf8.endIndex, offsetBy: -scale)
        return (isNegative ? "-" : "") + digits[..<point] + "." + digits[point...]
    }

    /// The number with exactly `scale` digits after the point, half rounded away from zero: `fixed(2)` of `3` is `3.00`.
    public func fixed(_ scale: Int) -> String {
        let rounded = rounded(scale: scale)
        let missing = scale - rounded.scale
        guard missing > 0 else { return rounded.description }
        return rounded.description + (rounded.scale == 0 ? "." : "") + String(repeating: "0", count: missing)
    }
}
