public import JSON

/// A mapping proposed for a store or an org: every value with its reason and how sure it is.
///
/// Pure and deterministic: the same input always gives the same suggestions, by rules that can be read. Nothing is learnt, and
/// nothing is changed.
public struct MappingSuggestions: Sendable, Hashable {
    /// The values, in the order in which a mapping has them.
    public private(set) var suggestions: [MappingSuggestion] = []
    /// What nothing can be proposed for.
    public private(set) var gaps: [MappingGap] = []

    /// The proposed mapping: what is sure enough, and accepted by ``MappingChecks``.
    public var mapping: JSONValue {
        var sections: JSONObject = [:]
        for suggestion in suggestions where suggestion.isProposed {
            guard case .key(let section)? = suggestion.path.steps.first else { continue }
            if section == "rules" {
                sections["rules"] = .array((sections["rules"]?.array ?? []) + [suggestion.value])
            } else if case .key(let key)? = suggestion.path.steps.last {
                var object = sections[section]?.object ?? [:]
                object[key] = suggestion.value
                sections[section] = .object(object)
            }
        }
        return .object(sections)
    }

    /// Whether orders would be held, or the mapping refused, as it is proposed.
    public var needsPerson: Bool { gaps.contains(where: \.isBlocking) }

    /// Makes suggestions.
    /// - Parameter input: What they are made from.
    public init(_ input: SuggestionInput) {
        let accounts = AccountSuggester(input: input).draft()
        var payments = PaymentSuggester(input: input)
        let chosen = Dictionary(
            accounts.suggestions.filter(\.isProposed).compactMap { suggestion -> (String, String)? in
                guard case .key(let key)? = suggestion.path.steps.last else { return nil }
                return suggestion.value.string.map { (key, $0) }
            }, uniquingKeysWith: { first, _ in first })
        let known = input.reference.accounts ?? [:]
        let classes = Set(
            ["sales", "shipping", "fees", "tips"].compactMap { chosen[$0].flatMap { known[$0]?.accountClass } })
        let taxes = TaxSuggester(
            input: input, accountClasses: classes, salesTaxType: chosen["sales"].flatMap { known[$0]?.taxType } ?? ""
        ).draft()
        let types = Dictionary(
            taxes.suggestions.compactMap { suggestion -> (String, String)? in
                guard case .key(let key)? = suggestion.path.steps.last else { return nil }
                return suggestion.value.string.map { (key, $0) }
            }, uniquingKeysWith: { first, _ in first })
        var draft = accounts
        draft += payments.draft()
        draft += taxes
        draft.suggestions +=
            SalesAbroad(input: input, taxes: types, accountClasses: classes).suggestions()
            + RuleSuggester(input: input, accounts: Set(chosen.values)).suggestions()
        suggestions = draft.suggestions.filter { !Self.isThere($0, input.current) }
        gaps = draft.gaps
        noteRefunds(input)
        order()
        dropRefused(input)
    }

    /// Whether the mapping has a rule already that decides the same under the same conditions.
    private static func isThere(_ suggestion: MappingSuggestion, _ current: JSONValue) -> Bool {
        guard suggestion.path.steps.first == .key("rules") else { return false }
        return (current["rules"]?.array ?? []).contains { rule in
            rule["name"] == suggestion.value["name"]
                || rule["when"] == suggestion.value["when"] && rule["then"] == suggestion.value["then"]
        }
    }

    private mutating func noteRefunds(_ input: SuggestionInput) {
        let count = input.profile.amountOnlyRefunds
        guard count > 0, input.current("refunds", "amount_only") == nil else { return }
        gaps.append(
            MappingGap(
                subject: "refunds.amount_only", reason: "\(count) refunds name no lines and are not of everything",
                remedy: "they are held; refunds: { amount_only: proportional } spreads them over the invoice's lines",
                isBlocking: false))
    }

    /// Accounts, taxes, payments, rules; rules get their places.
    private mutating func order() {
        let sections = ["accounts", "taxes", "payments", "rules"]
        suggestions = sections.flatMap { section in
            suggestions.filter { $0.path.steps.first == .key(section) }
        }
        place()
    }

    private mutating func place() {
        var position = 0
        for index in suggestions.indices where suggestions[index].path.steps.first == .key("rules") {
            guard suggestions[index].isProposed else { continue }
            suggestions[index].path = MappingPath().key("rules").index(position)
            position += 1
        }
    }

    /// What `apply` would refuse is not proposed: it becomes a gap that says why.
    private mutating func dropRefused(_ input: SuggestionInput) {
        let checks = MappingChecks(
            storeID: input.storeID ?? "", platform: input.platform, storeIDs: input.storeIDs,
            reference: input.reference)
        for _ in 0..<8 {
            let found = checks.problems(in: MappingConfiguration.merged(org: input.current, store: mapping))
            let refused = (found.everywhere + (input.storeID == nil ? [] : found.here)).compactMap { problem in
                suggestions.firstIndex { suggestion in
                    suggestion.isProposed && problem.path.steps.starts(with: suggestion.path.steps)
                }.map { ($0, problem) }
            }
            guard let (index, problem) = refused.first else { return }
            let suggestion = suggestions.remove(at: index)
            gaps.append(
                MappingGap(
                    subject: suggestion.path.subject, reason: "\(suggestion.name) would be refused: \(problem.message)",
                    remedy: "choose one by hand", isBlocking: true))
            place()
        }
    }
}

extension MappingPath {
    /// The path below the mapping, such as `payments.stripe`.
    var subject: String { String(description.dropFirst("mapping.".count)) }
}
