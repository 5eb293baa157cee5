public import Accounting
public import JSON

/// What one sale or refund adds to a day: amounts by account, and the money that came in or went out.
///
/// What was sold is positive and what was given back negative, so that entries can be added and taken from each other.
public struct SummaryEntry: Sendable, Hashable {
    /// What was sold or given back on an account.
    public struct Line: Sendable, Hashable {
        /// The account's code.
        public var account: String
        /// The tax type.
        public var taxType: String
        /// The tracking options as Xero takes them; `nil` if there are none.
        public var tracking: JSONValue?
        /// The amount without tax.
        public var net: ExactDecimal
        /// The tax on it, as the order states it.
        public var tax: ExactDecimal

        /// Makes a line.
        public init(account: String, taxType: String, tracking: JSONValue? = nil, net: ExactDecimal, tax: ExactDecimal)
        {
            self.account = account
            self.taxType = taxType
            self.tracking = tracking
            self.net = net
            self.tax = tax
        }

        /// What lines are added up by.
        var group: String { [account, taxType, tracking?.text ?? ""].joined(separator: "\n") }
    }

    /// Money that came in to an account, or went out of it.
    public struct Money: Sendable, Hashable {
        /// The clearing account's code.
        public var account: String
        /// The amount; negative if it went out.
        public var amount: ExactDecimal

        /// Makes an amount of money.
        public init(account: String, amount: ExactDecimal) {
            self.account = account
            self.amount = amount
        }
    }

    /// What of the order it is: `sale`, or `refund:ID`.
    public let source: String
    /// The day on which it was sold or given back, in the organisation's time zone.
    public var happenedOn: CalendarDate
    /// The currency of the amounts.
    public var currency: Currency
    /// What was sold or given back: one line for each account, tax type and tracking.
    public private(set) var lines: [Line]
    /// The money: one amount for each account.
    public private(set) var money: [Money]

    /// Makes an entry. Lines and money are added up by what they have in common, and what comes to nothing is left out.
    public init(source: String, happenedOn: CalendarDate, currency: Currency, lines: [Line], money: [Money]) {
        self.source = source
        self.happenedOn = happenedOn
        self.currency = currency
        self.lines = Self.added(lines)
        self.money = Self.added(money)
    }

    /// The amount with tax.
    public var total: ExactDecimal { lines.lazy.map { $0.net + $0.tax }.sum() }

    /// The tax in it.
    public var tax: ExactDecimal { lines.lazy.map(\.tax).sum() }

    /// Whether it belongs on a credit note.
    public var isReturn: Bool { total.isNegative || money.contains { $0.amount.isNegative } }

    /// Whether it adds nothing.
    public var isEmpty: Bool { lines.isEmpty && money.isEmpty }

    /// Whether the money is all of the amount: nothing is owed.
    var isSettled: Bool { money.lazy.map(\.amount).sum() == total }

    /// The entry that takes this one back.
    public static prefix func - (entry: SummaryEntry) -> SummaryEntry {
        var negated = entry
        negated.lines = entry.lines.map { line in
            var line = line
            line.net = -line.net
            line.tax = -line.tax
            return line
        }
        negated.money = entry.money.map { Money(account: $0.account, amount: -$0.amount) }
        return negated
    }

    /// The sum of two entries of one source and currency, dated as this one.
    public func adding(_ other: SummaryEntry) -> SummaryEntry {
        SummaryEntry(
            source: source, happenedOn: happenedOn, currency: currency, lines: lines + other.lines,
            money: money + other.money)
    }

    static func added(_ lines: [Line]) -> [Line] {
        var sums: [String: Line] = [:]
        for line in lines {
            let group = line.group
            guard var sum = sums[group] else {
                sums[group] = line
                continue
            }
            sum.net += line.net
            sum.tax += line.tax
            sums[group] = sum
        }
        return sums.filter { !$0.value.net.isZero || !$0.value.tax.isZero }.sorted { $0.key < $1.key }.map(\.value)
    }

    static func added(_ money: [Money]) -> [Money] {
        var sums: [String: ExactDecimal] = [:]
        for one in money { sums[one.account, default: .zero] += one.amount }
        return sums.filter { !$0.value.isZero }.sorted { $0.key < $1.key }
            .map { Money(account: $0.key, amount: $0.value) }
    }
}

// MARK: Keeping

extension SummaryEntry {
    /// Lines and money, to be kept: `{"lines": [...], "money": [...]}`.
    public var content: JSONValue {
        [
            "lines": .array(
                lines.map { line in
                    var object: JSONObject = [
                        "account": .string(line.account), "tax_type": .string(line.taxType),
                        "net": .string(line.net.description), "tax": .string(line.tax.description),
                    ]
                    if let tracking = line.tracking { object["tracking"] = tracking }
                    return .object(object)
                }),
            "money": .array(
                money.map { ["account": .string($0.account), "amount": .string($0.amount.description)] }),
        ]
    }

    /// Reads an entry that was kept.
    /// - Parameters:
    ///   - source: What of the order it is.
    ///   - happenedOn: The day on which it was sold or given back.
    ///   - currency: The currency of the amounts.
    ///   - content: Lines and money.
    /// - Returns: `nil` if the content is none.
    public init?(source: String, happenedOn: CalendarDate, currency: Currency, content: JSONValue) {
        guard let lines = content["lines"]?.array, let money = content["money"]?.array else { return nil }
        let read = lines.compactMap { line -> Line? in
            guard let account = line["account"]?.string, let taxType = line["tax_type"]?.string,
                let net = line["net"]?.decimal, let tax = line["tax"]?.decimal
            else { return nil }
            return Line(account: account, taxType: taxType, tracking: line["tracking"], net: net, tax: tax)
        }
        let amounts = money.compactMap { one -> Money? in
            guard let account = one["account"]?.string, let amount = one["amount"]?.decimal else { return nil }
            return Money(account: account, amount: amount)
        }
        guard read.count == lines.count, amounts.count == money.count else { return nil }
        self.init(source: source, happenedOn: happenedOn, currency: currency, lines: read, money: amounts)
    }
}
