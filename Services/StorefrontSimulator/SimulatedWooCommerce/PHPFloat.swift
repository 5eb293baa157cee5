import Accounting
import JSON

/// Numbers as a PHP with `serialize_precision=17` prints its floats: what is no short binary fraction gets a tail.
enum PHPFloat {
    /// The number's text, e.g. `63.241106000000002`. The tail stands for what a float makes of it, to be ignored.
    static func number(_ value: ExactDecimal) -> JSONNumber {
        let short = value.rounded(scale: 6).trimmed
        guard let point = short.firstIndex(of: ".") else { return JSONNumber(text: short) ?? JSONNumber(0) }
        let fraction = short[short.index(after: point)...]
        let isShortBinaryFraction = ["5", "25", "75", "125", "375", "625", "875"].contains(fraction)
        guard !isShortBinaryFraction, fraction.count > 2 else { return JSONNumber(text: short) ?? JSONNumber(0) }
        let padding = String(repeating: "0", count: 14 - fraction.count)
        return JSONNumber(text: short + padding + "2") ?? JSONNumber(0)
    }
}
