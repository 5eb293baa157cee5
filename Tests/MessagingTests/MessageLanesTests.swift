import Accounting
import Logging
import NIOConcurrencyHelpers
import RabbitMQ
import ServiceLifecycle
import TestSupport
import Testing

@testable import Messaging

@Suite(.timeLimit(.minutes(5))) struct MessageLanesTests {
    private struct Trouble: Error {}

    /// Deliveries of a test and what was decided about them.
    private final class Inbox: Sendable {
        let stream: AsyncStream<Delivery>
        private let continuation: AsyncStream<Delivery>.Continuation
        private let decisions = NIOLockedValueBox<[String: [Settlement]]>([:])

        init() { (stream, continuation) = AsyncStream.makeStream() }

        func deliver(_ name: String, subject: String = "s", count: Int64? = nil, broken: Bool = false) {
            let envelope = Envelope(
                id: name, type: "t", source: "test", subject: subject, time: Instant(microseconds: 0))
            var properties = envelope.properties
            if let count { properties.headers["x-delivery-count"] = .int(count) }
            if broken { properties.headers = [:] }
            let message = OutgoingMessage(exchange: "e", routingKey: name, properties: properties, body: [])
            continuation.yield(
                Delivery(message) { settlement in
                    self.decisions.withLockedValue { $0[name, default: []].append(settlement) }
                })
        }

        func finish() { continuation.finish() }

        func decision(_ name: String) -> [Settlement] { decisions.withLockedValue { $0[name] ?? [] } }
    }

    private func quiet() -> Logger { Logger(label: "test") { _ in SwiftLogNoOpLogHandler() } }

    private func lanes(
        concurrency: Int = 4, clock: any Clock<Duration> = ManualClock(),
        _ handler: @escaping @Sendable (Delivery, Envelope) async throws -> Outcome
    ) -> MessageLanes {
        MessageLanes(
            queue: "q", concurrency: concurrency,
            retry: RetryPolicy(base: .seconds(1), cap: .seconds(1), floor: .seconds(1)),
            clock: clock, logger: quiet(), key: { (try? Envelope($0.properties).subject) ?? "" }, handler: handler)
    }

    @Test func `What is done is acknowledged, what is rejected goes to the dead letters`() async {
        let inbox = Inbox()
        inbox.deliver("good")
        inbox.deliver("bad")
        inbox.finish()
        await lanes { _, envelope in envelope.id == "good" ? .done : .reject(reason: "no") }.run(inbox.stream)
        #expect(inbox.decision("good") == [.acknowledge])
        #expect(inbox.decision("bad") == [.refuse(requeue: false)])
    }

    @Test func `What cannot be read is rejected and never handled`() async {
        let inbox = Inbox()
        inbox.deliver("broken", broken: true)
        inbox.finish()
        await lanes { _, _ in
            Issue.record("handled")
            return .done
        }.run(inbox.stream)
        #expect(inbox.decision("broken") == [.refuse(requeue: false)])
    }

    @Test func `A failure gives the message back after a pause, not before`() async {
        let inbox = Inbox()
        let clock = ManualClock()
        inbox.deliver("a", subject: "1")
        inbox.deliver("b", subject: "2")
        inbox.finish()
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                await self.lanes(clock: clock) { _, envelope in
                    if envelope.id == "a" { throw Trouble() }
                    return .retry
                }.run(inbox.stream)
            }
            await clock.waitForSleepers(2)
            #expect(inbox.decision("a").isEmpty && inbox.decision("b").isEmpty)
            clock.advance(by: .seconds(1))
            await group.waitForAll()
        }
        #expect(inbox.decision("a") == [.refuse(requeue: true)])
        #expect(inbox.decision("b") == [.refuse(requeue: true)])
    }

    @Test func `Messages with the same key are handled in order, others together`() async {
        let inbox = Inbox()
        for number in 0..<20 { inbox.deliver("\(number)", subject: "lane \(number % 2)") }
        inbox.finish()
        let order = NIOLockedValueBox<[String: [Int]]>([:])
        let bothRun = TestExpectation(count: 2)
        await lanes { _, envelope in
            bothRun.fulfil()
            await bothRun.wait()
            order.withLockedValue { $0[envelope.subject, default: []].append(Int(envelope.id) ?? -1) }
            return .done
        }.run(inbox.stream)
        let seen = order.withLockedValue { $0 }
        #expect(seen["lane 0"] == Array(stride(from: 0, to: 20, by: 2)))
        #expect(seen["lane 1"] == Array(stride(from: 1, to: 20, by: 2)))
    }

    @Test func `A stop finishes what runs and gives the rest back`() async throws {
        let inbox = Inbox()
        inbox.deliver("running", subject: "1")
        inbox.deliver("waiting", subject: "1")
        let began = TestExpectation()
        let go = TestExpectation()
        let lanes = lanes { _, _ in
            began.fulfil()
            await go.wait()
            return .done
        }
        struct Runner: Service {
            let body: @Sendable () async -> Void
            func run() async throws { await body() }
        }
        let group = ServiceGroup(services: [Runner { await lanes.run(inbox.stream) }], logger: quiet())
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            await began.wait()
            while lanes.waiting == 0 { await Task.yield() }
            await group.triggerGracefulShutdown()
            while inbox.decision("waiting").isEmpty { await Task.yield() }
            go.fulfil()
            try await tasks.next()
        }
        #expect(inbox.decision("running") == [.acknowledge])
        #expect(inbox.decision("waiting") == [.refuse(requeue: true)])
    }

    @Test func `Redeliveries are counted as the queue counts them`() {
        let message = OutgoingMessage(
            exchange: "", routingKey: "", properties: MessageProperties(headers: ["x-delivery-count": 7]), body: [])
        #expect(Delivery(message) { _ in }.earlierDeliveries == 7)
    }
}
