import JSON
import Logging
import NIOConcurrencyHelpers
import ServiceLifecycle
import TestSupport
import Testing

@testable import Observability

@Suite(.timeLimit(.minutes(5))) struct SpanExporterTests {
    /// A collector that answers as a test says; nil is no answer at all.
    private final class Collector: Sendable {
        private struct State {
            var answers: [SpanExporter.Answer?]
            var batches: [Int] = []
        }

        private let state: NIOLockedValueBox<State>
        let received: TestExpectation

        init(_ answers: [SpanExporter.Answer?] = [], until count: Int) {
            state = NIOLockedValueBox(State(answers: answers))
            received = TestExpectation(count: count)
        }

        var batches: [Int] { state.withLockedValue { $0.batches } }

        func send(_ body: [UInt8]) async throws -> SpanExporter.Answer {
            let spans = try JSONValue(parsing: body)["resourceSpans"]?[0]?["scopeSpans"]?[0]?["spans"]?.array ?? []
            let answer = state.withLockedValue { state -> SpanExporter.Answer? in
                state.batches.append(spans.count)
                return state.answers.isEmpty ? .taken : state.answers.removeFirst()
            }
            received.fulfil()
            if let answer { return answer }
            // Until the exporter gives it up.
            for await _ in AsyncStream(Void.self, { _ in }) {}
            throw CancellationError()
        }
    }

    private let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    private func exporter(_ buffer: SpanBuffer, _ collector: Collector, _ clock: ManualClock) -> SpanExporter {
        SpanExporter(
            buffer: buffer, settings: SpanExporter.Settings(service: "test", instance: "1", attempts: 2), clock: clock,
            logger: quiet
        ) { try await collector.send($0) }
    }

    private func fill(_ buffer: SpanBuffer, _ count: Int) {
        let tracer = Tracer(buffer: buffer)
        for _ in 0..<count { tracer.end(tracer.begin("step", parent: nil)) }
    }

    @Test func `A full batch goes at once, and what is beyond it`() async throws {
        let (buffer, clock, collector) = (SpanBuffer(capacity: 100, batch: 10), ManualClock(), Collector(until: 2))
        let exporter = exporter(buffer, collector, clock)
        await withThrowingTaskGroup(of: Void.self) { group in
            fill(buffer, 13)
            group.addTask { try await exporter.run() }
            await collector.received.wait()
            #expect(collector.batches == [10, 3])
            group.cancelAll()
            try? await group.waitForAll()
        }
        #expect(buffer.dropped == 0)
    }

    @Test func `What waits is sent when the process stops`() async throws {
        let (buffer, clock, collector) = (SpanBuffer(capacity: 100, batch: 10), ManualClock(), Collector(until: 1))
        let group = ServiceGroup(services: [exporter(buffer, collector, clock)], logger: quiet)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            await clock.waitForSleepers()
            fill(buffer, 3)
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
        #expect(collector.batches == [3])
        #expect(buffer.dropped == 0)
    }

    @Test func `A collector that hangs holds nothing up, and its spans are dropped and counted`() async throws {
        let buffer = SpanBuffer(capacity: 20, batch: 10)
        let (clock, collector) = (ManualClock(), Collector([nil, nil], until: 1))
        let exporter = exporter(buffer, collector, clock)
        await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await exporter.run() }
            fill(buffer, 10)
            await collector.received.wait()
            // While the first batch hangs, twenty have room and five have not.
            fill(buffer, 25)
            #expect(buffer.dropped == 5)
            group.cancelAll()
            try? await group.waitForAll()
        }
    }

    @Test func `A stop does not wait longer than its bound for a collector that hangs`() async throws {
        let buffer = SpanBuffer(capacity: 20, batch: 10)
        let (clock, collector) = (ManualClock(), Collector([nil], until: 1))
        let group = ServiceGroup(services: [exporter(buffer, collector, clock)], logger: quiet)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            await clock.waitForSleepers()
            fill(buffer, 3)
            await group.triggerGracefulShutdown()
            await collector.received.wait()
            // Its own bound and that of all that is left: both are 3 s.
            await clock.waitForSleepers(2)
            clock.advance(by: .seconds(3))
            try await tasks.waitForAll()
        }
        #expect(buffer.dropped == 3)
    }

    @Test func `Refused spans are dropped, others are sent again some times`() async throws {
        let (buffer, clock) = (SpanBuffer(capacity: 100, batch: 10), ManualClock())
        let collector = Collector([.refused("no"), .later("busy"), .later("busy")], until: 3)
        let exporter = exporter(buffer, collector, clock)
        await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await exporter.run() }
            await clock.waitForSleepers()
            fill(buffer, 10)
            while collector.batches.isEmpty { await Task.yield() }
            while buffer.dropped < 10 { await Task.yield() }
            fill(buffer, 10)
            while collector.batches.count < 2 { await Task.yield() }
            await clock.waitForSleepers()
            clock.advance(by: .seconds(5))
            await collector.received.wait()
            while buffer.dropped < 20 { await Task.yield() }
            group.cancelAll()
            try? await group.waitForAll()
        }
        #expect(collector.batches == [10, 10, 10])
    }
}
