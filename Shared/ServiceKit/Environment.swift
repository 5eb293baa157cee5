public import Logging

import class FoundationEssentials.ProcessInfo

/// Settings from environment variables. Each variable `NAME` may also come as `NAME_FILE`, the path of a file that holds
/// the value (a mounted secret); white space at both ends of a value is dropped, and an empty value counts as none.
public struct Environment: Sendable {
    private let values: [String: String]
    private let readFile: @Sendable (String) -> Result<String, SettingFile.Failure>

    /// Takes the process's own environment.
    public init() {
        self.init(ProcessInfo.processInfo.environment)
    }

    /// Takes the given variables.
    public init(_ values: [String: String]) {
        self.init(values, readFile: SettingFile.read)
    }

    init(_ values: [String: String], readFile: @escaping @Sendable (String) -> Result<String, SettingFile.Failure>) {
        self.values = values
        self.readFile = readFile
    }

    /// A text that may be missing.
    ///
    /// - Throws: if both `NAME` and `NAME_FILE` are set, or the file cannot be read.
    public func optional(_ name: String) throws(ConfigurationError) -> String? {
        let value = trimmed(values[name])
        guard let path = trimmed(values[name + "_FILE"]) else { return value }
        guard value == nil else {
            throw ConfigurationError(
                variable: name, problem: "and \(name)_FILE are both set", fix: "Unset one of them.")
        }
        switch readFile(path) {
        case .success(let text):
            guard let text = trimmed(text) else {
                throw ConfigurationError(
                    variable: name + "_FILE", problem: "names \(path), which is empty",
                    fix: "Write the value into that file.")
            }
            return text
        case .failure(let failure):
            throw ConfigurationError(
                variable: name + "_FILE", problem: "names \(path), which \(failure.description)",
                fix: "Correct the path, or the file's permissions.")
        }
    }

    /// A text that must be there.
    ///
    /// - Parameters:
    ///   - name: the variable.
    ///   - hint: what to set it to, as the end of "Set it to"; known variables have one already.
    /// - Throws: if it is missing, naming the variable and what to set it to.
    public func string(_ name: String, hint: String? = nil) throws(ConfigurationError) -> String {
        if let value = try optional(name) { return value }
        let hint = hint ?? Self.hints[name] ?? "its value"
        throw ConfigurationError(
            variable: name, problem: "is not set",
            fix: "Set it to \(hint), or \(name)_FILE to the path of a file that holds it.")
    }

    /// A text with a default.
    public func string(_ name: String, default fallback: String) throws(ConfigurationError) -> String {
        try optional(name) ?? fallback
    }

    /// A whole number.
    ///
    /// - Throws: if the value is no whole number, or outside `range`.
    public func int(
        _ name: String, default fallback: Int, in range: ClosedRange<Int> = 0...Int.max
    ) throws(ConfigurationError) -> Int {
        guard let text = try optional(name) else { return fallback }
        guard let number = Int(text), range.contains(number) else {
            let bound =
                range.upperBound == Int.max
                ? "from \(range.lowerBound)" : "from \(range.lowerBound) to \(range.upperBound)"
            throw ConfigurationError(
                variable: name, problem: "is \"\(text)\"",
                fix: "Set it to a whole number \(bound), or leave it out for \(fallback).")
        }
        return number
    }

    /// A duration, given in seconds with an optional fraction.
    ///
    /// - Throws: if the value is no number, negative, zero, or over 366 days.
    public func duration(_ name: String, default fallback: Duration) throws(ConfigurationError) -> Duration {
        guard let text = try optional(name) else { return fallback }
        guard let seconds = Double(text), seconds > 0, seconds <= 366 * 86_400 else {
            throw ConfigurationError(
                variable: name, problem: "is \"\(text)\"",
                fix: "Set it to seconds, for example 30 or 0.5, or leave it out.")
        }
        return .seconds(seconds)
    }

    /// Yes or no: `1`, `true`, `yes`, `on` or `0`, `false`, `no`, `off`.
    public func flag(_ name: String, default fallback: Bool = false) throws(ConfigurationError) -> Bool {
        guard let text = try optional(name) else { return fallback }
        switch text.lowercased() {
        case "1", "true", "yes", "on": return true
        case "0", "false", "no", "off": return false
        default:
            throw ConfigurationError(
                variable: name, problem: "is \"\(text)\"", fix: "Set it to 1 or 0, or leave it out.")
        }
    }

    /// One of an enumeration's words.
    public func choice<Choice: CaseIterable & RawRepresentable<String>>(
        _ name: String, default fallback: Choice
    ) throws(ConfigurationError) -> Choice {
        guard let text = try optional(name) else { return fallback }
        guard let choice = Choice(rawValue: text.lowercased()) else {
            let words = Choice.allCases.map(\.rawValue).joined(separator: ", ")
            throw ConfigurationError(
                variable: name, problem: "is \"\(text)\"", fix: "Set it to one of: \(words).")
        }
        return choice
    }

    /// An address to listen on: `host:port`, `[v6]:port` or just a port.
    public func bind(_ name: String, default fallback: BindTarget) throws(ConfigurationError) -> BindTarget {
        guard let text = try optional(name) else { return fallback }
        guard let target = BindTarget(text) else {
            throw ConfigurationError(
                variable: name, problem: "is \"\(text)\"",
                fix: "Set it to HOST:PORT, for example \(fallback), or leave it out.")
        }
        return target
    }

    /// LOG_LEVEL, info by default.
    public func logLevel() throws(ConfigurationError) -> Logger.Level {
        try choice("LOG_LEVEL", default: Logger.Level.info)
    }

    private func trimmed(_ text: String?) -> String? {
        guard let text else { return nil }
        let bytes = text.utf8
        let isSpace: (UInt8) -> Bool = { $0 == 0x20 || (9...13).contains($0) }
        guard let first = bytes.firstIndex(where: { !isSpace($0) }), let last = bytes.lastIndex(where: { !isSpace($0) })
        else { return nil }
        return String(text[first...last])
    }

    private static let hints = [
        "DATABASE_URL": "PostgreSQL's address, for example postgres://user:password@localhost:5432/counterfoil",
        "AMQP_URL": "RabbitMQ's address, for example amqp://user:password@localhost:5672/",
        "COUNTERFOIL_KEY": "32 random bytes in base64 (head -c 32 /dev/urandom | base64)",
    ]
}
