import JSON

/// Compares a mapping with what its organisation has.
struct ReferenceChecks {
    private let mapping: MappingConfiguration
    private let json: JSONValue
    private let reference: OrgReference
    private let problems: MappingProblems

    init(mapping: MappingConfiguration, json: JSONValue, reference: OrgReference, _ problems: MappingProblems) {
        self.mapping = mapping
        self.json = json
        self.reference = reference
        self.problems = problems
    }

    func run() {
        checkAccounts()
        checkTaxes()
        for rule in mapping.rules.all {
            check(rule.actions, MappingPath().key("rules").index(rule.position).key("then"))
        }
    }

    private func checkAccounts() {
        let root = MappingPath().key("accounts")
        let accounts = mapping.accounts
        for (key, code) in [
            ("sales", accounts.sales), ("shipping", accounts.shipping), ("fees", accounts.fees),
            ("rounding", accounts.rounding), ("refunds", accounts.refunds),
        ] {
            if let code, !code.isEmpty { checkLine(account: code, root.key(key)) }
        }
        if let code = accounts.giftCards { checkPayment(account: code, root.key("gift_cards")) }
        for (method, code) in mapping.payments.sorted(by: { $0.key < $1.key }) {
            checkPayment(account: code, MappingPath().key("payments").key(method))
        }
    }

    private func checkTaxes() {
        let accounts = [mapping.accounts.sales, mapping.accounts.shipping, mapping.accounts.fees].compactMap { $0 }
        for (key, value) in json["taxes"]?.object ?? [:] {
            guard let type = value.string else { continue }
            check(taxType: type, on: key == "rounding" ? [] : accounts, MappingPath().key("taxes").key(key))
        }
    }

    private func check(_ actions: RuleActions, _ path: MappingPath) {
        if let account = actions.account { checkLine(account: account, path.key("account")) }
        if let account = actions.paymentAccount { checkPayment(account: account, path.key("payment_account")) }
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

    private func checkLine(account code: String, _ path: MappingPath) {
        guard let account = known(code, path) else { return }
        guard !account.takesLines else { return }
        problems.report(
            path,
            "account \(named(account)) is a bank account or one of Xero's own, which no line of an invoice can name")
    }

    private func checkPayment(account code: String, _ path: MappingPath) {
        guard let account = known(code, path), !account.takesPayments else { return }
        let others = (reference.accounts ?? [:]).values.filter(\.takesPayments).sorted { $0.code < $1.code }
        problems.report(
            path,
            "account \(named(account)) takes no payments: it is no bank account, and payments to it are not enabled in Xero; "
                + "these do: \(others.prefix(8).map(named).joined(separator: ", "))")
    }

    private func known(_ code: String, _ path: MappingPath) -> OrgReference.Account? {
        guard let accounts = reference.accounts else { return nil }
        if let account = accounts[code] { return account }
        let meant = NearestWord.to(code, among: accounts.keys.sorted()).flatMap { accounts[$0] }
        problems.report(
            path,
            "the organisation has no active account '\(code)'" + (meant.map { "; did you mean \(named($0))?" } ?? ""))
        return nil
    }

    private func check(taxType: String, on codes: [String], _ path: MappingPath) {
        guard let rates = reference.taxRates else { return }
        guard let rate = rates[taxType] else {
            let hint = NearestWord.hint(taxType, among: rates.keys.sorted())
            problems.report(path, "the organisation has no active tax type '\(taxType)'\(hint)")
            return
        }
        for code in codes {
            guard let account = reference.accounts?[code], account.takesLines,
                !rate.classes.contains(account.accountClass)
            else { continue }
            let others = rates.values.filter { $0.classes.contains(account.accountClass) }.map(\.type).sorted()
            problems.report(
                path,
                "tax type \(taxType) (\(rate.name)) cannot be on account \(named(account)); these can: "
                    + others.joined(separator: ", "))
            return
        }
    }

    private func named(_ account: OrgReference.Account) -> String {
        account.name.isEmpty ? account.code : "\(account.code) (\(account.name))"
    }
}
