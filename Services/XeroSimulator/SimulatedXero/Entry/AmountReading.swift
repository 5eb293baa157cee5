import Accounting
import JSON

/// Reads amounts within the bounds Xero sets, so that nothing calculated with them can overflow.
enum AmountReading {
    /// The largest amount of a line.
    static let largest = ExactDecimal(units: 999_999_999_999, scale: 2)
    /// The largest quantity.
    static let largestQuantity = ExactDecimal(units: 9_999_999_999_999, scale: 4)

    /// Reads a member as an amount; adds a message if it is there but no amount within bounds.
    static func amount(
        _ element: JSONObject, _ key: String, limit: ExactDecimal = largest, errors: inout [String]
    ) -> ExactDecimal? {
        guard let value = element.present(key) else { return nil }
        guard let number = value.decimal, number.scale <= 20, number.magnitude <= limit else {
            errors.append("The value \(value.text) of \(key) is not valid.")
            return nil
        }
        return number
    }
}
