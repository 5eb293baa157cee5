public import Accounting

/// What a payment provider paid out: one transfer to the bank, and what it is made of.
public struct Payout: Sendable, Hashable {
    /// The provider's id of it; unique in the store.
    public var id: String
    /// Who paid, as the mapping's `payouts:` names it, such as `stripe`.
    public var provider: String
    /// The currency of all amounts.
    public var currency: Currency
    /// The day on which the money came.
    public var paidOn: CalendarDate
    /// What came; negative if the provider took it.
    public var net: ExactDecimal
    /// What it is made of.
    public var lines: [PayoutLine]

    /// Makes a payout.
    public init(
        id: String, provider: String, currency: Currency, paidOn: CalendarDate, net: ExactDecimal,
        lines: [PayoutLine] = []
    ) {
        self.id = id
        self.provider = provider
        self.currency = currency
        self.paidOn = paidOn
        self.net = net
        self.lines = lines
    }

    /// The amounts of the lines of a kind, fees left out.
    public func amount(of kind: PayoutLine.Kind) -> ExactDecimal {
        lines.lazy.filter { $0.kind == kind }.map(\.amount).sum()
    }

    /// All fees: those of payments, and lines of their own.
    public var fees: ExactDecimal { lines.lazy.map(\.allFee).sum() }

    /// What is wrong with the figures of the payout alone, with the arithmetic; `nil` if they add up.
    public var mismatch: String? {
        let sum = lines.lazy.map { $0.amount - $0.fee }.sum()
        guard sum != net else { return nil }
        return
            "\(arithmetic) = \(sum.fixed(2)), but \(net.fixed(2)) was paid out: \((sum - net).magnitude.fixed(2)) apart"
    }

    /// `charges 220.00 - refunds 50.00 - fees 6.60`, and adjustments if there are any.
    public var arithmetic: String {
        let adjustments = amount(of: .adjustment)
        return "charges \(amount(of: .charge).fixed(2)) - refunds \((-amount(of: .refund)).fixed(2))"
            + " - fees \(fees.fixed(2))" + (adjustments.isZero ? "" : " + adjustments \(adjustments.fixed(2))")
    }
}

/// One line of a payout.
public struct PayoutLine: Sendable, Hashable {
    /// What a line is.
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        /// A customer's payment.
        case charge
        /// Money that went back to a customer.
        case refund
        /// What the provider keeps for its service.
        case fee
        /// Anything else, such as a reserve.
        case adjustment
    }

    /// What it is.
    public var kind: Kind
    /// The order's number or id, as the provider knows it.
    public var order: String?
    /// What it adds to the payout before ``fee``: refunds and fees are negative.
    public var amount: ExactDecimal
    /// What the provider keeps of it; negative if a fee was given back.
    public var fee: ExactDecimal
    /// The tax in the fee, if the provider says so; of a fee's own line, the tax in its amount.
    public var feeTax: ExactDecimal?
    /// The day of it, if the provider says so.
    public var date: CalendarDate?
    /// What the provider calls it; may be empty.
    public var text: String

    /// Makes a line.
    public init(
        _ kind: Kind, order: String? = nil, amount: ExactDecimal, fee: ExactDecimal = .zero,
        feeTax: ExactDecimal? = nil, date: CalendarDate? = nil, text: String = ""
    ) {
        self.kind = kind
        self.order = order
        self.amount = amount
        self.fee = fee
        self.feeTax = feeTax
        self.date = date
        self.text = text
    }

    /// All that the provider keeps by this line.
    public var allFee: ExactDecimal { kind == .fee ? fee - amount : fee }
}

/// Which documents of a payout: all of it, or what was sold in one month if it spans the end of one.
///
/// Its text, such as `payout:po_12` or `payout:po_12:2026-10`, stands where an order's id stands otherwise.
public struct PayoutPart: Sendable, Hashable, CustomStringConvertible {
    /// The payout's id.
    public let payoutID: String
    /// Any day of the month, if the payout is split.
    public let month: Month?

    /// A month of a year.
    public struct Month: Sendable, Hashable, Comparable, CustomStringConvertible {
        let year: Int
        let month: Int

        /// The month of a day.
        public init(of date: CalendarDate) {
            year = date.year
            month = date.month
        }

        /// Its first day.
        public var first: CalendarDate {
            CalendarDate(year: year, month: month, day: 1) ?? CalendarDate(daysSince1970: 0)
        }

        /// Its last day.
        public var last: CalendarDate {
            let next = CalendarDate(year: month == 12 ? year + 1 : year, month: month % 12 + 1, day: 1)
            return next?.adding(days: -1) ?? first
        }

        /// Which comes first.
        public static func < (left: Month, right: Month) -> Bool {
            (left.year, left.month) < (right.year, right.month)
        }

        /// Such as `2026-10`.
        public var description: String { String(first.description.prefix(7)) }
    }

    private static let prefix = "payout:"

    /// Names a part.
    public init(payoutID: String, month: Month? = nil) {
        self.payoutID = payoutID
        self.month = month
    }

    /// Reads `payout:po_12` or `payout:po_12:2026-10`; `nil` for the id of an order.
    public init?(_ text: String) {
        guard text.hasPrefix(Self.prefix) else { return nil }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2 || parts.count == 3, Self.isID(parts[1]) else { return nil }
        self.init(payoutID: parts[1])
        guard parts.count == 3 else { return }
        guard let first = CalendarDate("\(parts[2])-01") else { return nil }
        self.init(payoutID: parts[1], month: Month(of: first))
    }

    /// Whether text can be a payout's id: 1 to 64 letters, digits, dots, hyphens and underscores.
    public static func isID(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                    || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
                    || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
            }
    }

    /// `payout:po_12`, with the month behind it if the payout is split.
    public var text: String { Self.prefix + payoutID + (month.map { ":\($0)" } ?? "") }

    /// The same as ``text``.
    public var description: String { text }

    /// As it is called in Xero: `po_12`, or `po_12, sales of 2026-10`.
    var title: String { payoutID + (month.map { ", sales of \($0)" } ?? "") }

    /// What follows the store's prefix in a document's number.
    var documentNumber: String { "PAYOUT-\(payoutID)" + (month.map { "-\($0)" } ?? "") }

    /// The date of a part's documents: the day of the payout, or the nearest day of the part's month to it.
    public static func date(of part: PayoutPart, paidOn: CalendarDate) -> CalendarDate {
        part.month.map { date(of: $0, paidOn: paidOn) } ?? paidOn
    }

    /// The day of a month that is nearest to the day of the payout.
    public static func date(of month: Month, paidOn: CalendarDate) -> CalendarDate {
        let paid = Month(of: paidOn)
        return month == paid ? paidOn : month < paid ? month.last : month.first
    }
}
