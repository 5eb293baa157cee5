import CoreMetrics
import NIOConcurrencyHelpers

/// Ended spans that wait for their export: so many at most, whatever becomes of the collector.
public final class SpanBuffer: Sendable {
    private struct State {
        var spans: [Span] = []
        var dropped = 0
    }

    /// The most spans that wait.
    public let capacity: Int
    /// How many go into one request.
    public let batch: Int
    private let state = NIOLockedValueBox(State())
    private let droppedTotal = Counter(label: "traces.spans", dimensions: [("outcome", "dropped")])
    private let exportedTotal = Counter(label: "traces.spans", dimensions: [("outcome", "exported")])
    let wakes: AsyncStream<Void>
    private let wakeUp: AsyncStream<Void>.Continuation

    /// Makes a buffer.
    ///
    /// - Parameters:
    ///   - capacity: the most spans that wait; those beyond are dropped and counted. Default 4,096.
    ///   - batch: how many go into one request. Default 512.
    public init(capacity: Int = 4_096, batch: Int = 512) {
        self.capacity = max(1, capacity)
        self.batch = min(max(1, batch), self.capacity)
        (wakes, wakeUp) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// How many spans were dropped so far.
    public var dropped: Int { state.withLockedValue { $0.dropped } }

    func add(_ span: Span) {
        let count = state.withLockedValue { state -> Int in
            guard state.spans.count < capacity else {
                state.dropped += 1
                return 0
            }
            state.spans.append(span)
            return state.spans.count
        }
        if count == 0 { droppedTotal.increment() }
        if count == batch { wake() }
    }

    /// The longest waiting spans, at most a batch.
    func take() -> [Span] {
        state.withLockedValue { state in
            let taken = Array(state.spans.prefix(batch))
            state.spans.removeFirst(taken.count)
            return taken
        }
    }

    func noteExported(_ count: Int) { exportedTotal.increment(by: count) }

    /// Drops and counts what waits.
    func dropAll() {
        noteDropped(
            state.withLockedValue { state in
                defer { state.spans = [] }
                return state.spans.count
            })
    }

    func noteDropped(_ count: Int) {
        guard count > 0 else { return }
        state.withLockedValue { $0.dropped += count }
        droppedTotal.increment(by: count)
    }

    func wake() { wakeUp.yield() }

    func close() { wakeUp.finish() }
}
