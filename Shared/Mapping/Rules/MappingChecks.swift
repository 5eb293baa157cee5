public import JSON

/// What is wrong with a store's mapping beyond its wording: rules that can never fire, accounts and tax types that the
/// organisation does not have, clearing accounts that are missing.
public struct MappingChecks: Sendable {
    /// The store's id.
    public var storeID: String
    /// Its platform.
    public var platform: String
    /// The ids of all stores of its org.
    public var storeIDs: [String]
    /// What is known of the organisation, if anything.
    public var reference: ReferenceData?

    /// Makes checks.
    public init(storeID: String, platform: String, storeIDs: [String], reference: ReferenceData? = nil) {
        self.storeID = storeID
        self.platform = platform
        self.storeIDs = storeIDs
        self.reference = reference
    }

    /// Reads a mapping and checks all of it.
    /// - Parameter json: The store's mapping, merged over its org's.
    /// - Returns: Every problem; those of rules that can never fire in this store alone are told apart, since another store
    ///   may share the rule.
    public func problems(in json: JSONValue) -> (everywhere: [MappingProblem], here: [MappingProblem]) {
        let problems = MappingProblems()
        let mapping = MappingConfiguration(json: json, problems: problems)
        checkPayments(mapping, json, problems)
        checkPayouts(mapping, problems)
        checkQuotes(mapping, problems)
        if let reference { ReferenceChecks(mapping: mapping, json: json, reference: reference, problems).run() }
        let here = MappingProblems()
        checkRules(mapping, here)
        return (problems.all, here.all)
    }

    /// What is wrong with the wording of an org's mapping that no store uses.
    public static func problems(inUnused json: JSONValue) -> [MappingProblem] {
        let problems = MappingProblems()
        _ = MappingConfiguration(json: json, problems: problems)
        let sales = MappingPath().key("accounts").key("sales")
        return problems.all.filter { $0.path != sales || json["accounts"]?["sales"] != nil }
    }

    /// Paid orders need a clearing account; so does every payment method that a rule names.
    private func checkPayments(_ mapping: MappingConfiguration, _ json: JSONValue, _ problems: MappingProblems) {
        let decides = (json["rules"]?.array ?? []).contains { $0["then"]?["payment_account"] != nil }
        guard !mapping.payments.isEmpty || decides else {
            problems.report(
                MappingPath().key("payments"),
                "is missing; paid orders need a clearing account: { default: \"090\" }, or one for each payment method")
            return
        }
        guard mapping.payments["default"] == nil else { return }
        for method in mapping.posting.byMethod.keys.sorted() where !isCleared(method.lowercased(), mapping) {
            problems.report(MappingPath().key("posting").key(method), uncleared(method, mapping))
        }
        for rule in mapping.rules.all
        where rule.actions.skip == nil && rule.actions.hold == nil && rule.actions.document != .quote {
            for condition in rule.conditions where condition.field == .paymentMethod {
                guard case .among(let methods) = condition.test else { continue }
                for method in methods.map(\.description).sorted() where !isCleared(method, mapping) {
                    problems.report(
                        MappingPath().key("rules").index(rule.position).key("when").key("payment_method"),
                        uncleared(method, mapping))
                }
            }
        }
    }

    /// Payouts are posted with their fees, so these need an account.
    private func checkPayouts(_ mapping: MappingConfiguration, _ problems: MappingProblems) {
        let named = mapping.posting.byMethod.filter { $0.value == .payoutSummary }.keys.sorted()
        let ruled = mapping.rules.all.contains { $0.actions.posting == .payoutSummary }
        let isUsed = ruled || mapping.posting.usual == .payoutSummary
        for method in named where mapping.payoutSettings(of: method.lowercased()).fees == nil {
            problems.report(
                MappingPath().key("posting").key(method),
                "the fees of its payouts have no account; add payouts.\(method).fees, or payouts.default.fees"
                    + (NearestWord.to(method, among: mapping.payouts.keys.sorted()).map { "; did you mean \($0)?" }
                        ?? ""))
        }
        if isUsed, named.isEmpty, !mapping.payouts.values.contains(where: { $0.fees != nil }) {
            problems.report(
                MappingPath().key("payouts"),
                "is missing; the fees of payouts need an account: { default: { fees: \"404\" } }")
        }
    }

    private func uncleared(_ method: String, _ mapping: MappingConfiguration) -> String {
        "payment method '\(method)' has no clearing account; add payments.\(method), or payments.default"
            + (NearestWord.to(method, among: mapping.payments.keys.sorted()).map { "; did you mean \($0)?" } ?? "")
    }

    /// Whether a payment method has an account by its own key, or may get one by a rule.
    private func isCleared(_ method: String, _ mapping: MappingConfiguration) -> Bool {
        if mapping.payments.keys.contains(where: { $0.lowercased() == method }) { return true }
        return mapping.rules.deciding(.paymentAccount).contains { rule in
            rule.conditions.allSatisfy { $0.field != .paymentMethod || $0.isMet(by: [.text(method)]) }
        }
    }

    /// What is said of quotes means something only if an order can become one.
    private func checkQuotes(_ mapping: MappingConfiguration, _ problems: MappingProblems) {
        let makesQuotes =
            mapping.quotes.document == .quote || mapping.rules.all.contains { $0.actions.document == .quote }
        if makesQuotes { return }
        var said: [MappingPath] = []
        if mapping.quotes.status != nil { said.append(MappingPath().key("quote_status")) }
        if mapping.quotes.expiryDays != nil { said.append(MappingPath().key("expiry_days")) }
        for rule in mapping.rules.all {
            let then = MappingPath().key("rules").index(rule.position).key("then")
            if rule.actions.quoteStatus != nil { said.append(then.key("quote_status")) }
            if rule.actions.expiryDays != nil { said.append(then.key("expiry_days")) }
        }
        for path in said { problems.report(path, "is of quotes, and no order becomes one; add document: quote") }
    }

    // MARK: Rules that can never fire

    private func checkRules(_ mapping: MappingConfiguration, _ problems: MappingProblems) {
        let statuses = mapping.postedStatuses.union(mapping.voidedStatuses)
        for (place, rule) in mapping.rules.all.enumerated() {
            let path = MappingPath().key("rules").index(rule.position)
            if let (field, reason) = contradiction(rule, statuses) {
                problems.report(path.key("when").key(field), "the rule '\(rule.name)' can never fire: \(reason)")
            } else if let other = cover(of: rule, in: mapping.rules.all[..<place]) {
                problems.report(
                    path, "the rule '\(rule.name)' can never fire: what it decides is decided by \(other) before it")
            }
        }
    }

    private func contradiction(_ rule: MappingRule, _ statuses: Set<String>) -> (field: String, reason: String)? {
        for condition in rule.conditions {
            switch condition.field {
            case .store where !condition.isMet(by: [.text(storeID)]):
                return ("store", missingStore(condition))
            case .platform where !condition.isMet(by: [.text(platform)]):
                return ("platform", "the store is of \(platform)")
            case .status where !statuses.contains(where: { condition.isMet(by: [.text($0.lowercased())]) }):
                return (
                    "status", "only orders that are \(statuses.sorted().joined(separator: ", ")) are posted or voided"
                )
            case .category where platform == "woocommerce":
                return (
                    "category", "WooCommerce's orders do not name categories; use tax_class, sku or product instead"
                )
            default: continue
            }
        }
        return nil
    }

    private func missingStore(_ condition: RuleCondition) -> String {
        guard case .among(let values) = condition.test,
            let unknown = values.map(\.description).sorted().first(where: { !storeIDs.contains($0) })
        else { return "it is not for the store \(storeID)" }
        return "there is no store '\(unknown)' in this org\(NearestWord.hint(unknown, among: storeIDs))"
    }

    /// The rules before this one that between them decide everything it decides, whenever it would match; in words.
    private func cover(of rule: MappingRule, in earlier: ArraySlice<MappingRule>) -> String? {
        let covering = earlier.filter { other in
            other.conditions.allSatisfy { condition in rule.conditions.contains { $0.implies(condition) } }
        }
        if let ending = covering.first(where: { $0.actions.skip != nil || $0.actions.hold != nil }) {
            return ending.because
        }
        var names: [String] = []
        for effect in rule.actions.effects {
            guard let other = covering.first(where: { $0.actions.effects.contains(effect) }) else { return nil }
            if !names.contains(other.because) { names.append(other.because) }
        }
        return names.isEmpty ? nil : names.sorted().joined(separator: " and ")
    }
}
