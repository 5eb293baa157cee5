import Accounting
public import JSON

/// How orders become documents: the `mapping:` of a store, merged over that of its org.
public struct MappingConfiguration: Sendable, Hashable {
    /// Account codes by what a line is.
    public struct Accounts: Sendable, Hashable {
        /// Product lines.
        public var sales: String
        /// Shipping lines; `sales` unless given.
        public var shipping: String
        /// Fee lines; `sales` unless given.
        public var fees: String
        /// The line that makes up for rounding; otherwise the organisation's own account for rounding is used.
        public var rounding: String?
        /// The lines of credit notes; otherwise the accounts of the lines refunded.
        public var refunds: String?
        /// The liability that gift cards sold add to and redeemed ones reduce.
        public var giftCards: String?
        /// The liability that store credit spent reduces.
        public var storeCredit: String?
        /// Tips; `fees` unless given.
        public var tips: String
    }

    /// What becomes of guests' contacts.
    public enum Guests: String, Sendable, Hashable, CaseIterable {
        /// A contact for each: by e-mail address, or by order where there is none.
        case each
        /// One contact for all.
        case shared
    }

    /// What becomes of refunds of an amount without lines that is less than what is left.
    public enum AmountOnlyRefunds: String, Sendable, Hashable, CaseIterable {
        /// They wait for a person.
        case hold
        /// They are spread over the invoice's lines in proportion.
        case proportional
    }

    /// Account codes by what a line is.
    public var accounts: Accounts
    /// Tax types by combined rate in percent, such as `10` or `7.5`, or by the storefront's rate code; `default` for the rest.
    public var taxes: [String: String]
    /// Clearing account codes by the storefront's payment method; `default` for the rest.
    public var payments: [String: String]
    /// Statuses whose orders are posted.
    public var postedStatuses: Set<String>
    /// Statuses whose orders are voided.
    public var voidedStatuses: Set<String>
    /// What becomes of guests' contacts.
    public var guests: Guests
    /// What becomes of refunds of an amount without lines.
    public var amountOnlyRefunds: AmountOnlyRefunds
    /// Days from an invoice's date to its due date, 0 to 365.
    public var termsDays: Int
    /// Whether orders are posted one by one or summed up by day.
    public var posting: PostingMode
    /// How days are summed up.
    public var summary: SummarySettings

    /// Statuses that are posted where the mapping does not say.
    public static let defaultPostedStatuses: Set<String> = ["processing", "completed", "refunded"]
    /// Statuses that are voided where the mapping does not say.
    public static let defaultVoidedStatuses: Set<String> = ["cancelled", "failed"]

    /// Reads a mapping.
    /// - Parameter json: The merged mapping: an object of `accounts`, `taxes`, `payments`, `statuses`, `contacts`,
    ///   `refunds`, `terms_days`, `posting` and `summary`. Only `accounts.sales` is required.
    /// - Throws: ``MappingError`` naming the path of the first mistake and, for a key that does not exist, the nearest that does.
    public init(json: JSONValue) throws(MappingError) {
        let root = try MappingReader(
            json, path: "mapping",
            keys: [
                "accounts", "taxes", "payments", "statuses", "contacts", "refunds", "terms_days", "posting", "summary",
            ])
        let accounts = try root.object(
            "accounts",
            keys: ["sales", "shipping", "fees", "rounding", "refunds", "gift_cards", "store_credit", "tips"])
        guard let sales = try accounts.account("sales") else {
            throw MappingError(
                path: "mapping.accounts.sales",
                message: "is missing; give the code of the account for sales, such as \"200\"")
        }
        let fees = try accounts.account("fees")
        let tips = try accounts.account("tips")
        self.accounts = Accounts(
            sales: sales, shipping: try accounts.account("shipping") ?? sales,
            fees: fees ?? sales,
            rounding: try accounts.account("rounding"), refunds: try accounts.account("refunds"),
            giftCards: try accounts.account("gift_cards"), storeCredit: try accounts.account("store_credit"),
            tips: tips ?? fees ?? sales)
        taxes = try Self.taxes(root.object("taxes", keys: nil))
        payments = try Self.payments(root.object("payments", keys: nil))
        let statuses = try root.object("statuses", keys: ["post", "void", "ignore"])
        let posted = try statuses.statuses("post")
        let voided = try statuses.statuses("void")
        let ignored = try statuses.statuses("ignore") ?? []
        postedStatuses = posted ?? Self.defaultPostedStatuses.subtracting(voided ?? []).subtracting(ignored)
        voidedStatuses = voided ?? Self.defaultVoidedStatuses.subtracting(postedStatuses).subtracting(ignored)
        for (name, set, other) in [
            ("void", voidedStatuses, postedStatuses), ("ignore", ignored, postedStatuses.union(voidedStatuses)),
        ] {
            if let status = set.intersection(other).min() {
                throw MappingError(
                    path: "mapping.statuses.\(name)",
                    message: "'\(status)' is listed twice; a status can do one thing only")
            }
        }
        guests = try root.object("contacts", keys: ["guests"]).choice("guests", Guests.self) ?? .each
        amountOnlyRefunds =
            try root.object("refunds", keys: ["amount_only"]).choice("amount_only", AmountOnlyRefunds.self) ?? .hold
        termsDays = try root.integer("terms_days", in: 0...365) ?? 0
        posting = try root.choice("posting", PostingMode.self) ?? .eachOrder
        summary = try SummarySettings(root.object("summary", keys: SummarySettings.keys))
    }

    private static func taxes(_ reader: MappingReader) throws(MappingError) -> [String: String] {
        var taxes: [String: String] = [:]
        for key in reader.keys {
            let name = percent(key) ?? key
            if taxes[name] != nil {
                throw MappingError(path: "mapping.taxes.\(key)", message: "the rate \(name) is listed twice")
            }
            taxes[name] = try reader.word(key, what: "a tax type, such as OUTPUT", limit: 50)
        }
        return taxes
    }

    private static func payments(_ reader: MappingReader) throws(MappingError) -> [String: String] {
        var payments: [String: String] = [:]
        for key in reader.keys { payments[key] = try reader.account(key) }
        return payments
    }

    /// The rate as keys write it, without trailing zeros: `10` for `10.00` or `10%`; `nil` if the text is no rate.
    static func percent(_ text: String) -> String? {
        let digits = text.hasSuffix("%") ? String(text.dropLast()) : text
        return ExactDecimal(digits).map { $0.normalized.description }
    }

    /// A store's mapping over its org's, key by key: objects are merged, everything else is replaced.
    public static func merged(org: JSONValue, store: JSONValue) -> JSONValue {
        guard case .object(var result) = org, case .object(let overrides) = store else {
            return store.isNull ? org : store
        }
        for (key, value) in overrides {
            result[key] = result[key].map { merged(org: $0, store: value) } ?? value
        }
        return .object(result)
    }
}
