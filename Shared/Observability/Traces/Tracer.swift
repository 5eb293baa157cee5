import Glibc

/// Begins and ends spans, and keeps those that are to be exported.
///
/// Traces go through rows and messages, not through tasks: whoever works a row begins its span with the trace context that
/// the row carries, and writes the span's own context into the rows that follow. With nobody to export to, all that costs is
/// eight random bytes a step.
public struct Tracer: Sendable {
    /// Keeps no spans; contexts go on.
    public static let off = Tracer()

    /// Whether ended spans are kept for an exporter.
    public var isExporting: Bool { buffer != nil }

    private let sampler: TraceSampler
    private let buffer: SpanBuffer?
    private let random: @Sendable () -> UInt64
    private let now: @Sendable () -> UInt64

    /// Makes a tracer.
    ///
    /// - Parameters:
    ///   - sampler: which traces that begin here are kept.
    ///   - buffer: where ended spans wait for a ``SpanExporter``; nil to keep none.
    ///   - random: where ids come from; the system by default.
    ///   - now: the time of day in nanoseconds since 1970; the system's clock by default.
    public init(
        sampler: TraceSampler = .all, buffer: SpanBuffer? = nil,
        random: @escaping @Sendable () -> UInt64 = {
            var generator = SystemRandomNumberGenerator()
            return generator.next()
        },
        now: @escaping @Sendable () -> UInt64 = Tracer.timeOfDay
    ) {
        self.sampler = sampler
        self.buffer = buffer
        self.random = random
        self.now = now
    }

    /// Nanoseconds since 1970 by the system's clock.
    public static func timeOfDay() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    /// The context of a next step.
    ///
    /// - Parameters:
    ///   - parent: the step before; nil begins a trace.
    ///   - links: steps of other traces that lead here: a trace that begins with some is kept if one of them is.
    public func next(after parent: TraceParent?, links: [TraceParent] = []) -> TraceParent {
        let id = parent?.traceID ?? TraceParent.TraceID(high: random(), low: random() | 1)
        let isSampled =
            parent == nil && !links.isEmpty ? links.contains(where: \.isSampled) : sampler.keeps(id, parent: parent)
        return TraceParent(traceID: id, parentID: random() | 1, isSampled: isSampled)
    }

    /// Begins a step.
    ///
    /// - Parameters:
    ///   - name: what is done; of few different values.
    ///   - kind: its part.
    ///   - parent: the step before; nil begins a trace.
    ///   - context: the step's own context, if it was made before with ``next(after:links:)``.
    ///   - links: steps of other traces that lead here.
    ///   - earlier: how long ago it began.
    public func begin(
        _ name: String, kind: Span.Kind = .internal, parent: TraceParent?, as context: TraceParent? = nil,
        links: [TraceParent] = [], startedBefore earlier: Duration = .zero
    ) -> Span {
        let context = context ?? next(after: parent, links: links)
        let isRecorded = buffer != nil && context.isSampled
        let startedAt = isRecorded ? now() - UInt64(max(0, earlier / .nanoseconds(1))) : 0
        return Span(
            name: name, kind: kind, context: context, parent: parent, links: links, startedAt: startedAt,
            isRecorded: isRecorded)
    }

    /// Ends a step. Never waits: a span for which there is no room is dropped and counted.
    public func end(_ span: Span) {
        guard span.isRecorded, let buffer else { return }
        var ended = span
        ended.endedAt = max(now(), span.startedAt)
        buffer.add(ended)
    }

    /// Does a step: its context is ``TraceParent/current`` meanwhile, so that log lines carry it.
    ///
    /// - Parameters:
    ///   - name: what is done; of few different values.
    ///   - kind: its part.
    ///   - parent: the step before; nil begins a trace.
    ///   - body: the step; it may set what is to be told of it. What it throws marks the span as failed.
    public func withSpan<Result>(
        _ name: String, kind: Span.Kind = .internal, parent: TraceParent?, _ body: (inout Span) async throws -> Result
    ) async rethrows -> Result {
        var span = begin(name, kind: kind, parent: parent)
        defer { end(span) }
        return try await TraceParent.$current.withValue(span.context) {
            do {
                return try await body(&span)
            } catch {
                span.fail("\(error)")
                throw error
            }
        }
    }
}
