import Testing

@testable import RabbitMQ

@Suite("The broker's URL")
struct RabbitMQConfigurationTests {
    @Test("every part is read and percent-decoded")
    func complete() throws {
        let read = try RabbitMQConfiguration(url: "amqp://us%40er:p%3Ass%2F@broker.internal:5673/sh%2Fop")
        #expect(read.user == "us@er")
        #expect(read.password == "p:ss/")
        #expect(read.host == "broker.internal")
        #expect(read.port == 5673)
        #expect(read.virtualHost == "sh/op")
        #expect(!read.usesTLS)
    }

    @Test("missing parts have the usual values")
    func defaults() throws {
        let plain = try RabbitMQConfiguration(url: "amqp://localhost")
        #expect((plain.user, plain.password, plain.port, plain.virtualHost) == ("guest", "guest", 5672, "/"))
        let secure = try RabbitMQConfiguration(url: "AMQPS://[::1]/%2F?heartbeat=10")
        #expect((secure.host, secure.port, secure.virtualHost, secure.usesTLS) == ("::1", 5671, "/", true))
    }

    @Test(
        "what cannot be used is refused, without repeating the password",
        arguments: [
            "localhost", "http://u:secret@h", "amqp://u:secret@", "amqp://u:secret@h:0", "amqp://u:secret@h:x",
            "amqps://u:secret@h/?verify=verify_none", "amqps://u:secret@h/?cafile=x", "amqp://u:secret@h/?heartbeat=0",
            "amqp://u:secret@h/?certfile=a&keyfile=b", "amqps://u:secret@h/?certfile=a", "amqp://u:secret%zz@h",
            "amqp://u:secret@[::1", "amqp://u:secret@h/%ff",
        ])
    func refused(url: String) throws {
        let error = #expect(throws: RabbitMQError.self) { try RabbitMQConfiguration(url: url) }
        #expect(error?.code == .invalidConfiguration)
        #expect(error?.description.contains("secret") == false)
    }

    @Test("the query's parameters are RabbitMQ's own")
    func query() throws {
        let url = "amqps://h/?cacertfile=%2Fca.pem&certfile=/c.pem&keyfile=/k.pem&verify=verify_peer&heartbeat=7"
        let read = try RabbitMQConfiguration(url: url + "&connection_timeout=1500")
        #expect(read.certificateAuthorityFile == "/ca.pem")
        #expect(read.clientCertificate?.certificateFile == "/c.pem")
        #expect(read.clientCertificate?.keyFile == "/k.pem")
        #expect(read.heartbeatSeconds == 7)
        #expect(read.connectTimeout == .milliseconds(1500))
    }

    @Test("its description has no credentials")
    func description() throws {
        let read = try RabbitMQConfiguration(url: "amqp://user:secret@h:1/v")
        #expect("\(read)" == "amqp://h:1/v")
    }
}

@Suite("Messages that cannot be sent")
struct MessageFaultTests {
    private let configuration = try? RabbitMQConfiguration(url: "amqp://localhost")

    @Test("texts beyond 255 bytes, large bodies and large headers are found before anything is written")
    func faults() throws {
        var configuration = try #require(configuration)
        configuration.messageMaxBytes = 10
        let long = String(repeating: "x", count: 256)
        let good = OutgoingMessage(exchange: "", routingKey: "q", body: [1])
        #expect(good.fault(in: configuration) == nil)
        var message = good
        message.routingKey = long
        #expect(message.fault(in: configuration)?.code == .messageTooLarge)
        message = good
        message.properties.messageID = long
        #expect(message.fault(in: configuration)?.code == .messageTooLarge)
        message = good
        message.body = Array(repeating: 0, count: 11)
        #expect(message.fault(in: configuration)?.code == .messageTooLarge)
        message = good
        message.properties.headers = ["h": .string(String(repeating: "x", count: 130_000))]
        #expect(message.fault(in: configuration)?.code == .messageTooLarge)
    }

    @Test("a quorum queue with a dead-letter exchange refuses publishes rather than drop")
    func quorumQueue() {
        let queue = Queue.quorum("q.v1", deadLetterExchange: "dead", maxLength: 10)
        #expect(queue.arguments["x-queue-type"] == "quorum")
        #expect(queue.arguments["x-delivery-limit"] == 1000)
        #expect(queue.arguments["x-dead-letter-strategy"] == "at-least-once")
        #expect(queue.arguments["x-overflow"] == "reject-publish")
    }
}
