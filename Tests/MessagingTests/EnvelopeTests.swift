import Accounting
import Messaging
import RabbitMQ
import Testing

@Suite struct EnvelopeTests {
    private let envelope = Envelope(
        id: "01923456-789a-7123-bfff-fffffffff123", type: MessageType.hinted, source: "counterfoil/ingest",
        subject: "shop-au/order/727", time: Instant(microseconds: 1_767_225_600_123_456),
        traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")

    @Test func `An envelope is read as it was written`() throws {
        #expect(try Envelope(envelope.properties) == envelope)
        var untraced = envelope
        untraced.traceparent = nil
        #expect(try Envelope(untraced.properties) == untraced)
    }

    @Test func `The properties are those of a persistent CloudEvents message`() {
        let properties = envelope.properties
        #expect(properties.persistent)
        #expect(properties.messageID == envelope.id)
        #expect(properties.contentType == "application/json")
        #expect(properties.timestamp == 1_767_225_600)
        #expect(properties.headers["cloudEvents:specversion"] == "1.0")
        #expect(properties.headers["cloudEvents:time"] == "2026-01-01T00:00:00.123456Z")
        #expect(properties.headers["traceparent"]?.string == envelope.traceparent)
    }

    @Test(arguments: ["specversion", "id", "type", "source", "subject", "time"])
    func `A missing attribute is named`(name: String) {
        var properties = envelope.properties
        properties.headers["cloudEvents:" + name] = nil
        let error = #expect(throws: EnvelopeError.self) { try Envelope(properties) }
        #expect(error?.description == "The message's header cloudEvents:\(name) is missing.")
    }

    @Test func `A wrong time, version or type of value is refused`() {
        for (name, value) in [
            ("time", FieldValue.string("yesterday")), ("specversion", "2.0"), ("id", .int(7)), ("subject", ""),
        ] {
            var properties = envelope.properties
            properties.headers["cloudEvents:" + name] = value
            #expect(throws: EnvelopeError.self) { try Envelope(properties) }
        }
    }
}
