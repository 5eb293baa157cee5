import Accounting

/// Text with fields in it, such as `Order {order} {field.channel}`; a brace itself is written twice.
struct TextTemplate: Sendable, Hashable {
    /// What can stand between braces.
    enum Field: Sendable, Hashable {
        case order, store, platform, status, customer, company, email, country, currency, paymentMethod, shippingMethod
        case date, note
        case name, sku, quantity
        case custom(String)

        static let named: [(name: String, field: Field)] = [
            ("order", .order), ("store", .store), ("platform", .platform), ("status", .status), ("customer", .customer),
            ("company", .company), ("email", .email), ("country", .country), ("currency", .currency),
            ("payment_method", .paymentMethod), ("shipping_method", .shippingMethod), ("date", .date), ("note", .note),
            ("name", .name), ("sku", .sku), ("quantity", .quantity),
        ]

        var isOfLine: Bool { self == .name || self == .sku || self == .quantity }

        init?(name: String) {
            if let known = Self.named.first(where: { $0.name == name })?.field {
                self = known
            } else if name.hasPrefix("field."), name.utf8.count > 6 {
                self = .custom(String(name.dropFirst(6)))
            } else {
                return nil
            }
        }
    }

    private enum Part: Sendable, Hashable {
        case literal(String)
        case field(Field)
    }

    /// What was written.
    let source: String
    private let parts: [Part]

    /// What is wrong with a template.
    struct Malformed: Error {
        let message: String
        init(_ message: String) { self.message = message }
    }

    /// Reads a template.
    /// - Parameters:
    ///   - source: The text.
    ///   - takesLines: Whether fields of a line may stand in it.
    init(_ source: String, takesLines: Bool) throws(Malformed) {
        var parts: [Part] = []
        var literal = ""
        var rest = Substring(source)
        while let character = rest.popFirst() {
            guard character == "{" || character == "}" else {
                literal.append(character)
                continue
            }
            if rest.first == character {
                rest.removeFirst()
                literal.append(character)
                continue
            }
            guard character == "{", let end = rest.firstIndex(of: "}") else {
                throw Malformed("has a \(character) without its other half; a brace itself is written twice")
            }
            let name = String(rest[..<end])
            rest = rest[rest.index(after: end)...]
            if !literal.isEmpty { parts.append(.literal(literal)) }
            literal = ""
            parts.append(.field(try Self.field(name, takesLines: takesLines)))
        }
        if !literal.isEmpty { parts.append(.literal(literal)) }
        self.parts = parts
        self.source = source
    }

    private static func field(_ name: String, takesLines: Bool) throws(Malformed) -> Field {
        let known = Field.named.filter { takesLines || !$0.field.isOfLine }.map(\.name) + ["field.NAME"]
        guard let field = Field(name: name) else {
            throw Malformed("knows no {\(name)}\(NearestWord.hint(name, among: known))")
        }
        guard takesLines || !field.isOfLine else { throw Malformed("cannot have {\(name)}, which is of a line") }
        return field
    }

    /// The text for an order and, where there is one, a line of it. What is empty leaves no double blanks behind.
    func text(for facts: OrderFacts, line: CanonicalLine? = nil) -> String {
        let text = parts.reduce(into: "") { text, part in
            switch part {
            case .literal(let literal): text += literal
            case .field(let field): text += Self.value(of: field, facts, line)
            }
        }
        return text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }

    private static func value(of field: Field, _ facts: OrderFacts, _ line: CanonicalLine?) -> String {
        let order = facts.order
        return switch field {
        case .order: order.number
        case .store: facts.storeID
        case .platform: order.platform.rawValue
        case .status: order.status
        case .customer: order.customer.fullName.isEmpty ? order.customer.company : order.customer.fullName
        case .company: order.customer.company
        case .email: order.customer.email
        case .country: order.customer.address.country
        case .currency: order.currency.code
        case .paymentMethod: facts.paymentMethod
        case .shippingMethod: order.lines(of: .shipping).first?.name ?? ""
        case .date: facts.date.description
        case .note: order.note
        case .name: line?.name ?? ""
        case .sku: line?.sku ?? ""
        case .quantity: line?.quantity.normalized.description ?? ""
        case .custom(let name): order.customFields[name] ?? ""
        }
    }
}
