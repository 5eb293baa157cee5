import JSON

/// Proposes the clearing account of each payment method that the store's orders were paid with.
struct PaymentSuggester {
    let input: SuggestionInput
    private var promisedCodes: Set<String> = []

    init(input: SuggestionInput) { self.input = input }

    mutating func draft() -> SuggestionDraft {
        var draft = SuggestionDraft()
        // The most used first: it has the first choice of a code.
        let methods = input.profile.methods.sorted { ($1.value.orders, $0.key) < ($0.value.orders, $1.key) }
        for (method, seen) in methods where !method.isEmpty {
            draft += suggest(
                method, PaymentMethodWords(method: method, title: seen.title),
                asked: "\(seen.orders) orders were paid by \(seen.title.isEmpty ? method : seen.title)")
        }
        let unnamed = input.profile.methods[""]?.orders ?? 0
        if input.profile.orders == 0 {
            draft += suggest("default", PaymentMethodWords(method: "", title: ""), asked: "paid orders need one")
        } else if unnamed > 0 {
            draft += suggest(
                "default", PaymentMethodWords(method: "", title: ""),
                asked: "\(unnamed) orders name no payment method")
        }
        return draft
    }

    private mutating func suggest(_ key: String, _ words: PaymentMethodWords, asked: String) -> SuggestionDraft {
        let accounts = input.accounts.filter(\.takesPayments)
        let clearing = accounts.filter { PaymentMethodWords.isClearing($0.name) }
        let candidates = accounts.map { account in
            var candidate = Candidate(value: account.code, name: account.title)
            candidate.add(10, "")
            candidate.evidence += words.evidence(account.name)
            if account.type == "BANK" { candidate.add(5, "a bank account") }
            if clearing.count == 1, clearing[0] == account { candidate.add(15, "the only clearing account") }
            return input.remembering(candidate, "payments.\(key)")
        }
        let path = MappingPath().key("payments").key(key)
        let best = Candidate.best(of: candidates, at: path, current: input.current("payments", key), atLeast: 50)
        if var best {
            best.reason = "\(asked); \(best.reason)"
            // One of two that would do is still better than none.
            best.confidence = max(best.confidence, 50)
            return SuggestionDraft(suggestions: [best])
        }
        return SuggestionDraft(gaps: [gap(key, words, asked, Candidate.ranked(candidates).first { $0.points >= 30 })])
    }

    private mutating func gap(
        _ key: String, _ words: PaymentMethodWords, _ asked: String, _ closest: Candidate?
    ) -> MappingGap {
        let code = freeCode()
        let nameless = input.reference.accountsWithoutCode.first { name in
            words.evidence(name).reduce(0) { $0 + $1.points } >= 35
        }
        let near = closest.map { "; the closest is \($0.name) (\($0.points))" } ?? ""
        let remedy =
            if let nameless {
                "give the account '\(nameless)' a code in Xero, such as \(code)"
            } else {
                "create a bank account '\(words.accountName)' in Xero, with a code such as \(code)"
            }
        return MappingGap(
            subject: "payments.\(key)", reason: "\(asked), and no clearing account is named for it\(near)",
            remedy: "\(remedy), then: counterfoil xero accounts \(input.orgID) --refresh", isBlocking: true)
    }

    /// A code beside those of the bank accounts that nothing has yet.
    private mutating func freeCode() -> String {
        let taken = Set((input.reference.accounts ?? [:]).keys).union(promisedCodes)
        let banks = input.accounts.filter { $0.type == "BANK" }.map(\.code)
        let last = banks.filter { Int($0) != nil && (2...6).contains($0.count) }.max { (Int($0) ?? 0) < (Int($1) ?? 0) }
        let width = last?.count ?? 3
        var number = last.flatMap { Int($0) } ?? 89
        while true {
            number += 1
            let digits = String(number)
            let code = String(repeating: "0", count: max(0, width - digits.count)) + digits
            if taken.contains(code) { continue }
            promisedCodes.insert(code)
            return code
        }
    }
}
