import TestSupport
import Testing

@testable import RabbitMQ

@Suite(
    "TLS to the broker", .enabled(if: TestAuthority.isAvailable, "needs openssl and the servers' packages"),
    .timeLimit(.minutes(3)))
struct RabbitMQTLSTests {
    /// Why a broker is refused, in words.
    private func refusal(_ url: String) async throws -> String {
        let configuration = try RabbitMQConfiguration(url: url)
        let error = await #expect(throws: RabbitMQError.self) {
            try await BrokerInspection.inspect(configuration, Topology())
        }
        #expect(error?.description.contains("counterfoil:counterfoil") == false)
        return error?.message ?? ""
    }

    @Test("a broker of a private authority is used, and one that cannot prove itself refused with what to do")
    func privateAuthority() async throws {
        let authority = try await TestAuthority.make()
        defer { authority.remove() }
        try await PrivateServer.with("rabbitmq", certificates: "\(authority.folder)/good") { server in
            let secure = try #require(server.environment["AMQPS_URL"])
            let plain = try #require(server.environment["AMQP_URL"])
            try await sendAndReceive("\(secure)?cacertfile=\(authority.folder)/ca.pem")

            let unknown = try await refusal("\(secure)?cacertfile=\(authority.folder)/other.pem")
            #expect(unknown.contains("signed by an authority that \(authority.folder)/other.pem does not hold"))
            #expect(unknown.contains("name the file with that authority's certificate by cacertfile in AMQP_URL"))

            let numeric = secure.replacing("localhost", with: "127.0.0.1")
            let name = try await refusal("\(numeric)?cacertfile=\(authority.folder)/ca.pem")
            #expect(name.contains("certificate is for localhost, not for 127.0.0.1"))

            let secureToPlain = plain.replacing("amqp://", with: "amqps://")
            let noTLS = try await refusal("\(secureToPlain)?cacertfile=\(authority.folder)/ca.pem")
            #expect(noTLS.contains("the port does not answer in TLS"))
            #expect(noTLS.contains("5671"))

            let wants = try await refusal(secure.replacing("amqps://", with: "amqp://"))
            #expect(wants.contains("write amqps:// instead of amqp://"))

            let nowhere = try await refusal("\(secure)?cacertfile=/nowhere.pem")
            #expect(nowhere.contains("no certificate authorities could be read from /nowhere.pem"))
        }
        try await authority.withHandshakes(as: "expired") { port in
            let url = "amqps://localhost:\(port)/?cacertfile=\(authority.folder)/ca.pem"
            let expired = try await refusal(url)
            #expect(expired.contains("the certificate of CN = localhost expired on "))
            #expect(expired.contains("renew it on the server"))
        }
    }

    private func sendAndReceive(_ url: String) async throws {
        let fixture = try BrokerFixture("tls", url: url)
        #expect(fixture.configuration.usesTLS)
        let (publisher, consumer) = (fixture.publisher(), fixture.consumer())
        try await withServices([publisher, consumer]) {
            for outcome in await publisher.publish((0..<200).map { fixture.message("\($0)") }) { try outcome.get() }
            var received: [String] = []
            for await delivery in consumer.deliveries {
                received.append(delivery.text)
                delivery.ack()
                if received.count == 200 { break }
            }
            #expect(received == (0..<200).map(String.init))
        }
        let report = try await BrokerInspection.inspect(fixture.configuration, fixture.topology)
        #expect(report.usesTLS && report.product == "RabbitMQ")
        #expect(report.entities.map(\.state) == [.asDeclared])
    }
}

@Suite(
    "Looking at a broker", .enabled(if: TestServers.areAvailable, "needs the private servers: make test"),
    .timeLimit(.minutes(5)))
struct BrokerInspectionTests {
    @Test("what is as declared, what differs and what is missing is told apart, and nothing is changed by looking")
    func states() async throws {
        let fixture = try BrokerFixture(#function, arguments: ["x-max-length": 5])
        let publisher = fixture.publisher()
        try await withServices([publisher]) { try await publisher.publish(fixture.message("waits")) }
        var other = fixture.topology
        other.queues[0].arguments["x-max-length"] = 6
        other.queues.append(Queue(name: fixture.queue + ".missing"))
        other.exchanges = [Exchange(name: "amq.topic", kind: .topic), Exchange(name: "amq.fanout", kind: .direct)]
        for _ in 1...2 {
            let report = try await BrokerInspection.inspect(fixture.configuration, other)
            let states = report.entities.map(\.state)
            #expect(states[0] == .asDeclared)
            guard case .differs(let exchange) = states[1], case .differs(let queue) = states[2] else {
                Issue.record("differences were not found: \(states)")
                return
            }
            #expect(exchange.contains("inequivalent arg 'type'"))
            #expect(queue.contains("inequivalent arg 'x-max-length'"))
            #expect(states[3] == .missing)
            #expect(report.entities[2].messages == 1 && report.entities[2].consumers == 0)
            #expect(report.alarm == nil)
        }
        let same = try await BrokerInspection.inspect(fixture.configuration, fixture.topology)
        #expect(same.entities.map(\.state) == [.asDeclared])
        #expect(same.entities.first?.messages == 1)
    }
}
