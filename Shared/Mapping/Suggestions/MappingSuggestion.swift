public import JSON

/// A value proposed for a place in a mapping.
public struct MappingSuggestion: Sendable, Hashable {
    /// How sure a suggestion is.
    public enum Level: String, Sendable, Hashable {
        /// Little else would make sense.
        case high
        /// Likely; worth a look.
        case medium
        /// A guess: it is shown, and not part of the proposed mapping.
        case low
    }

    /// Something else that would do.
    public struct Alternative: Sendable, Hashable {
        /// The value.
        public var value: JSONValue
        /// What the organisation calls it.
        public var name: String
        /// How sure it is, 0 to 98.
        public var confidence: Int
    }

    /// Where in the mapping.
    public var path: MappingPath
    /// The value; an object for a rule.
    public var value: JSONValue
    /// What the organisation calls it, such as `200 Sales`.
    public var name: String
    /// Why.
    public var reason: String
    /// How sure it is, 0 to 98: the sum of what speaks for it, less where something else would do as well.
    public var confidence: Int
    /// What else would do, the best first.
    public var alternatives: [Alternative] = []
    /// What the mapping says now; `nil` if it says nothing.
    public var current: JSONValue?

    /// How sure it is, in a word.
    public var level: Level { confidence >= 75 ? .high : confidence >= 50 ? .medium : .low }
    /// Whether it is part of the proposed mapping.
    public var isProposed: Bool { level != .low }
}

/// Something for which nothing can be proposed.
public struct MappingGap: Sendable, Hashable {
    /// What lacks a value, such as `payments.paypal`.
    public var subject: String
    /// Why nothing is proposed.
    public var reason: String
    /// What to do about it.
    public var remedy: String
    /// Whether orders are held, or the mapping is refused, as long as nothing is done.
    public var isBlocking: Bool
}

/// Something that speaks for a value.
struct Evidence: Sendable, Hashable {
    var points: Int
    var words: String

    init(_ points: Int, _ words: String) {
        self.points = points
        self.words = words
    }
}

/// A value with what speaks for it.
struct Candidate: Sendable, Hashable {
    var value: String
    var name: String
    var evidence: [Evidence] = []

    var points: Int { min(98, max(0, evidence.reduce(0) { $0 + $1.points })) }

    /// The strongest reasons as a sentence's middle.
    var reason: String {
        evidence.enumerated().filter { $0.element.points > 0 && !$0.element.words.isEmpty }
            .sorted { ($1.element.points, $0.offset) < ($0.element.points, $1.offset) }
            .prefix(4).map(\.element.words).joined(separator: "; ")
    }

    mutating func add(_ points: Int, _ words: String) { evidence.append(Evidence(points, words)) }

    /// Those with the most points first, equals by value.
    static func ranked(_ candidates: [Candidate]) -> [Candidate] {
        candidates.sorted { ($1.points, $0.value) < ($0.points, $1.value) }
    }

    /// The best candidate as a suggestion; `nil` if nothing speaks for any. Where another would do nearly as well, it is less
    /// sure.
    static func best(
        of candidates: [Candidate], at path: MappingPath, current: JSONValue? = nil, most: Int = 98,
        atLeast least: Int = 30
    ) -> MappingSuggestion? {
        let ranked = ranked(candidates)
        guard let best = ranked.first, best.points >= least else { return nil }
        let rivals = ranked.dropFirst().filter { $0.points >= 30 }
        let isClose = rivals.first.map { best.points - $0.points < 10 } ?? false
        func confidence(_ candidate: Candidate) -> Int {
            min(most, isClose ? max(least, min(74, candidate.points - 20)) : candidate.points)
        }
        return MappingSuggestion(
            path: path, value: .string(best.value), name: best.name, reason: best.reason,
            confidence: confidence(best),
            alternatives: rivals.prefix(3).map { rival in
                .init(value: .string(rival.value), name: rival.name, confidence: confidence(rival))
            }, current: current)
    }
}
