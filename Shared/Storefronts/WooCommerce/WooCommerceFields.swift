import Accounting
import JSON

/// Reads the fields of one object of WooCommerce's REST API; its errors say where and what.
struct WooCommerceFields {
    private let members: JSONObject
    /// Where the object is, such as `line_items[0]`; empty for the order itself.
    private let path: String

    init(_ value: JSONValue?, path: String) throws(StorefrontError) {
        guard case .object(let members) = value else {
            let kind = value?.kind ?? "nothing"
            throw StorefrontError(
                .malformed, "\(path.isEmpty ? "the order" : path) is \(kind) where an object should be")
        }
        self.members = members
        self.path = path
    }

    subscript(key: String) -> JSONValue? { members[key] }

    /// Text as people should see it: references decoded, control characters and doubled blanks gone. Empty if there is none.
    func text(_ key: String, limit: Int = 4000) -> String {
        let text = members[key]?.string ?? members[key]?.number?.text ?? ""
        guard !text.isEmpty else { return "" }
        return Self.cleaned(HTMLEntities.decode(text), limit: limit)
    }

    /// An id that is there.
    func id(_ key: String) throws(StorefrontError) -> String {
        guard let id = WooCommerceDelivery.identifier(members[key]) else { throw missing(key, "an id") }
        return id
    }

    /// An id, or `nil` where it is missing or 0.
    func optionalID(_ key: String) -> String? { WooCommerceDelivery.identifier(members[key]) }

    /// An amount that is there; an empty string is none.
    func amount(_ key: String) throws(StorefrontError) -> ExactDecimal {
        guard let amount = try optionalAmount(key) else { throw missing(key, "an amount") }
        return amount
    }

    /// An amount, or `nil` where it is missing, null or empty.
    func optionalAmount(_ key: String) throws(StorefrontError) -> ExactDecimal? {
        switch members[key] {
        case nil, .null, .string(""): return nil
        case .some(let value):
            guard var amount = value.decimal else { throw missing(key, "an amount") }
            if case .number = value, amount.significantScale > 8 {
                // A number of PHP's, written out with seventeen digits: 19.989999999999998 for 19.99.
                amount = amount.rounded(scale: 6)
            }
            guard amount.magnitude < Self.largestAmount, amount.significantScale <= 12 else {
                throw StorefrontError(.malformed, "\(name(key)) has more digits than an amount of money can have")
            }
            return amount
        }
    }

    /// A point in time that is known to be UTC, or `nil` where it is missing, null, empty, 0 or all zeros.
    func optionalInstant(_ key: String) throws(StorefrontError) -> Instant? {
        switch members[key] {
        case nil, .null, .bool(false), .string(""), .string("0"), .number(JSONNumber(0)): return nil
        case .string(let text):
            if text.hasPrefix("0000-00-00") { return nil }
            guard let instant = Instant(utc: text) else { throw missing(key, "a time") }
            return instant
        case .some: throw missing(key, "a time")
        }
    }

    /// The objects in an array; none where it is missing or null. An empty map of PHP's is an empty array.
    func objects(_ key: String) throws(StorefrontError) -> [WooCommerceFields] {
        switch members[key] {
        case nil, .null: return []
        case .array(let values):
            var result: [WooCommerceFields] = []
            result.reserveCapacity(values.count)
            for (index, value) in values.enumerated() {
                result.append(try WooCommerceFields(value, path: "\(name(key))[\(index)]"))
            }
            return result
        case .some: throw missing(key, "a list")
        }
    }

    /// The value of a `meta_data` entry that is text or a number.
    func meta(_ name: String) -> String? {
        for entry in members["meta_data"]?.array ?? [] where entry["key"]?.string == name {
            return entry["value"]?.string ?? entry["value"]?.number?.text
        }
        return nil
    }

    private func missing(_ key: String, _ what: String) -> StorefrontError {
        let found = members[key].map { "is \($0.kind == "string" ? "text" : $0.kind)" } ?? "is missing"
        return StorefrontError(.malformed, "\(name(key)) \(found) where \(what) should be")
    }

    private func name(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

    /// What an amount must be smaller than: beyond it, nothing can be posted.
    private static let largestAmount = ExactDecimal(1_000_000_000_000)

    static func cleaned(_ text: String, limit: Int) -> String {
        var result = String.UnicodeScalarView()
        var count = 0
        var blank = false
        for scalar in text.unicodeScalars {
            if scalar.value <= 0x20 || (0x7F...0xA0).contains(scalar.value) || scalar.value == 0x2028
                || scalar.value == 0x2029
            {
                blank = true
                continue
            }
            if blank, count > 0 {
                result.append(" ")
                count += 1
            }
            blank = false
            result.append(scalar)
            count += 1
            if count >= limit { break }
        }
        return String(result)
    }
}
