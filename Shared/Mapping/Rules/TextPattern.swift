/// A regular expression that takes time in proportion to the text, whatever it looks like: states are followed side by side,
/// never one after another. Capitals make no difference.
///
/// Known: literals, `.`, `[a-z]`, `[^a-z]`, `\d \w \s \D \W \S`, `\.` and the like, `^`, `$`, `( )`, `|`, `*`, `+`, `?` and
/// `{2}`, `{2,}`, `{2,5}`.
struct TextPattern: Sendable, Hashable {
    /// What was written.
    let source: String
    private let program: [TextPatternStep]

    /// Makes a pattern.
    /// - Throws: ``TextPatternError`` that says what cannot be read.
    init(_ source: String) throws(TextPatternError) {
        guard source.utf8.count <= 500 else { throw TextPatternError("is longer than 500 characters") }
        var parser = TextPatternParser(source)
        var program: [TextPatternStep] = []
        try parser.parse().compile(into: &program)
        guard program.count < 5000 else { throw TextPatternError("repeats too much") }
        program.append(.found)
        self.source = source
        self.program = program
    }

    static func == (left: TextPattern, right: TextPattern) -> Bool { left.source == right.source }
    func hash(into hasher: inout Hasher) { hasher.combine(source) }

    /// Whether the pattern is found anywhere in the text.
    func isFound(in text: String) -> Bool {
        let characters = Array(text.lowercased().unicodeScalars)
        var current = TextPatternThreads(program.count)
        var next = TextPatternThreads(program.count)
        for position in 0...characters.count {
            // The pattern may begin anywhere.
            if follow(0, position, characters.count, &current) { return true }
            guard position < characters.count else { break }
            for step in current.steps {
                if case .take(let set) = program[step], set.contains(characters[position]),
                    follow(step + 1, position + 1, characters.count, &next)
                {
                    return true
                }
            }
            swap(&current, &next)
            next.removeAll()
        }
        return false
    }

    /// Follows what takes no character; true if the end of the program was reached.
    private func follow(_ start: Int, _ position: Int, _ end: Int, _ threads: inout TextPatternThreads) -> Bool {
        var pending = [start]
        while let step = pending.popLast() {
            guard threads.insert(step) else { continue }
            switch program[step] {
            case .found: return true
            case .take: break
            case .split(let one, let other):
                pending.append(step + one)
                pending.append(step + other)
            case .start: if position == 0 { pending.append(step + 1) }
            case .end: if position == end { pending.append(step + 1) }
            }
        }
        return false
    }
}

/// What is wrong with a pattern.
struct TextPatternError: Error, Sendable, Hashable {
    let message: String
    init(_ message: String) { self.message = message }
}

/// One step of a compiled pattern.
enum TextPatternStep: Sendable, Hashable {
    case take(TextPatternSet)
    /// Goes on at both places, counted from this step.
    case split(Int, Int)
    case start
    case end
    case found
}

/// The steps that are being followed at one place of the text.
private struct TextPatternThreads {
    private(set) var steps: [Int] = []
    private var isIn: [Bool]

    init(_ count: Int) { isIn = Array(repeating: false, count: count) }

    mutating func insert(_ step: Int) -> Bool {
        if isIn[step] { return false }
        isIn[step] = true
        steps.append(step)
        return true
    }

    mutating func removeAll() {
        for step in steps { isIn[step] = false }
        steps.removeAll(keepingCapacity: true)
    }
}

/// A set of characters.
struct TextPatternSet: Sendable, Hashable {
    var ranges: [ClosedRange<UInt32>] = []
    var isInverted = false

    static let any = TextPatternSet(isInverted: true)
    static let digits = TextPatternSet(ranges: [48...57])
    static let words = TextPatternSet(ranges: [48...57, 65...90, 95...95, 97...122])
    static let blanks = TextPatternSet(ranges: [9...13, 32...32, 160...160])

    func contains(_ character: Unicode.Scalar) -> Bool {
        ranges.contains { $0.contains(character.value) } != isInverted
    }

    mutating func insert(_ low: Unicode.Scalar, _ high: Unicode.Scalar) {
        ranges.append(low.value...high.value)
        // The text is compared in small letters.
        let (small, last) = (max(low.value, 65), min(high.value, 90))
        if small <= last { ranges.append(small + 32...last + 32) }
    }
}
