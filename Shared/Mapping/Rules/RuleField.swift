import Accounting

/// What a rule's `when` can ask about.
enum RuleField: Sendable, Hashable {
    case store, platform, status, paymentMethod, country, region, currency, shippingMethod, customer, company, email
    case total, date
    case kind, sku, category, name, taxRate, taxCode, taxClass, quantity
    /// A custom field of the order, by its name.
    case custom(String)

    /// What the values of a field are compared as.
    enum Comparison {
        case text, number, date
    }

    /// The fields by the names that rules use; a custom field is `field.NAME`.
    static let named: [(name: String, field: RuleField)] = [
        ("store", .store), ("platform", .platform), ("status", .status), ("payment_method", .paymentMethod),
        ("country", .country), ("region", .region), ("currency", .currency), ("shipping_method", .shippingMethod),
        ("customer", .customer), ("company", .company), ("email", .email), ("total", .total), ("date", .date),
        ("line", .kind), ("sku", .sku), ("category", .category), ("product", .name), ("tax_rate", .taxRate),
        ("tax_code", .taxCode), ("tax_class", .taxClass), ("quantity", .quantity),
    ]

    static let names = named.map(\.name) + ["field.NAME"]

    init?(name: String) {
        if let known = Self.named.first(where: { $0.name == name })?.field {
            self = known
        } else if name.hasPrefix("field."), name.utf8.count > 6 {
            self = .custom(String(name.dropFirst(6)))
        } else {
            return nil
        }
    }

    /// Whether the field is one of a line, not of the order as a whole.
    var isOfLine: Bool {
        switch self {
        case .kind, .sku, .category, .name, .taxRate, .taxCode, .taxClass, .quantity: true
        default: false
        }
    }

    var comparison: Comparison {
        switch self {
        case .total, .taxRate, .quantity: .number
        case .date: .date
        default: .text
        }
    }

    /// The only words that the field can be; `nil` where it can be anything.
    var words: [String]? {
        switch self {
        case .platform: Platform.allCases.map(\.rawValue)
        case .customer: ["guest", "registered"]
        case .kind: LineKind.allCases.map(\.word)
        default: nil
        }
    }

    /// A value as the configuration wrote it, fit to be compared; `nil` with what is wrong if it is none of the field's.
    func value(_ text: String) -> Result<RuleValue, WrongValue> {
        switch comparison {
        case .number:
            guard let number = ExactDecimal(text.hasSuffix("%") ? String(text.dropLast()) : text) else {
                return .failure(WrongValue("'\(text)' is not a number"))
            }
            return .success(.number(number))
        case .date:
            guard let date = CalendarDate(text) else {
                return .failure(WrongValue("'\(text)' is no date; write one like 2026-07-01"))
            }
            return .success(.date(date))
        case .text: break
        }
        switch self {
        case .country where text.utf8.count != 2 || !text.utf8.allSatisfy { (65...90).contains($0 & 0xDF) }:
            return .failure(WrongValue("'\(text)' is no country; write its two letters, such as AU"))
        case .currency where Currency(text.uppercased()) == nil:
            return .failure(WrongValue("'\(text)' is no currency; write its three letters, such as AUD"))
        default: break
        }
        if let words, !words.contains(text.lowercased()) {
            return .failure(WrongValue("'\(text)' is never one\(NearestWord.hint(text, among: words))"))
        }
        return .success(.text(text.lowercased()))
    }

    struct WrongValue: Error {
        let message: String
        init(_ message: String) { self.message = message }
    }
}

extension LineKind {
    /// The word for it in rules.
    var word: String { self == .giftCard ? "gift_card" : rawValue }
}

/// A value that a rule compares: text without regard to capitals, numbers by value, days.
enum RuleValue: Sendable, Hashable, CustomStringConvertible {
    case text(String)
    case number(ExactDecimal)
    case date(CalendarDate)

    var description: String {
        switch self {
        case .text(let text): text
        case .number(let number): number.normalized.description
        case .date(let date): date.description
        }
    }

    /// Whether it comes before another; values of different kinds are not in any order.
    func isBefore(_ other: RuleValue) -> Bool {
        switch (self, other) {
        case (.number(let left), .number(let right)): left < right
        case (.date(let left), .date(let right)): left < right
        case (.text(let left), .text(let right)): left < right
        default: false
        }
    }
}
