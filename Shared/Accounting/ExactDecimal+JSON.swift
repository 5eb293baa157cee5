public import JSON

extension JSONValue {
    /// The exact number, if this is a number or a string that holds one and it has no more digits than fit.
    public var decimal: ExactDecimal? {
        switch self {
        case .number(let number): ExactDecimal(number.text)
        case .string(let string): ExactDecimal(string)
        case .null, .bool, .array, .object: nil
        }
    }

    /// Makes a number with the digits of a decimal, its scale kept: `12.50` stays `12.50`.
    public init(_ value: ExactDecimal) {
        self = JSONNumber(text: value.description).map(JSONValue.number) ?? .null
    }
}
