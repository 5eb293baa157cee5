import JSON
import Yams

/// Reads values out of YAML nodes and gathers everything that is wrong with them, with its line.
struct ConfigurationReader {
    /// The keys and values of one mapping of the file.
    struct Fields {
        let path: String
        let line: Int?
        let entries: [String: (line: Int?, node: Node)]

        /// The line of a key's value, else of the mapping itself.
        func line(of key: String) -> Int? { entries[key]?.line ?? line }
    }

    /// What has been found wrong so far.
    private(set) var problems: [ConfigurationProblem] = []
    /// Finds an environment variable's value.
    private let lookup: (String) throws -> String?

    init(lookup: @escaping (String) throws -> String?) {
        self.lookup = lookup
    }

    mutating func report(_ line: Int?, _ path: String, _ message: String) {
        problems.append(ConfigurationProblem(line: line, path: path, message: message))
    }

    /// The fields of a mapping node; unknown keys are reported, with the nearest valid one.
    /// - Parameter allowed: the valid keys; nil where the keys are names of the user's own.
    mutating func fields(of node: Node, path: String, line: Int?, allowed: [String]?) -> Fields? {
        guard case .mapping(let mapping) = node else {
            if isNull(node), allowed == nil { return Fields(path: path, line: line, entries: [:]) }
            report(
                line, path, "this must be keys with values, one on each line, indented below '\(lastWord(of: path))'")
            return nil
        }
        var entries: [String: (line: Int?, node: Node)] = [:]
        for (keyNode, value) in mapping {
            guard let key = keyNode.scalar?.string else {
                report(keyNode.mark?.line, path, "a key must be a plain word")
                continue
            }
            if let allowed, !allowed.contains(key) {
                let hint = ConfigurationNames.hint(for: key, among: allowed)
                report(keyNode.mark?.line, join(path, key), "there is no such setting\(hint)")
                continue
            }
            entries[key] = (keyNode.mark?.line ?? value.mark?.line, value)
        }
        return Fields(path: path, line: line, entries: entries)
    }

    /// A text, its `${ENV}` references resolved; nil, with a problem, if it is required and missing or empty.
    mutating func text(_ key: String, in fields: Fields, required: String? = nil) -> String? {
        let path = join(fields.path, key)
        guard let (line, node) = fields.entries[key], !isNull(node) else {
            if let required { report(fields.line(of: key), path, "missing; \(required)") }
            return nil
        }
        guard let scalar = node.scalar else {
            report(line, path, "this must be a single value")
            return nil
        }
        guard let value = resolve(scalar.string, line: line, path: path) else { return nil }
        if value.isEmpty {
            report(line, path, "this is empty; \(required ?? "give it a value, or leave the line out")")
            return nil
        }
        return value
    }

    /// A whole number within a range, or the default where the key is missing.
    mutating func number(_ key: String, in fields: Fields, within range: ClosedRange<Int>, otherwise: Int) -> Int {
        guard let text = text(key, in: fields) else { return otherwise }
        guard let number = Int(text), range.contains(number) else {
            let bounds = "\(range.lowerBound) to \(range.upperBound)"
            report(fields.line(of: key), join(fields.path, key), "'\(text)' is not a whole number from \(bounds)")
            return otherwise
        }
        return number
    }

    /// A list of whole numbers within a range, or the default where the key is missing.
    mutating func numbers(_ key: String, in fields: Fields, within range: ClosedRange<Int>, otherwise: [Int]) -> [Int] {
        guard let (line, node) = fields.entries[key], !isNull(node) else { return otherwise }
        let path = join(fields.path, key)
        guard case .sequence(let sequence) = node, sequence.count <= 8 else {
            report(line, path, "this must be a list of at most 8 whole numbers, e.g. [10, 300]")
            return otherwise
        }
        let numbers = sequence.compactMap { $0.scalar.flatMap { Int($0.string) } }.filter(range.contains)
        if numbers.count != sequence.count {
            report(line, path, "every number must be whole and from \(range.lowerBound) to \(range.upperBound)")
            return otherwise
        }
        return numbers.sorted()
    }

    /// One of a few words.
    mutating func choice(_ key: String, in fields: Fields, of choices: [String], required: String?) -> String? {
        guard let text = text(key, in: fields, required: required) else { return nil }
        if choices.contains(text) { return text }
        let hint = ConfigurationNames.hint(for: text, among: choices)
        report(fields.line(of: key), join(fields.path, key), "'\(text)' is not known\(hint)")
        return nil
    }

    /// `true` or `false`; false where the key is missing.
    mutating func flag(_ key: String, in fields: Fields) -> Bool {
        guard let text = text(key, in: fields) else { return false }
        if text == "true" || text == "false" { return text == "true" }
        report(fields.line(of: key), join(fields.path, key), "'\(text)' is neither true nor false")
        return false
    }

    /// A node as JSON: plain numbers, `true`, `false` and null as such, everything else as text.
    mutating func json(_ node: Node, path: String) -> JSONValue {
        switch node {
        case .scalar(let scalar):
            if isNull(node) { return .null }
            if scalar.style == .plain {
                if scalar.string == "true" { return .bool(true) }
                if scalar.string == "false" { return .bool(false) }
                if let number = JSONNumber(text: scalar.string) { return .number(number) }
            }
            return .string(resolve(scalar.string, line: scalar.mark?.line, path: path) ?? "")
        case .mapping(let mapping):
            var object = JSONObject()
            for (key, value) in mapping {
                guard let name = key.scalar?.string else {
                    report(key.mark?.line, path, "a key must be a plain word")
                    continue
                }
                object[name] = json(value, path: join(path, name))
            }
            return .object(object)
        case .sequence(let sequence):
            var values: [JSONValue] = []
            for (position, value) in sequence.enumerated() {
                values.append(json(value, path: join(path, "\(position)")))
            }
            return .array(values)
        case .alias:
            report(node.mark?.line, path, "an alias that leads nowhere")
            return .null
        }
    }

    /// Whether a node says nothing: `key:` alone, `null` or `~`.
    func isNull(_ node: Node) -> Bool {
        guard let scalar = node.scalar, scalar.style == .plain || scalar.style == .any else { return false }
        return ["", "~", "null", "Null", "NULL"].contains(scalar.string)
    }

    /// Replaces `${NAME}` by the environment's value; `$${` stands for `${` itself.
    private mutating func resolve(_ text: String, line: Int?, path: String) -> String? {
        var result = ""
        for part in EnvironmentReference.parts(of: text) {
            switch part {
            case .literal(let literal): result += literal
            case .reference(let name):
                do {
                    guard let value = try lookup(name) else {
                        report(
                            line, path,
                            "the environment variable \(name) is not set (nor is \(name)_FILE); set it and run apply "
                                + "again"
                        )
                        return nil
                    }
                    result += value
                } catch {
                    report(line, path, "the environment variable \(name) cannot be read: \(error)")
                    return nil
                }
            case .malformed(let what):
                report(
                    line, path,
                    "'\(what)' is no reference; write ${NAME} with capital letters, digits and _, or $${ for a plain ${"
                )
                return nil
            }
        }
        return result
    }

    private func lastWord(of path: String) -> Substring {
        path.split(separator: ".").last ?? "the file"
    }
}

/// A path with one more step.
func join(_ path: String, _ key: String) -> String {
    path.isEmpty ? key : "\(path).\(key)"
}

/// `${NAME}` inside a value.
enum EnvironmentReference {
    /// A piece of a value.
    enum Part: Equatable {
        case literal(String)
        case reference(String)
        case malformed(String)
    }

    /// Splits a value into plain text and references.
    static func parts(of text: String) -> [Part] {
        var parts: [Part] = []
        var rest = Substring(text)
        while let dollar = rest.firstRange(of: "${") {
            let before = rest[..<dollar.lowerBound]
            if before.hasSuffix("$") {
                parts.append(.literal(before.dropLast() + "${"))
                rest = rest[dollar.upperBound...]
                continue
            }
            if !before.isEmpty { parts.append(.literal(String(before))) }
            guard let end = rest[dollar.upperBound...].firstIndex(of: "}"),
                isName(rest[dollar.upperBound..<end])
            else { return parts + [.malformed(String(rest[dollar.lowerBound...].prefix(40)))] }
            parts.append(.reference(String(rest[dollar.upperBound..<end])))
            rest = rest[rest.index(after: end)...]
        }
        if !rest.isEmpty { parts.append(.literal(String(rest))) }
        return parts
    }

    /// Whether the whole value is references and nothing else: then it gives no secret away.
    static func isOnlyReferences(_ text: String) -> Bool {
        let parts = parts(of: text)
        return !parts.isEmpty
            && parts.allSatisfy {
                if case .reference = $0 { return true }
                return false
            }
    }

    private static func isName(_ text: Substring) -> Bool {
        guard let first = text.utf8.first, !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) else {
            return false
        }
        return text.utf8.allSatisfy {
            (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0)
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || $0 == UInt8(ascii: "_")
        }
    }
}
