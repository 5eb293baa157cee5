import Accounting
import JSON

extension MappingRules {
    /// Reads the rules of a mapping; rules with mistakes are reported and left out.
    init(_ json: JSONValue?, path: MappingPath, problems: MappingProblems) {
        guard let json else {
            self.init([])
            return
        }
        guard let items = json.array else {
            problems.report(path, "must be a list of rules, each with name, when and then")
            self.init([])
            return
        }
        var rules: [MappingRule] = []
        for (position, item) in items.enumerated() {
            let reader = RuleReader(item, path: path.index(position), problems: problems)
            guard let rule = reader.rule(at: position) else { continue }
            if rules.contains(where: { $0.name == rule.name }) {
                problems.report(
                    path.index(position).key("name"), "there is a rule '\(rule.name)' before this one already")
            }
            rules.append(rule)
        }
        self.init(rules)
    }
}

/// Reads one rule.
struct RuleReader {
    private let reader: MappingReader

    init(_ value: JSONValue, path: MappingPath, problems: MappingProblems) {
        reader = MappingReader(value, path: path, keys: ["name", "when", "then"], problems: problems)
    }

    /// The rule; `nil` if nothing can be made of it.
    func rule(at position: Int) -> MappingRule? {
        let before = reader.problems.all.count
        let name = reader.word("name", what: "what the rule is called in explanations", limit: 80)
        let when = reader.object("when", keys: nil)
        let conditions = when.keys.compactMap { condition($0, when) }
        if reader["then"] == nil {
            reader.report("then", "is missing; say what the rule decides, such as { account: \"200\" }")
        }
        let actions = RuleActionsReader(reader.object("then", keys: RuleEffect.allCases.map(\.rawValue))).actions()
        if let field = conditions.first(where: { $0.field.isOfLine })?.field, actions.paymentAccount != nil {
            let name = RuleField.named.first { $0.field == field }?.name ?? ""
            reader.report(
                "then", "payment_account is decided for a payment, which has no \(name); leave \(name) out of when")
        }
        guard reader.problems.all.count == before, let name else { return nil }
        return MappingRule(position: position, name: name, conditions: conditions, actions: actions)
    }

    private func condition(_ key: String, _ when: MappingReader) -> RuleCondition? {
        guard let field = RuleField(name: key) else {
            when.report(key, "there is no such field\(NearestWord.hint(key, among: RuleField.names))")
            return nil
        }
        guard let value = when[key] else {
            when.report(key, "has no value; give one, or leave the line out")
            return nil
        }
        return test(value, field, when.path.key(key)).map { RuleCondition(field: field, test: $0) }
    }

    private func test(_ value: JSONValue, _ field: RuleField, _ path: MappingPath) -> RuleCondition.Test? {
        switch value {
        case .array(let items): return among(items, field, path)
        case .object(let object): return operation(object, field, path)
        default: return among([value], field, path)
        }
    }

    private func operation(_ object: JSONObject, _ field: RuleField, _ path: MappingPath) -> RuleCondition.Test? {
        let operators = ["equals", "in", "range", "matches", "not"]
        guard let (name, value) = object.first(where: { _ in true }), object.count == 1 else {
            reader.problems.report(path, "needs exactly one of \(operators.joined(separator: ", "))")
            return nil
        }
        let inner = path.key(name)
        switch name {
        case "equals": return among([value], field, inner)
        case "in":
            guard let items = value.array else {
                reader.problems.report(inner, "must be a list, such as [AU, NZ]")
                return nil
            }
            return among(items, field, inner)
        case "range": return range(value, field, inner)
        case "matches": return pattern(value, field, inner)
        case "not": return test(value, field, inner).map { .not($0) }
        default:
            reader.problems.report(inner, "there is no such operator\(NearestWord.hint(name, among: operators))")
            return nil
        }
    }

    private func among(_ items: [JSONValue], _ field: RuleField, _ path: MappingPath) -> RuleCondition.Test? {
        guard !items.isEmpty else {
            reader.problems.report(path, "is an empty list, so that the rule can never fire")
            return nil
        }
        let values = items.compactMap { scalar($0, field, path) }
        return values.count == items.count ? .among(Set(values)) : nil
    }

    private func scalar(_ item: JSONValue, _ field: RuleField, _ path: MappingPath) -> RuleValue? {
        guard let text = item.string ?? item.number?.text ?? item.bool.map({ $0 ? "true" : "false" }) else {
            reader.problems.report(path, "must be a value or a list of values, not a \(item.kind)")
            return nil
        }
        switch field.value(field == .status && text.hasPrefix("wc-") ? String(text.dropFirst(3)) : text) {
        case .success(let value): return value
        case .failure(let wrong):
            reader.problems.report(path, wrong.message)
            return nil
        }
    }

    private func range(_ value: JSONValue, _ field: RuleField, _ path: MappingPath) -> RuleCondition.Test? {
        guard let bounds = value.array, bounds.count == 2, !(bounds[0].isNull && bounds[1].isNull) else {
            reader.problems.report(path, "must be the first and the last value, such as [100, 200]; ~ for no bound")
            return nil
        }
        let before = reader.problems.all.count
        let low = bounds[0].isNull ? nil : scalar(bounds[0], field, path)
        let high = bounds[1].isNull ? nil : scalar(bounds[1], field, path)
        guard reader.problems.all.count == before else { return nil }
        if let low, let high, high.isBefore(low) {
            reader.problems.report(path, "runs backwards: \(high) comes before \(low), so that the rule can never fire")
            return nil
        }
        return .range(low, high)
    }

    private func pattern(_ value: JSONValue, _ field: RuleField, _ path: MappingPath) -> RuleCondition.Test? {
        guard field.comparison == .text, let source = value.string ?? value.number?.text else {
            reader.problems.report(
                path,
                field.comparison == .text ? "must be a pattern, such as \"^GIFT-\"" : "only text can match; use range")
            return nil
        }
        do {
            return .matches(try TextPattern(source))
        } catch {
            reader.problems.report(path, "the pattern '\(source)' \(error.message)")
            return nil
        }
    }
}

/// Reads what a rule decides.
struct RuleActionsReader {
    private let then: MappingReader

    init(_ reader: MappingReader) { then = reader }

    func actions() -> RuleActions {
        var actions = RuleActions()
        actions.account = then.account("account")
        actions.paymentAccount = then.account("payment_account")
        if then["tax_type"] != nil {
            actions.taxType = then.word("tax_type", what: "a tax type, such as OUTPUT", limit: 50)
        }
        actions.tracking = tracking()
        actions.itemCode = template("item_code", takesLines: true)
        actions.items = then.choice("items", ItemSettings.Mode.self)
        actions.description = template("description", takesLines: true)
        actions.reference = template("reference", takesLines: false)
        actions.contact = contact()
        actions.status = then.choice("status", DocumentStatus.self)
        actions.due = due()
        actions.posting = then.choice("posting", PostingMode.self)
        actions.document = then.choice("document", OrderDocument.self)
        actions.quoteStatus = then.choice("quote_status", QuoteStatus.self)
        actions.expiryDays = then.integer("expiry_days", in: QuoteSettings.days)
        actions.skip = reason("skip", usual: "a rule leaves it alone")
        actions.hold = reason("hold", usual: "a rule holds it")
        if actions.skip != nil, actions.effects.count > 1 {
            then.report("skip", "an order that is skipped needs nothing else decided; leave the rest out")
        }
        return actions
    }

    private func template(_ key: String, takesLines: Bool) -> TextTemplate? {
        guard then[key] != nil else { return nil }
        guard let text = then.word(key, what: "text, such as \"Order {order}\"", limit: 500) else { return nil }
        return template(text, takesLines: takesLines, at: then.path.key(key))
    }

    private func template(_ text: String, takesLines: Bool, at path: MappingPath) -> TextTemplate? {
        do {
            return try TextTemplate(text, takesLines: takesLines)
        } catch {
            then.problems.report(path, error.message)
            return nil
        }
    }

    private func tracking() -> [TrackingTemplate]? {
        guard then["tracking"] != nil else { return nil }
        let reader = then.object("tracking", keys: nil)
        if reader.keys.count > 2 { then.report("tracking", "Xero takes two tracking categories on a line, no more") }
        return reader.keys.compactMap { category in
            guard let text = reader.word(category, what: "an option, such as Online", limit: 100) else { return nil }
            return template(text, takesLines: true, at: reader.path.key(category))
                .map { TrackingTemplate(category: category, option: $0) }
        }
    }

    private func contact() -> ContactStrategy? {
        guard let value = then["contact"] else { return nil }
        switch value.string {
        case "each": return .each
        case "shared": return .shared
        case .some(let word):
            then.report(
                "contact",
                "must be each, shared or { name: \"Web sales {country}\" }"
                    + (NearestWord.to(word, among: ["each", "shared"]).map { "; did you mean \($0)?" } ?? ""))
            return nil
        case nil: break
        }
        let reader = then.object("contact", keys: ["name"])
        guard let text = reader.word("name", what: "a contact's name, such as \"Web sales {country}\"", limit: 255)
        else {
            return nil
        }
        return template(text, takesLines: false, at: reader.path.key("name")).map { .named($0) }
    }

    private func due() -> DueDate? {
        guard let value = then["due"] else { return nil }
        if let due = DueDate(value.string ?? value.number?.text ?? "") { return due }
        then.report(
            "due",
            "must be days from 0 to 365, 'end of month', 'end of next month' or a day from 1 to 28, such as "
                + "'20 of next month'")
        return nil
    }

    /// `true`, or the reason itself.
    private func reason(_ key: String, usual: String) -> String? {
        guard let value = then[key] else { return nil }
        if let isOn = value.bool {
            if !isOn { then.report(key, "false decides nothing; leave the line out") }
            return isOn ? usual : nil
        }
        return then.word(key, what: "true, or the reason in a few words", limit: 200)
    }
}
