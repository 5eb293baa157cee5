import Accounting
import JSON

extension JSONValue {
    /// The text of a number, or of a string.
    var decimalText: String? {
        switch self {
        case .number(let number): number.text
        case .string(let text): text
        default: nil
        }
    }
}

extension JSONObject {
    /// The value of a member that is there and not null.
    func present(_ key: String) -> JSONValue? {
        guard let value = self[key], !value.isNull else { return nil }
        return value
    }

    /// The text of a member; a number counts with its text.
    func text(_ key: String) -> String? { present(key)?.decimalText }

    /// The text of a member that is not empty.
    func filled(_ key: String) -> String? { text(key).flatMap { $0.isEmpty ? nil : $0 } }

    /// The exact number of a member.
    func decimal(_ key: String) -> ExactDecimal? { present(key)?.decimal }
}

extension JSONValue {
    /// An amount with two decimals, as Xero echoes money.
    static func amount(_ value: ExactDecimal) -> JSONValue { .fixed(value, 2) }

    /// A number with a fixed count of decimals.
    static func fixed(_ value: ExactDecimal, _ scale: Int) -> JSONValue {
        guard let number = JSONNumber(text: value.fixed(scale)) else { return .null }
        return .number(number)
    }

    /// A string, or null.
    static func optional(_ text: String?) -> JSONValue { text.map { .string($0) } ?? .null }
}
