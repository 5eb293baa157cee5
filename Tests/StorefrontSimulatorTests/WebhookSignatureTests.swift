import Testing

@testable import StorefrontSimulator

@Suite("Webhook signature")
struct WebhookSignatureTests {
    @Test(
        "signs raw bytes with the decoded secret",
        arguments: [
            (#"{"id":727,"total":"29.35"}"#, "sekret", "6o4n2wUrBE18QQ6Oltny4udAt9d6+5h7xvbShbqesvU="),
            (#"{"id":1}"#, "a&b\"c", "xevpRWT6BCYreWvsTrQdOAxN9cXmq7jrydkdzrbaSsg="),
            (#"{"id":1}"#, "a&amp;b&quot;c", "xevpRWT6BCYreWvsTrQdOAxN9cXmq7jrydkdzrbaSsg="),
        ])
    func vectors(body: String, secret: String, signature: String) {
        #expect(WebhookSignature.sign(Array(body.utf8), secret: secret) == signature)
    }

    @Test("an entity is decoded once")
    func decodesOnce() {
        #expect(WebhookSignature.decodingEntities("&amp;lt; &#039;&lt;") == "&lt; '<")
        #expect(WebhookSignature.decodingEntities("a & b &unknown;") == "a & b &unknown;")
    }
}
