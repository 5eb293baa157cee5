/// A pattern as a tree.
indirect enum TextPatternNode {
    case take(TextPatternSet)
    case start
    case end
    case sequence([TextPatternNode])
    case either([TextPatternNode])
    case times(TextPatternNode, Int, Int?)

    func compile(into program: inout [TextPatternStep]) throws(TextPatternError) {
        guard program.count < 5000 else { throw TextPatternError("repeats too much") }
        switch self {
        case .take(let set): program.append(.take(set))
        case .start: program.append(.start)
        case .end: program.append(.end)
        case .sequence(let nodes): for node in nodes { try node.compile(into: &program) }
        case .either(let nodes): try Self.compile(either: nodes[...], into: &program)
        case .times(let node, let low, let high): try Self.compile(node, low, high, into: &program)
        }
    }

    private static func compile(
        either nodes: ArraySlice<TextPatternNode>, into program: inout [TextPatternStep]
    ) throws(TextPatternError) {
        guard let first = nodes.first else { return }
        guard nodes.count > 1 else { return try first.compile(into: &program) }
        let split = program.count
        program.append(.split(1, 1))
        try first.compile(into: &program)
        let jump = program.count
        program.append(.split(1, 1))
        program[split] = .split(1, program.count - split)
        try compile(either: nodes.dropFirst(), into: &program)
        program[jump] = .split(program.count - jump, program.count - jump)
    }

    private static func compile(
        _ node: TextPatternNode, _ low: Int, _ high: Int?, into program: inout [TextPatternStep]
    ) throws(TextPatternError) {
        for _ in 0..<low { try node.compile(into: &program) }
        guard let high else {
            let split = program.count
            program.append(.split(1, 1))
            try node.compile(into: &program)
            program.append(.split(split - program.count, 1))
            program[split] = .split(1, program.count - split)
            return
        }
        for _ in 0..<max(0, high - low) {
            let split = program.count
            program.append(.split(1, 1))
            try node.compile(into: &program)
            program[split] = .split(1, program.count - split)
        }
    }
}

/// Reads a pattern.
struct TextPatternParser {
    private let characters: [Unicode.Scalar]
    private var position = 0
    private var depth = 0

    init(_ source: String) { characters = Array(source.unicodeScalars) }

    private var next: Unicode.Scalar? { position < characters.count ? characters[position] : nil }

    private mutating func takes(_ character: Unicode.Scalar) -> Bool {
        guard next == character else { return false }
        position += 1
        return true
    }

    mutating func parse() throws(TextPatternError) -> TextPatternNode {
        let node = try either()
        guard position == characters.count else { throw TextPatternError("has a ) without its (") }
        return node
    }

    private mutating func either() throws(TextPatternError) -> TextPatternNode {
        var branches = [try sequence()]
        while takes("|") { branches.append(try sequence()) }
        return branches.count == 1 ? branches[0] : .either(branches)
    }

    private mutating func sequence() throws(TextPatternError) -> TextPatternNode {
        var nodes: [TextPatternNode] = []
        while let character = next, character != "|", character != ")" { nodes.append(try repeated(atom())) }
        return .sequence(nodes)
    }

    private mutating func repeated(_ node: TextPatternNode) throws(TextPatternError) -> TextPatternNode {
        switch next {
        case "*": position += 1; return .times(node, 0, nil)
        case "+": position += 1; return .times(node, 1, nil)
        case "?": position += 1; return .times(node, 0, 1)
        case "{":
            position += 1
            let low = try count()
            var high: Int? = low
            if takes(",") { high = next == "}" ? nil : try count() }
            guard takes("}"), high.map({ $0 >= low }) ?? true else {
                throw TextPatternError("has a { that does not end like {2}, {2,} or {2,5}")
            }
            return .times(node, low, high)
        default: return node
        }
    }

    private mutating func count() throws(TextPatternError) -> Int {
        var value: Int?
        while let digit = next?.value, (48...57).contains(digit) {
            value = (value ?? 0) * 10 + Int(digit - 48)
            position += 1
            if value ?? 0 > 200 { throw TextPatternError("repeats more than 200 times") }
        }
        guard let value else { throw TextPatternError("has a { that does not end like {2}, {2,} or {2,5}") }
        return value
    }

    private mutating func atom() throws(TextPatternError) -> TextPatternNode {
        guard let character = next else { throw TextPatternError("ends too early") }
        position += 1
        switch character {
        case ".": return .take(.any)
        case "^": return .start
        case "$": return .end
        case "[": return .take(try set())
        case "\\": return .take(try escaped())
        case "*", "+", "?", "{":
            throw TextPatternError("has a \(character) with nothing before it; write \\\(character)")
        case "(":
            depth += 1
            guard depth <= 50 else { throw TextPatternError("has too many ( within each other") }
            if takes("?"), !takes(":") { throw TextPatternError("has a (? that is not known here") }
            let node = try either()
            guard takes(")") else { throw TextPatternError("has a ( without its )") }
            depth -= 1
            return node
        default:
            var set = TextPatternSet()
            set.insert(character, character)
            return .take(Self.folded(set, character))
        }
    }

    /// What is not a letter of English is compared in small letters too.
    private static func folded(_ set: TextPatternSet, _ character: Unicode.Scalar) -> TextPatternSet {
        var set = set
        for scalar in character.properties.lowercaseMapping.unicodeScalars { set.insert(scalar, scalar) }
        return set
    }

    private mutating func escaped() throws(TextPatternError) -> TextPatternSet {
        guard let character = next else { throw TextPatternError("ends with a single \\") }
        position += 1
        switch character {
        case "d": return .digits
        case "w": return .words
        case "s": return .blanks
        case "D": return TextPatternSet(ranges: TextPatternSet.digits.ranges, isInverted: true)
        case "W": return TextPatternSet(ranges: TextPatternSet.words.ranges, isInverted: true)
        case "S": return TextPatternSet(ranges: TextPatternSet.blanks.ranges, isInverted: true)
        default:
            guard !character.properties.isAlphabetic, !(48...57).contains(character.value) else {
                throw TextPatternError("has \\\(character), which is not known here")
            }
            var set = TextPatternSet()
            set.insert(character, character)
            return set
        }
    }

    private mutating func set() throws(TextPatternError) -> TextPatternSet {
        var set = TextPatternSet()
        set.isInverted = takes("^")
        var isFirst = true
        while let low = next, isFirst || low != "]" {
            isFirst = false
            position += 1
            if low == "\\" {
                let part = try escaped()
                guard !part.isInverted else { throw TextPatternError("has a [ ] with \\D, \\W or \\S in it") }
                set.ranges += part.ranges
                continue
            }
            var high = low
            if next == "-", position + 1 < characters.count, characters[position + 1] != "]" {
                high = characters[position + 1]
                position += 2
            }
            guard low <= high else { throw TextPatternError("has [\(low)-\(high)], which runs backwards") }
            set.insert(low, high)
        }
        guard takes("]") else { throw TextPatternError("has a [ without its ]") }
        return set
    }
}
