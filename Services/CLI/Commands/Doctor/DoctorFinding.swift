import JSON

/// What `doctor` found out about one thing.
struct DoctorFinding: Sendable, Hashable {
    /// How it stands.
    enum Level: String, Sendable, Hashable {
        /// It works, but somebody should know.
        case warning
        /// It does not work, or will not for long.
        case problem
        /// It works.
        case ok
        /// It could not be looked at, because of something else that is listed.
        case skipped
    }

    /// Where it belongs: `environment`, `database`, `broker`, `key`, `configuration`, `xero` or `store`.
    let area: String
    /// What was looked at, as a word that stays: for scripts.
    let check: String
    let level: Level
    /// What is so, or what is wrong, in one sentence.
    let message: String
    /// The command or the setting that mends it.
    let remedy: String?

    static func ok(_ area: String, _ check: String, _ message: String) -> DoctorFinding {
        DoctorFinding(area: area, check: check, level: .ok, message: message, remedy: nil)
    }

    static func problem(_ area: String, _ check: String, _ message: String, _ remedy: String) -> DoctorFinding {
        DoctorFinding(area: area, check: check, level: .problem, message: message, remedy: remedy)
    }

    static func warning(_ area: String, _ check: String, _ message: String, _ remedy: String) -> DoctorFinding {
        DoctorFinding(area: area, check: check, level: .warning, message: message, remedy: remedy)
    }

    static func skipped(_ area: String, _ check: String, _ message: String) -> DoctorFinding {
        DoctorFinding(area: area, check: check, level: .skipped, message: message, remedy: nil)
    }

    /// A problem in a sentence of ours, whose part behind the first semicolon says what to do.
    static func problem(_ area: String, _ check: String, sentence: String, otherwise remedy: String) -> DoctorFinding {
        let parts = sentence.split(separator: "; ", maxSplits: 1)
        guard parts.count == 2 else { return .problem(area, check, sentence, remedy) }
        return .problem(area, check, String(parts[0]), String(parts[1]))
    }

    var json: JSONValue {
        [
            "area": .string(area), "check": .string(check), "level": .string(level.rawValue),
            "message": .string(message), "remedy": remedy.map { .string($0) } ?? .null,
        ]
    }
}

/// A difference between two clocks, in words.
func skewText(_ seconds: Double) -> String {
    let size = seconds.magnitude
    return size < 1 ? "\(Int(size * 1000)) ms" : size < 120 ? "\(Int(size)) s" : "\(Int(size / 60)) min"
}

/// The page of `doctor` for people: what is wrong first, each with what mends it, then a line for each area in order.
struct DoctorText {
    private static let width = 116
    let findings: [DoctorFinding]

    private func count(_ level: DoctorFinding.Level) -> Int { findings.count { $0.level == level } }

    /// Whether somebody has to do something.
    var needsPerson: Bool { count(.problem) > 0 }

    var lines: [String] {
        var lines = [summary]
        for level in [DoctorFinding.Level.problem, .warning] {
            for finding in findings where finding.level == level { lines += [""] + trouble(finding) }
        }
        lines.append("")
        let areas = findings.map(\.area).reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
        for area in areas {
            for level in [DoctorFinding.Level.ok, .skipped] {
                let words = findings.filter { $0.area == area && $0.level == level }.map(\.message)
                guard !words.isEmpty else { continue }
                lines += folded(words.joined(separator: "; "), after: "\(padded(level.rawValue, 9))\(padded(area, 15))")
            }
        }
        return lines
    }

    private var summary: String {
        let (problems, warnings, skipped) = (count(.problem), count(.warning), count(.skipped))
        var parts: [String] = []
        if problems > 0 { parts.append(problems == 1 ? "1 problem" : "\(problems) problems") }
        if warnings > 0 { parts.append(warnings == 1 ? "1 warning" : "\(warnings) warnings") }
        if skipped > 0 { parts.append("\(skipped) not looked at") }
        return parts.isEmpty ? "All is in order." : parts.joined(separator: ", ") + "."
    }

    private func trouble(_ finding: DoctorFinding) -> [String] {
        var lines = folded(
            finding.message, after: "\(padded(finding.level.rawValue.uppercased(), 9))\(padded(finding.area, 15))")
        if let remedy = finding.remedy {
            lines += folded(remedy, after: String(repeating: " ", count: 21) + "-> ")
        }
        return lines
    }

    private func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(1, width - text.count))
    }

    /// A text in lines of a width, all beginning where the first does.
    private func folded(_ text: String, after head: String) -> [String] {
        let indent = String(repeating: " ", count: head.count)
        var lines: [String] = []
        var line = head
        var isEmpty = true
        for word in text.split(whereSeparator: \.isWhitespace) {
            if !isEmpty, line.count + 1 + word.count > Self.width {
                lines.append(line)
                line = indent
                isEmpty = true
            }
            line += (isEmpty ? "" : " ") + word
            isEmpty = false
        }
        return lines + [line]
    }
}
