/// What a storefront counted the order's currency for when it was sold.
public struct StatedRate: Sendable, Hashable {
    /// The currency in which the storefront keeps its own books.
    public var base: Currency
    /// How many units of the order's currency it counted for one of ``base``.
    public var perBase: ExactDecimal

    /// Makes a rate.
    /// - Parameters:
    ///   - base: The currency in which the storefront keeps its own books.
    ///   - perBase: How many units of the order's currency it counted for one of them.
    public init(base: Currency, perBase: ExactDecimal) {
        self.base = base
        self.perBase = perBase
    }
}
