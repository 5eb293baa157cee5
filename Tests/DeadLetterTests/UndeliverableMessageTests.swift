import Accounting
import Messaging
import RabbitMQ
import Testing

@testable import DeadLetter

@Suite("Messages the broker gave up on")
struct UndeliverableMessageTests {
    private func delivery(
        _ body: [UInt8], id: String? = "m-1", headers: [String: FieldValue] = [:]
    ) -> Delivery {
        Delivery(
            OutgoingMessage(
                exchange: "dead.letters", routingKey: "woocommerce.shop.order.hinted",
                properties: MessageProperties(messageID: id, headers: headers), body: body)
        ) { _ in }
    }

    @Test("names the queue and why the broker gave up")
    func deliveryLimit() {
        let message = UndeliverableMessage(
            delivery(
                Array("{}".utf8),
                headers: [
                    "x-first-death-queue": "transformer.observed.v1", "x-first-death-reason": "delivery_limit",
                ]))
        #expect(message.origin == "transformer.observed.v1")
        #expect(
            message.message
                == "A message of transformer.observed.v1 was delivered 1000 times and never handled.")
    }

    @Test("a message without an id is recognised when it comes again")
    func withoutID() {
        let first = UndeliverableMessage(delivery([1, 2, 3], id: nil))
        let again = UndeliverableMessage(delivery([1, 2, 3], id: nil))
        let other = UndeliverableMessage(delivery([1, 2, 4], id: nil))
        #expect(first.id == again.id)
        #expect(first.id != other.id)
    }

    @Test("a body is cut, and kept printable")
    func body() {
        let message = UndeliverableMessage(delivery([0, 0xff] + [UInt8](repeating: 0x61, count: 10_000)))
        #expect(message.detail.hasPrefix("\u{FFFD}\u{FFFD}aaa"))
        #expect(message.detail.hasSuffix("… (10002 bytes)"))
        #expect(message.detail.utf8.count < 4200)
    }

    @Test("only an announcement of ours names a letter")
    func announcement() {
        #expect(LetterRecorder.letterID(delivery(Array(#"{"dead_letter": 7}"#.utf8))) == nil)
        let envelope = Envelope(
            id: "m", type: MessageType.deadLetter, source: "counterfoil/xero-writer", subject: "x",
            time: .init(microseconds: 0))
        let announced = Delivery(
            OutgoingMessage(
                exchange: "dead.letters", routingKey: "acme.invoice", properties: envelope.properties,
                body: Array(#"{"dead_letter": 7}"#.utf8))
        ) { _ in }
        #expect(LetterRecorder.letterID(announced) == 7)
    }
}
