import IOThread
import ServiceLifecycle
import TestSupport
import Testing

@testable import RabbitMQ

@Suite(
    "Over a bad link", .enabled(if: TestServers.areAvailable, "needs the private servers: make test"),
    .timeLimit(.minutes(5)))
struct LinkFaultTests {
    private func proxy() throws -> StallingProxy {
        try StallingProxy(to: TestServers.endpoint(of: TestServers.amqpURL))
    }

    @Test("a reset while confirms are outstanding leaves them unknown, and the next publish works")
    func resetWhilePublishing() async throws {
        let proxy = try proxy()
        let fixture = try BrokerFixture(#function).through(proxy)
        let publisher = fixture.publisher()
        try await withServices([publisher]) {
            try await publisher.publish(fixture.message("before"))
            proxy.set(.stallFromServer)
            async let outcomes = publisher.publish((0..<20).map { fixture.message("\($0)", id: "m\($0)") })
            // Nothing comes back any more, so none of these can be confirmed; the messages themselves do arrive.
            try await drain(fixture, until: "19")
            proxy.resetConnections()
            proxy.set(.pass)
            for outcome in await outcomes {
                guard case .failure(let error) = outcome else {
                    Issue.record("a message was confirmed over a stalled link")
                    continue
                }
                #expect(error.code == .unknownOutcome)
                #expect(error.mayHaveBeenStored && error.isRetryable)
            }
            try await publisher.publish(fixture.message("after"))
            #expect(proxy.acceptedConnections == 2)
        }
    }

    /// Consumes by the direct way until a body comes.
    private func drain(_ fixture: BrokerFixture, until last: String) async throws {
        var direct = fixture
        direct.configuration = try RabbitMQConfiguration(url: TestServers.amqpURL)
        let consumer = direct.consumer()
        try await withServices([consumer]) {
            for await delivery in consumer.deliveries {
                delivery.ack()
                if delivery.text == last { break }
            }
        }
    }

    @Test("what was delivered and not acknowledged comes again after a reset; a late acknowledgement is dropped")
    func resetWhileConsuming() async throws {
        let proxy = try proxy()
        let direct = try BrokerFixture(#function)
        let (publisher, consumer) = (direct.publisher(), try direct.through(proxy).consumer())
        try await withServices([publisher, consumer]) {
            for outcome in await publisher.publish((0..<3).map { direct.message("\($0)") }) { try outcome.get() }
            var iterator = consumer.deliveries.makeAsyncIterator()
            let before = try #require(await iterator.next())
            #expect(before.text == "0")
            proxy.resetConnections()
            await proxy.waitForConnections(2)
            var again: [Delivery] = []
            while again.count < 3, let delivery = await iterator.next() {
                // A delivery of the old connection may have been waiting to be taken.
                if delivery.redelivered { again.append(delivery) }
            }
            #expect(again.map(\.text) == ["0", "1", "2"])
            before.ack()
            for delivery in again { delivery.ack() }
            try await publisher.publish(direct.message("3"))
            let after = try #require(await iterator.next())
            #expect(after.text == "3")
            #expect(!after.redelivered)
            after.ack()
        }
    }

    @Test("a broker that refuses connections and comes back is found again, and waiting messages are sent")
    func refuseAndReturn() async throws {
        let proxy = try proxy()
        let fixture = try BrokerFixture(#function).through(proxy)
        let publisher = fixture.publisher()
        try await withServices([publisher]) {
            try await publisher.publish(fixture.message("before"))
            proxy.refuse()
            async let waiting: Void = publisher.publish(fixture.message("while away", id: "w"))
            try proxy.reopen()
            do {
                try await waiting
            } catch let error as RabbitMQError where error.code == .unknownOutcome {
                // It was written before the loss was seen.
                try await publisher.publish(fixture.message("while away", id: "w"))
            }
            #expect(publisher.isConnected)
        }
    }

    @Test("a broker that never answers the handshake is given up and tried again")
    func silentBroker() async throws {
        let proxy = try proxy()
        proxy.set(.stall)
        let fixture = try BrokerFixture(#function).through(proxy).with { $0.connectTimeout = .milliseconds(200) }
        let publisher = fixture.publisher()
        try await withServices([publisher]) {
            async let waiting: Void = publisher.publish(fixture.message("patient"))
            await proxy.waitForConnections(3)
            #expect(!publisher.isConnected)
            proxy.set(.pass)
            try await waiting
        }
    }

    @Test("a message that cannot be sent in time fails as not sent")
    func notConnected() async throws {
        let proxy = try proxy()
        proxy.refuse()
        let fixture = try BrokerFixture(#function).through(proxy).with { $0.confirmTimeout = .milliseconds(100) }
        let publisher = fixture.publisher()
        try await withServices([publisher]) {
            let error = await #expect(throws: RabbitMQError.self) { try await publisher.publish(fixture.message("a")) }
            #expect(error?.code == .notConnected)
            #expect(error?.mayHaveBeenStored == false)
        }
    }

    @Test("TLS towards a port that speaks none fails, and nothing is sent")
    func tlsToPlainPort() async throws {
        let fixture = try BrokerFixture(#function).with {
            $0.usesTLS = true
            $0.confirmTimeout = .milliseconds(300)
        }
        let publisher = fixture.publisher()
        try await withServices([publisher]) {
            let error = await #expect(throws: RabbitMQError.self) { try await publisher.publish(fixture.message("a")) }
            #expect(error?.code == .notConnected)
            #expect(!publisher.isConnected)
        }
    }

    @Test("a link that stalls during publishing costs a confirm time-out, not the publisher")
    func stallDuringPublish() async throws {
        let proxy = try proxy()
        let fixture = try BrokerFixture(#function).through(proxy).with { $0.confirmTimeout = .milliseconds(300) }
        let publisher = fixture.publisher()
        try await withServices([publisher]) {
            try await retrying { try await publisher.publish(fixture.message("before")) }
            proxy.set(.stall)
            let error = await #expect(throws: RabbitMQError.self) { try await publisher.publish(fixture.message("a")) }
            #expect(error?.code == .unknownOutcome)
            proxy.set(.pass)
            try await retrying { try await publisher.publish(fixture.message("after")) }
        }
    }

    @Test("a write that waits for ever is ended by the watchdog")
    func fullWindow() async throws {
        let proxy = try proxy()
        let fixture = try BrokerFixture(#function).through(proxy).with {
            $0.heartbeatSeconds = 1
            $0.messageMaxBytes = 64 << 20
        }
        let publisher = fixture.publisher()
        try await withServices([publisher]) {
            try await publisher.publish(fixture.message("before"))
            proxy.set(.stall)
            // More than the buffers on the way hold: the thread waits inside the library for room.
            let large = OutgoingMessage(
                exchange: "", routingKey: fixture.queue, body: Array(repeating: 0, count: 48 << 20))
            let error = await #expect(throws: RabbitMQError.self) { try await publisher.publish(large) }
            #expect(error?.code == .unknownOutcome)
            proxy.set(.pass)
            try await retrying { try await publisher.publish(fixture.message("after")) }
        }
    }

    @Test("a graceful stop over a stalled link ends at its bound")
    func stopOverStalledLink() async throws {
        let proxy = try proxy()
        let fixture = try BrokerFixture(#function).through(proxy).with { $0.drainTimeout = .milliseconds(200) }
        let publisher = fixture.publisher()
        try await withServices([publisher]) {
            try await publisher.publish(fixture.message("before"))
            proxy.set(.stall)
        }
        #expect(!publisher.isConnected)
    }

    @Test("a subscription the broker ends is made again")
    func queueDeleted() async throws {
        let fixture = try BrokerFixture(#function)
        let (publisher, consumer) = (fixture.publisher(), fixture.consumer())
        try await withServices([publisher, consumer]) {
            try await publisher.publish(fixture.message("before"))
            var iterator = consumer.deliveries.makeAsyncIterator()
            let before = try #require(await iterator.next())
            before.ack()
            try deleteQueue(fixture)
            // The consumer declares the queue again; until it has, the message has nowhere to go.
            try await retrying { try await publisher.publish(fixture.message("after")) }
            let after = try #require(await iterator.next())
            #expect(after.text == "after")
            after.ack()
            #expect(consumer.isConnected)
        }
    }

    private func deleteQueue(_ fixture: BrokerFixture) throws {
        let link = try AMQPLink.open(fixture.configuration, shared: SharedDescriptor())
        try link.delete(queue: fixture.queue)
        link.close()
    }

    /// Repeats until it works; the suite's time limit bounds it.
    private func retrying(_ body: () async throws -> Void) async throws {
        while true {
            do { return try await body() } catch is RabbitMQError { await Task.yield() }
        }
    }
}
