import JSON
import Ledger
import Postgres
import TestSupport
import Testing

@testable import Observability
@testable import XeroWriter

@Suite("Traces of documents and calls", .enabled(if: TestServers.areAvailable, "needs the private servers: make test"))
struct TraceTests {
    /// The trace that an order's documents are planned in.
    private func trace(_ number: Int) -> String {
        "00-" + String(repeating: "0", count: 31) + "\(number)-" + String(repeating: "0", count: 15) + "\(number)-01"
    }

    private func traceID(_ number: Int) -> String { String(repeating: "0", count: 31) + "\(number)" }

    private func plan(_ harness: WriterHarness, _ numbers: ClosedRange<Int>) async throws {
        for number in numbers {
            try await harness.plan([SampleOrder(number: number, customer: number)], traceparent: trace(number))
        }
    }

    @Test("An order's trace reaches the calls that carry its documents", .timeLimit(.minutes(5)))
    func oneOrder() async throws {
        try await WriterHarness.run { harness in
            let buffer = SpanBuffer()
            try await plan(harness, 1...1)
            try await harness.write(harness.writer(tracer: Tracer(buffer: buffer)))
            let calls = try await harness.database.query(
                "SELECT traceparent, idempotency_key FROM call WHERE idempotency_key IS NOT NULL")
            #expect(calls.count == 3)
            for call in calls { #expect(call["traceparent"]?.contains(traceID(1)) == true) }
            let spans = buffer.take()
            #expect(spans.allSatisfy { $0.context.traceIDText == traceID(1) })
            #expect(Set(spans.map(\.name)).isSuperset(of: ["PUT Contacts", "PUT Invoices", "PUT Payments"]))
            let sent = spans.filter { $0.name == "document sent" }
            #expect(sent.count == 3)
            // Planned, then carried, then called: each step names the one before.
            #expect(sent.allSatisfy { $0.parentID == 1 })
            let steps = Set(sent.map(\.context.parentID))
            let called = spans.filter { $0.name.hasPrefix("PUT ") }
            #expect(called.allSatisfy { $0.parentID.map(steps.contains) == true })
        }
    }

    @Test(
        "A call that carries several traces has one of its own, linked to each, and each has a step that names the call",
        .timeLimit(.minutes(5)))
    func severalOrders() async throws {
        try await WriterHarness.run { harness in
            let buffer = SpanBuffer()
            try await plan(harness, 1...3)
            try await harness.write(harness.writer(tracer: Tracer(buffer: buffer)))
            let spans = buffer.take()
            let call = try #require(spans.first { $0.name == "PUT Invoices" })
            let ours = Set((1...3).map(traceID))
            #expect(!ours.contains(call.context.traceIDText))
            #expect(Set(call.links.map(\.traceIDText)) == ours)
            let steps = spans.filter { $0.name == "document sent" && $0.links.contains(call.context) }
            #expect(Set(steps.map(\.context.traceIDText)) == ours)
            let elements = try await harness.database.query(
                """
                SELECT e.traceparent AS step, d.traceparent AS document FROM call_element e JOIN document d ON d.id = e.document_id
                """)
            #expect(elements.count == 9)
            for element in elements {
                #expect(element["step"]?.dropFirst(3).prefix(32) == element["document"]?.dropFirst(3).prefix(32))
                #expect(element["step"] != element["document"])
            }
        }
    }

    @Test("A call that is sent again goes on in its trace", .timeLimit(.minutes(5)))
    func sentAgain() async throws {
        try await WriterHarness.run { harness in
            let buffer = SpanBuffer()
            try await plan(harness, 1...1)
            harness.faults([["kind": "hang_after", "count": 1, "match": ["endpoint": "PUT /Invoices"]]])
            try await harness.write(harness.writer(tracer: Tracer(buffer: buffer)))
            let called = buffer.take().filter { $0.name == "PUT Invoices" }
            #expect(called.count == 2)
            #expect(called.allSatisfy { $0.context.traceIDText == traceID(1) })
            #expect(called.first?.error != nil)
            #expect(called.last?.parentID == called.first?.context.parentID)
        }
    }

    @Test("Without an exporter, and without a trace in the rows, all is written the same", .timeLimit(.minutes(5)))
    func untraced() async throws {
        try await WriterHarness.run { harness in
            try await harness.plan([SampleOrder(number: 1, customer: 1)])
            try await harness.write()
            #expect(try await harness.count("state = 'posted' AND traceparent IS NULL") == 3)
            #expect(try await harness.value("SELECT count(*) FROM call WHERE traceparent IS NULL") == "0")
        }
    }
}
