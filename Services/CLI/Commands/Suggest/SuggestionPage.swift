import JSON
import Mapping

/// Suggestions for people: a mapping in YAML with a remark above each line, and what is left to decide.
struct SuggestionPage {
    let input: SuggestionInput
    let suggestions: MappingSuggestions
    private let referenceAge: Int

    init(_ input: SuggestionInput, referenceAge: Int) {
        self.input = input
        self.referenceAge = referenceAge
        suggestions = MappingSuggestions(input)
    }

    /// All of it.
    var text: [String] {
        var lines = heading + [""] + yaml
        let gaps = suggestions.gaps.sorted { $0.isBlocking && !$1.isBlocking }
        if !gaps.isEmpty {
            lines += ["", "Left to decide:"]
            for gap in gaps {
                lines += Self.wrapped("\(gap.subject): \(gap.reason).", first: gap.isBlocking ? "! " : "- ", next: "  ")
                lines += Self.wrapped("-> \(gap.remedy)", first: "  ", next: "     ")
            }
        }
        let place = input.storeID.map { "store \($0)" } ?? "org \(input.orgID)"
        lines += [
            "",
            "Nothing was changed. Put what you agree with below \(place) in your configuration file; 'counterfoil apply'",
            "checks it, and 'counterfoil preview' shows what orders would become.",
        ]
        return lines
    }

    private var heading: [String] {
        let what = input.storeID.map { "store \($0) (\(input.platform)), org \(input.orgID)" } ?? "org \(input.orgID)"
        let accounts = input.reference.accounts?.count ?? 0
        let rates = input.reference.taxRates?.count ?? 0
        let orders =
            input.storeID == nil
            ? "" : input.profile.orders == 0 ? ", no orders yet" : ", \(input.profile.orders) orders of the store"
        return ["Suggestions for \(what)"]
            + Self.wrapped(
                "from \(accounts) accounts and \(rates) tax rates (read \(ageText(seconds: referenceAge)) ago)\(orders), "
                    + "\(input.past.documents) documents in Xero", first: "  ", next: "  ")
    }

    // MARK: The mapping

    /// The proposed mapping with its remarks; what is only guessed stands in it as a remark.
    var yaml: [String] {
        var lines = ["mapping:"]
        for section in ["accounts", "taxes", "payments", "rules"] {
            let own = suggestions.suggestions.filter { $0.path.steps.first == .key(section) }
            guard !own.isEmpty else { continue }
            lines.append(own.contains(where: \.isProposed) ? "  \(section):" : "  # \(section):")
            for suggestion in own { lines += entry(suggestion) }
        }
        return lines.count == 1 ? ["mapping: {}"] : lines
    }

    private func entry(_ suggestion: MappingSuggestion) -> [String] {
        let remark =
            Self.wrapped(
                "\(suggestion.name), \(suggestion.level.rawValue) (\(suggestion.confidence)): \(suggestion.reason).",
                first: "    # ", next: "    # ")
            + (suggestion.alternatives.isEmpty
                ? []
                : Self.wrapped(
                    "or " + suggestion.alternatives.map { "\($0.name) (\($0.confidence))" }.joined(separator: ", "),
                    first: "    # ", next: "    #   "))
            + (suggestion.current.flatMap { $0 == suggestion.value ? nil : $0.string }.map {
                ["    # The mapping says \($0) now."]
            } ?? [])
        let value: [String]
        if case .key(let key)? = suggestion.path.steps.last, suggestion.value.string != nil {
            value = ["\(Self.key(key)): \(suggestion.value.text)"]
        } else {
            value = Self.rule(suggestion.value)
        }
        return remark + value.map { suggestion.isProposed ? "    \($0)" : "    # \($0)" }
    }

    private static func rule(_ value: JSONValue) -> [String] {
        var lines = ["- name: \((value["name"] ?? "").text)"]
        for part in ["when", "then"] {
            if let inner = value[part] { lines.append("  \(part): \(flow(inner))") }
        }
        return lines
    }

    /// A value on one line, as YAML.
    private static func flow(_ value: JSONValue) -> String {
        switch value {
        case .object(let object): "{ \(object.map { "\(key($0.key)): \(flow($0.value))" }.joined(separator: ", ")) }"
        case .array(let items): "[\(items.map(flow).joined(separator: ", "))]"
        default: value.text
        }
    }

    /// A key as YAML takes it for text.
    private static func key(_ key: String) -> String {
        let isPlain =
            key.first.map { $0.isASCII && $0.isLetter } == true
            && key.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_" || $0 == "-") }
            && !["no", "yes", "on", "off", "y", "n", "true", "false", "null"].contains(key.lowercased())
        return isPlain ? key : JSONValue.string(key).text
    }

    /// A sentence on lines of at most 110 characters.
    static func wrapped(_ text: String, first: String, next: String) -> [String] {
        var lines: [String] = []
        var line = first
        var isEmpty = true
        for word in text.split(separator: " ") {
            if !isEmpty, line.count + word.count >= 110 {
                lines.append(line)
                line = next
                isEmpty = true
            }
            line += isEmpty ? String(word) : " \(word)"
            isEmpty = false
        }
        return lines + [line]
    }

    // MARK: Programs

    var json: JSONValue {
        [
            "store": input.storeID.map { .string($0) } ?? .null, "org": .string(input.orgID),
            "orders": .number(JSONNumber(input.profile.orders)),
            "documents": .number(JSONNumber(input.past.documents)),
            "suggestions": .array(suggestions.suggestions.map(Self.json)),
            "gaps": .array(
                suggestions.gaps.map { gap in
                    [
                        "subject": .string(gap.subject), "reason": .string(gap.reason), "remedy": .string(gap.remedy),
                        "blocking": .bool(gap.isBlocking),
                    ]
                }),
            "mapping": suggestions.mapping, "yaml": .string(yaml.joined(separator: "\n")),
        ]
    }

    private static func json(_ suggestion: MappingSuggestion) -> JSONValue {
        [
            "path": .string(suggestion.path.description), "value": suggestion.value, "name": .string(suggestion.name),
            "reason": .string(suggestion.reason), "confidence": .number(JSONNumber(suggestion.confidence)),
            "level": .string(suggestion.level.rawValue), "proposed": .bool(suggestion.isProposed),
            "current": suggestion.current ?? .null,
            "alternatives": .array(
                suggestion.alternatives.map { other in
                    [
                        "value": other.value, "name": .string(other.name),
                        "confidence": .number(JSONNumber(other.confidence)),
                    ]
                }),
        ]
    }
}
