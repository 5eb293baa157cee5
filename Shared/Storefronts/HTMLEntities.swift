/// Character references of HTML, which storefronts leave in names: `Fish &amp; Chips`, `Chloe&#8217;s`.
enum HTMLEntities {
    /// Replaces the references that are known; what is none, or unknown, stays as it is.
    static func decode(_ text: String) -> String {
        guard text.utf8.contains(UInt8(ascii: "&")) else { return text }
        var result = ""
        var rest = text[...]
        while let start = rest.firstIndex(of: "&") {
            result += rest[..<start]
            rest = rest[start...]
            let body = rest.dropFirst().prefix(10)
            if let end = body.firstIndex(of: ";"), let character = character(body[..<end]) {
                result += character
                rest = rest[rest.index(after: end)...]
            } else {
                result += "&"
                rest = rest.dropFirst()
            }
        }
        return result + rest
    }

    private static func character(_ name: Substring) -> String? {
        guard name.first == "#" else { return named[String(name)] }
        let digits = name.dropFirst()
        let value =
            digits.first == "x" || digits.first == "X"
            ? UInt32(digits.dropFirst(), radix: 16) : UInt32(digits, radix: 10)
        return value.flatMap(Unicode.Scalar.init).map { String(Character($0)) }
    }

    /// The names that occur in shops. Source: HTML 4.01 section 24.
    private static let named: [String: String] = [
        "amp": "&", "lt": "<", "gt": ">", "quot": "\"", "apos": "'", "nbsp": " ", "ndash": "\u{2013}",
        "mdash": "\u{2014}", "hellip": "\u{2026}", "lsquo": "\u{2018}", "rsquo": "\u{2019}", "ldquo": "\u{201C}",
        "rdquo": "\u{201D}", "sbquo": "\u{201A}", "bdquo": "\u{201E}", "laquo": "\u{AB}", "raquo": "\u{BB}",
        "bull": "\u{2022}", "middot": "\u{B7}", "times": "\u{D7}", "deg": "\u{B0}", "plusmn": "\u{B1}",
        "frac12": "\u{BD}",
        "frac14": "\u{BC}", "frac34": "\u{BE}", "sup2": "\u{B2}", "sup3": "\u{B3}", "micro": "\u{B5}",
        "euro": "\u{20AC}",
        "pound": "\u{A3}", "yen": "\u{A5}", "cent": "\u{A2}", "copy": "\u{A9}", "reg": "\u{AE}", "trade": "\u{2122}",
        "szlig": "\u{DF}", "auml": "\u{E4}", "ouml": "\u{F6}", "uuml": "\u{FC}", "Auml": "\u{C4}", "Ouml": "\u{D6}",
        "Uuml": "\u{DC}", "aring": "\u{E5}", "Aring": "\u{C5}", "aelig": "\u{E6}", "AElig": "\u{C6}",
        "oslash": "\u{F8}",
        "Oslash": "\u{D8}", "eacute": "\u{E9}", "Eacute": "\u{C9}", "egrave": "\u{E8}", "agrave": "\u{E0}",
        "aacute": "\u{E1}", "iacute": "\u{ED}", "oacute": "\u{F3}", "uacute": "\u{FA}", "ntilde": "\u{F1}",
        "ccedil": "\u{E7}", "ecirc": "\u{EA}", "acirc": "\u{E2}", "ocirc": "\u{F4}", "euml": "\u{EB}", "iuml": "\u{EF}",
    ]
}
