import Accounting
import JSON

/// Reads the fields of one object of a storefront's payload; its errors say where and what.
struct PayloadFields {
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
        guard let id = Self.identifier(members[key]) else { throw missing(key, "an id") }
        return id
    }

    /// An id, or `nil` where it is missing or 0.
    func optionalID(_ key: String) -> String? { Self.identifier(members[key]) }

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

    /// A point in time, or `nil` where it is missing, null, empty, 0 or all zeros. Without an offset it is in UTC; seconds
    /// since 1970 and the dates of e-mail are times too.
    func optionalInstant(_ key: String) throws(StorefrontError) -> Instant? {
        switch members[key] {
        case nil, .null, .bool(false), .string(""), .string("0"), .number(JSONNumber(0)): return nil
        case .string(let text):
            if text.hasPrefix("0000-00-00") { return nil }
            guard let instant = Instant(utc: text) ?? Instant(email: text) ?? Instant(unix: Int(text)) else {
                throw missing(key, "a time")
            }
            return instant
        case .some(let value):
            guard let instant = Instant(unix: value.int) else { throw missing(key, "a time") }
            return instant
        }
    }

    /// The objects in an array; none where it is missing or null. An empty map of PHP's is an empty array.
    func objects(_ key: String) throws(StorefrontError) -> [PayloadFields] {
        switch members[key] {
        case nil, .null: return []
        case .array(let values):
            var result: [PayloadFields] = []
            result.reserveCapacity(values.count)
            for (index, value) in values.enumerated() {
                result.append(try PayloadFields(value, path: "\(name(key))[\(index)]"))
            }
            return result
        case .some: throw missing(key, "a list")
        }
    }

    /// The object below a key, or `nil` where it is missing, null, or the empty list that PHP writes for an empty map.
    func optionalFields(_ key: String) throws(StorefrontError) -> PayloadFields? {
        switch members[key] {
        case nil, .null, .string(""): return nil
        case .array(let values) where values.isEmpty: return nil
        case .some(let value): return try PayloadFields(value, path: name(key))
        }
    }

    /// The first of some objects that is there, or `nil`.
    func optionalFields(firstOf keys: [String]) throws(StorefrontError) -> PayloadFields? {
        for key in keys {
            if let fields = try optionalFields(key) { return fields }
        }
        return nil
    }

    /// The objects in a map or in a list, each with its key or its position: PHP writes one where the other is meant.
    func entries(_ key: String) throws(StorefrontError) -> [(key: String, fields: PayloadFields)] {
        guard case .object(let map) = members[key] else {
            var result: [(key: String, fields: PayloadFields)] = []
            for fields in try objects(key) { result.append((String(result.count), fields)) }
            return result
        }
        var result: [(key: String, fields: PayloadFields)] = []
        result.reserveCapacity(map.count)
        for (entry, value) in map {
            result.append((entry, try PayloadFields(value, path: "\(name(key)).\(entry)")))
        }
        return result
    }

    /// The first of some texts that is not empty.
    func text(firstOf keys: [String], limit: Int = 4000) -> String {
        keys.lazy.map { text($0, limit: limit) }.first { !$0.isEmpty } ?? ""
    }

    /// The first of some amounts that is there, or `nil`.
    func optionalAmount(firstOf keys: [String]) throws(StorefrontError) -> ExactDecimal? {
        for key in keys {
            if let amount = try optionalAmount(key) { return amount }
        }
        return nil
    }

    /// Whether a field says yes: `true`, 1, `"1"`, `"Y"`.
    func flag(_ key: String) -> Bool { Self.isYes(members[key]) }

    /// Whether a value says yes: `true`, 1, `"1"`, `"Y"`.
    static func isYes(_ value: JSONValue?) -> Bool {
        switch value {
        case .bool(let value): value
        case .number(let number): number.int.map { $0 != 0 } ?? false
        case .string(let text): ["1", "Y", "y", "true"].contains(text)
        default: false
        }
    }

    /// A currency that is there.
    func currency(_ key: String) throws(StorefrontError) -> Currency {
        let code = text(key)
        guard let currency = Currency(code) else {
            throw StorefrontError(.malformed, "\(name(key)) '\(code.prefix(8))' is none of ISO 4217")
        }
        return currency
    }

    /// A point in time that is there, in whatever way storefronts write one.
    func instant(firstOf keys: [String]) throws(StorefrontError) -> Instant {
        for key in keys {
            if let instant = try optionalInstant(key) { return instant }
        }
        throw missing(keys.first ?? "", "a time")
    }

    /// The id that a number or a string of digits is; ids start at 1.
    static func identifier(_ value: JSONValue?) -> String? {
        guard let number = value?.int ?? value?.string.flatMap(Int.init), number > 0 else { return nil }
        return String(number)
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
