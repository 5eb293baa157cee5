import Accounting
import JSON

/// Reads one object of a mapping, and reports what is wrong with it where it stands.
struct MappingReader {
    let path: MappingPath
    let problems: MappingProblems
    private let members: JSONObject

    /// - Parameters:
    ///   - value: The object; null counts as empty.
    ///   - path: Where it is.
    ///   - keys: The keys it may have; `nil` for any.
    ///   - problems: Where problems are reported.
    init(_ value: JSONValue?, path: MappingPath, keys: [String]?, problems: MappingProblems) {
        self.path = path
        self.problems = problems
        switch value {
        case nil, .null: members = [:]
        case .object(let object): members = object
        case .some(let other):
            members = [:]
            problems.report(path, "must be keys with values, not a \(other.kind)")
        }
        guard let keys else { return }
        for key in members.keys where !keys.contains(key) {
            problems.report(path.key(key), "there is no such key\(NearestWord.hint(key, among: keys))")
        }
    }

    /// The keys, in order.
    var keys: [String] { members.keys }

    /// A value that is there and not null.
    subscript(key: String) -> JSONValue? { members[key].flatMap { $0.isNull ? nil : $0 } }

    func object(_ key: String, keys: [String]?) -> MappingReader {
        MappingReader(members[key], path: path.key(key), keys: keys, problems: problems)
    }

    func report(_ key: String, _ message: String) { problems.report(path.key(key), message) }

    /// An account's code: text, or a whole number, which is what YAML makes of one without quotation marks.
    func account(_ key: String) -> String? {
        self[key] == nil ? nil : word(key, what: "an account's code, such as \"200\"", limit: 10)
    }

    /// A short text without line breaks; a whole number counts as its digits.
    func word(_ key: String, what: String, limit: Int) -> String? {
        let value = members[key]
        let text = value?.string ?? value?.int.map(String.init)
        guard let text, !text.isEmpty, text.utf8.count <= limit, !text.contains(where: \.isNewline),
            text.first != " ", text.last != " "
        else {
            report(key, "must be \(what) (1 to \(limit) characters, in quotation marks)")
            return nil
        }
        return text
    }

    func statuses(_ key: String) -> Set<String>? {
        guard let value = self[key] else { return nil }
        guard case .array(let items) = value else {
            report(key, "must be a list of statuses, such as [processing, completed]")
            return nil
        }
        var statuses: Set<String> = []
        for (index, item) in items.enumerated() {
            if let text = item.string, !text.isEmpty {
                statuses.insert(text.hasPrefix("wc-") ? String(text.dropFirst(3)) : text)
            } else {
                problems.report(path.key(key).index(index), "must be a status, such as processing")
            }
        }
        return statuses
    }

    func choice<Choice: RawRepresentable<String> & CaseIterable>(_ key: String, _: Choice.Type) -> Choice? {
        guard let value = self[key] else { return nil }
        if let choice = value.string.flatMap(Choice.init(rawValue:)) { return choice }
        let words = Choice.allCases.map(\.rawValue)
        let meant = value.string.flatMap { NearestWord.to($0, among: words) }
        report(
            key,
            "must be \(words.joined(separator: " or "))" + (meant.map { "; did you mean \($0)?" } ?? ""))
        return nil
    }

    func decimal(_ key: String, upTo limit: ExactDecimal) -> ExactDecimal? {
        guard let value = self[key] else { return nil }
        guard let number = value.decimal ?? value.string.flatMap({ ExactDecimal($0) }), !number.isNegative,
            number <= limit, number.significantScale <= 2
        else {
            report(key, "must be an amount from 0 to \(limit), such as 0.05")
            return nil
        }
        return number
    }

    func integer(_ key: String, in range: ClosedRange<Int>) -> Int? {
        guard let value = self[key] else { return nil }
        guard let number = value.int ?? value.string.flatMap(Int.init), range.contains(number) else {
            report(key, "must be a whole number from \(range.lowerBound) to \(range.upperBound)")
            return nil
        }
        return number
    }
}
