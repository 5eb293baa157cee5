import Accounting
import JSON

/// A value a filter compares with, or that a record has.
enum FilterValue: Sendable, Equatable {
    case text(String)
    case number(ExactDecimal)
    case date(CalendarDate)
    case flag(Bool)
    case null
}

/// A `where` expression: comparisons joined by AND, and groups of them by OR.
struct WhereFilter: Sendable {
    /// One comparison.
    struct Clause: Sendable {
        let field: String
        let comparison: String
        let value: FilterValue
        /// The value as Xero compares names, worked out once.
        let key: String
    }

    /// A filter that cannot be read.
    struct Problem: Error { let message: String }

    /// Any group may hold; in a group all clauses must hold.
    let groups: [[Clause]]

    init(_ text: String) throws(Problem) {
        var scanner = WhereScanner(text)
        groups = try scanner.groups()
    }

    /// Whether a record passes.
    /// - Parameter value: Gives the record's value of a field; nil for a field the record's type does not have.
    func holds(_ value: (String) -> FilterValue?) throws(Problem) -> Bool {
        for group in groups {
            var all = true
            for clause in group {
                guard let actual = value(clause.field) else {
                    throw Problem(message: "No property or field '\(clause.field)' exists")
                }
                if !clause.holds(actual) {
                    all = false
                    break
                }
            }
            if all { return true }
        }
        return false
    }
}

extension WhereFilter.Clause {
    fileprivate func holds(_ actual: FilterValue) -> Bool {
        switch comparison {
        case "==": return isEqual(actual)
        case "!=": return !isEqual(actual)
        case "contains", "startswith", "endswith":
            guard case .text(let text) = actual else { return false }
            let folded = Collation.key(text)
            return comparison == "contains"
                ? folded.contains(key) : comparison == "startswith" ? folded.hasPrefix(key) : folded.hasSuffix(key)
        default:
            guard let order = order(actual) else { return false }
            switch comparison {
            case "<": return order < 0
            case "<=": return order <= 0
            case ">": return order > 0
            default: return order >= 0
            }
        }
    }

    private func isEqual(_ actual: FilterValue) -> Bool {
        if case .text(let left) = actual, case .text(let right) = value {
            if left == right || Collation.equalIgnoringCase(left, right) { return true }
            return field == "Name" && Collation.key(left) == key
        }
        if case .text("") = actual, case .null = value { return true }
        return actual == value
    }

    private func order(_ actual: FilterValue) -> Int? {
        switch (actual, value) {
        case (.number(let left), .number(let right)): left < right ? -1 : left == right ? 0 : 1
        case (.date(let left), .date(let right)): left < right ? -1 : left == right ? 0 : 1
        case (.text(let left), .text(let right)): left < right ? -1 : left == right ? 0 : 1
        default: nil
        }
    }
}

/// Reads the text of a `where` expression.
private struct WhereScanner {
    private var rest: Substring

    init(_ text: String) { rest = Substring(text) }

    mutating func groups() throws(WhereFilter.Problem) -> [[WhereFilter.Clause]] {
        var groups: [[WhereFilter.Clause]] = [[try clause()]]
        while true {
            skipSpace()
            if rest.isEmpty { return groups }
            if take("&&") || takeWord("AND") {
                groups[groups.count - 1].append(try clause())
            } else if take("||") || takeWord("OR") {
                groups.append([try clause()])
            } else {
                throw WhereFilter.Problem(message: "Syntax error at '\(rest)'")
            }
        }
    }

    private mutating func clause() throws(WhereFilter.Problem) -> WhereFilter.Clause {
        skipSpace()
        var field = String(rest.prefix { $0.isLetter || $0.isNumber || $0 == "." || $0 == "_" })
        rest = rest.dropFirst(field.count)
        guard !field.isEmpty else { throw WhereFilter.Problem(message: "Expression expected at '\(rest)'") }
        skipSpace()
        for method in ["Contains", "StartsWith", "EndsWith"] where field.hasSuffix(".\(method)") && take("(") {
            field = String(field.dropLast(method.count + 1))
            let value = try value()
            skipSpace()
            guard take(")") else { throw WhereFilter.Problem(message: "')' expected at '\(rest)'") }
            return make(field, method.lowercased(), value)
        }
        for comparison in ["==", "!=", "<>", ">=", "<=", ">", "<", "="] where take(comparison) {
            let value = try value()
            return make(field, comparison == "=" ? "==" : comparison == "<>" ? "!=" : comparison, value)
        }
        throw WhereFilter.Problem(message: "A comparison was expected at '\(rest)'")
    }

    private func make(_ field: String, _ comparison: String, _ value: FilterValue) -> WhereFilter.Clause {
        var key = ""
        if case .text(let text) = value { key = Collation.key(text) }
        return WhereFilter.Clause(field: field, comparison: comparison, value: value, key: key)
    }

    private mutating func value() throws(WhereFilter.Problem) -> FilterValue {
        skipSpace()
        if rest.first == "\"" { return .text(try string()) }
        if takeWord("null") { return .null }
        if takeWord("true") { return .flag(true) }
        if takeWord("false") { return .flag(false) }
        if let arguments = try call("DateTime") {
            let numbers = arguments.split(separator: ",").compactMap { Int($0.filter { !$0.isWhitespace }) }
            guard numbers.count >= 3, let date = CalendarDate(year: numbers[0], month: numbers[1], day: numbers[2])
            else { throw WhereFilter.Problem(message: "DateTime(\(arguments)) is no date") }
            return .date(date)
        }
        for name in ["guid", "Guid"] {
            guard let argument = try call(name) else { continue }
            return .text(argument.filter { $0 != "\"" && !$0.isWhitespace }.lowercased())
        }
        let digits = rest.prefix { $0.isNumber || $0 == "." || $0 == "-" }
        guard let number = ExactDecimal(digits) else {
            throw WhereFilter.Problem(message: "A value was expected at '\(rest)'")
        }
        rest = rest.dropFirst(digits.count)
        return .number(number)
    }

    private mutating func string() throws(WhereFilter.Problem) -> String {
        rest = rest.dropFirst()
        var text = ""
        while let character = rest.popFirst() {
            if character == "\"" { return text }
            if character == "\\", let next = rest.popFirst() { text.append(next) } else { text.append(character) }
        }
        throw WhereFilter.Problem(message: "Unterminated string literal")
    }

    /// Reads `name(…)`; returns what stands between the brackets.
    private mutating func call(_ name: String) throws(WhereFilter.Problem) -> String? {
        guard rest.hasPrefix("\(name)(") else { return nil }
        guard let end = rest.firstIndex(of: ")") else {
            throw WhereFilter.Problem(message: "')' expected at '\(rest)'")
        }
        let inner = rest[rest.index(rest.startIndex, offsetBy: name.count + 1)..<end]
        rest = rest[rest.index(after: end)...]
        return String(inner)
    }

    private mutating func take(_ text: String) -> Bool {
        guard rest.hasPrefix(text) else { return false }
        rest = rest.dropFirst(text.count)
        return true
    }

    private mutating func takeWord(_ word: String) -> Bool {
        guard rest.prefix(word.count).lowercased() == word.lowercased() else { return false }
        if let next = rest.dropFirst(word.count).first, next.isLetter || next.isNumber { return false }
        rest = rest.dropFirst(word.count)
        return true
    }

    private mutating func skipSpace() { rest = rest.drop { $0.isWhitespace } }
}
