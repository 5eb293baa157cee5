import Accounting
public import JSON

/// How orders become documents: the `mapping:` of a store, merged over that of its org.
public struct MappingConfiguration: Sendable, Hashable {
    /// Account codes by what a line is.
    public struct Accounts: Sendable, Hashable {
        /// Product lines.
        public var sales: String
        /// Shipping lines; ``sales`` unless given.
        public var shipping: String?
        /// Fee lines; ``sales`` unless given.
        public var fees: String?
        /// The line that makes up for rounding; otherwise the organisation's own account for rounding is used.
        public var rounding: String?
        /// The lines of credit notes; otherwise the accounts of the lines refunded.
        public var refunds: String?
        /// The liability that gift cards sold add to and redeemed ones reduce.
        public var giftCards: String?
        /// The liability that store credit spent reduces.
        public var storeCredit: String?
        /// Tips; ``fees`` unless given.
        public var tips: String?
    }

    /// What becomes of guests' contacts.
    public enum Guests: String, Sendable, Hashable, CaseIterable {
        /// A contact for each: by e-mail address, or by order where there is none.
        case each
        /// One contact for all.
        case shared
    }

    /// Whose contacts are the same person's.
    public enum ContactIdentity: String, Sendable, Hashable, CaseIterable {
        /// Each store's customers have contacts of their own: by the store's id, else by e-mail address.
        case store
        /// All stores of the org share their contacts: by e-mail address, else as ``store``.
        case org
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
    /// Whose contacts are the same person's.
    public var contactIdentity: ContactIdentity
    /// What becomes of refunds of an amount without lines.
    public var amountOnlyRefunds: AmountOnlyRefunds
    /// What becomes of orders whose payments are less or more than what was to be paid.
    public var tenders: TenderPolicy
    /// Days from an invoice's date to its due date, 0 to 365.
    public var termsDays: Int
    /// How invoices and credit notes are posted; `nil` for approved.
    public var status: DocumentStatus?
    /// Whether orders that are not paid are quotes, and how these are posted.
    public var quotes: QuoteSettings
    /// Whether orders are posted one by one or summed up, by payment method.
    public var posting: PostingModes
    /// How days are summed up.
    public var summary: SummarySettings
    /// How payouts are posted, by provider; `default` for the rest.
    public var payouts: [String: PayoutSettings]
    /// Which lines carry an item.
    public var items: ItemSettings
    /// What is done about orders that look odd.
    public var anomalies: AnomalyPolicy
    /// Whose rate converts what is sold in another currency than the organisation's.
    public var currencyRates: CurrencyRateSettings

    /// Statuses that are posted where the mapping does not say.
    public static let defaultPostedStatuses: Set<String> = ["processing", "completed", "refunded"]
    /// Statuses that are voided where the mapping does not say.
    public static let defaultVoidedStatuses: Set<String> = ["cancelled", "failed"]

    /// What decides before all of the above: ordered, the first that matches decides a field.
    public var rules: MappingRules

    /// Reads a mapping.
    /// - Parameter json: The merged mapping: an object of `rules`, `accounts`, `taxes`, `payments`, `statuses`, `contacts`,
    ///   `refunds`, `tenders`, `terms_days`, `document`, `status`, `quote_status`, `expiry_days`, `posting`, `summary`,
    ///   `payouts`, `items`, `anomalies` and `currency_rates`. Only `accounts.sales` is required.
    /// - Throws: ``MappingError`` naming the path of every mistake and, for a word that does not exist, the nearest that does.
    public init(json: JSONValue) throws(MappingError) {
        let problems = MappingProblems()
        self.init(json: json, problems: problems)
        guard problems.all.isEmpty else { throw MappingError(problems.all) }
    }

    /// The keys a mapping may have.
    static let keys = [
        "rules", "accounts", "taxes", "payments", "statuses", "contacts", "refunds", "tenders", "terms_days",
        "document", "status", "quote_status", "expiry_days", "posting", "summary", "payouts", "items",
        "anomalies", "currency_rates",
    ]

    /// Reads what can be read, and reports the rest.
    init(json: JSONValue, problems: MappingProblems) {
        let root = MappingReader(json, path: MappingPath(), keys: Self.keys, problems: problems)
        accounts = Self.accounts(root)
        taxes = Self.taxes(root.object("taxes", keys: nil))
        payments = Self.payments(root.object("payments", keys: nil))
        let statuses = root.object("statuses", keys: ["post", "void", "ignore"])
        let posted = statuses.statuses("post")
        let voided = statuses.statuses("void")
        let ignored = statuses.statuses("ignore") ?? []
        postedStatuses = posted ?? Self.defaultPostedStatuses.subtracting(voided ?? []).subtracting(ignored)
        voidedStatuses = voided ?? Self.defaultVoidedStatuses.subtracting(postedStatuses).subtracting(ignored)
        for (name, set, other) in [
            ("void", voidedStatuses, postedStatuses), ("ignore", ignored, postedStatuses.union(voidedStatuses)),
        ] {
            if let status = set.intersection(other).min() {
                statuses.report(name, "'\(status)' is listed twice; a status can do one thing only")
            }
        }
        let contacts = root.object("contacts", keys: ["guests", "identity"])
        guests = contacts.choice("guests", Guests.self) ?? .each
        contactIdentity = contacts.choice("identity", ContactIdentity.self) ?? .store
        amountOnlyRefunds =
            root.object("refunds", keys: ["amount_only"]).choice("amount_only", AmountOnlyRefunds.self) ?? .hold
        tenders = TenderPolicy(root.object("tenders", keys: TenderPolicy.keys))
        termsDays = root.integer("terms_days", in: 0...365) ?? 0
        status = root.choice("status", DocumentStatus.self)
        quotes = QuoteSettings(root)
        rules = MappingRules(root["rules"], path: root.path.key("rules"), problems: problems)
        posting = PostingModes(root)
        summary = SummarySettings(root.object("summary", keys: SummarySettings.keys))
        payouts = Self.payouts(root.object("payouts", keys: nil))
        items = ItemSettings(root)
        anomalies = AnomalyPolicy(root.object("anomalies", keys: AnomalyPolicy.keys))
        let rates = root.object("currency_rates", keys: CurrencyRateSettings.keys)
        currencyRates = CurrencyRateSettings(rates)
        let summed = rules.deciding(.posting).compactMap(\.actions.posting) + posting.all
        if let mode = summed.first(where: { $0 != .eachOrder }), currencyRates.source == .store {
            rates.report(
                "source",
                "a \(mode == .dailySummary ? "daily summary" : "payout") has one rate, and each order its own: write table or "
                    + "xero with posting: \(mode.rawValue)")
        }
    }

    private static func accounts(_ root: MappingReader) -> Accounts {
        let accounts = root.object(
            "accounts",
            keys: ["sales", "shipping", "fees", "rounding", "refunds", "gift_cards", "store_credit", "tips"])
        let sales = accounts.account("sales")
        if sales == nil, accounts["sales"] == nil {
            accounts.report("sales", "is missing; give the code of the account for sales, such as \"200\"")
        }
        return Accounts(
            sales: sales ?? "", shipping: accounts.account("shipping"), fees: accounts.account("fees"),
            rounding: accounts.account("rounding"), refunds: accounts.account("refunds"),
            giftCards: accounts.account("gift_cards"), storeCredit: accounts.account("store_credit"),
            tips: accounts.account("tips"))
    }

    private static func taxes(_ reader: MappingReader) -> [String: String] {
        var taxes: [String: String] = [:]
        for key in reader.keys {
            let name = percent(key) ?? key
            if taxes[name] != nil { reader.report(key, "the rate \(name) is listed twice") }
            taxes[name] = reader.word(key, what: "a tax type, such as OUTPUT", limit: 50) ?? ""
        }
        return taxes
    }

    private static func payments(_ reader: MappingReader) -> [String: String] {
        var payments: [String: String] = [:]
        for key in reader.keys {
            payments[key] = reader.word(key, what: "an account's code, such as \"090\"", limit: 10)
        }
        return payments
    }

    /// The rate as keys write it, without trailing zeros: `10` for `10.00` or `10%`; `nil` if the text is no rate.
    static func percent(_ text: String) -> String? {
        let digits = text.hasSuffix("%") ? String(text.dropLast()) : text
        return ExactDecimal(digits).map { $0.normalized.description }
    }

    /// A store's mapping over its org's, key by key: objects are merged, everything else is replaced. Of rules the store's come
    /// first, then the org's.
    public static func merged(org: JSONValue, store: JSONValue) -> JSONValue {
        let result = overlaid(org, by: store)
        guard let common = org["rules"]?.array, let own = store["rules"]?.array, var object = result.object else {
            return result
        }
        object["rules"] = .array(own + common)
        return .object(object)
    }

    private static func overlaid(_ base: JSONValue, by override: JSONValue) -> JSONValue {
        guard case .object(var result) = base, case .object(let members) = override else {
            return override.isNull ? base : override
        }
        for (key, value) in members {
            result[key] = result[key].map { overlaid($0, by: value) } ?? value
        }
        return .object(result)
    }
}
