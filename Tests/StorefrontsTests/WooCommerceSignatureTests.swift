import Storefronts
import Testing

@Suite struct WooCommerceSignatureTests {
    private let body = Array(#"{"id":5,"url":"https:\/\/shop.example","name":"\u00e5"}"#.utf8)

    @Test func `a signature is checked against the bytes as they came`() {
        // HMAC-SHA256 with the key "key" of this sentence is a vector that everybody publishes.
        let sentence = Array("The quick brown fox jumps over the lazy dog".utf8)
        #expect(
            WooCommerceSignature.isValid(
                body: sentence, signatureBase64: "97yD9DBThCSxMpjmqm+xQ+9NWaFJRhdZl0edvC0aPNg=", secret: "key"))
        let signature = WooCommerceSignature.signature(body: body, secret: "s")
        #expect(WooCommerceSignature.isValid(body: body, signatureBase64: signature, secret: "s"))
        #expect(!WooCommerceSignature.isValid(body: body + [0x20], signatureBase64: signature, secret: "s"))
        #expect(!WooCommerceSignature.isValid(body: body, signatureBase64: signature, secret: "t"))
        for wrong in ["", "=", String(signature.dropLast()), signature + "=", String(signature.reversed())] {
            #expect(!WooCommerceSignature.isValid(body: body, signatureBase64: wrong, secret: "s"))
        }
    }

    @Test(arguments: [
        ("a&amp;b&quot;c", "a&b\"c"), ("&#039;&#39;&lt;&gt;", "''<>"), ("&#x27;&#x3C;", "'<"), ("&amp;lt;", "&lt;"),
        ("a&b", "a&b"), ("&nbsp;", "&nbsp;"), ("&", "&"), ("&&amp;&", "&&&"), ("&amp", "&amp"),
    ])
    func `the secret is decoded as WordPress decodes it`(typed: String, used: String) {
        // The decoded form of a secret is only itself decoded again where it still holds a reference.
        let plain = used.replacing("&", with: "&amp;")
        #expect(
            WooCommerceSignature.signature(body: body, secret: typed)
                == WooCommerceSignature.signature(body: body, secret: plain))
    }
}
