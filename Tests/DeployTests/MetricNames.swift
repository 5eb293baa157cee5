import Foundation

/// Reads which metrics the source makes and which ones an expression asks for.
enum MetricNames {
    /// Every name that a scrape may show, as the registry makes them of the labels in the source.
    static func exported() throws -> Set<String> {
        var names: Set<String> = ["up"]
        for file in Project.files(below: "Shared", suffix: ".swift")
            + Project.files(below: "Services", suffix: ".swift")
        {
            names.formUnion(exported(by: try Project.text(file)))
        }
        return names
    }

    /// The names that one source file makes.
    static func exported(by source: String) -> Set<String> {
        var names: Set<String> = []
        let made = /(FloatingPointCounter|Counter|Gauge|Meter|Recorder|Timer)\(\s*label: "([^"]+)"/
        for match in source.matches(of: made) {
            let name = String(match.2).replacing(".", with: "_")
            switch match.1 {
            case "Counter", "FloatingPointCounter": names.insert(ended(name, "_total"))
            case "Timer":
                for part in ["_bucket", "_sum", "_count"] { names.insert(ended(name, "_seconds") + part) }
            case "Recorder": for part in ["", "_bucket", "_sum", "_count"] { names.insert(name + part) }
            default: names.insert(name)
            }
        }
        let read = /(?:\.(?:gauge|counter)\(|CounterSeries\(name: )"([a-z_]+)"/
        for match in source.matches(of: read) { names.insert(String(match.1)) }
        return names
    }

    /// The metrics that a PromQL expression names.
    static func used(by expression: String) -> Set<String> {
        let bare = expression.replacing(/"[^"]*"/, with: "").replacing(/\{[^}]*\}/, with: "")
            .replacing(/\[[^\]]*\]/, with: "")
            .replacing(/\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)/, with: "")
        let words: Set<Substring> = ["and", "or", "unless", "offset", "bool", "by", "without"]
        var names: Set<String> = []
        // A function is followed by its arguments, except an aggregation whose labels stand between.
        for match in bare.matches(of: /(?<name>[A-Za-z_:][A-Za-z0-9_:]*)(?<call>\s*\()?/)
        where match.call == nil && !words.contains(match.name) && !isPartOfNumber(match.range, bare) {
            names.insert(String(match.name))
        }
        return names
    }

    /// `1h` and `5e8` hold letters and are no names.
    private static func isPartOfNumber(_ range: Range<String.Index>, _ text: String) -> Bool {
        guard range.lowerBound > text.startIndex else { return false }
        return text[text.index(before: range.lowerBound)].isNumber
    }

    private static func ended(_ name: String, _ ending: String) -> String {
        name.hasSuffix(ending) ? name : name + ending
    }
}
