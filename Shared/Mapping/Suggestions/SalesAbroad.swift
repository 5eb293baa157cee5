import Accounting
import JSON

/// Proposes rules for sales to other countries, where the organisation has tax rates that are named for them.
struct SalesAbroad {
    let input: SuggestionInput
    /// The tax type proposed for each percent.
    let taxes: [String: String]
    /// The classes of the accounts that lines will be on.
    let accountClasses: Set<String>

    static let exportWords = ["export", "ausfuhr", "abroad", "outside eu", "non eu", "drittland", "third countr"]
    private static let intraWords = ["ec ", "eu ", "intra", "reverse charge", "innergemeinschaft", "igl "]

    func suggestions() -> [MappingSuggestion] {
        guard let home = input.country else { return [] }
        return atZero(home) + atTheirRates(home)
    }

    // MARK: Without tax

    private func atZero(_ home: String) -> [MappingSuggestion] {
        let lines = abroad(.zero, home)
        guard !lines.isEmpty else { return [] }
        let union = CountryTaxes.europeanUnion
        let isInUnion = union.contains(home)
        let partners = lines.keys.filter { isInUnion && union.contains($0) }
        var found: [MappingSuggestion] = []
        if !partners.isEmpty, let rate = rate(.zero, named: Self.intraWords, notNamed: Self.exportWords) {
            let others = union.filter { $0 != home }.sorted()
            found.append(
                rule(
                    "Sales to businesses in the EU", ["country": list(others), "tax_rate": 0], rate,
                    "\(count(lines, partners)) lines without tax to \(places(partners)); named for these sales", 65))
        }
        let others = lines.keys.filter { !partners.contains($0) }
        guard !others.isEmpty, let rate = rate(.zero, named: Self.exportWords) else {
            return found
        }
        let isUnknown = input.profile.rates.contains { $0.key.percent?.isZero == true && $0.value[""] != nil }
        let country: JSONValue =
            if isUnknown {
                // Orders without a country are no exports.
                list(others.sorted())
            } else {
                isInUnion ? ["not": list(union.sorted())] : ["not": .string(home)]
            }
        found.append(
            rule(
                "Exports", ["country": country, "tax_rate": 0], rate,
                "\(count(lines, others)) lines without tax to \(places(others)); named for exports", 80))
        return found
    }

    // MARK: At the rates of other countries

    private func atTheirRates(_ home: String) -> [MappingSuggestion] {
        let percents = input.profile.rates.keys.compactMap(\.percent).filter { !$0.isZero }.sorted()
        return percents.flatMap { percent -> [MappingSuggestion] in
            let lines = abroad(percent, home)
            return lines.keys.sorted().compactMap { country in
                guard let rate = rate(percent, naming: country) else { return nil }
                let key = percent.normalized.description
                return rule(
                    "Sales to \(country) at \(key) %",
                    ["country": .string(country), "tax_rate": .string(key)], rate,
                    "\(count(lines, [country])) lines at \(key) % to \(country); the tax rate names that country", 80)
            }
        }
    }

    // MARK: Parts

    /// Lines at a percent by country, the home country left out.
    private func abroad(_ percent: ExactDecimal, _ home: String) -> [String: Int] {
        var lines: [String: Int] = [:]
        for (rate, countries) in input.profile.rates where rate.percent == percent {
            for (country, count) in countries where !country.isEmpty && country != home && country.utf8.count == 2 {
                lines[country, default: 0] += count
            }
        }
        return lines
    }

    private func candidates(_ percent: ExactDecimal) -> [ReferenceData.TaxRate] {
        (input.reference.taxRates ?? [:]).values.filter {
            $0.percent == percent && accountClasses.isSubset(of: $0.classes)
                && $0.type != taxes[percent.normalized.description]
        }.sorted { $0.type < $1.type }
    }

    private func rate(
        _ percent: ExactDecimal, named words: [String], notNamed others: [String] = []
    ) -> ReferenceData.TaxRate? {
        candidates(percent).first {
            NameWords.fits($0.name, words) != nil && NameWords.fits($0.name, others) == nil
        }
    }

    private func rate(_ percent: ExactDecimal, naming country: String) -> ReferenceData.TaxRate? {
        candidates(percent).first { rate in
            let words = rate.name.split { !$0.isLetter }
            return words.contains { $0 == country }
                || CountryTaxes.names[country].map { NameWords.fits(rate.name, [NameWords.fold($0)]) != nil } ?? false
        }
    }

    private func rule(
        _ name: String, _ when: JSONObject, _ rate: ReferenceData.TaxRate, _ reason: String, _ confidence: Int
    ) -> MappingSuggestion {
        MappingSuggestion(
            path: MappingPath().key("rules"),
            value: ["name": .string(name), "when": .object(when), "then": ["tax_type": .string(rate.type)]],
            name: TaxSuggester.title(rate), reason: reason, confidence: confidence)
    }

    private func list(_ values: [String]) -> JSONValue { .array(values.map { .string($0) }) }

    private func count(_ lines: [String: Int], _ countries: some Sequence<String>) -> Int {
        countries.reduce(0) { $0 + (lines[$1] ?? 0) }
    }

    private func places(_ countries: some Sequence<String>) -> String {
        let sorted = countries.sorted()
        return sorted.prefix(5).joined(separator: ", ") + (sorted.count > 5 ? " and others" : "")
    }
}
