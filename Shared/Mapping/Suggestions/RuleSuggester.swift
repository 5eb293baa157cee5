import Accounting
import JSON

/// Proposes rules for lines: gift cards outside of tax, accounts named for what is sold, tracking.
struct RuleSuggester {
    let input: SuggestionInput
    /// The accounts proposed already.
    let accounts: Set<String>

    func suggestions() -> [MappingSuggestion] { giftCards() + products() + tracking() }

    /// A gift card is no sale: it is taxed when it is redeemed.
    private func giftCards() -> [MappingSuggestion] {
        guard let sold = input.profile.lines[.giftCard], sold > 0,
            let rate = TaxSuggester.untaxedType(input.reference, country: input.country)
        else { return [] }
        return [
            rule(
                "Gift cards sold", when: ["line": "gift_card"], then: ["tax_type": .string(rate.type)],
                name: TaxSuggester.title(rate),
                reason: "\(sold) gift cards were sold; the sale is taxed when they are redeemed", confidence: 80)
        ]
    }

    /// Accounts of revenue whose name is a category's, or what stock keeping units begin with.
    private func products() -> [MappingSuggestion] {
        var found: [MappingSuggestion] = []
        for account in input.accounts
        where account.takesLines && account.accountClass == "REVENUE" && !accounts.contains(account.code) {
            let words = NameWords.fold(account.name).split(separator: " ").filter {
                $0.count >= 3 && !["sales", "sale", "income", "revenue", "online", "other"].contains($0)
            }
            guard let word = words.first, words.count == 1 else { continue }
            let then: JSONValue = ["account": .string(account.code)]
            if input.platform != "woocommerce",
                let (category, lines) = most(input.profile.categories, named: String(word)), lines >= 5
            {
                found.append(
                    rule(
                        account.name, when: ["category": .string(category)], then: then, name: account.title,
                        reason: "\(lines) lines are of the category \(category), which the account is named for",
                        confidence: 65))
            } else if let (prefix, lines) = most(input.profile.prefixes, named: String(word)), lines >= 5 {
                found.append(
                    rule(
                        account.name, when: ["sku": ["matches": .string("^\(prefix)")]], then: then,
                        name: account.title,
                        reason:
                            "\(lines) lines have stock keeping units that begin with \(prefix), which the account is "
                            + "named for", confidence: 60))
            }
        }
        return found
    }

    /// The commonest of what is seen that means the same word, one or many.
    private func most(_ seen: [String: Int], named word: String) -> (String, Int)? {
        func stem(_ text: String) -> String {
            let folded = NameWords.fold(text)
            return folded.hasSuffix("s") ? String(folded.dropLast()) : folded
        }
        return seen.filter { stem($0.key) == stem(word) }.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.first
            .map { ($0.key, $0.value) }
    }

    /// A tracking category with an option that is named for the store or its platform.
    private func tracking() -> [MappingSuggestion] {
        guard let storeID = input.storeID else { return [] }
        for (category, options) in (input.reference.tracking ?? [:]).sorted(by: { $0.key < $1.key }) {
            for (name, confidence) in [(storeID, 60), (input.platform, 55), ("online", 40), ("web", 40)] {
                guard let option = options.sorted().first(where: { NameWords.fold($0) == NameWords.fold(name) }) else {
                    continue
                }
                return [
                    rule(
                        "Tracking", when: [:], then: ["tracking": .object([category: .string(option)])],
                        name: "\(category): \(option)",
                        reason: "the tracking category \(category) has an option that is named "
                            + (confidence > 50 ? "like the store" : "for the web"), confidence: confidence)
                ]
            }
        }
        return []
    }

    private func rule(
        _ name: String, when: JSONObject, then: JSONValue, name title: String, reason: String, confidence: Int
    ) -> MappingSuggestion {
        var object: JSONObject = ["name": .string(String(name.prefix(80)))]
        if !when.isEmpty { object["when"] = .object(when) }
        object["then"] = then
        return MappingSuggestion(
            path: MappingPath().key("rules"), value: .object(object), name: title, reason: reason,
            confidence: confidence)
    }
}
