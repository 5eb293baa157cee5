/// An amount in a currency.
public struct Money: Sendable, Hashable, CustomStringConvertible {
    /// How much, exact; may have more digits than the currency has minor units.
    public let amount: ExactDecimal
    /// Of which currency.
    public let currency: Currency

    /// Makes an amount in a currency.
    public init(_ amount: ExactDecimal, _ currency: Currency) {
        self.amount = amount
        self.currency = currency
    }

    /// Whether the amount can be paid: it needs no more digits than the currency has minor units.
    public var isPayable: Bool { amount.significantScale <= currency.minorUnits }

    /// The amount rounded to the currency's minor units.
    public func rounded(_ mode: Rounding = .halfUp) -> Money {
        Money(amount.rounded(scale: currency.minorUnits, mode), currency)
    }

    /// Such as `EUR 12.50`, or `JPY 1200`.
    public var description: String {
        "\(currency.code) \(amount.fixed(Swift.max(currency.minorUnits, amount.significantScale)))"
    }
}
