import Crypto
import JSON

/// The signature of a WooCommerce webhook.
///
/// Source: WooCommerce, `WC_Webhook::generate_signature`: the base64 of the HMAC-SHA256 of the body as sent, under the
/// secret after `wp_specialchars_decode(secret, ENT_QUOTES)`.
public enum WooCommerceSignature {
    /// Whether a body was signed with a secret. Takes the same time wherever the signatures differ.
    /// - Parameters:
    ///   - body: The body exactly as received.
    ///   - signatureBase64: The header `X-WC-Webhook-Signature`.
    ///   - secret: The webhook's secret as it was typed into the store.
    public static func isValid(body: [UInt8], signatureBase64: String, secret: String) -> Bool {
        let expected = Array(signature(body: body, secret: secret).utf8)
        let given = Array(signatureBase64.utf8)
        guard expected.count == given.count else { return false }
        var difference: UInt8 = 0
        for index in expected.indices { difference |= expected[index] ^ given[index] }
        return difference == 0
    }

    /// The signature a store would send.
    /// - Parameters:
    ///   - body: The body exactly as sent.
    ///   - secret: The webhook's secret as it was typed into the store.
    /// - Returns: The value of the header `X-WC-Webhook-Signature`.
    public static func signature(body: [UInt8], secret: String) -> String {
        let key = SymmetricKey(data: Array(decodedSecret(secret).utf8))
        return Base64.encode(Array(HMAC<SHA256>.authenticationCode(for: body, using: key)))
    }

    /// The secret as WordPress decodes it before use: each reference once, so that `&amp;lt;` becomes `&lt;`.
    ///
    /// Source: WordPress, `wp_specialchars_decode` with `ENT_QUOTES`.
    static func decodedSecret(_ secret: String) -> String {
        guard secret.utf8.contains(UInt8(ascii: "&")) else { return secret }
        var result = ""
        var rest = secret[...]
        while let start = rest.firstIndex(of: "&") {
            result += rest[..<start]
            rest = rest[start...]
            let body = rest.dropFirst().prefix(10)
            if let end = body.firstIndex(of: ";"), let character = character(body[..<end]) {
                result.append(character)
                rest = rest[rest.index(after: end)...]
            } else {
                result += "&"
                rest = rest.dropFirst()
            }
        }
        return result + rest
    }

    private static func character(_ name: Substring) -> Character? {
        switch name {
        case "amp": return "&"
        case "quot": return "\""
        case "lt": return "<"
        case "gt": return ">"
        default: break
        }
        guard name.first == "#" else { return nil }
        let digits = name.dropFirst()
        let value =
            digits.first == "x" || digits.first == "X"
            ? UInt32(digits.dropFirst(), radix: 16) : UInt32(digits, radix: 10)
        switch value {
        case 0x22: return "\""
        case 0x26: return "&"
        case 0x27: return "'"
        case 0x3C: return "<"
        case 0x3E: return ">"
        default: return nil
        }
    }
}
