import Crypto
import Foundation

/// WooCommerce's signature of a delivery: base64 of HMAC-SHA256 over the body, keyed with the secret as typed in but with
/// HTML entities decoded.
///
/// Source: class-wc-webhook.php, `generate_signature()`: `wp_specialchars_decode( $this->get_secret(), ENT_QUOTES )`.
enum WebhookSignature {
    /// The value of X-WC-Webhook-Signature.
    static func sign(_ body: [UInt8], secret: String) -> String {
        let key = SymmetricKey(data: Array(decodingEntities(secret).utf8))
        return Data(HMAC<SHA256>.authenticationCode(for: body, using: key)).base64EncodedString()
    }

    /// What WordPress makes of the five entities it encodes; an ampersand decoded once does not start another entity.
    static func decodingEntities(_ text: String) -> String {
        let entities = [
            ("&amp;", "&"), ("&#038;", "&"), ("&#38;", "&"), ("&lt;", "<"), ("&#060;", "<"), ("&gt;", ">"),
            ("&#062;", ">"), ("&quot;", "\""), ("&#034;", "\""), ("&#039;", "'"), ("&#x27;", "'"), ("&apos;", "'"),
        ]
        var result = ""
        var rest = Substring(text)
        while let character = rest.first {
            if character == "&", let entity = entities.first(where: { rest.hasPrefix($0.0) }) {
                result += entity.1
                rest = rest.dropFirst(entity.0.count)
            } else {
                result.append(character)
                rest = rest.dropFirst()
            }
        }
        return result
    }
}
