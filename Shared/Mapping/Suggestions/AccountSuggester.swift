import Accounting
import JSON

/// Proposes the accounts of lines: by class and type, by name, by Xero's usual codes, and by what was used before.
struct AccountSuggester {
    let input: SuggestionInput

    /// A key of `accounts`, and what an account for it looks like.
    private struct Wanted {
        var key: String
        var purpose: String
        var words: AccountVocabulary
        var classes: Set<String> = ["REVENUE"]
        /// How many lines or orders ask for it; `nil` if orders were not looked at.
        var uses: Int?
    }

    func draft() -> SuggestionDraft {
        var draft = sales()
        let profile = input.profile
        func uses(_ count: Int) -> Int? { profile.orders == 0 ? nil : count }
        for wanted in [
            Wanted(
                key: "shipping", purpose: "shipping", words: .shipping, uses: uses(profile.lines[.shipping] ?? 0)),
            Wanted(key: "fees", purpose: "fees", words: .fees, uses: uses(profile.lines[.fee] ?? 0)),
            Wanted(
                key: "tips", purpose: "tips", words: .tips, classes: ["REVENUE", "LIABILITY"],
                uses: uses(profile.lines[.tip] ?? 0)),
        ] where wanted.uses != 0 {
            draft += ofLines(wanted)
        }
        draft += liability(
            Wanted(
                key: "gift_cards", purpose: "gift cards", words: .giftCards, classes: ["LIABILITY"],
                uses: uses((profile.lines[.giftCard] ?? 0) + profile.giftCardsRedeemed)), onLines: true)
        draft += liability(
            Wanted(
                key: "store_credit", purpose: "store credit", words: .storeCredit, classes: ["LIABILITY"],
                uses: uses(profile.storeCreditSpent)), onLines: false)
        draft += rounding()
        return draft
    }

    // MARK: Sales

    private func sales() -> SuggestionDraft {
        let wanted = Wanted(key: "sales", purpose: "sales", words: .sales)
        var candidates = candidates(wanted)
        let taxed = input.reference.taxRates ?? [:]
        for index in candidates.indices {
            let code = candidates[index].value
            if code == "200" { candidates[index].add(10, "200 is Xero's usual code for sales") }
            if candidates.count == 1 { candidates[index].add(25, "the only account of revenue in use") }
            if let rate = (input.reference.accounts?[code]?.taxType).flatMap({ taxed[$0] }), !rate.percent.isZero {
                candidates[index].add(5, "taxed at \(rate.percent.normalized) % by default")
            }
        }
        let path = MappingPath().key("accounts").key("sales")
        // Without an account for sales there is no mapping: the best guess is proposed, and says that it is one.
        guard
            var best = Candidate.best(
                of: candidates, at: path, current: input.current("accounts", "sales"), atLeast: 20)
        else {
            return SuggestionDraft(gaps: [
                MappingGap(
                    subject: "accounts.sales", reason: "no account of the class REVENUE is in use",
                    remedy:
                        "create one in Xero, such as 200 Sales, then: counterfoil xero accounts \(input.orgID) --refresh",
                    isBlocking: true)
            ])
        }
        best.confidence = max(best.confidence, 50)
        return SuggestionDraft(suggestions: [best])
    }

    // MARK: Other lines

    private func ofLines(_ wanted: Wanted) -> SuggestionDraft {
        let path = MappingPath().key("accounts").key(wanted.key)
        let named = candidates(wanted).filter { $0.points > 25 }
        if let best = Candidate.best(of: named, at: path, current: input.current("accounts", wanted.key)) {
            return SuggestionDraft(suggestions: [best])
        }
        guard let uses = wanted.uses else { return SuggestionDraft() }
        return SuggestionDraft(gaps: [
            MappingGap(
                subject: "accounts.\(wanted.key)",
                reason: "no account of revenue is named for \(wanted.purpose), which \(uses) lines are",
                remedy: "nothing, if they may go to the account for sales; else create one in Xero", isBlocking: false)
        ])
    }

    private func liability(_ wanted: Wanted, onLines: Bool) -> SuggestionDraft {
        guard wanted.uses != 0 else { return SuggestionDraft() }
        let path = MappingPath().key("accounts").key(wanted.key)
        let candidates = candidates(wanted).filter { $0.points > 25 }
        let usable = candidates.filter { input.reference.accounts?[$0.value]?.takesPayments == true }
        if let best = Candidate.best(of: usable, at: path, current: input.current("accounts", wanted.key)) {
            return SuggestionDraft(suggestions: [best])
        }
        guard let uses = wanted.uses else { return SuggestionDraft() }
        let subject = "accounts.\(wanted.key)"
        let because = "\(uses) \(onLines ? "sales or payments are of" : "orders were paid with") \(wanted.purpose)"
        if let closed = Candidate.ranked(candidates).first {
            return SuggestionDraft(gaps: [
                MappingGap(
                    subject: subject, reason: "\(because), and account \(closed.name) takes no payments",
                    remedy: "tick 'Enable payments to this account' for it in Xero, then: counterfoil xero accounts "
                        + "\(input.orgID) --refresh", isBlocking: true)
            ])
        }
        return SuggestionDraft(gaps: [
            MappingGap(
                subject: subject, reason: "\(because), and no liability is named for it",
                remedy: "create a current liability in Xero with 'Enable payments to this account' ticked, then: "
                    + "counterfoil xero accounts \(input.orgID) --refresh", isBlocking: true)
        ])
    }

    /// The organisation's own account for rounding needs no key.
    private func rounding() -> SuggestionDraft {
        guard input.reference.roundingAccount == nil, input.current("accounts", "rounding") == nil else {
            return SuggestionDraft()
        }
        let named = input.accounts.filter { $0.takesLines && NameWords.fits($0.name, ["rounding", "rundung"]) != nil }
            .map { Candidate(value: $0.code, name: $0.title, evidence: [Evidence(75, "its name says rounding")]) }
        let path = MappingPath().key("accounts").key("rounding")
        if let best = Candidate.best(of: named, at: path) { return SuggestionDraft(suggestions: [best]) }
        return SuggestionDraft(gaps: [
            MappingGap(
                subject: "accounts.rounding", reason: "the organisation has no account for rounding",
                remedy: "nothing, unless orders need a line for a cent: these are held until one is named",
                isBlocking: false)
        ])
    }

    // MARK: Candidates

    private func candidates(_ wanted: Wanted) -> [Candidate] {
        input.accounts.filter { $0.takesLines && wanted.classes.contains($0.accountClass) }.map { account in
            var candidate = Candidate(value: account.code, name: account.title)
            candidate.add(20, "it is of the class \(account.accountClass)")
            if let evidence = wanted.words.evidence(account.name, for: wanted.purpose) {
                candidate.evidence.insert(evidence, at: 0)
            } else if NameWords.fits(account.name, wanted.words.not) != nil {
                candidate.add(-15, "")
            }
            return input.remembering(candidate, "accounts.\(wanted.key)")
        }
    }
}
