/// Finds what somebody probably meant to write.
public enum NearestWord {
    /// `; did you mean x?`, or the list of what there is.
    static func hint(_ word: String, among candidates: [String]) -> String {
        if let meant = to(word, among: candidates) { return "; did you mean \(meant)?" }
        return candidates.isEmpty ? "" : "; there are \(candidates.joined(separator: ", "))"
    }

    /// The candidate that the fewest edits away, if so few that a slip of the hand is likely.
    static func to(_ word: String, among candidates: [String]) -> String? {
        let word = word.lowercased()
        let limit = max(1, min(3, word.count / 2))
        let ranked = candidates.map { ($0, distance(word, $0.lowercased())) }
        guard let best = ranked.min(by: { $0.1 < $1.1 }), best.1 <= limit else { return nil }
        return best.0
    }

    /// How many characters to insert, remove, replace or swap with their neighbour.
    public static func distance(_ left: String, _ right: String) -> Int {
        let left = Array(left.prefix(64))
        let right = Array(right.prefix(64))
        var rows = [Array(0...right.count)]
        for row in 1..<(left.count + 1) where !left.isEmpty {
            var current = [row]
            for column in 1..<(right.count + 1) where !right.isEmpty {
                let replaced = rows[row - 1][column - 1] + (left[row - 1] == right[column - 1] ? 0 : 1)
                var best = min(replaced, rows[row - 1][column] + 1, current[column - 1] + 1)
                if row > 1, column > 1, left[row - 1] == right[column - 2], left[row - 2] == right[column - 1] {
                    best = min(best, rows[row - 2][column - 2] + 1)
                }
                current.append(best)
            }
            rows.append(current)
        }
        return rows[left.count][right.count]
    }
}
