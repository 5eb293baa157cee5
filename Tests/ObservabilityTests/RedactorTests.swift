import Observability
import Testing

@Suite struct RedactorTests {
    private let redactor = Redactor()

    @Test(
        arguments: [
            "Authorization", "x-api-key", "client_secret", "refresh_token", "webhookSecret", "PGPASSWORD", "Set-Cookie",
            "consumer-key", "COUNTERFOIL_KEY",
        ])
    func `A key that names a secret hides its value`(key: String) {
        #expect(redactor.isSecret(key: key))
    }

    @Test(arguments: ["routing_key", "delivery_key", "store", "message.id", "idempotency_key", "status"])
    func `A key that names no secret shows its value`(key: String) {
        #expect(!redactor.isSecret(key: key))
    }

    @Test(
        arguments: [
            ("amqp://user:hunter2@localhost:5672/", "amqp://user:[redacted]@localhost:5672/"),
            ("at postgres://u:p@ss:w@db/x and more", "at postgres://u:[redacted]@db/x and more"),
            ("Authorization: Bearer eyJhbGciOi.JIUzI1NiJ9", "Authorization: Bearer [redacted]"),
            ("sent basic Y2s6c2VjcmV0cw== to it", "sent basic [redacted] to it"),
            (
                "GET /orders?consumer_key=ck_12&consumer_secret=cs_34&page=2",
                "GET /orders?consumer_key=[redacted]&consumer_secret=[redacted]&page=2"
            ),
            (#"{"access_token":"abc.def","expires_in":1800}"#, #"{"access_token":"[redacted]","expires_in":1800}"#),
            (#"{\"refresh_token\": \"abc\"}"#, #"{\"refresh_token\": \"[redacted]\"}"#),
            ("password=tiger; host=db", "password=[redacted]; host=db"),
        ])
    func `Secrets inside texts are masked`(text: String, expected: String) {
        #expect(redactor.redacted(text) == expected)
    }

    @Test(
        arguments: [
            "order 727 of store shop-au was accepted", "see https://shop.example/wp-json/wc/v3/orders",
            "basic tests pass",
            "the token expired", "10:30 a@b", "héllo wörld", "",
        ])
    func `Texts without secrets stay as they are`(text: String) {
        #expect(redactor.redacted(text) == text)
    }
}
