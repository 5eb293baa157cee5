import Testing

@testable import RabbitMQ

@Suite("Messages from frames")
struct FrameAssemblerTests {
    private let deliver = DeliverMethod(tag: 7, redelivered: true, exchange: "e", routingKey: "k")
    private let properties = MessageProperties(messageID: "m-1")

    private func feed(_ assembler: inout FrameAssembler, _ bytes: [UInt8]) throws -> AssembledMessage? {
        try bytes.withUnsafeBytes { try assembler.body($0) }
    }

    @Test("method, header and several bodies make one delivery")
    func fragments() throws {
        var assembler = FrameAssembler(messageMaxBytes: 100)
        try assembler.begin(deliver)
        #expect(try assembler.header(bodyBytes: 5, properties) == nil)
        #expect(try feed(&assembler, [1, 2]) == nil)
        #expect(try feed(&assembler, [3]) == nil)
        #expect(try feed(&assembler, [4, 5]) == .delivery(deliver, properties, body: [1, 2, 3, 4, 5]))
        try assembler.begin(deliver)
        #expect(try assembler.header(bodyBytes: 1, properties) == nil)
        #expect(try feed(&assembler, [9]) == .delivery(deliver, properties, body: [9]))
    }

    @Test("an empty body needs no body frame")
    func empty() throws {
        var assembler = FrameAssembler(messageMaxBytes: 100)
        try assembler.begin(deliver)
        #expect(try assembler.header(bodyBytes: 0, properties) == .delivery(deliver, properties, body: []))
    }

    @Test("a returned message is told apart")
    func returned() throws {
        var assembler = FrameAssembler(messageMaxBytes: 100)
        let method = ReturnMethod(replyCode: 312, replyText: "NO_ROUTE", exchange: "e", routingKey: "k")
        try assembler.begin(method)
        #expect(try assembler.header(bodyBytes: 2, properties) == nil)
        #expect(try feed(&assembler, [1, 2]) == .returned(method, properties))
    }

    @Test("frames out of order are a protocol violation")
    func order() throws {
        var assembler = FrameAssembler(messageMaxBytes: 100)
        #expect(throws: RabbitMQError.self) { try assembler.header(bodyBytes: 1, properties) }
        #expect(throws: RabbitMQError.self) { try feed(&assembler, [1]) }
        try assembler.begin(deliver)
        #expect(throws: RabbitMQError.self) { try assembler.begin(deliver) }
        #expect(throws: RabbitMQError.self) { try feed(&assembler, [1]) }
    }

    @Test("a body longer than announced, or than the bound, is refused")
    func bounds() throws {
        var assembler = FrameAssembler(messageMaxBytes: 4)
        try assembler.begin(deliver)
        #expect(throws: RabbitMQError.self) { try assembler.header(bodyBytes: 5, properties) }
        var other = FrameAssembler(messageMaxBytes: 4)
        try other.begin(deliver)
        #expect(try other.header(bodyBytes: 2, properties) == nil)
        #expect(throws: RabbitMQError.self) { try feed(&other, [1, 2, 3]) }
    }
}
