public import Accounting

/// A file of daily rates: lines of `date,currency,rate`, such as `2026-11-20,USD,0.6512`.
public struct RateFile: Sendable, Hashable {
    /// One day's rate of one currency.
    public struct Entry: Sendable, Hashable {
        /// The day.
        public var day: CalendarDate
        /// The currency that is counted.
        public var currency: Currency
        /// How many units of it one of the base is worth, to six decimals: Xero keeps no more.
        public var rate: ExactDecimal
    }

    /// What is wrong with a line.
    public struct Mistake: Sendable, Hashable, CustomStringConvertible {
        /// The line, counted from 1.
        public var line: Int
        /// What is wrong, and what would be right.
        public var message: String

        /// Line and message.
        public var description: String { "\(line): \(message)" }
    }

    /// Everything that is wrong with a file.
    public struct Malformed: Error, Sendable, Hashable {
        /// The mistakes, in order; at most ``RateFile/mostMistakes``.
        public var mistakes: [Mistake]
    }

    /// How many mistakes are told of one file.
    public static let mostMistakes = 50

    /// The rates, in the order of the file.
    public private(set) var entries: [Entry] = []

    /// Reads a file. Blank lines, lines that begin with `#` and a first line of names are passed over.
    /// - Parameters:
    ///   - text: The file's text.
    ///   - base: The currency that one unit is of.
    /// - Throws: ``Malformed`` with the lines that cannot be read.
    public init(_ text: String, base: Currency) throws(Malformed) {
        var mistakes: [Mistake] = []
        var seen: [String: (line: Int, rate: ExactDecimal)] = [:]
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        for (index, line) in lines.enumerated() {
            let cells = Self.cells(line)
            if cells == [""] || cells.first?.hasPrefix("#") == true { continue }
            if index == 0, cells.map({ $0.lowercased() }) == ["date", "currency", "rate"] { continue }
            do throws(Mistake) {
                let entry = try Self.entry(cells, base: base, line: index + 1)
                let key = "\(entry.day) \(entry.currency)"
                if let former = seen[key] {
                    guard former.rate != entry.rate else { continue }
                    throw Mistake(
                        line: index + 1, message: "\(key) was \(former.rate) in line \(former.line); which is it?")
                }
                seen[key] = (index + 1, entry.rate)
                entries.append(entry)
            } catch {
                mistakes.append(error)
                if mistakes.count == Self.mostMistakes { break }
            }
        }
        if mistakes.isEmpty, entries.isEmpty {
            mistakes.append(Mistake(line: 1, message: "the file has no rates; write lines like 2026-11-20,USD,0.6512"))
        }
        guard mistakes.isEmpty else { throw Malformed(mistakes: mistakes) }
    }

    /// The values of a line, without blanks and quotation marks around them.
    private static func cells(_ line: Substring) -> [String] {
        let around: Set<Character> = [" ", "\t", "\"", "\u{FEFF}"]
        return line.split(separator: ",", omittingEmptySubsequences: false).map { cell in
            var cell = cell
            while let first = cell.first, around.contains(first) { cell.removeFirst() }
            while let last = cell.last, around.contains(last) { cell.removeLast() }
            return String(cell)
        }
    }

    private static func entry(_ cells: [String], base: Currency, line: Int) throws(Mistake) -> Entry {
        func mistake(_ message: String) -> Mistake { Mistake(line: line, message: message) }
        guard cells.count == 3 else {
            throw mistake("three values are wanted, date,currency,rate, such as 2026-11-20,USD,0.6512")
        }
        guard let day = CalendarDate(cells[0]) else {
            throw mistake("'\(cells[0].prefix(40))' is no date; write one like 2026-11-20")
        }
        guard let currency = Currency(cells[1]) else {
            throw mistake("'\(cells[1].prefix(40))' is no currency of ISO 4217, such as USD")
        }
        guard currency != base else { throw mistake("\(currency) is the base itself: it has no rate") }
        guard let given = ExactDecimal(cells[2]), given.magnitude < largest else {
            throw mistake("'\(cells[2].prefix(40))' is no rate; write one like 0.6512, with a point")
        }
        let rate = given.rounded(scale: 6).normalized
        guard rate > .zero else {
            throw mistake("the rate \(cells[2].prefix(40)) is too small: how many \(currency) is 1 \(base) worth?")
        }
        return Entry(day: day, currency: currency, rate: rate)
    }

    /// Source: Xero Accounting API, CurrencyRate: 18 digits, six of them after the point.
    private static let largest = ExactDecimal(1_000_000_000_000)
}

extension RateFile.Mistake: Error {}
