import ArgumentParser
import JSON

/// The options of everything that prints.
struct OutputOptions: ParsableArguments {
    @Flag(name: .long, help: "Print JSON instead of text.")
    var json = false

    /// Prints an answer in the form asked for.
    func show(_ value: JSONValue, text: [String]) {
        if json {
            print(String(decoding: value.encoded(pretty: true), as: UTF8.self))
        } else {
            print(text.joined(separator: "\n"))
        }
    }
}

/// A length of time in a person's words: `45 s`, `12 min`, `3 h`, `2 days`.
func ageText(seconds: Int) -> String {
    switch seconds {
    case ..<0: "0 s"
    case 0..<120: "\(seconds) s"
    case 120..<7200: "\(seconds / 60) min"
    case 7200..<172_800: "\(seconds / 3600) h"
    default: "\(seconds / 86_400) days"
    }
}

/// One line of a text that may have several, cut to a width.
func oneLine(_ text: String, limit: Int = 100) -> String {
    let joined = text.split(whereSeparator: \.isNewline).joined(separator: " ")
    return joined.count > limit ? joined.prefix(limit - 1) + "…" : joined
}
