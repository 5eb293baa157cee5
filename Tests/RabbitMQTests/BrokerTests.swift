import Logging
import ServiceLifecycle
import TestSupport
import Testing

@testable import RabbitMQ

@Suite(
    "Against a broker", .enabled(if: TestServers.areAvailable, "needs the private servers: make test"),
    .timeLimit(.minutes(5)))
struct BrokerTests {
    @Test("10,000 messages are confirmed and consumed in order, each once")
    func volume() async throws {
        let fixture = try BrokerFixture(#function)
        let (publisher, consumer) = (fixture.publisher(), fixture.consumer(prefetch: 500))
        let received = try await withServices([publisher, consumer]) {
            async let outcomes = publisher.publish((0..<10_000).map { fixture.message("\($0)", id: "m\($0)") })
            var received: [String] = []
            for await delivery in consumer.deliveries {
                received.append(delivery.text)
                #expect(!delivery.redelivered)
                delivery.ack()
                if received.count == 10_000 { break }
            }
            #expect(await outcomes.allSatisfy { (try? $0.get()) != nil })
            return received
        }
        #expect(received == (0..<10_000).map(String.init))
    }

    @Test("acknowledgements survive: a second consumer finds an empty queue")
    func acknowledged() async throws {
        let fixture = try BrokerFixture(#function)
        let (publisher, first) = (fixture.publisher(), fixture.consumer())
        try await withServices([publisher, first]) {
            for outcome in await publisher.publish((0..<50).map { fixture.message("\($0)") }) { try outcome.get() }
            var taken: [Delivery] = []
            for await delivery in first.deliveries {
                taken.append(delivery)
                if taken.count == 50 { break }
            }
            // Out of order, so that single and multiple acknowledgements are both used.
            for delivery in taken.reversed() { delivery.ack() }
        }
        let (again, second) = (fixture.publisher(), fixture.consumer())
        try await withServices([again, second]) {
            try await again.publish(fixture.message("last"))
            var iterator = second.deliveries.makeAsyncIterator()
            let delivery = try #require(await iterator.next())
            #expect(delivery.text == "last")
            #expect(!delivery.redelivered)
            delivery.ack()
        }
    }

    @Test("properties and headers arrive as they were sent")
    func properties() async throws {
        let fixture = try BrokerFixture(#function)
        let properties = MessageProperties(
            contentType: "application/json", messageID: "m-1", correlationID: "c-1", type: "order.observed",
            appID: "test", timestamp: 1_700_000_000, persistent: true,
            headers: [
                "text": "täxt", "number": -5, "flag": true, "nothing": .null, "at": .timestamp(7), "half": .double(0.5),
                "bytes": .bytes([0, 255]), "list": .array([1, "two"]), "table": .table(["inner": 1]),
            ])
        let (publisher, consumer) = (fixture.publisher(), fixture.consumer())
        try await withServices([publisher, consumer]) {
            try await publisher.publish(
                OutgoingMessage(exchange: "", routingKey: fixture.queue, properties: properties, body: [1]))
            var iterator = consumer.deliveries.makeAsyncIterator()
            let delivery = try #require(await iterator.next())
            #expect(delivery.properties == properties)
            #expect(delivery.routingKey == fixture.queue)
            #expect(delivery.exchange == "")
            delivery.ack()
        }
    }

    @Test("bodies of every size arrive whole, the empty one included", arguments: [0, 1, 131_064, 131_065, 3_000_000])
    func sizes(count: Int) async throws {
        let fixture = try BrokerFixture(#function)
        let (publisher, consumer) = (fixture.publisher(), fixture.consumer())
        let body = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        try await withServices([publisher, consumer]) {
            try await publisher.publish(OutgoingMessage(exchange: "", routingKey: fixture.queue, body: body))
            var iterator = consumer.deliveries.makeAsyncIterator()
            let delivery = try #require(await iterator.next())
            #expect(delivery.body == body)
            delivery.ack()
        }
    }

    @Test("an unroutable message fails, those around it do not")
    func unroutable() async throws {
        let fixture = try BrokerFixture(#function)
        let publisher = fixture.publisher()
        try await withServices([publisher]) {
            let lost = OutgoingMessage(exchange: "", routingKey: fixture.queue + ".none", body: Array("x".utf8))
            var silent = lost
            silent.mandatory = false
            let messages = [fixture.message("1"), lost, fixture.message("2"), silent, lost]
            let codes = await publisher.publish(messages).map { outcome -> RabbitMQError.Code? in
                if case .failure(let error) = outcome { return error.code }
                return nil
            }
            #expect(codes == [nil, .unroutable, nil, nil, .unroutable])
        }
    }

    @Test("a full queue that rejects publishes gives nacks")
    func nacked() async throws {
        let fixture = try BrokerFixture(#function, arguments: ["x-max-length": 1, "x-overflow": "reject-publish"])
        let publisher = fixture.publisher()
        try await withServices([publisher]) {
            try await publisher.publish(fixture.message("fits"))
            let error = await #expect(throws: RabbitMQError.self) {
                try await publisher.publish(fixture.message("does not"))
            }
            #expect(error?.code == .nacked)
            #expect(error?.isRetryable == true)
        }
    }

    @Test("a refused delivery comes again, marked; a rejected one does not")
    func refusals() async throws {
        let fixture = try BrokerFixture(#function)
        let (publisher, consumer) = (fixture.publisher(), fixture.consumer(prefetch: 1))
        try await withServices([publisher, consumer]) {
            try await publisher.publish(fixture.message("a"))
            var iterator = consumer.deliveries.makeAsyncIterator()
            let first = try #require(await iterator.next())
            #expect(!first.redelivered)
            first.nack(requeue: true)
            first.ack()
            let second = try #require(await iterator.next())
            #expect(second.text == "a")
            #expect(second.redelivered)
            second.reject()
            try await publisher.publish(fixture.message("b"))
            let third = try #require(await iterator.next())
            #expect(third.text == "b")
            third.ack()
        }
    }

    @Test("no more deliveries are out than the prefetch count")
    func prefetch() async throws {
        let fixture = try BrokerFixture(#function)
        let (publisher, consumer) = (fixture.publisher(), fixture.consumer(prefetch: 2))
        let other = fixture.consumer(prefetch: 1)
        try await withServices([publisher, consumer]) {
            for outcome in await publisher.publish((0..<3).map { fixture.message("\($0)") }) { try outcome.get() }
            var iterator = consumer.deliveries.makeAsyncIterator()
            let first = try #require(await iterator.next())
            let second = try #require(await iterator.next())
            // The third is still the broker's: another consumer gets it.
            try await withServices([other]) {
                var elsewhere = other.deliveries.makeAsyncIterator()
                let third = try #require(await elsewhere.next())
                #expect([first, second, third].map(\.text) == ["0", "1", "2"])
                third.ack()
            }
            first.ack()
            second.ack()
        }
    }

    @Test("a graceful stop gives back what nobody took and keeps what was decided")
    func gracefulStop() async throws {
        let fixture = try BrokerFixture(#function)
        let (publisher, consumer) = (fixture.publisher(), fixture.consumer(prefetch: 10))
        let held = try await withServices([publisher, consumer]) {
            for outcome in await publisher.publish((0..<5).map { fixture.message("\($0)") }) { try outcome.get() }
            var iterator = consumer.deliveries.makeAsyncIterator()
            let held = try #require(await iterator.next())
            held.ack()
            return held
        }
        held.ack()
        var iterator = consumer.deliveries.makeAsyncIterator()
        #expect(await iterator.next() == nil)
        let next = fixture.consumer()
        let rest = try await withServices([next]) {
            var rest: [String] = []
            for await delivery in next.deliveries {
                rest.append(delivery.text)
                delivery.ack()
                if rest.count == 4 { break }
            }
            return rest
        }
        #expect(rest == ["1", "2", "3", "4"])
    }

    @Test("after its stop a publisher refuses messages without sending them")
    func stopped() async throws {
        let fixture = try BrokerFixture(#function)
        let publisher = fixture.publisher()
        try await withServices([publisher]) { try await publisher.publish(fixture.message("a")) }
        #expect(!publisher.isConnected)
        let error = await #expect(throws: RabbitMQError.self) { try await publisher.publish(fixture.message("b")) }
        #expect(error?.code == .closed)
        #expect(error?.mayHaveBeenStored == false)
    }

    @Test("a queue that exists with other properties ends run() with a sentence that names it")
    func mismatch() async throws {
        let fixture = try BrokerFixture(#function)
        let publisher = fixture.publisher()
        try await withServices([publisher]) { try await publisher.publish(fixture.message("a")) }
        let other = RabbitMQPublisher(
            configuration: fixture.configuration,
            topology: Topology(queues: [Queue(name: fixture.queue, arguments: ["x-expires": 60_000])]),
            logger: fixture.logger)
        let error = await #expect(throws: RabbitMQError.self) { try await other.run() }
        #expect(error?.code == .topologyMismatch)
        #expect(error?.message.contains("queue '\(fixture.queue)' exists with other properties") == true)
        let refused = await #expect(throws: RabbitMQError.self) { try await other.publish(fixture.message("b")) }
        #expect(refused?.mayHaveBeenStored == false)
    }

    @Test("exchanges, quorum queues and bindings are declared and route")
    func topology() async throws {
        let name = TestServers.uniqueName(#function)
        var queue = Queue.quorum(name)
        queue.arguments["x-expires"] = 120_000
        let topology = Topology(
            exchanges: [Exchange(name: name, kind: .topic)], queues: [queue],
            bindings: [Binding(queue: name, exchange: name, routingKey: "order.*")])
        let configuration = try RabbitMQConfiguration(url: TestServers.amqpURL)
        let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
        let publisher = RabbitMQPublisher(configuration: configuration, topology: topology, logger: logger)
        let consumer = RabbitMQConsumer(
            configuration: configuration, topology: topology, queue: name, logger: logger)
        try await withServices([publisher, consumer]) {
            try await publisher.publish(OutgoingMessage(exchange: name, routingKey: "order.paid", body: [1]))
            var iterator = consumer.deliveries.makeAsyncIterator()
            let delivery = try #require(await iterator.next())
            #expect((delivery.exchange, delivery.routingKey) == (name, "order.paid"))
            delivery.ack()
        }
    }

    @Test("a cancelled task stops waiting, and a cancelled run() ends")
    func cancellation() async throws {
        let fixture = try BrokerFixture(#function)
        let publisher = fixture.publisher()
        let waiting = Task { await publisher.publish([fixture.message("never sent: nobody runs the publisher")]) }
        waiting.cancel()
        guard case .failure(let error) = await waiting.value[0] else {
            Issue.record("a publish without a connection succeeded")
            return
        }
        #expect(error.code == .cancelled)
        let running = Task { try await publisher.run() }
        try await publisher.publish(fixture.message("a"))
        running.cancel()
        try await running.value
        #expect(!publisher.isConnected)
    }
}
