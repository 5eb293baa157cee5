/// Values of one measurement, taken several times.
struct Series: Sendable {
    private(set) var values: [Double] = []

    /// Adds a value.
    mutating func add(_ value: Double) { values.append(value) }

    /// The middle one; 0 of none.
    var median: Double {
        let sorted = values.sorted()
        guard !sorted.isEmpty else { return 0 }
        let middle = sorted.count / 2
        return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    }

    /// The smallest and the largest.
    var spread: (low: Double, high: Double) { (values.min() ?? 0, values.max() ?? 0) }

    /// `12,300 (11,900-12,800)`
    func text(decimals: Int = 0, unit: String = "") -> String {
        let (low, high) = spread
        let middle = Text.number(median, decimals: decimals) + unit
        guard values.count > 1 else { return middle }
        return "\(middle) (\(Text.number(low, decimals: decimals))-\(Text.number(high, decimals: decimals)))"
    }
}

/// Latencies, kept one by one, so that percentiles are exact.
struct Latencies: Sendable {
    private var microseconds: [UInt32] = []

    /// Adds some.
    mutating func add(_ more: some Sequence<UInt32>) { microseconds.append(contentsOf: more) }

    /// The value below which so many in a hundred lie, in milliseconds; 0 of none.
    func percentile(_ percent: Double) -> Double {
        guard !microseconds.isEmpty else { return 0 }
        let sorted = microseconds.sorted()
        let index = Int((Double(sorted.count) * percent / 100).rounded(.up)) - 1
        return Double(sorted[min(max(index, 0), sorted.count - 1)]) / 1_000
    }
}

/// Numbers as people read them.
enum Text {
    /// `12345.678` with one decimal is `12,345.7`.
    static func number(_ value: Double, decimals: Int = 0) -> String {
        var scale = 1.0
        for _ in 0..<decimals { scale *= 10 }
        let scaled = Int((value.magnitude * scale).rounded())
        var whole = String(scaled / Int(scale))
        var groups: [String] = []
        while whole.count > 3 {
            groups.insert(String(whole.suffix(3)), at: 0)
            whole = String(whole.dropLast(3))
        }
        groups.insert(whole, at: 0)
        var text = (value < 0 ? "-" : "") + groups.joined(separator: ",")
        if decimals > 0 {
            let fraction = String(scaled % Int(scale))
            text += "." + String(repeating: "0", count: decimals - fraction.count) + fraction
        }
        return text
    }
}

/// One line of the table.
struct Row: Sendable {
    /// Whether an aim was reached.
    enum Verdict: String, Sendable {
        case met
        case missed = "NOT met"
        /// A figure without an aim, beside one that has it.
        case figure = "-"
    }

    let what: String
    let aim: String
    let measured: String
    let verdict: Verdict

    init(_ what: String, aim: String = "-", _ measured: String, _ isMet: Bool? = nil) {
        self.what = what
        self.aim = aim
        self.measured = measured
        verdict = isMet.map { $0 ? .met : .missed } ?? .figure
    }

    /// A Markdown table, which is also readable as it is.
    static func table(_ rows: [Row]) -> String {
        let cells =
            [["what", "aim", "measured", "met"]] + rows.map { [$0.what, $0.aim, $0.measured, $0.verdict.rawValue] }
        let widths = (0..<4).map { column in cells.map { $0[column].count }.max() ?? 0 }
        func line(_ cells: [String]) -> String {
            let padded = zip(cells, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
            return "| " + padded.joined(separator: " | ") + " |"
        }
        let rule = "|" + widths.map { String(repeating: "-", count: $0 + 2) }.joined(separator: "|") + "|"
        return ([line(cells[0]), rule] + cells.dropFirst().map(line)).joined(separator: "\n")
    }
}
