import Accounting

/// Decides the fields of an order's documents: by the first rule that matches, else by the mapping's keys, else by default.
struct MappingDecisions: Sendable {
    let mapping: MappingConfiguration
    let org: OrgSettings
    private let facts: OrderFacts
    private let rates: TaxTypes

    init(order: CanonicalOrder, mapping: MappingConfiguration, org: OrgSettings, storeID: String, date: CalendarDate) {
        self.mapping = mapping
        self.org = org
        facts = OrderFacts(order: order, storeID: storeID, date: date)
        rates = TaxTypes(order: order)
    }

    // MARK: The order

    /// Why a rule leaves the order alone.
    var skip: Decided<String>? { order(.skip) { $0.skip } }

    /// Why a rule holds the order.
    var hold: Decided<String>? { order(.hold) { $0.hold } }

    /// How its invoice and credit notes are posted.
    var status: Decided<DocumentStatus> {
        order(.status) { $0.status } ?? Self.decided(mapping.status, "status") ?? Decided(.authorised, "default")
    }

    /// What the order is until it is paid.
    var document: Decided<OrderDocument> {
        order(.document) { $0.document } ?? Self.decided(mapping.quotes.document, "document")
            ?? Decided(.invoice, "default")
    }

    /// How its quote is posted.
    var quoteStatus: Decided<QuoteStatus> {
        order(.quoteStatus) { $0.quoteStatus } ?? Self.decided(mapping.quotes.status, "quote_status")
            ?? Decided(.draft, "default")
    }

    /// When its quote expires; `nil` if it does not.
    func expiry(from date: CalendarDate) -> Decided<CalendarDate>? {
        let days = order(.expiryDays) { $0.expiryDays } ?? Self.decided(mapping.quotes.expiryDays, "expiry_days")
        return days.map { Decided(date.adding(days: $0.value), $0.because) }
    }

    private static func decided<Value>(_ value: Value?, _ key: String) -> Decided<Value>? {
        value.map { Decided($0, "mapping.\(key)") }
    }

    /// The invoice's Reference.
    var reference: Decided<String> {
        if let ruled = order(.reference, { $0.reference }) {
            let text = XeroText.limited(ruled.value.text(for: facts), 255)
            if !text.isEmpty { return Decided(text, ruled.because) }
        }
        return Decided("Order \(facts.order.number)", "default")
    }

    /// When the invoice is due.
    func due(from date: CalendarDate) -> Decided<CalendarDate> {
        if let ruled = order(.due, { $0.due }) { return Decided(ruled.value.date(from: date), ruled.because) }
        return Decided(
            date.adding(days: mapping.termsDays), mapping.termsDays == 0 ? "default" : "mapping.terms_days")
    }

    /// Whether the order is posted by itself or summed up. All of its money has to say the same: an order paid in several ways
    /// whose modes differ has documents of its own.
    var posting: Decided<PostingMode> {
        let money = facts.order.tenders.filter { $0.kind == .money }
        let modes = money.isEmpty ? [posting(of: nil)] : money.map { posting(of: $0) }
        if Set(modes.map(\.value)).count > 1 {
            return Decided(.eachOrder, "payment methods whose modes differ")
        }
        // A payout pays one payment; without any, none would ever come.
        if modes[0].value == .payoutSummary, money.count != 1 {
            return Decided(.eachOrder, "not paid in one payment")
        }
        return modes[0]
    }

    private func posting(of tender: Tender?) -> Decided<PostingMode> {
        if mapping.rules.decide(.posting),
            let rule = mapping.rules.deciding(.posting).first(where: { matches($0, line: nil, tender: tender) }),
            let mode = rule.actions.posting
        {
            return Decided(mode, rule.because)
        }
        return mapping.posting.mode(of: tender?.method ?? "")
    }

    /// Whose contact the invoice is for.
    var contact: Decided<ContactChoice> {
        if let ruled = order(.contact, { $0.contact }) {
            switch ruled.value {
            case .each: return Decided(.customer, ruled.because)
            case .shared: return Decided(.guests, ruled.because)
            case .named(let template):
                let name = XeroText.name(template.text(for: facts))
                if !name.isEmpty { return Decided(.named(name), ruled.because) }
            }
        }
        if facts.order.customer.id == nil, mapping.guests == .shared {
            return Decided(.guests, "mapping.contacts.guests")
        }
        return Decided(.customer, "default")
    }

    /// The account that a payment goes into; `nil` if nothing names one.
    func paymentAccount(_ tender: Tender) -> Decided<String>? {
        if mapping.rules.decide(.paymentAccount),
            let rule = mapping.rules.deciding(.paymentAccount).first(where: { matches($0, line: nil, tender: tender) }),
            let account = rule.actions.paymentAccount
        {
            return Decided(account, rule.because)
        }
        switch tender.kind {
        case .giftCard: return mapping.accounts.giftCards.map { Decided($0, "mapping.accounts.gift_cards") }
        case .storeCredit: return mapping.accounts.storeCredit.map { Decided($0, "mapping.accounts.store_credit") }
        case .money: break
        }
        if let account = mapping.payments[tender.method] {
            return Decided(account, "mapping.payments.\(tender.method)")
        }
        return mapping.payments["default"].map { Decided($0, "mapping.payments.default") }
    }

    // MARK: A line

    /// The account of a line: of a rule, else of its kind, else of its item, else that of sales.
    func account(_ line: CanonicalLine, _ item: LineItem? = nil) -> Decided<String> {
        if let ruled = self.line(.account, line, { $0.account }) { return ruled }
        let accounts = mapping.accounts
        let named: [(account: String?, key: String)] =
            switch line.kind {
            case .product: []
            case .shipping: [(accounts.shipping, "shipping")]
            case .fee: [(accounts.fees, "fees")]
            case .tip: [(accounts.tips, "tips"), (accounts.fees, "fees")]
            case .giftCard: [(accounts.giftCards ?? "", "gift_cards")]
            }
        for case (let account?, let key) in named { return Decided(account, "mapping.accounts.\(key)") }
        return self.account(of: item) ?? Decided(accounts.sales, "mapping.accounts.sales")
    }

    /// The tax type of a line, or what to add to the mapping: of a rule, else of its rate, else of its item, else the default.
    func taxType(
        _ line: CanonicalLine, _ item: LineItem? = nil, account: String = ""
    ) -> Result<Decided<String>, TaxTypes.Missing> {
        if let ruled = self.line(.taxType, line, { $0.taxType }) { return .success(ruled) }
        let found = rates.rates(of: line)
        for key in [found.code, found.percentText].compactMap({ $0 }) {
            if let type = mapping.taxes[key] { return .success(Decided(type, "mapping.taxes.\"\(key)\"")) }
        }
        if let type = taxType(of: item, percent: found.percent, account: account) { return .success(type) }
        if let type = mapping.taxes["default"] { return .success(Decided(type, "mapping.taxes.\"default\"")) }
        if let country = org.country,
            let usual = CountryTaxes.taxType(
                percent: found.percent, country: country, customer: facts.order.customer.address.country,
                reference: org.reference)
        {
            return .success(Decided(usual.type, usual.because))
        }
        return .failure(TaxTypes.Missing(rates: found))
    }

    /// The tracking of a line; empty if nothing decides it.
    func tracking(_ line: CanonicalLine) -> Decided<[LineTracking]>? {
        guard let ruled = self.line(.tracking, line, { $0.tracking }) else { return nil }
        let options = ruled.value.compactMap { template in
            let option = XeroText.limited(template.option.text(for: facts, line: line), 100)
            return option.isEmpty ? nil : LineTracking(category: template.category, option: option)
        }
        return options.isEmpty ? nil : Decided(options, ruled.because)
    }

    /// The item code that a rule gives a line; `nil` if none does.
    func itemCode(_ line: CanonicalLine) -> Decided<String>? {
        guard let ruled = self.line(.itemCode, line, { $0.itemCode }) else { return nil }
        let code = ruled.value.text(for: facts, line: line)
        return code.isEmpty ? nil : Decided(XeroText.itemCode(code), ruled.because)
    }

    /// The words of a line; `nil` if nothing decides them.
    func description(_ line: CanonicalLine) -> Decided<String>? {
        guard let ruled = self.line(.description, line, { $0.description }) else { return nil }
        let text = ruled.value.text(for: facts, line: line)
        return text.isEmpty ? nil : Decided(text, ruled.because)
    }

    // MARK: Rules

    private func order<Value>(_ effect: RuleEffect, _ value: (RuleActions) -> Value?) -> Decided<Value>? {
        guard mapping.rules.decide(effect) else { return nil }
        for rule in mapping.rules.deciding(effect) where matches(rule, line: nil, tender: nil) {
            if let value = value(rule.actions) { return Decided(value, rule.because) }
        }
        return nil
    }

    func line<Value>(
        _ effect: RuleEffect, _ line: CanonicalLine, _ value: (RuleActions) -> Value?
    ) -> Decided<Value>? {
        guard mapping.rules.decide(effect) else { return nil }
        for rule in mapping.rules.deciding(effect) where matches(rule, line: line, tender: nil) {
            if let value = value(rule.actions) { return Decided(value, rule.because) }
        }
        return nil
    }

    private func matches(_ rule: MappingRule, line: CanonicalLine?, tender: Tender?) -> Bool {
        let isMet = rule.conditions.allSatisfy { condition in
            condition.field.isOfLine && line == nil
                || condition.isMet(by: values(condition.field, line: line, tender: tender))
        }
        guard isMet, line == nil, rule.asksAboutLines else { return isMet }
        return facts.order.lines.contains { line in
            rule.conditions.allSatisfy { condition in
                !condition.field.isOfLine
                    || condition.isMet(by: values(condition.field, line: line, tender: nil))
            }
        }
    }

    private func values(_ field: RuleField, line: CanonicalLine?, tender: Tender?) -> [RuleValue] {
        let asksRates = field == .taxRate || field == .taxCode
        return facts.values(
            of: field, line: line, tender: tender, rates: asksRates ? line.map { rates.rates(of: $0) } : nil)
    }
}

/// Whose contact an invoice is for.
enum ContactChoice: Sendable, Hashable {
    /// The customer's own.
    case customer
    /// The one that the store's guests share.
    case guests
    /// One by this name.
    case named(String)
}

/// A tracking category and its option, on a line.
struct LineTracking: Sendable, Hashable {
    var category: String
    var option: String
}
