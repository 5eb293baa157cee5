public import Accounting

extension ExactDecimal {
    /// Rounds to `scale` decimals, halves towards zero: what WooCommerce does to taxes of prices that include them.
    public func roundedHalfDown(scale: Int) -> ExactDecimal {
        let nearest = rounded(scale: scale, .halfUp)
        let truncated = rounded(scale: scale, .down)
        let step = (nearest - truncated).magnitude
        let part = (self - truncated).magnitude
        return part + part == step ? truncated : nearest
    }

    /// Without zeros at the end of its fraction: as PHP prints a float.
    var trimmed: String {
        let text = description
        guard text.contains(".") else { return text }
        var kept = Substring(text)
        while kept.hasSuffix("0") { kept.removeLast() }
        if kept.hasSuffix(".") { kept.removeLast() }
        return String(kept)
    }
}
