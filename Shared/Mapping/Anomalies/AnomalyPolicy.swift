import JSON

/// What is done about orders that look odd: the mapping's `anomalies`.
public struct AnomalyPolicy: Sendable, Hashable {
    /// What is done about one kind.
    public enum Action: String, Sendable, Hashable, CaseIterable {
        /// Nothing is looked for.
        case off
        /// The order is posted and flagged.
        case warn
        /// The order waits until a person accepts it.
        case hold
    }

    /// What is done where more was refunded than was sold: no documents can tell that rightly.
    private enum Refund: String, CaseIterable {
        case hold
    }

    /// A total out of line with the store's others.
    public var total = Action.warn
    /// A tax rate that is not charged to that country otherwise.
    public var taxRate = Action.warn
    /// The same sale to the same customer twice within minutes.
    public var duplicate = Action.warn
    /// Within how many minutes the same sale is likely a duplicate.
    public var duplicateMinutes = 10

    /// The usual policy: orders are flagged and posted.
    public init() {}

    /// The keys below `anomalies`.
    static let keys = ["total", "tax_rate", "duplicate", "duplicate_minutes", "refund"]

    init(_ reader: MappingReader) {
        func action(_ key: String) -> Action {
            // What YAML makes of `off` without quotation marks.
            if reader[key] == .bool(false) { return .off }
            return reader.choice(key, Action.self) ?? .warn
        }
        total = action("total")
        taxRate = action("tax_rate")
        duplicate = action("duplicate")
        duplicateMinutes = reader.integer("duplicate_minutes", in: 1...1440) ?? 10
        _ = reader.choice("refund", Refund.self)
    }

    /// What is done about a kind.
    public func action(for kind: Anomaly.Kind) -> Action {
        switch kind {
        case .total: total
        case .taxRate: taxRate
        case .duplicate: duplicate
        }
    }

    /// Whether anything is looked for.
    public var isOff: Bool { Anomaly.Kind.allCases.allSatisfy { action(for: $0) == .off } }
}

/// Something about an order that looks odd.
public struct Anomaly: Sendable, Hashable {
    /// What is odd.
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        /// The total.
        case total
        /// A tax rate.
        case taxRate = "tax_rate"
        /// That it was sold before, minutes ago.
        case duplicate
    }

    /// What is odd.
    public var kind: Kind
    /// What exactly: once a person has accepted it, the order is not flagged for the same again.
    public var subject: String
    /// The arithmetic, in words.
    public var message: String

    /// Makes an anomaly.
    public init(_ kind: Kind, subject: String, message: String) {
        self.kind = kind
        self.subject = subject
        self.message = message
    }
}

extension AnomalyPolicy {
    /// What becomes of an order for what was found: `nil` if it is posted all the same.
    /// - Parameters:
    ///   - anomalies: What was found, and nobody accepted.
    ///   - order: How the order is named on the command line, such as `shop 1041`.
    public func hold(for anomalies: [Anomaly], order: String) -> PlanOutcome? {
        let holding = anomalies.filter { action(for: $0.kind) == .hold }
        guard !holding.isEmpty else { return nil }
        let words = holding.map { anomaly in
            switch anomaly.kind {
            case .total: "its total is out of line"
            case .taxRate: "its tax rate is out of line"
            case .duplicate: "it is likely a duplicate"
            }
        }
        let reason = words.reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
        return .held(
            reason: reason.joined(separator: ", and "),
            findings: holding.map(\.message) + ["to post it as it is: counterfoil orders accept \(order)"])
    }
}
