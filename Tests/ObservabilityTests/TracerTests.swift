import JSON
import Logging
import NIOConcurrencyHelpers
import Testing

@testable import Observability

@Suite struct TracerTests {
    private func parent(sampled: Bool) throws -> TraceParent {
        try #require(TraceParent("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0\(sampled ? 1 : 0)"))
    }

    @Test func `Without an exporter contexts go on and no span is kept`() throws {
        let parent = try parent(sampled: true)
        var span = Tracer.off.begin("step", parent: parent)
        var isMade = false
        span.set(
            "key",
            { () -> String in
                isMade = true; return ""
            }())
        #expect(!isMade, "an attribute that nobody keeps was made")
        Tracer.off.end(span)
        #expect(span.context.traceID == parent.traceID)
        #expect(span.context.isSampled)
        #expect(!span.isRecorded)
    }

    @Test func `Whoever begins a trace decides whether it is kept`() throws {
        let never = Tracer(sampler: TraceSampler(ratio: 0))
        #expect(!never.next(after: nil).isSampled)
        #expect(try never.next(after: parent(sampled: true)).isSampled)
        #expect(try !Tracer.off.next(after: parent(sampled: false)).isSampled)
        let stubborn = Tracer(sampler: TraceSampler(ratio: 0, followsParent: false))
        #expect(try !stubborn.next(after: parent(sampled: true)).isSampled)
    }

    @Test func `A ratio keeps about that part of the traces, and every service the same ones`() {
        let random = NIOLockedValueBox(UInt64(1))
        let numbers: @Sendable () -> UInt64 = {
            random.withLockedValue { value in
                value = value &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                return value ^ (value >> 29)
            }
        }
        let tracer = Tracer(sampler: TraceSampler(ratio: 0.25), random: numbers)
        let traces = (0..<4_000).map { _ in tracer.next(after: nil) }
        let kept = traces.count(where: \.isSampled)
        #expect((850...1_150).contains(kept))
        let sampler = TraceSampler(ratio: 0.25)
        #expect(traces.allSatisfy { sampler.keeps($0.traceID, parent: nil) == $0.isSampled })
    }

    @Test func `A trace that begins with links is kept if one of them is`() throws {
        let tracer = Tracer(sampler: TraceSampler(ratio: 0))
        #expect(try tracer.next(after: nil, links: [parent(sampled: false), parent(sampled: true)]).isSampled)
        #expect(try !tracer.next(after: nil, links: [parent(sampled: false)]).isSampled)
    }

    @Test func `Every log line of a step names it`() async {
        let lines = NIOLockedValueBox<[String]>([])
        let sink = LogSink { bytes in lines.withLockedValue { $0.append(String(decoding: bytes, as: UTF8.self)) } }
        let logger = Logger(label: "test") { label in
            StructuredLogHandler(
                label: label, format: .json, level: .info, sink: sink, metadataProvider: TraceParent.logFields)
        }
        logger.info("before")
        var context: TraceParent?
        await Tracer.off.withSpan("step", parent: nil) { span in
            context = span.context
            await Task { logger.info("within") }.value
        }
        logger.info("after")
        let texts = lines.withLockedValue { $0 }
        #expect(!texts[0].contains("trace_id") && !texts[2].contains("trace_id"))
        #expect(texts[1].contains(#""span_id":"\#(context?.spanIDText ?? "-")""#))
        #expect(texts[1].contains(#""trace_id":"\#(context?.traceIDText ?? "-")""#))
    }

    @Test func `A step that throws is marked as failed`() async throws {
        struct Trouble: Error {}
        let buffer = SpanBuffer()
        let tracer = Tracer(buffer: buffer)
        await #expect(throws: Trouble.self) {
            try await tracer.withSpan("step", parent: nil) { _ in throw Trouble() }
        }
        #expect(buffer.take().first?.error?.contains("Trouble") == true)
    }

    @Test func `Spans beyond the buffer's room are dropped and counted`() {
        let buffer = SpanBuffer(capacity: 10, batch: 4)
        let tracer = Tracer(buffer: buffer)
        for _ in 0..<25 { tracer.end(tracer.begin("step", parent: nil)) }
        #expect(buffer.dropped == 15)
        #expect(buffer.take().count == 4 && buffer.take().count == 4 && buffer.take().count == 2)
        #expect(buffer.take().isEmpty)
    }

    @Test func `Spans are worded as OTLP's JSON`() throws {
        let buffer = SpanBuffer()
        let tracer = Tracer(buffer: buffer, now: { 1_700_000_000_123_456_789 })
        let parent = try parent(sampled: true)
        var span = tracer.begin(
            "PUT Invoices", kind: .client, parent: parent, links: [parent], startedBefore: .milliseconds(5))
        span.set("counterfoil.call", "c")
        span.set("http.response.status_code", 503)
        span.fail("password=tiger")
        tracer.end(span)
        let body = SpanEncoding.body(buffer.take(), service: "xero-writer", instance: "i")
        let resource = try JSONValue(parsing: body)["resourceSpans"]?[0]
        #expect(resource?["resource"]?["attributes"]?[0]?["value"]?["stringValue"]?.string == "xero-writer")
        let sent = resource?["scopeSpans"]?[0]?["spans"]?[0]
        #expect(sent?["traceId"]?.string == "0af7651916cd43dd8448eb211c80319c")
        #expect(sent?["spanId"]?.string == span.context.spanIDText)
        #expect(sent?["parentSpanId"]?.string == "b7ad6b7169203331")
        #expect(sent?["kind"]?.int == 3)
        #expect(sent?["startTimeUnixNano"]?.string == "1700000000118456789")
        #expect(sent?["endTimeUnixNano"]?.string == "1700000000123456789")
        #expect(sent?["links"]?[0]?["spanId"]?.string == "b7ad6b7169203331")
        #expect(sent?["attributes"]?[1]?["value"]?["intValue"]?.string == "503")
        #expect(sent?["status"]?["code"]?.int == 2)
        #expect(sent?["status"]?["message"]?.string?.contains("tiger") == false)
    }
}
