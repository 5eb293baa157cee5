import Mapping

/// Names in a configuration file: which are valid, and which was probably meant.
enum ConfigurationNames {
    /// Whether the text may be an id: `[a-z0-9-]{1,32}`.
    static func isID(_ text: String) -> Bool {
        (1...32).contains(text.utf8.count)
            && text.utf8.allSatisfy {
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0)
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
                    || $0 == UInt8(ascii: "-")
            }
    }

    /// The candidate that is nearest to what was written, if one is near enough to have been meant.
    static func nearest(to written: String, among candidates: some Sequence<String>) -> String? {
        let scored = candidates.map {
            (name: $0, distance: NearestWord.distance(written.lowercased(), $0.lowercased()))
        }
        guard let best = scored.min(by: { ($0.distance, $0.name) < ($1.distance, $1.name) }) else { return nil }
        let longest = max(written.count, best.name.count)
        if best.distance <= max(1, longest / 3) { return best.name }
        // A cut-off or padded word: `woo` for `woocommerce`, `secret` for `consumer_secret`.
        return scored.map(\.name).sorted().first {
            written.count >= 3 && ($0.hasPrefix(written) || $0.hasSuffix(written) || written.hasPrefix($0))
        }
    }

    /// `; did you mean 'x'?`, or the list of what there is, or nothing if there is nothing.
    static func hint(for written: String, among candidates: [String]) -> String {
        if let name = nearest(to: written, among: candidates) { return "; did you mean '\(name)'?" }
        guard !candidates.isEmpty else { return "" }
        return "; valid are: \(candidates.joined(separator: ", "))"
    }
}
