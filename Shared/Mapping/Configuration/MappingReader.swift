import JSON

/// Reads one object of a mapping; its errors say where and what.
struct MappingReader {
    private let members: JSONObject
    private let path: String

    /// - Parameters:
    ///   - value: The object; null counts as empty.
    ///   - path: Where it is.
    ///   - keys: The keys it may have; `nil` for any.
    init(_ value: JSONValue?, path: String, keys: [String]?) throws(MappingError) {
        self.path = path
        switch value {
        case nil, .null: members = [:]
        case .object(let object): members = object
        case .some(let other):
            throw MappingError(path: path, message: "must be keys with values, not a \(other.kind)")
        }
        guard let keys else { return }
        for key in members.keys where !keys.contains(key) {
            let meant = NearestWord.to(key, among: keys)
            throw MappingError(
                path: "\(path).\(key)",
                message: meant.map { "there is no such key; did you mean \($0)?" }
                    ?? "there is no such key; there are \(keys.joined(separator: ", "))")
        }
    }

    /// The keys, in order.
    var keys: [String] { members.keys }

    func object(_ key: String, keys: [String]?) throws(MappingError) -> MappingReader {
        try MappingReader(members[key], path: "\(path).\(key)", keys: keys)
    }

    /// An account's code: text, or a whole number, which is what YAML makes of one without quotation marks.
    func account(_ key: String) throws(MappingError) -> String? {
        guard let value = members[key], !value.isNull else { return nil }
        return try word(key, what: "an account's code, such as \"200\"", limit: 10)
    }

    func word(_ key: String, what: String, limit: Int) throws(MappingError) -> String {
        let text = members[key]?.string ?? members[key]?.int.map(String.init)
        guard let text, !text.isEmpty, text.utf8.count <= limit, !text.contains(where: \.isNewline),
            text.first != " ", text.last != " "
        else {
            throw MappingError(
                path: "\(path).\(key)", message: "must be \(what) (1 to \(limit) characters, in quotation marks)")
        }
        return text
    }

    func statuses(_ key: String) throws(MappingError) -> Set<String>? {
        guard let value = members[key], !value.isNull else { return nil }
        guard case .array(let items) = value else {
            throw MappingError(
                path: "\(path).\(key)", message: "must be a list of statuses, such as [processing, completed]")
        }
        var statuses: Set<String> = []
        for (index, item) in items.enumerated() {
            guard let text = item.string, !text.isEmpty else {
                throw MappingError(path: "\(path).\(key)[\(index)]", message: "must be a status, such as processing")
            }
            statuses.insert(text.hasPrefix("wc-") ? String(text.dropFirst(3)) : text)
        }
        return statuses
    }

    func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ key: String, _: Choice.Type
    ) throws(MappingError) -> Choice? {
        guard let value = members[key], !value.isNull else { return nil }
        if let choice = value.string.flatMap(Choice.init(rawValue:)) { return choice }
        let words = Choice.allCases.map(\.rawValue)
        throw MappingError(path: "\(path).\(key)", message: "must be \(words.joined(separator: " or "))")
    }

    func integer(_ key: String, in range: ClosedRange<Int>) throws(MappingError) -> Int? {
        guard let value = members[key], !value.isNull else { return nil }
        guard let number = value.int ?? value.string.flatMap(Int.init), range.contains(number) else {
            throw MappingError(
                path: "\(path).\(key)",
                message: "must be a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }
}
