import Accounting
import JSON

/// Proposes the tax type of each rate that the store's orders were taxed at.
struct TaxSuggester {
    let input: SuggestionInput
    /// The classes of the accounts that lines will be on: a tax type has to fit all of them.
    let accountClasses: Set<String>
    /// The default tax type of the account for sales.
    let salesTaxType: String

    private static let saleWords = [
        "sale", "income", "output", "revenue", "suppl", "umsatz", "vente", "ventas", "vendite",
    ]
    private static let untaxedWords = ["zero", "exempt", "free", "frei", "exon", "exent", "export", "no vat", "no tax"]

    func draft() -> SuggestionDraft {
        var draft = SuggestionDraft()
        let seen = input.profile.rates.sorted { left, right in
            let (most, least) = (left.value.values.reduce(0, +), right.value.values.reduce(0, +))
            return (least, left.key.key) < (most, right.key.key)
        }
        for (rate, countries) in seen { draft += suggest(rate, countries) }
        if seen.isEmpty { draft += usual() }
        draft += rounding()
        return draft
    }

    // MARK: Rates that orders have

    private func suggest(_ rate: StoreProfile.Rate, _ countries: [String: Int]) -> SuggestionDraft {
        let lines = countries.values.reduce(0, +)
        guard let percent = rate.percent else {
            return SuggestionDraft(gaps: [
                MappingGap(
                    subject: "taxes.\"\(rate.key)\"",
                    reason: "\(lines) lines are taxed at a rate that the store names "
                        + "\(rate.code.map { "'\($0)'" } ?? "nothing"), without its percent",
                    remedy: "add mapping.taxes.\"\(rate.key)\" with the tax type that it is in Xero", isBlocking: true)
            ])
        }
        let path = MappingPath().key("taxes").key(rate.key)
        // Without tax: what it is at home. Sales abroad have a rule of their own.
        let home = percent.isZero || countries.keys.contains { $0.isEmpty || $0 == input.country }
        let best = Candidate.best(
            of: candidates(percent, customer: home ? input.country ?? "" : countries.keys.sorted().first ?? ""),
            at: path,
            current: input.current("taxes", rate.key), most: percent.isZero ? 70 : 98, atLeast: 20)
        guard var best else { return SuggestionDraft(gaps: [gap(percent, lines, countries)]) }
        best.reason = "\(rate.key) % on \(lines) lines; \(best.reason)"
        if percent.isZero {
            best.reason += "; 0 % may be zero-rated, exempt or outside of tax: ask whoever files the returns"
        }
        // Without any tax type these lines are held; the best one is proposed, and says how sure it is.
        best.confidence = max(best.confidence, 50)
        return SuggestionDraft(suggestions: [best])
    }

    private func gap(_ percent: ExactDecimal, _ lines: Int, _ countries: [String: Int]) -> MappingGap {
        let key = percent.normalized.description
        let places = countries.keys.filter { !$0.isEmpty }.sorted().prefix(5).joined(separator: ", ")
        let named = (input.reference.taxRates ?? [:]).values.filter { $0.percent == percent }.map(\.type).sorted()
        let other = named.isEmpty ? "" : " (\(named.joined(separator: ", ")) cannot be on these accounts)"
        return MappingGap(
            subject: "taxes.\"\(key)\"",
            reason:
                "\(lines) lines are taxed at \(key) %\(places.isEmpty ? "" : ", to \(places)"), and the organisation has "
                + "no active tax rate of sales of that percent\(other)",
            remedy:
                "add it in Xero if the shop charges it rightly, else mend the shop's tax settings; then: counterfoil xero "
                + "accounts \(input.orgID) --refresh", isBlocking: true)
    }

    /// The usual rates of the country, for a store whose orders are not known.
    private func usual() -> SuggestionDraft {
        guard let country = input.country else { return SuggestionDraft() }
        let percents = Set((input.reference.taxRates ?? [:]).values.filter { fits($0) }.map(\.percent))
        var draft = SuggestionDraft()
        for percent in percents.sorted(by: { $1 < $0 }) {
            let usual = CountryTaxes.taxType(
                percent: percent, country: country, customer: "", reference: input.reference)
            guard usual != nil else { continue }
            let key = percent.normalized.description
            let best = Candidate.best(
                of: candidates(percent, customer: country), at: MappingPath().key("taxes").key(key),
                current: input.current("taxes", key), most: percent.isZero ? 70 : 98)
            if let best { draft.suggestions.append(best) }
        }
        return draft
    }

    /// Lines for rounding are outside of tax, where the organisation has a tax type for that.
    private func rounding() -> SuggestionDraft {
        guard let type = Self.untaxedType(input.reference, country: input.country) else { return SuggestionDraft() }
        return SuggestionDraft(suggestions: [
            MappingSuggestion(
                path: MappingPath().key("taxes").key("rounding"), value: .string(type.type), name: Self.title(type),
                reason: "lines for rounding are outside of tax", confidence: 90,
                current: input.current("taxes", "rounding"))
        ])
    }

    /// What is outside of tax altogether.
    static func untaxedType(_ reference: ReferenceData, country: String?) -> ReferenceData.TaxRate? {
        let rates = reference.taxRates ?? [:]
        return rates[country == "AU" ? "BASEXCLUDED" : "NONE"] ?? rates["NONE"] ?? rates["BASEXCLUDED"]
    }

    // MARK: Candidates

    private func fits(_ rate: ReferenceData.TaxRate) -> Bool { accountClasses.isSubset(of: rate.classes) }

    private func candidates(_ percent: ExactDecimal, customer: String) -> [Candidate] {
        let fitting = (input.reference.taxRates ?? [:]).values.filter { $0.percent == percent && fits($0) }
        let usual = input.country.flatMap {
            CountryTaxes.taxType(percent: percent, country: $0, customer: customer, reference: nil)
        }
        return fitting.sorted { $0.type < $1.type }.map { rate in
            var candidate = Candidate(value: rate.type, name: Self.title(rate))
            candidate.add(percent.isZero ? 20 : 45, "")
            if let usual, usual.type == rate.type { candidate.add(45, usual.because) }
            if fitting.count == 1 { candidate.add(35, "the only tax rate of sales at that percent") }
            if rate.type == salesTaxType, !percent.isZero { candidate.add(15, "the sales account's own") }
            candidate.evidence += named(rate, isZero: percent.isZero, isAbroad: customer != input.country)
            return input.remembering(candidate, "taxes.\(percent.normalized)")
        }
    }

    private func named(_ rate: ReferenceData.TaxRate, isZero: Bool, isAbroad: Bool) -> [Evidence] {
        var evidence: [Evidence] = []
        if NameWords.fits(rate.name, Self.saleWords) != nil { evidence.append(Evidence(10, "named for sales")) }
        guard isZero else { return evidence }
        let isExport = NameWords.fits(rate.name, SalesAbroad.exportWords) != nil
        if isExport { evidence.append(isAbroad ? Evidence(35, "named for exports") : Evidence(-20, "")) }
        if NameWords.fits(rate.name, ["zero"]) != nil {
            evidence.append(Evidence(35, "named zero-rated"))
        } else if NameWords.fits(rate.name, Self.untaxedWords) != nil, !isExport {
            evidence.append(Evidence(15, "named untaxed"))
        }
        return evidence
    }

    /// Tax type, name and percent, as tables show them.
    static func title(_ rate: ReferenceData.TaxRate) -> String {
        "\(rate.type) (\(rate.name.isEmpty ? "" : "\(rate.name), ")\(rate.percent.normalized) %)"
    }
}
