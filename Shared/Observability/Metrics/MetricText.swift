/// Rendering of names, labels and values in Prometheus' text format.
///
/// Source: Prometheus exposition formats, "Text format details" (version 0.0.4).
enum MetricText {
    /// Turns a swift-metrics label into a metric name: every character outside `[a-zA-Z0-9_:]` becomes an underscore, and
    /// a leading digit is preceded by one.
    static func name(_ label: String) -> String {
        sanitised(label, colonAllowed: true)
    }

    /// Turns a dimension's key into a label name: as a metric name, but without colons.
    static func labelName(_ key: String) -> String {
        sanitised(key, colonAllowed: false)
    }

    /// `{key="value",...}`, or nothing when there are no labels. Values have backslash, quote and newline escaped.
    static func labels(_ dimensions: [(String, String)], adding extra: (String, String)? = nil) -> String {
        var all = dimensions
        if let extra { all.append(extra) }
        guard !all.isEmpty else { return "" }
        let rendered = all.map { key, value in "\(labelName(key))=\"\(escaped(value))\"" }
        return "{" + rendered.joined(separator: ",") + "}"
    }

    /// A sample's value: whole numbers without a fraction, infinities and NaN in Prometheus' words.
    static func value(_ number: Double) -> String {
        if number.isNaN { return "NaN" }
        if number.isInfinite { return number < 0 ? "-Inf" : "+Inf" }
        if number == number.rounded(.towardZero), abs(number) < 9_007_199_254_740_992 { return "\(Int64(number))" }
        return "\(number)"
    }

    private static func sanitised(_ text: String, colonAllowed: Bool) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count + 1)
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                if bytes.isEmpty { bytes.append(UInt8(ascii: "_")) }
                bytes.append(byte)
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"):
                bytes.append(byte)
            case UInt8(ascii: ":") where colonAllowed:
                bytes.append(byte)
            default:
                bytes.append(UInt8(ascii: "_"))
            }
        }
        return bytes.isEmpty ? "_" : String(decoding: bytes, as: UTF8.self)
    }

    private static func escaped(_ value: String) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(value.utf8.count)
        for byte in value.utf8 {
            switch byte {
            case UInt8(ascii: "\\"): bytes.append(contentsOf: #"\\"#.utf8)
            case UInt8(ascii: "\""): bytes.append(contentsOf: #"\""#.utf8)
            case UInt8(ascii: "\n"): bytes.append(contentsOf: #"\n"#.utf8)
            default: bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
