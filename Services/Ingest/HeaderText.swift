import JSON

/// Header values made fit to be stored and shown.
enum HeaderText {
    /// The longest value that is kept, in characters.
    static let limit = 256

    /// The headers that are kept of a delivery; none of them is a credential.
    static let kept = [
        "X-WC-Webhook-Source", "X-WC-Webhook-Topic", "X-WC-Webhook-Resource", "X-WC-Webhook-Event", "X-WC-Webhook-ID",
        "X-WC-Webhook-Delivery-ID", "User-Agent", "Content-Type", "X-Forwarded-For",
    ]

    /// Without control characters, which neither a text column nor a terminal takes, and cut to a bound.
    static func clean(_ text: String, limit: Int = limit) -> String {
        if text.utf8.count <= limit, text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f }) { return text }
        let scalars = text.unicodeScalars.lazy.filter { $0.value >= 0x20 && $0.value != 0x7f && $0 != "\u{FFFD}" }
        return String(String.UnicodeScalarView(scalars.prefix(limit)))
    }

    /// The kept headers as a JSON object.
    static func object(_ header: (String) -> String?) -> JSONValue {
        var members: [(String, JSONValue)] = []
        for name in kept {
            if let value = header(name), !value.isEmpty { members.append((name.lowercased(), .string(clean(value)))) }
        }
        return .object(JSONObject(members))
    }
}
