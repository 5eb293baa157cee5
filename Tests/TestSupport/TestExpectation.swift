import NIOConcurrencyHelpers

/// Something a test waits for, made true by a callback or another task. The test's time limit bounds the wait.
public final class TestExpectation: Sendable {
    private struct State {
        var missing: Int
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state: NIOLockedValueBox<State>

    /// Makes one that is fulfilled after `count` calls of ``fulfil()``.
    public init(count: Int = 1) { state = NIOLockedValueBox(State(missing: count)) }

    /// True once it has been fulfilled often enough.
    public var isFulfilled: Bool { state.withLockedValue { $0.missing <= 0 } }

    /// One of the events happened; further calls than expected change nothing.
    public func fulfil() {
        let waiting = state.withLockedValue { state -> [CheckedContinuation<Void, Never>] in
            state.missing -= 1
            if state.missing > 0 { return [] }
            let waiting = state.waiting
            state.waiting = []
            return waiting
        }
        for continuation in waiting { continuation.resume() }
    }

    /// Returns once it is fulfilled.
    public func wait() async {
        await withCheckedContinuation { continuation in
            let isFulfilled = state.withLockedValue { state in
                if state.missing > 0 { state.waiting.append(continuation) }
                return state.missing <= 0
            }
            if isFulfilled { continuation.resume() }
        }
    }
}
