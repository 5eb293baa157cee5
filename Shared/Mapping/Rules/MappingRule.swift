import Accounting

/// The statuses an invoice or credit note can be posted in.
public enum DocumentStatus: String, Sendable, Hashable, CaseIterable {
    /// In the books.
    case authorised = "AUTHORISED"
    /// Waits for approval in Xero.
    case submitted = "SUBMITTED"
    /// A draft in Xero.
    case draft = "DRAFT"
}

/// One rule: when it applies, and what it decides then.
struct MappingRule: Sendable, Hashable {
    /// Where it stands in the list, counted from 0.
    var position: Int
    /// What it is called, in explanations too.
    var name: String
    /// All of these have to be met.
    var conditions: [RuleCondition]
    var actions: RuleActions

    /// Whether it asks about lines: then it applies to an order of which any line meets all of these.
    var asksAboutLines: Bool { conditions.contains { $0.field.isOfLine } }

    var because: String { "rule '\(name)'" }
}

/// The kinds of decision that rules take.
enum RuleEffect: String, Sendable, Hashable, CaseIterable {
    case account
    case taxType = "tax_type"
    case tracking
    case itemCode = "item_code"
    case items
    case description
    case paymentAccount = "payment_account"
    case reference
    case contact
    case status
    case due
    case posting
    case document
    case quoteStatus = "quote_status"
    case expiryDays = "expiry_days"
    case skip
    case hold
}

/// What a rule decides.
struct RuleActions: Sendable, Hashable {
    /// The account of a line.
    var account: String?
    /// The tax type of a line.
    var taxType: String?
    /// The tracking categories of a line and the option in each.
    var tracking: [TrackingTemplate]?
    /// The item of a line.
    var itemCode: TextTemplate?
    /// What becomes of an item that the organisation does not have.
    var items: ItemSettings.Mode?
    /// The words of a line.
    var description: TextTemplate?
    /// The account that a payment goes into.
    var paymentAccount: String?
    /// The Reference of an invoice.
    var reference: TextTemplate?
    /// Whom the invoice is for.
    var contact: ContactStrategy?
    /// How the documents are posted.
    var status: DocumentStatus?
    /// When the invoice is due.
    var due: DueDate?
    /// Whether the order is posted by itself or summed up.
    var posting: PostingMode?
    /// What the order is until it is paid.
    var document: OrderDocument?
    /// How its quote is posted.
    var quoteStatus: QuoteStatus?
    /// Days from the quote's date to the day it expires.
    var expiryDays: Int?
    /// Why the order is left alone.
    var skip: String?
    /// Why the order waits for a person.
    var hold: String?

    var effects: Set<RuleEffect> {
        let given: [(RuleEffect, Bool)] = [
            (.account, account != nil), (.taxType, taxType != nil), (.tracking, tracking != nil),
            (.itemCode, itemCode != nil), (.items, items != nil), (.description, description != nil),
            (.paymentAccount, paymentAccount != nil), (.reference, reference != nil), (.contact, contact != nil),
            (.status, status != nil), (.due, due != nil), (.posting, posting != nil), (.document, document != nil),
            (.quoteStatus, quoteStatus != nil), (.expiryDays, expiryDays != nil), (.skip, skip != nil),
            (.hold, hold != nil),
        ]
        return Set(given.filter(\.1).map(\.0))
    }
}

/// A tracking category, and its option as a template.
struct TrackingTemplate: Sendable, Hashable {
    var category: String
    var option: TextTemplate
}

/// Whom invoices are for.
enum ContactStrategy: Sendable, Hashable {
    /// The customer: a contact for each.
    case each
    /// The contact that the store's guests share.
    case shared
    /// A contact by this name, shared by all whose orders give the same name.
    case named(TextTemplate)
}

/// When an invoice is due.
enum DueDate: Sendable, Hashable {
    case days(Int)
    case endOfMonth
    case endOfNextMonth
    case dayOfNextMonth(Int)

    /// Reads `14`, `end of month`, `end of next month` or `20 of next month`.
    init?(_ text: String) {
        let words = text.lowercased().split(separator: " ")
        switch words {
        case ["end", "of", "month"]: self = .endOfMonth
        case ["end", "of", "next", "month"]: self = .endOfNextMonth
        default:
            if words.count == 1, let days = Int(words[0]), (0...365).contains(days) {
                self = .days(days)
            } else if words.count == 4, words[1...] == ["of", "next", "month"], let day = Int(words[0]),
                (1...28).contains(day)
            {
                self = .dayOfNextMonth(day)
            } else {
                return nil
            }
        }
    }

    func date(from date: CalendarDate) -> CalendarDate {
        switch self {
        case .days(let days): date.adding(days: days)
        case .endOfMonth: Self.first(of: 1, after: date).adding(days: -1)
        case .endOfNextMonth: Self.first(of: 2, after: date).adding(days: -1)
        case .dayOfNextMonth(let day): Self.first(of: 1, after: date).adding(days: day - 1)
        }
    }

    private static func first(of months: Int, after date: CalendarDate) -> CalendarDate {
        let month = date.month - 1 + months
        return CalendarDate(year: date.year + month / 12, month: month % 12 + 1, day: 1) ?? date
    }
}

/// The rules of a mapping, in their order.
public struct MappingRules: Sendable, Hashable {
    let all: [MappingRule]
    private let positions: [RuleEffect: [Int]]

    /// Whether there are none.
    public var isEmpty: Bool { all.isEmpty }

    /// Whether any rule decides this.
    func decide(_ effect: RuleEffect) -> Bool { positions[effect] != nil }

    /// The rules that decide something, in their order.
    func deciding(_ effect: RuleEffect) -> [MappingRule] { positions[effect].map { $0.map { all[$0] } } ?? [] }

    init(_ rules: [MappingRule]) {
        all = rules
        var positions: [RuleEffect: [Int]] = [:]
        for (position, rule) in rules.enumerated() {
            for effect in rule.actions.effects { positions[effect, default: []].append(position) }
        }
        self.positions = positions
    }
}
