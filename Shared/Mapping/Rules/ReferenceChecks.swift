import JSON

/// Compares a mapping with what its organisation has.
struct ReferenceChecks {
    private let mapping: MappingConfiguration
    private let json: JSONValue
    private let reference: ReferenceData
    private let problems: MappingProblems

    /// What an account is wanted for.
    private enum Use {
        case lines, payments

        func fits(_ account: ReferenceData.Account) -> Bool {
            !account.isArchived && (self == .lines ? account.takesLines : account.takesPayments)
        }

        var refusal: String {
            switch self {
            case .lines: "is a bank account or one of Xero's own, which no line of an invoice can name"
            case .payments: "takes no payments: it is no bank account, and payments to it are not enabled in Xero"
            }
        }
    }

    init(mapping: MappingConfiguration, json: JSONValue, reference: ReferenceData, _ problems: MappingProblems) {
        self.mapping = mapping
        self.json = json
        self.reference = reference
        self.problems = problems
    }

    func run() {
        checkAccounts()
        checkTaxes()
        checkPayouts()
        for rule in mapping.rules.all {
            check(rule.actions, MappingPath().key("rules").index(rule.position).key("then"))
        }
    }

    private func checkAccounts() {
        let root = MappingPath().key("accounts")
        let accounts = mapping.accounts
        for (key, code, uses) in [
            ("sales", accounts.sales, [Use.lines]), ("shipping", accounts.shipping, [.lines]),
            ("fees", accounts.fees, [.lines]), ("tips", accounts.tips, [.lines]),
            ("rounding", accounts.rounding, [.lines]), ("refunds", accounts.refunds, [.lines]),
            // Sold on lines, redeemed as payments.
            ("gift_cards", accounts.giftCards, [.lines, .payments]),
            ("store_credit", accounts.storeCredit, [.payments]),
        ] {
            if let code, !code.isEmpty { check(account: code, for: uses, root.key(key)) }
        }
        for (method, code) in mapping.payments.sorted(by: { $0.key < $1.key }) {
            check(account: code, for: [.payments], MappingPath().key("payments").key(method))
        }
    }

    private func checkTaxes() {
        let accounts = mapping.accounts
        let codes = [accounts.sales, accounts.shipping, accounts.fees, accounts.tips].compactMap { $0 }
        for (key, value) in json["taxes"]?.object ?? [:] {
            guard let type = value.string else { continue }
            check(taxType: type, on: key == "rounding" ? [] : codes, MappingPath().key("taxes").key(key))
        }
    }

    private func checkPayouts() {
        for (provider, settings) in mapping.payouts.sorted(by: { $0.key < $1.key }) {
            let path = MappingPath().key("payouts").key(provider)
            if let account = settings.account { check(account: account, for: [.payments], path.key("account")) }
            if let account = settings.fees { check(account: account, for: [.lines], path.key("fees")) }
            if let account = settings.adjustments { check(account: account, for: [.lines], path.key("adjustments")) }
            guard let type = settings.feeTax else { continue }
            check(taxType: type, on: [settings.fees].compactMap { $0 }, path.key("fee_tax"))
        }
    }

    private func check(_ actions: RuleActions, _ path: MappingPath) {
        if let account = actions.account { check(account: account, for: [.lines], path.key("account")) }
        if let account = actions.paymentAccount {
            check(account: account, for: [.payments], path.key("payment_account"))
        }
        if let type = actions.taxType {
            check(taxType: type, on: [actions.account ?? mapping.accounts.sales], path.key("tax_type"))
        }
        for template in actions.tracking ?? [] { check(template, path.key("tracking").key(template.category)) }
    }

    private func check(_ template: TrackingTemplate, _ path: MappingPath) {
        guard let tracking = reference.tracking else { return }
        guard let options = tracking[template.category] else {
            let hint = NearestWord.hint(template.category, among: tracking.keys.sorted())
            problems.report(path, "the organisation has no tracking category '\(template.category)'\(hint)")
            return
        }
        let option = template.option.source
        guard !option.contains("{"), !options.contains(option) else { return }
        problems.report(
            path, "the tracking category has no option '\(option)'\(NearestWord.hint(option, among: options.sorted()))")
    }

    // MARK: Accounts

    private func check(account code: String, for uses: [Use], _ path: MappingPath) {
        guard let accounts = reference.accounts else { return }
        guard let account = accounts[code] else {
            problems.report(path, "the organisation has no account '\(code)'\(suggestion(code, for: uses))")
            return
        }
        if account.isArchived {
            problems.report(
                path,
                "account \(account.named) is archived in Xero; restore it there or choose another"
                    + suggestion(code, for: uses))
        } else if let use = uses.first(where: { !$0.fits(account) }) {
            problems.report(path, "account \(account.named) \(use.refusal)\(suggestion(code, for: uses))")
        }
    }

    /// The account that was probably meant, among those that would do; else all of these.
    private func suggestion(_ code: String, for uses: [Use]) -> String {
        let usable = (reference.accounts ?? [:]).values.filter { account in uses.allSatisfy { $0.fits(account) } }
            .sorted { $0.code < $1.code }
        if let near = NearestWord.to(code, among: usable.map(\.code)),
            let account = usable.first(where: { $0.code == near })
        {
            return "; did you mean \(account.named)?"
        }
        guard !usable.isEmpty else { return "; no account of the organisation would do" }
        let rest = usable.count > 8 ? " and \(usable.count - 8) more" : ""
        return "; these would do: \(usable.prefix(8).map(\.named).joined(separator: ", "))\(rest)"
    }

    // MARK: Tax types

    private func check(taxType: String, on codes: [String], _ path: MappingPath) {
        guard let rates = reference.taxRates else { return }
        guard let rate = rates[taxType] else {
            let hint = NearestWord.hint(taxType, among: rates.keys.sorted())
            problems.report(path, "the organisation has no active tax type '\(taxType)'\(hint)")
            return
        }
        for code in codes {
            guard let account = reference.accounts?[code], account.takesLines, !account.isArchived,
                !rate.classes.contains(account.accountClass)
            else { continue }
            let others = rates.values.filter { $0.classes.contains(account.accountClass) }
            // Of the same percent, if there is one alone: the purchase's tax type was taken for the sale's.
            let same = others.filter { $0.percent == rate.percent }
            let types = (same.count == 1 ? same : others).map(\.type).sorted()
            problems.report(
                path,
                "tax type \(taxType) (\(rate.name)) cannot be on account \(account.named); "
                    + (types.count == 1
                        ? "did you mean \(types[0])?" : "these can: \(types.joined(separator: ", "))"))
            return
        }
    }
}
